"""Strict loading and complete saving of HAT checkpoints: nothing missing, nothing guessed, no code run."""

import logging
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from .disk import HUB_OPTIONS, read_config, read_weights

MODEL_TYPES = ("hierarchical-transformer", "hi-transformer")
ENCODER_PREFIX = "hi_transformer."
NAMES_SHOWN = 10

# What AutoModel passes along and this has no use for, besides private names and its switches for code from the hub,
# which all end in _code: there is no code to run.
_FROM_AUTO = ("adapter_kwargs", "code_revision", "use_safetensors")

logger = logging.getLogger(__name__)


def load_pretrained(
    cls: Any,
    name: str | Path,
    *,
    config: Any | None = None,
    torch_dtype: torch.dtype | str | None = None,
    **kwargs: Any,
) -> PreTrainedModel:
    """Build a model and fill it from a checkpoint.

    An encoder loads from a head's checkpoint and a head from an encoder's; weights of a head that the file does not
    have start fresh, weights of the encoder never do.

    cls (Any): HATModel or one of the heads.
    name (str | Path): A folder, or the name of a hub repository.
    config (Any | None): Configuration instead of the checkpoint's own.
    torch_dtype (torch.dtype | str | None): Precision of the loaded model, also by name; "auto": that of the file;
        None: float32.
    **kwargs: revision, cache_dir, local_files_only, token and force_download for the hub; anything else overrides the
        configuration's attribute of that name.
    RETURNS (PreTrainedModel): The model, in evaluation mode.
    RAISES (ValueError): If the checkpoint is not a HAT, has no weights file, or its weights do not fit; the message
        lists what does not.
    """
    hub = {key: kwargs.pop(key) for key in HUB_OPTIONS if key in kwargs}
    for key in list(kwargs):
        if key in _FROM_AUTO or key.startswith("_") or key.endswith("_code"):
            del kwargs[key]
    torch_dtype = kwargs.pop("dtype", torch_dtype)
    if config is None:
        config, kwargs = _load_config(cls, name, {**hub, **kwargs})
    if kwargs:
        alike = [match for name in kwargs for match in get_close_matches(name, config.to_dict(), n=1)]
        raise TypeError(
            f"HAT configurations have no {', '.join(sorted(kwargs))}, expected entries of config.json"
            f"{' such as ' * bool(alike)}{', '.join(alike)}. Leave it out or correct the name."
        )
    model = cls(config)
    weights = read_weights(name, **hub)
    fresh = fill_strictly(model, weights, source=str(name))
    if fresh:
        logger.warning("%s has no weights for %s: they start fresh. Train before use.", name, shorten(fresh))
    model.name_or_path = str(name)
    return model.to(_dtype(torch_dtype, weights)).eval()


def _dtype(wanted: torch.dtype | str | None, weights: Mapping[str, Tensor]) -> torch.dtype:
    if wanted == "auto":
        return next(weight.dtype for weight in weights.values() if weight.is_floating_point())
    dtype = getattr(torch, wanted, None) if isinstance(wanted, str) else wanted or torch.float32
    if not isinstance(dtype, torch.dtype):
        raise ValueError(f"torch_dtype is {wanted!r}, expected 'auto' or a dtype of torch, such as 'bfloat16'.")
    return dtype


def _load_config(cls: Any, name: str | Path, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    values = read_config(name, **{key: value for key, value in options.items() if key in HUB_OPTIONS})
    model_type = values["model_type"]
    if model_type not in MODEL_TYPES:
        raise ValueError(
            f"{name} is a checkpoint of type {model_type!r}, expected a HAT ({' or '.join(MODEL_TYPES)}). Make one of "
            f"it with: python -m spacy hat warm-start {name} OUTPUT_FOLDER"
        )
    config, unused = cls.config_class.from_dict(values, return_unused_kwargs=True, **options)
    return config, {key: value for key, value in unused.items() if key not in HUB_OPTIONS}


def fill_strictly(model: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> list[str]:
    """Copy a checkpoint's weights into a model.

    model (nn.Module): HATModel or a head, changed in place.
    weights (Mapping[str, Tensor]): As read from a file, with or without the prefix of the encoder.
    source (str): What to call the checkpoint in an error.
    RETURNS (list[str]): Names of head weights that the checkpoint does not have.
    RAISES (ValueError): If weights of the encoder are missing, or any weights are unknown to it or misshapen.
    """
    expected = model.state_dict()
    in_file = {name: w for name, w in weights.items() if not name.endswith("embeddings.position_ids")}
    in_file = _with_prefix_of(expected, in_file)
    _fill_ties(model, in_file)
    missing = sorted(expected.keys() - in_file.keys())
    fresh = [name for name in missing if not _is_encoder(name, expected)]
    problems = {
        "missing": [name for name in missing if _is_encoder(name, expected)],
        "unexpected": sorted(n for n in in_file.keys() - expected.keys() if _is_encoder(n, expected)),
        "misshapen": sorted(
            f"{name} {tuple(in_file[name].shape)}, expected {tuple(expected[name].shape)}"
            for name in expected.keys() & in_file.keys()
            if in_file[name].shape != expected[name].shape
        ),
    }
    if any(problems.values()):
        report = "\n".join(f"  {kind}: {shorten(names)}" for kind, names in problems.items() if names)
        raise ValueError(
            f"The weights of {source} do not fit its configuration:\n{report}\n"
            "Check layout, sizes, segment_length and max_segments against the checkpoint, or fetch it again."
        )
    with torch.no_grad():
        for name, tensor in expected.items():
            if name in in_file:
                tensor.copy_(in_file[name])
    return fresh


def _with_prefix_of(expected: Mapping[str, Tensor], weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename encoder weights between `hi_transformer.…` (in a head) and the bare form (in the encoder itself)."""
    wants_prefix = any(name.startswith(ENCODER_PREFIX) for name in expected)
    has_prefix = any(name.startswith(ENCODER_PREFIX) for name in weights)
    if wants_prefix and not has_prefix:
        return {ENCODER_PREFIX + name: weight for name, weight in weights.items()}
    if has_prefix and not wants_prefix:
        return {n.removeprefix(ENCODER_PREFIX): w for n, w in weights.items() if n.startswith(ENCODER_PREFIX)}
    return weights


def _is_encoder(name: str, expected: Mapping[str, Tensor]) -> bool:
    in_head = any(other.startswith(ENCODER_PREFIX) for other in expected)
    return name.startswith(ENCODER_PREFIX) if in_head else True


def _fill_ties(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Give every name of a tied tensor the weight of its first name in the file, as the published code does."""
    names_of: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names_of.setdefault(id(parameter), []).append(name)
    for names in names_of.values():
        first = next((name for name in names if name in weights), None)
        if first is not None:
            weights.update(dict.fromkeys(names, weights[first]))


def shorten(names: list[str]) -> str:
    """RETURNS (str): The first ten names, and how many more there are."""
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN} more"


def untied_state_dict(model: nn.Module) -> dict[str, Tensor]:
    """RETURNS (dict[str, Tensor]): The model's weights, each name with memory of its own, as safetensors wants them."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}
