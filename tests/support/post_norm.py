"""nomic-bert and gte-v1.5, written out in plain tensors, and tiny random ones in folders, to start a HAT from.

transformers has their classes in newer versions alone; files are the same for all.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from spacy_hat.modeling import warm_start

from .tokenizers_tiny import wordpiece_tokenizer

DEPTH, WIDTH, HEADS, INNER = 3, 32, 4, 40
LENGTH = 24
# As files say it: by type, and as the code wrote it that came with older ones.
CONFIGS: dict[str, dict[str, Any]] = {
    "nomic_bert": {
        "model_type": "nomic_bert",
        "hidden_act": "silu",
        "rope_parameters": {"rope_theta": 700.0, "rope_type": "default"},
        "head_dim": WIDTH // HEADS,
        "type_vocab_size": 2,
    },
    "nomic_bert, older": {
        "model_type": "nomic_bert",
        "activation_function": "swiglu",
        "rotary_emb_base": 700,
        "rotary_emb_fraction": 1.0,
        "rotary_scaling_factor": 2,
        "type_vocab_size": 2,
        **dict.fromkeys(("mlp_fc1_bias", "mlp_fc2_bias", "qkv_proj_bias", "prenorm", "causal"), False),
        "n_positions": 8192,
        "max_trained_positions": 2048,
    },
    "gte": {
        "model_type": "gte",
        "hidden_act": "gelu",
        "rope_parameters": {"rope_theta": 160000.0, "rope_type": "linear", "factor": 8.0 ** (2 / (WIDTH // HEADS))},
        "type_vocab_size": 1,
    },
    "gte, older": {
        "model_type": "new",
        "hidden_act": "gelu",
        "position_embedding_type": "rope",
        "layer_norm_type": "layer_norm",
        "logn_attention_scale": False,
        "type_vocab_size": 1,
        "rope_theta": 20000.0,
        "rope_scaling": {"type": "ntk", "factor": 8.0},
    },
    "gte without token types": {
        "model_type": "gte",
        "hidden_act": "gelu",
        "rope_parameters": {"rope_theta": 160000.0, "rope_type": "default"},
        "type_vocab_size": 0,
    },
}
_BERT = {
    "hidden_size": WIDTH,
    "num_attention_heads": HEADS,
    "num_hidden_layers": DEPTH,
    "intermediate_size": INNER,
    "layer_norm_eps": 1e-12,
}
_GPT2 = {"n_embd": WIDTH, "n_head": HEADS, "n_layer": DEPTH, "n_inner": INNER, "layer_norm_epsilon": 1e-12}


def is_nomic(name: str) -> bool:
    return bool(CONFIGS[name]["model_type"] == "nomic_bert")


def random_weights(name: str, vocab_size: int, seed: int = 3) -> dict[str, Tensor]:
    """RETURNS (dict[str, Tensor]): The weights of a file, by the names that it has."""
    generator = torch.Generator().manual_seed(seed)
    made: dict[str, Tensor] = {}

    def make(part: str, *shape: int, bias: bool = False, norm: bool = False) -> None:
        made[f"{part}.weight"] = float(norm) + 0.1 * torch.randn(shape, generator=generator)
        if bias or norm:
            made[f"{part}.bias"] = 0.1 * torch.randn(shape[0], generator=generator)

    make("embeddings.word_embeddings", vocab_size, WIDTH)
    if CONFIGS[name]["type_vocab_size"]:
        make("embeddings.token_type_embeddings", CONFIGS[name]["type_vocab_size"], WIDTH)
    make("emb_ln" if is_nomic(name) else "embeddings.LayerNorm", WIDTH, norm=True)
    for number in range(DEPTH):
        if is_nomic(name):
            layer = f"encoder.layers.{number}"
            make(f"{layer}.attn.Wqkv", 3 * WIDTH, WIDTH)
            make(f"{layer}.attn.out_proj", WIDTH, WIDTH)
            make(f"{layer}.norm1", WIDTH, norm=True)
            make(f"{layer}.mlp.fc11", INNER, WIDTH)
            make(f"{layer}.mlp.fc12", INNER, WIDTH)
            make(f"{layer}.mlp.fc2", WIDTH, INNER)
            make(f"{layer}.norm2", WIDTH, norm=True)
        else:
            layer = f"encoder.layer.{number}"
            make(f"{layer}.attention.qkv_proj", 3 * WIDTH, WIDTH, bias=True)
            make(f"{layer}.attention.o_proj", WIDTH, WIDTH, bias=True)
            make(f"{layer}.attn_ln", WIDTH, norm=True)
            make(f"{layer}.mlp.up_gate_proj", 2 * INNER, WIDTH)
            make(f"{layer}.mlp.down_proj", WIDTH, INNER, bias=True)
            make(f"{layer}.mlp_ln", WIDTH, norm=True)
    return made


def written_out(name: str, weights: dict[str, Tensor], ids: Tensor) -> Tensor:
    """Run one of the models as their papers and code have it, layer by layer.

    name (str): One of CONFIGS.
    weights (dict[str, Tensor]): As random_weights makes them.
    ids (Tensor): (n_docs, n_pieces).
    RETURNS (Tensor): (n_docs, n_pieces, hidden_size).
    """
    nomic = is_nomic(name)
    cos, sin = _angles(CONFIGS[name], ids.shape[1])

    def linear(part: str, rows: Tensor) -> Tensor:
        return F.linear(rows, weights[f"{part}.weight"], weights.get(f"{part}.bias"))

    def norm(part: str, rows: Tensor) -> Tensor:
        return F.layer_norm(rows, (WIDTH,), weights[f"{part}.weight"], weights[f"{part}.bias"], 1e-12)

    hidden = F.embedding(ids, weights["embeddings.word_embeddings.weight"])
    if "embeddings.token_type_embeddings.weight" in weights:
        hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
    hidden = norm("emb_ln" if nomic else "embeddings.LayerNorm", hidden)
    for number in range(DEPTH):
        layer = f"encoder.layer{'s' * nomic}.{number}"
        fused = linear(f"{layer}.{'attn.Wqkv' if nomic else 'attention.qkv_proj'}", hidden)
        query, key, value = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in fused.chunk(3, dim=-1))
        scores = _turned(query, cos, sin) @ _turned(key, cos, sin).transpose(-1, -2) * (WIDTH // HEADS) ** -0.5
        context = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        context = linear(f"{layer}.{'attn.out_proj' if nomic else 'attention.o_proj'}", context)
        hidden = norm(f"{layer}.{'norm1' if nomic else 'attn_ln'}", hidden + context)
        if nomic:
            inner = linear(f"{layer}.mlp.fc11", hidden) * F.silu(linear(f"{layer}.mlp.fc12", hidden))
        else:
            up, gate = linear(f"{layer}.mlp.up_gate_proj", hidden).chunk(2, dim=-1)
            inner = up * F.gelu(gate)
        inner = linear(f"{layer}.mlp.{'fc2' if nomic else 'down_proj'}", inner)
        hidden = norm(f"{layer}.{'norm2' if nomic else 'mlp_ln'}", hidden + inner)
    return hidden


def _angles(config: dict[str, Any], n_pieces: int) -> tuple[Tensor, Tensor]:
    size = WIDTH // HEADS
    pairs = torch.arange(size // 2)
    if "rope_scaling" in config:  # fixed NTK: https://kexue.fm/archives/9706, formula 6
        factor = config["rope_scaling"]["factor"]
        frequencies = 1 / ((config["rope_theta"] * factor) ** (2 * pairs / size) * factor ** (2 / size))
    elif "rotary_emb_base" in config:
        frequencies = 1 / config["rotary_emb_base"] ** (2 * pairs / size)
    else:
        parameters = config["rope_parameters"]
        frequencies = 1 / (parameters["rope_theta"] ** (2 * pairs / size) * parameters.get("factor", 1.0))
    angles = torch.arange(n_pieces)[:, None] * frequencies
    return angles.cos(), angles.sin()


def _turned(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = heads.chunk(2, dim=-1)
    cos, sin = cos.to(heads.dtype), sin.to(heads.dtype)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class PostNormSource:
    """A tiny random one, saved with a tokenizer.

    folder (Path): Where it is.
    name (str): One of CONFIGS.
    prefix (str): Of the encoder's weights; with one, there is a head, too.
    **entries: Of config.json, in the place of what it would say.
    """

    def __init__(self, folder: Path, name: str, prefix: str = "", **entries: Any) -> None:
        tokenizer = wordpiece_tokenizer()
        self.folder, self.name = folder, name
        self.weights = random_weights(name, len(tokenizer))
        sizes = _GPT2 if "activation_function" in CONFIGS[name] else _BERT
        own = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
        (folder / "config.json").write_text(json.dumps({**sizes, **own, **CONFIGS[name], **entries}))
        head = {"cls.predictions.bias": torch.zeros(len(tokenizer))} if prefix else {}
        weights = {prefix + key: weight for key, weight in self.weights.items()}
        save_file({**weights, **head}, folder / "model.safetensors")
        tokenizer.save_pretrained(folder)

    def start(self, layout: str | None = None, **settings: Any) -> Any:
        """Warm-start from it, with copied cross-segment blocks unless told."""
        sizes = {"segment_length": LENGTH, "cross_segment_start": "copy", **settings}
        return warm_start(self.folder, layout=layout, **sizes)

    def written_out(self, ids: Tensor) -> Tensor:
        return written_out(self.name, self.weights, ids)
