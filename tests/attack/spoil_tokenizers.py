"""What a stranger writes into the files of a tokenizer, and how these are called."""

from typing import Any

from .case import Sandbox


def tokenizer_entries(sandbox: Sandbox) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): What a stranger writes into tokenizer_config.json."""
    secret, evil = str(sandbox.secret), {"__type": "AddedToken", "content": "x", "lstrip": "no"}
    return [
        {"vocab_file": secret},
        {"tokenizer_file": secret},
        {"merges_file": secret, "vocab_file": secret},
        {"special_tokens_map_file": secret},
        {"added_tokens_file": secret},
        {"chat_template": "{{ ''.__class__.__mro__ }}"},
        {"auto_map": {"AutoTokenizer": ["evil.T", "evil.T"]}},
        {"name_or_path": "owner/model", "from_slow": True},
        {"tokenizer_class": "AutoTokenizer"},
        {"tokenizer_class": ["BertTokenizerFast"]},
        {"tokenizer_class": "../evil"},
        {"pad_token": 5},
        {"pad_token": evil},
        {"cls_token": ["a"]},
        {"cls_token": None},
        {"mask_token": {"__type": "os.system", "content": "x"}},
        {"added_tokens_decoder": {"999999999999": {"content": "x"}}},
        {"added_tokens_decoder": {"a": {"content": "x"}}},
        {"added_tokens_decoder": "x"},
        {"added_tokens_decoder": {"0": {"content": 5}}},
        {"model_max_length": "x"},
        {"model_max_length": -1},
        {"padding_side": "up"},
        {"truncation_side": 5},
        {"extra_special_tokens": {"evil_token": "x"}},
        {"additional_special_tokens": [5, None]},
        {"backend": "evil", "use_fast": False},
        {"init_inputs": ["owner/model"]},
        {"fix_mistral_regex": True, "clean_up_tokenization_spaces": "no"},
        {"encode": "x"},
        {"backend_tokenizer": 5, "_tokenizer": 5},
        {"tokenizer_object": "x"},
        {"gguf_file": "x.gguf"},
        {"_commit_hash": "x", "cache_dir": str(sandbox.outside)},
        {"trust_remote_code": True, "code_revision": "main"},
    ]


CLASSES: list[Any] = [
    *("AutoTokenizer", "AutoModel", "AutoConfig", "AutoProcessor", "AutoModelForCausalLM", "AutoFeatureExtractor"),
    *(
        "DPTForDepthEstimation",
        "pipeline",
        "Trainer",
        "PreTrainedModel",
        "utils",
        "os",
        "__class__",
        "",
        " ",
        "BertTokenizer",
    ),
    *("BertModel", "BertConfig", "Pipeline", "HfArgumentParser", "PreTrainedTokenizer", "TimmBackbone", "RagTokenizer"),
    *("BertTokenizerFast\n", "../x", "transformers.BertTokenizerFast", 5, None, ["BertTokenizerFast"], {}, True, b"x"),
    *("GenerationConfig", "AutoImageProcessor", "AutoBackbone", "WhisperTokenizerFast", "LayoutLMv2TokenizerFast"),
]


def tokenizer_names(sandbox: Sandbox) -> list[Any]:
    """RETURNS (list[Any]): Names under which a stranger stores a file of a tokenizer."""
    return [
        *(
            str(sandbox.canary),
            "../../outside/code-was-run",
            "../x",
            "..",
            ".",
            "",
            "/",
            "a/b",
            "a\\b",
            "C:\\x",
            "x" * 300,
        ),
        *(
            "tokenizer.json/../../../outside/x",
            "\0",
            "tokenizer.json\0",
            "\n",
            "evil.py",
            "tokenizer.py",
            5,
            None,
            b"x",
        ),
        *("config.json", "model.safetensors", "pytorch_model.bin", ".hidden", "~/x", "$HOME/x", "tokenizer.json ", "é"),
    ]
