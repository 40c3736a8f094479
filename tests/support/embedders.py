"""Embedders and encoders of fields that people start from, as their config.json has them, in small.

Depth, heads, types and entries are the published ones. Widths, the vocabulary and the positions are smaller, and
weights are random: what hangs on them is only how long a test takes. Tokenizers are of the published families.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

from .sources import save_encoder
from .tiny import randomise
from .tokenizers_tiny import Make, unigram_tokenizer, wordpiece_tokenizer

HEAD_SIZE, POSITIONS = 2, 24
CLASSES = {"bert": (BertConfig, BertModel), "xlm-roberta": (XLMRobertaConfig, XLMRobertaModel)}
BERT = {
    "architectures": ["BertModel"],
    "attention_probs_dropout_prob": 0.1,
    "classifier_dropout": None,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "model_type": "bert",
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "torch_dtype": "float32",
    "type_vocab_size": 2,
    "use_cache": True,
}
XLM = {**BERT, "architectures": ["XLMRobertaModel"], "model_type": "xlm-roberta", "layer_norm_eps": 1e-5}
XLM |= {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1, "output_past": True}
PRETRAINING = {"architectures": ["BertForPreTraining"], "output_past": True, "eos_token_ids": 0}


@dataclass(frozen=True)
class Embedder:
    """One published encoder.

    layers (int): Its depth.
    heads (int): Its attention heads.
    entries (dict[str, Any]): Its config.json, but for sizes.
    tokenizer (Make): Of its tokenizer's family.
    """

    layers: int
    heads: int
    entries: dict[str, Any]
    tokenizer: Make

    def save(self, folder: Path) -> Any:
        """Write a checkpoint of random weights. RETURNS (PreTrainedModel): The encoder."""
        made = self.tokenizer()
        width = self.heads * HEAD_SIZE
        first = 2 if self.entries["model_type"] == "xlm-roberta" else 0
        sizes = {"hidden_size": width, "intermediate_size": 2 * width, "num_attention_heads": self.heads}
        sizes |= {"num_hidden_layers": self.layers, "vocab_size": len(made)}
        entries = {**self.entries, **sizes, "max_position_embeddings": POSITIONS + first}
        config_class, model_class = CLASSES[self.entries["model_type"]]
        model = randomise(model_class(config_class(**entries)), seed=self.layers).eval()
        save_encoder(model, made, folder)
        (folder / "config.json").write_text(json.dumps(entries), encoding="utf8")
        return model


EMBEDDERS = {
    "BAAI/bge-small-en-v1.5": Embedder(12, 12, BERT, wordpiece_tokenizer),
    "BAAI/bge-base-en-v1.5": Embedder(12, 12, BERT | {"gradient_checkpointing": False}, wordpiece_tokenizer),
    "BAAI/bge-large-en-v1.5": Embedder(24, 16, BERT | {"id2label": {"0": "LABEL_0"}}, wordpiece_tokenizer),
    "BAAI/bge-m3": Embedder(24, 16, XLM, unigram_tokenizer),
    "intfloat/e5-base-v2": Embedder(12, 12, BERT, wordpiece_tokenizer),
    "intfloat/e5-large-v2": Embedder(24, 16, BERT, wordpiece_tokenizer),
    # A BERT with the tokenizer of XLM-RoBERTa, whose padding piece its config.json does not name.
    "intfloat/multilingual-e5-small": Embedder(
        12, 12, BERT | {"tokenizer_class": "XLMRobertaTokenizer"}, unigram_tokenizer
    ),
    "intfloat/multilingual-e5-base": Embedder(12, 12, XLM, unigram_tokenizer),
    "intfloat/multilingual-e5-large": Embedder(24, 16, XLM, unigram_tokenizer),
    "thenlper/gte-small": Embedder(12, 12, BERT | {"torch_dtype": "float16"}, wordpiece_tokenizer),
    "thenlper/gte-large": Embedder(24, 16, BERT | {"torch_dtype": "float16"}, wordpiece_tokenizer),
    "allenai/scibert_scivocab_uncased": Embedder(12, 12, BERT, wordpiece_tokenizer),
    "nlpaueb/legal-bert-base-uncased": Embedder(
        12,
        12,
        BERT | {"architectures": ["BertForPreTraining"], "output_past": True, "eos_token_ids": 0},
        wordpiece_tokenizer,
    ),
    "nlpaueb/legal-bert-small-uncased": Embedder(6, 8, BERT, wordpiece_tokenizer),
    "sentence-transformers/all-MiniLM-L6-v2": Embedder(6, 12, BERT, wordpiece_tokenizer),
}
