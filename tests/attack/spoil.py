"""Ways to spoil one part of a checkpoint: entries of a configuration, weights, files of a tokenizer, single bytes."""

import io
import json
import math
import os
import pickle
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import torch

from .case import Sandbox, pick

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


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, canary: Any):
        self.canary = str(canary)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.canary,)


def spoil_weights(random: Random, weights: dict[str, Any], *, as_bin: bool) -> tuple[dict[Any, Any], str, str]:
    """RETURNS (tuple): The weights with one spoiled, what was done, and why it must fail, if so."""
    name = pick(random, [name for name, weight in weights.items() if weight.numel() > 1])
    weight = weights[name]
    ways: dict[str, Callable[[], dict[Any, Any]]] = {
        **{
            f"as {kind}": lambda kind=kind: {**weights, name: weight.to(getattr(torch, kind))}
            for kind in ("int8", "int64", "uint8", "bool", "float8_e4m3fn", "float8_e5m2")
        },
        **{
            f"with one {value}": lambda value=value: {**weights, name: _with_one(random, weight, value)}
            for value in (NAN, INF, -INF)
        },
        "all NaN": lambda: {**weights, name: torch.full_like(weight, NAN)},
        "of a row more": lambda: {**weights, name: torch.cat([weight, weight[:1]])},
        "of a row less": lambda: {**weights, name: weight[:-1].clone()},
        "flat": lambda: {**weights, name: weight.flatten() if weight.dim() > 1 else weight[None].clone()},
        "empty": lambda: {**weights, name: torch.zeros(0)},
        "a number": lambda: {**weights, name: torch.zeros(())},
        "gone": lambda: {other: w for other, w in weights.items() if other != name},
        "renamed": lambda: {f"{other}.x" if other == name else other: w for other, w in weights.items()},
        "beside another one": lambda: {**weights, "evil.weight": torch.zeros(3)},
        "finite in float64 only": lambda: {**weights, name: _with_one(random, weight.double(), 1e300)},
    }
    if weight.dim() == 2 and weight.shape[0] != weight.shape[1]:
        ways["transposed"] = lambda: {**weights, name: weight.t().contiguous()}
    if as_bin:
        ways |= {
            "complex": lambda: {**weights, name: weight.to(torch.complex64)},
            "sparse": lambda: {**weights, name: weight.to_sparse()},
            "on the meta device": lambda: {**weights, name: weight.to("meta")},
            "under a number": lambda: {**weights, 5: weight},
            "in a dict of its own": lambda: {**weights, name: {"weight": weight}},
            "a list": lambda: {**weights, name: weight.tolist()},
            "huge and of one number": lambda: {**weights, name: torch.zeros(1).expand(10**10)},
        }
    what = pick(random, ways)
    return ways[what](), f"weights: {name} {what}", f"{name} {what}"


def _with_one(random: Random, weight: Any, value: float) -> Any:
    changed = weight.clone()
    changed.view(-1)[random.randrange(changed.numel())] = value
    return changed


def spoil_header(random: Random, data: bytes) -> tuple[bytes, str]:
    """RETURNS (tuple[bytes, str]): safetensors with a header that lies, and how."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    name = pick(random, [name for name in header if name != "__metadata__"])
    entry, begin = header[name], header[name]["data_offsets"][0]
    ways: dict[str, Callable[[], Any]] = {
        "an offset beyond the file": lambda: entry.update(data_offsets=[begin, 10**12]),
        "offsets that go back": lambda: entry.update(data_offsets=[begin + 8, begin]),
        "an offset below 0": lambda: entry.update(data_offsets=[-8, 8]),
        "another type": lambda: entry.update(dtype=pick(random, ["I8", "BOOL", "F8_E4M3", "I64", "X", "", "C64", 5])),
        "a huge shape": lambda: entry.update(shape=[10**9, 10**9]),
        "a shape below 0": lambda: entry.update(shape=[-1, -32]),
        "a shape of text": lambda: entry.update(shape="x"),
        "no shape": lambda: entry.pop("shape"),
        "another name": lambda: header.update({"\n[/x]\x1b]0;x\x07": header.pop(name)}),
        "an empty tensor more": lambda: header.update({"evil": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}),
        "names that overlap": lambda: entry.update(data_offsets=[0, entry["data_offsets"][1] - begin]),
    }
    what = pick(random, [*ways, "a header without end", "a header longer than the file", "no header", "a header of 8"])
    rest = data[8 + length :]
    if what in ways:
        ways[what]()
        written = json.dumps(header).encode()
        return struct.pack("<Q", len(written)) + written + rest, f"weights: {what} for {name}"
    lengths = {"a header without end": 2**63, "a header longer than the file": len(data), "no header": 0}
    return struct.pack("<Q", lengths.get(what, 8)) + data[8:], f"weights: {what}"


def evil_bin(random: Random, weights: dict[str, Any], sandbox: Sandbox) -> tuple[bytes, str]:
    """RETURNS (tuple[bytes, str]): A .bin file that would run code, and what it is."""
    what = pick(random, ["a pickle", "a zip of torch", "torch's old form", "one among weights", "TorchScript"])
    file = io.BytesIO()
    if what == "a pickle":
        file.write(pickle.dumps(Runs(sandbox.canary)))
    elif what == "TorchScript":
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file)
    else:
        content: Any = (
            {**weights, "evil": Runs(sandbox.canary)} if what == "one among weights" else Runs(sandbox.canary)
        )
        torch.save(content, file, _use_new_zipfile_serialization=what != "torch's old form")
    return file.getvalue(), f"pytorch_model.bin: {what} with code"


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
