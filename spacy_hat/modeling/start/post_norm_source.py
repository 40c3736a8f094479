"""nomic-bert and gte-v1.5 as sources: what their config.json says, under our names.

transformers 5.24 has both, as `nomic_bert` and `gte`. Older files come with code of their own, which is neither needed
nor run: nomic-bert's have GPT-2's names of the sizes, and gte's say `new` of their type.
"""

from collections.abc import Mapping
from typing import Any

from ..config_entries import (
    CHOICES,
    MOST_BLOCKS,
    MOST_PIECES,
    NUMBERS,
    SHARED,
    SIZES,
    Entry,
    known_entries,
    number,
    optional,
    whole,
)
from ..files.problems import RefusedError

_TABLE = Entry(lambda value: isinstance(value, Mapping), "a table")
_POSITIVE = number(1.0, 1e15)


def _only(*wanted: Any) -> Entry:
    shown = " or ".join("null" if value is None else str(value) for value in wanted)
    return Entry(lambda value: value in wanted, f"{shown}: a HAT computes nothing else")


_NAMES = (
    *("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size", "hidden_act", "hidden_dropout_prob"),
    *("attention_probs_dropout_prob", "initializer_range", "layer_norm_eps", "pad_token_id"),
)
_SIZES: dict[str, Entry] = {
    **{name: (SIZES | NUMBERS | CHOICES)[name] for name in _NAMES},
    "bos_token_id": SHARED["bos_token_id"],
    "eos_token_id": SHARED["eos_token_id"],
    "num_hidden_layers": whole(1, MOST_BLOCKS),
    "max_position_embeddings": whole(1, MOST_PIECES),
    "type_vocab_size": whole(0, MOST_PIECES),
    "head_dim": optional(SIZES["hidden_size"]),
    "rope_theta": _POSITIVE,
    "rope_parameters": optional(_TABLE),
    "rope_scaling": optional(_TABLE),
}
# What the code that came with older files knows, and transformers does not.
_OTHER_CODE: dict[str, Entry] = {
    **dict.fromkeys(("prenorm", "causal", "parallel_block", "use_rms_norm"), _only(False)),
    **dict.fromkeys(("qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "rotary_emb_interleaved"), _only(False)),
    "scale_attn_weights": _only(True),
    "rotary_emb_fraction": _only(1.0),
    "rotary_emb_scale_base": _only(None),
    "num_experts": _only(None, 0),
    "moe_every_n_layers": _only(None, 0),
    "logn_attention_scale": _only(False),
    "layer_norm_type": _only("layer_norm"),
    "position_embedding_type": _only("rope", "rotary", None),
}
# GPT-2's names, with those of BERT.
_GPT2: dict[str, str] = {
    "n_embd": "hidden_size",
    "n_head": "num_attention_heads",
    "n_layer": "num_hidden_layers",
    "n_inner": "intermediate_size",
    "n_positions": "max_position_embeddings",
    "layer_norm_epsilon": "layer_norm_eps",
    "resid_pdrop": "hidden_dropout_prob",
    "attn_pdrop": "attention_probs_dropout_prob",
    "rotary_emb_base": "rope_theta",
}
_GATED = {"swiglu": "silu", "geglu": "gelu", "silu": "silu"}
_NOMIC_OLD: dict[str, Entry] = {
    **{old: _SIZES[name] for old, name in _GPT2.items()},
    "max_trained_positions": whole(1, MOST_PIECES),
    "activation_function": Entry(lambda value: value in _GATED, f"{' or '.join(_GATED)}: layers are gated"),
}
# Where a config.json says nothing, by type.
_COMMON: dict[str, Any] = {
    "hidden_size": 768,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "intermediate_size": 3072,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "bos_token_id": None,
    "eos_token_id": None,
}
_NOMIC: dict[str, Any] = {
    **_COMMON,
    "vocab_size": 30528,
    "hidden_act": "silu",
    "hidden_dropout_prob": 0.0,
    "max_position_embeddings": 2048,
    "type_vocab_size": 2,
    "pad_token_id": 0,
    "rope_theta": 1000.0,
}
_GTE: dict[str, Any] = {
    **_COMMON,
    "vocab_size": 250048,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "max_position_embeddings": 8192,
    "type_vocab_size": 1,
    "pad_token_id": 1,
    "rope_theta": 160000.0,
}
_DEFAULTS: dict[str, dict[str, Any]] = {"nomic_bert": _NOMIC, "gte": _GTE, "new": _GTE}
# Of which transformers knows no default.
_REQUIRED = ("vocab_size", "type_vocab_size", "pad_token_id", "rope_theta")


def read_post_norm_settings(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Read a config.json of nomic-bert or gte-v1.5.

    values (Mapping[str, Any]): What stands in it.
    source (str): What to call the checkpoint in an error.
    RETURNS (dict[str, Any]): Settings of RotaryHATConfig, and num_hidden_layers, max_position_embeddings and
        type_vocab_size.
    RAISES (ValueError): If an entry is not of its type or outside its range, or asks for what is not computed.
    """
    model_type = values["model_type"]
    known = known_entries(values, _SIZES | _OTHER_CODE | _NOMIC_OLD, source=source)
    if model_type == "nomic_bert":
        known = {**{_GPT2[name]: value for name, value in known.items() if name in _GPT2}, **_under_own_names(known)}
    missing = [name for name in _REQUIRED if name not in known] if model_type == "new" else []
    if missing:
        raise RefusedError(
            f"The config.json of {source} says nothing of {', '.join(missing)}, expected an entry for each. Fetch the "
            "source again, whole."
        )
    read = {**_DEFAULTS[model_type], **{name: value for name, value in known.items() if name in _SIZES}}
    _check_heads(read, source)
    theta, factor = _rotation(read, model_type, source)
    has_biases = model_type != "nomic_bert"
    settings = {
        **{name: read[name] for name in ("vocab_size", "hidden_size", "num_attention_heads", "intermediate_size")},
        **{name: read[name] for name in ("initializer_range", "pad_token_id", "bos_token_id", "eos_token_id")},
        "hidden_activation": read["hidden_act"],
        "embedding_dropout": read["hidden_dropout_prob"],
        "attention_dropout": read["attention_probs_dropout_prob"],
        "mlp_dropout": read["hidden_dropout_prob"],
        "norm_eps": read["layer_norm_eps"],
        "norm_bias": True,
        "attention_bias": has_biases,
        "mlp_bias": False,
        "mlp_output_bias": has_biases,
        "post_norm": True,
        "global_attn_every_n_layers": 1,
        "global_rope_theta": theta,
        "global_rope_factor": factor,
    }
    return settings | {name: read[name] for name in ("num_hidden_layers", "max_position_embeddings", "type_vocab_size")}


def _under_own_names(known: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in known.items() if name in _SIZES}
    if "activation_function" in known:
        own.setdefault("hidden_act", _GATED[known["activation_function"]])
    if "max_trained_positions" in known:  # beyond them, its own code turns places otherwise
        own.setdefault("max_position_embeddings", known["max_trained_positions"])
    return own


def _check_heads(read: Mapping[str, Any], source: str) -> None:
    size = read.get("head_dim")
    if size is not None and size * read["num_attention_heads"] != read["hidden_size"]:
        raise RefusedError(
            f"{source} has {read['num_attention_heads']} attention heads of {size} numbers and a hidden_size of "
            f"{read['hidden_size']}, expected their product. A HAT has no other heads: choose another source."
        )


def _rotation(read: Mapping[str, Any], model_type: str, source: str) -> tuple[float, float]:
    """RETURNS (tuple[float, float]): How slowly places turn, and by what they are divided before."""
    parameters = {**(read.get("rope_scaling") or {}), **(read.get("rope_parameters") or {})}
    kind = parameters.pop("rope_type", parameters.pop("type", "default"))
    parameters.pop("type", None)
    theta = parameters.pop("rope_theta", read["rope_theta"])
    factor = parameters.pop("factor", 1.0)
    allowed = {"default", "linear"} | ({"ntk"} if model_type == "new" else set())
    if kind not in allowed or parameters or not all(_POSITIVE.fits(value) for value in (theta, factor)):
        others = "".join(f", {name} {value!r}" for name, value in sorted(parameters.items()))
        raise RefusedError(
            f"{source} turns its places by {kind!r} with rope_theta {theta!r}, factor {factor!r}{others}, expected "
            f"{' or '.join(sorted(allowed))}, by theta and a factor alone. Choose another source."
        )
    if kind == "ntk":  # a fixed one (https://kexue.fm/archives/9706), as the code does that came with the files
        head_size = read["hidden_size"] // read["num_attention_heads"]
        return theta * factor, factor ** (2 / head_size)
    return theta, factor if kind == "linear" else 1.0
