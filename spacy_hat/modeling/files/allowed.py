"""The closed lists of the gate: what a checkpoint or a pipeline may bring. All else stays outside."""

import torch

# How much of a file is read, by its kind; the largest vocabulary in use takes 33 MB.
MOST_JSON_BYTES = 20_000_000
MOST_TOKENIZER_BYTES = 200_000_000
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
# Floating types, by their names in safetensors. Whole numbers, complex ones and 8-bit floats are not weights.
WEIGHT_TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
# Whole numbers that older files keep beside the weights, and that follow from the configuration.
INDEX_BUFFERS = ("position_ids", "token_type_ids")
# Flat names: each is joined to a folder that was made for them.
TOKENIZER_CONFIG, SPECIAL_TOKENS = "tokenizer_config.json", "special_tokens_map.json"
TOKENIZER_FILES = (
    *("tokenizer.json", TOKENIZER_CONFIG, SPECIAL_TOKENS, "added_tokens.json"),
    *("vocab.txt", "vocab.json", "merges.txt"),
    *("sentencepiece.bpe.model", "sentencepiece.model", "spiece.model", "spm.model", "tokenizer.model"),
)
# What a tokenizer may write beside them, and what is left behind: nothing of it cuts texts into pieces.
LEFT_BEHIND = ("chat_template.jinja", "chat_template.json", "normalizer.json", "additional_chat_templates")
# Fast tokenizers of text, all of transformers' own. None of them reads a file but by an entry that ends in `_file`.
TOKENIZER_CLASSES = frozenset(
    f"{name}TokenizerFast"
    for name in (
        *("PreTrained", "Albert", "Bart", "Barthez", "Bert", "BigBird", "Bloom", "Camembert", "CLIP", "CodeGen"),
        *("CodeLlama", "Cohere", "ConvBert", "Deberta", "DebertaV2", "DistilBert", "DPRQuestionEncoder", "Electra"),
        *("FNet", "Funnel", "Gemma", "GPT2", "GPTNeoX", "Herbert", "LayoutLM", "LED", "Llama", "Longformer", "Lxmert"),
        *("MBart", "MBart50", "MobileBert", "MPNet", "MT5", "Mvp", "Nllb", "OpenAIGPT", "Pegasus", "Qwen2", "Reformer"),
        *("RemBert", "RetriBert", "RoFormer", "Roberta", "SeamlessM4T", "Splinter", "SqueezeBert", "T5", "XGLM"),
        *("XLMRoberta", "XLNet"),
    )
)
# Entries of tokenizer_config.json that name pieces; the only ones of special_tokens_map.json.
SPECIAL_PIECES = frozenset(
    f"{name}_token" for name in ("bos", "eos", "unk", "sep", "pad", "cls", "mask", "prefix", "suffix", "middle", "eot")
) | {"additional_special_tokens", "extra_special_tokens", "fill_token", "mask_token_sent", "question_token"}
# Those that are words. Of all others, numbers, true, false and null are taken, and nothing that could name a file.
TOKENIZER_WORDS = frozenset(
    (
        *("errors", "language", "padding", "padding_side", "src_lang", "task", "tgt_lang", "tokenizer_class"),
        *("truncation_side", "truncation_strategy", "vocab_type", "wordpieces_prefix"),
    )
)
TOKENIZER_TABLES = frozenset(("added_tokens_decoder", "model_input_names", "never_split"))
# Hub names without an owner; every other name without a slash is a folder, here or mistyped.
HUB_NAMES = frozenset(
    (
        *("albert-base-v2", "bert-base-cased", "bert-base-chinese", "bert-base-german-cased", "bert-base-uncased"),
        *("bert-base-multilingual-cased", "bert-base-multilingual-uncased", "bert-large-cased", "bert-large-uncased"),
        *("bert-large-cased-whole-word-masking", "bert-large-uncased-whole-word-masking", "camembert-base"),
        *("distilbert-base-cased", "distilbert-base-german-cased", "distilbert-base-multilingual-cased"),
        *("distilbert-base-uncased", "distilroberta-base", "roberta-base", "roberta-large", "roberta-large-mnli"),
        *("xlm-roberta-base", "xlm-roberta-large"),
    )
)
