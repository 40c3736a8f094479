"""ModernBERT as a source: what its config.json says, under our names."""

from collections.abc import Mapping
from typing import Any

from ..config_entries import MOST_BLOCKS, MOST_PIECES, OF_ROTARY, Entry, known_entries, optional, whole
from ..files.problems import RefusedError

# What is taken over, with the value where a config.json says nothing.
_DEFAULTS: dict[str, Any] = {
    "vocab_size": 50368,
    "hidden_size": 768,
    "num_attention_heads": 12,
    "intermediate_size": 1152,
    "hidden_activation": "gelu",
    "embedding_dropout": 0.0,
    "attention_dropout": 0.0,
    "mlp_dropout": 0.0,
    "initializer_range": 0.02,
    "norm_eps": 1e-5,
    "norm_bias": False,
    "attention_bias": False,
    "mlp_bias": False,
    "global_rope_theta": 160000.0,
    "local_rope_theta": 10000.0,
    "global_attn_every_n_layers": 3,
    "local_attention": 128,
    "pad_token_id": 50283,
    "bos_token_id": None,
    "eos_token_id": None,
}
_LAYER_TYPES = {"full_attention": True, "sliding_attention": False}
_LIST = Entry(
    lambda value: isinstance(value, list) and all(v in _LAYER_TYPES for v in value),
    f"a list of {' and '.join(_LAYER_TYPES)}",
)
_TABLE = Entry(lambda value: isinstance(value, Mapping), "a table")
READ: dict[str, Entry] = {
    **{name: OF_ROTARY[name] for name in _DEFAULTS},
    "num_hidden_layers": whole(1, MOST_BLOCKS),
    "max_position_embeddings": whole(1, MOST_PIECES),
    # As transformers 5 writes them.
    "layer_types": optional(_LIST),
    "rope_parameters": optional(_TABLE),
    "rope_scaling": optional(_TABLE),
}


def read_settings(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Read a config.json of ModernBERT, as transformers 4 or 5 wrote it.

    values (Mapping[str, Any]): What stands in it.
    source (str): What to call the checkpoint in an error.
    RETURNS (dict[str, Any]): Settings of RotaryHATConfig, and num_hidden_layers and max_position_embeddings.
    RAISES (ValueError): If an entry is not of its type or outside its range, or asks for what is not computed.
    """
    known = known_entries(values, READ, source=source)
    sizes = {"num_hidden_layers": 22, "max_position_embeddings": 8192}
    settings = {name: known.get(name, default) for name, default in {**_DEFAULTS, **sizes}.items()}
    if settings["bos_token_id"] is None:
        settings["bos_token_id"] = values.get("cls_token_id")
    _check_scaling(known.get("rope_scaling"), source)
    for kind, name in (("full_attention", "global_rope_theta"), ("sliding_attention", "local_rope_theta")):
        parameters = (known.get("rope_parameters") or {}).get(kind) or {}
        _check_scaling(parameters, source)
        settings[name] = parameters.get("rope_theta", settings[name])
    if known.get("layer_types") is not None:
        settings["global_attn_every_n_layers"] = _every(known["layer_types"], settings, source)
    return known_entries(settings, READ, source=source)


def _check_scaling(parameters: Any, source: str) -> None:
    """RAISES (RefusedError): If places are rotated by anything but theta alone."""
    parameters = {} if parameters is None else parameters
    if not isinstance(parameters, Mapping):
        raise RefusedError(f"The rope_parameters of {source} hold {parameters!r}, expected a table. Fetch it again.")
    kind = parameters.get("rope_type", parameters.get("type", "default"))
    others = sorted(str(name) for name in parameters if name not in ("rope_type", "type", "rope_theta"))
    if kind not in ("default", None) or others:
        raise RefusedError(
            f"{source} turns its places by {kind!r}{' with ' * bool(others)}{', '.join(others)}, expected 'default', "
            "by theta alone: a HAT knows no other scaling. Choose a source without."
        )


def _every(layer_types: list[str], settings: Mapping[str, Any], source: str) -> int:
    """RETURNS (int): Of so many layers the first sees everything. RAISES (RefusedError): If there is no such number."""
    depth = settings["num_hidden_layers"]
    is_global = [_LAYER_TYPES[name] for name in layer_types]
    for every in (settings["global_attn_every_n_layers"], *range(1, depth + 1)):
        if is_global == [number % every == 0 for number in range(depth)]:
            return every
    raise RefusedError(
        f"{source} has {depth} layers with layer_types {', '.join(layer_types)}, expected one full_attention in every "
        "so many, from the lowest on. A HAT has no other order: choose another source."
    )
