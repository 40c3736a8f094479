"""Ways to spoil one part of a checkpoint: entries of a configuration, weights, files of a tokenizer, single bytes."""

import json
import math
import pickle
from collections.abc import Callable
from random import Random
from typing import Any

from .case import pick

NAN, INF = math.nan, math.inf
NO_NUMBERS: list[Any] = [
    "5",
    "",
    None,
    [],
    [4],
    {},
    {"a": 1},
    True,
    1.5,
    NAN,
    INF,
    -1,
    0,
    10**12,
    2**63,
    2**70,
    -(10**12),
]
NO_SIZES = [value for value in NO_NUMBERS if value is not None]
# Entry -> values with which nothing sound can be made of the weights that are there.
WRONG_ENTRIES: dict[str, list[Any]] = {
    **{name: [*NO_SIZES, 31, 33, 64] for name in ("hidden_size", "intermediate_size")},
    "vocab_size": [*NO_SIZES, 2, 10**6],
    "num_attention_heads": [*NO_SIZES, 5, 64],
    "type_vocab_size": [value for value in NO_SIZES if value is not True] + [3],
    "max_sentences": [*NO_SIZES, 5, 7, 10**6],
    "max_sentence_length": [value for value in NO_SIZES if value is not True] + [1, 14],
    "pad_token_id": ["0", [0], {}, 1.5, NAN, -1, 10**12, 2**70, True, 115],
    "num_hidden_layers": ["2", [2], 3, 10**9, -1, 1.5],
    "hidden_act": ["nothing", "", None, 5, [], ["gelu"], {"a": 1}, "__class__", "os.system", "gelu\0", "GELU" * 99],
    "layer_norm_eps": [NAN, INF, -1, -1e-12, "1e-12", None, [], {}, True, "NaN"],
    "hidden_dropout_prob": [NAN, INF, -0.1, 1.0, 2, "0.1", [], {}, None, True],
    "attention_probs_dropout_prob": [NAN, INF, -0.1, 1.5, "0.1", [], None],
    "initializer_range": [NAN, INF, -1, "x", [], {}, None],
    "document_position_embeddings": ["false", "no", "true", 2, None, [], 1.5, {}],
    "tie_word_embeddings": ["false", "no", 2, [], 1.5],
    "encoder_layout": [
        *({"00": {}}, {"0": {"sentence_encoder": "no", "document_encoder": True}}, "S|X", "S|S|S|S|S", "", [], 5),
        *({"a": {"sentence_encoder": True}}, {"0": None}, {"-1": {}}, {str(i): {} for i in range(500)}, "SD|S" * 99),
    ],
    "quantization_config": [
        {"quant_method": "bitsandbytes", "load_in_8bit": True},
        {"quant_method": "gptq"},
        "int8",
        5,
    ],
    "is_decoder": [True, "yes", 1],
    "add_cross_attention": [True, 1],
    "torch_dtype": [5, "int8", "load", "nothing", [], {}, "os", "__name__"],
    "model_type": ["bert", "nothing", 5, None, [], {}, "auto", "../x", "hierarchical-transformer\n"],
    "id2label": [{"a": "b"}, {"-1": "x"}, {str(10**12): "x"}, 5, "x", [["a"]]],
    "problem_type": ["nothing", 5, [], {}],
    "pruned_heads": [{"0": [0]}, {"a": "b"}],
    "pooling": ["nothing", 5, []],
    "frozen_blocks": [-1, 3, 10**9, "1", 1.5, []],
}
# Names that a stranger adds, and that must have no effect.
IDLE_ENTRIES: dict[str, list[Any]] = {
    "auto_map": [{"AutoModel": "evil.Model", "AutoConfig": "evil.Config", "AutoTokenizer": ["evil.T", "evil.T"]}],
    "_name_or_path": ["owner/model", "../../x", "https://example.com"],
    "_attn_implementation_autoset": [True, "flash_attention_2"],
    "custom_pipelines": [{"evil": {"impl": "evil.P", "pt": ["AutoModel"]}}],
    "from_pretrained": ["x"],
    "to_dict": ["x"],
    "forward": ["x"],
    "validate_sizes": [5],
    "__class__": ["x"],
    "gradient_checkpointing": [True],
    "max_position_embeddings": ["5", [4], 1.5, -1, 10**12],  # a HAT counts the rows of its table itself
    "adapter": ["owner/adapter"],
    "trust_remote_code": [True],
    "backbone": ["owner/repo"],
    "use_pretrained_backbone": [True],
}


def spoil_config(random: Random, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    """RETURNS (tuple): The entries with another value for one, what was done, and why it must fail, if so."""
    if random.random() < 0.25:
        name = pick(random, IDLE_ENTRIES)
        value = pick(random, IDLE_ENTRIES[name])
        return {**values, name: value}, f"config: {name} = {value!r}", ""
    name = pick(random, WRONG_ENTRIES)
    value = pick(random, WRONG_ENTRIES[name])
    is_default = name == "num_attention_heads" and value is True
    what = f"config: {name} = {str(value)[:80]!r}"
    return {**values, name: value}, what, "" if is_default else what


def spoil_json(random: Random, text: str) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): JSON that is none, or another one, and what was done."""
    ways: dict[str, Callable[[], str]] = {
        "empty": lambda: "",
        "null": lambda: "null",
        "a list": lambda: f"[{text}]",
        "cut off": lambda: text[: random.randrange(len(text))],
        "deep": lambda: '{"a":' * 100_000,
        "deep lists": lambda: "[" * 100_000 + "]" * 100_000,
        "NUL": lambda: "\0" * 50,
        "twice": lambda: text + text,
        "a long number": lambda: '{"a": ' + "9" * 5000 + "}",
        "a string": lambda: json.dumps(text),
    }
    what = pick(random, ways)
    return ways[what](), what


def flip(random: Random, data: bytes, n_flips: int = 1, end: int | None = None) -> bytes:
    """RETURNS (bytes): Other values for some of the bytes, before an end."""
    changed = bytearray(data)
    for _ in range(n_flips):
        if changed:
            changed[random.randrange(min(end or len(changed), len(changed)))] = random.randrange(256)
    return bytes(changed)


def damage(random: Random, data: bytes) -> tuple[bytes, str]:
    """RETURNS (tuple[bytes, str]): Bytes that a disk, a network or an editor spoiled, and how."""
    place = random.randrange(len(data) + 1)
    ways: dict[str, Callable[[], bytes]] = {
        f"cut off at {place}": lambda: data[:place],
        f"{place} bytes gone at the start": lambda: data[place:],
        "one byte": lambda: flip(random, data),
        "one byte near the start": lambda: flip(random, data, 1, 200),
        "twenty bytes": lambda: flip(random, data, 20),
        "twenty bytes near the start": lambda: flip(random, data, 20, 1000),
        f"something in between at {place}": lambda: (
            data[:place] + random.randbytes(random.randint(1, 20)) + data[place:]
        ),
        "nothing": lambda: b"",
        "noise": lambda: random.randbytes(300),
        "a pointer of Git LFS": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "a pickle": lambda: pickle.dumps({"a": 1}),
        "zeros": lambda: bytes(len(data)),
    }
    what = pick(random, ways)
    return ways[what](), what
