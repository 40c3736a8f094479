"""Strict loading and complete saving of HAT checkpoints: nothing missing, nothing guessed, no code run."""

import logging
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ..config import HATConfig
from ..config_entries import OF_HAT
from ..rotary_config import RotaryHATConfig
from .disk import read_config
from .names import HUB_OPTIONS
from .pipeline_tasks import remember_fresh
from .problems import RefusedError, Shape, WeightProblems, shorten
from .shapes import encoder_shapes, n_numbers, tied_tables
from .weights import WeightFile, is_finite, open_weights

ROTARY_TYPE = RotaryHATConfig.model_type
PUBLISHED_TYPES = ("hierarchical-transformer", "hi-transformer")
MODEL_TYPES = (*PUBLISHED_TYPES, ROTARY_TYPE)
ENCODER_PREFIX = "hi_transformer."
REMEDY = "Check layout, sizes, segment_length and max_segments against the checkpoint, or fetch it again."

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
        config = _load_config(cls, name, hub, kwargs)
    elif kwargs:
        raise TypeError(f"There is a config, and {', '.join(kwargs)} beside it. Set them in the config.")
    file = open_weights(name, **hub)
    check_fit(config, file, source=str(name))
    dtype = _dtype(torch_dtype, file)
    model = cls(config)
    weights = file.read()
    fresh = fill_strictly(model, weights, source=str(name))
    if fresh:
        logger.warning("%s has no weights for %s: they start fresh. Train before use.", name, shorten(fresh))
    model.name_or_path = str(name)
    model = model.to(dtype).eval()
    remember_fresh(model, fresh)
    if dtype == torch.float16 and not all(map(is_finite, model.parameters())):
        raise RefusedError(
            f"The weights of {name} do not fit into float16: some become infinite. Expected: numbers up to 65,504. "
            "Load it as torch_dtype 'bfloat16' or 'float32'."
        )
    return model


def check_overrides(entries: Mapping[str, Any], known: Collection[str] = tuple(OF_HAT)) -> None:
    """Check that entries to override are entries of a configuration: their values are checked with the others.

    entries (Mapping[str, Any]): Such as a transformer_config.
    known (Collection[str]): The entries that this kind of HAT has, by all of their names.
    RAISES (TypeError): If a HAT has no such entry.
    """
    unknown = sorted(name for name in entries if name not in (*known, "attn_implementation"))
    if unknown:
        alike = [match for name in unknown for match in get_close_matches(name, known, n=1)]
        raise TypeError(
            f"HAT configurations have no {', '.join(unknown)}, expected entries of config.json"
            f"{' such as ' * bool(alike)}{', '.join(alike)}. Leave it out or correct the name."
        )


def _dtype(wanted: torch.dtype | str | None, file: WeightFile) -> torch.dtype:
    if wanted == "auto":
        return file.first_type
    dtype = getattr(torch, wanted, None) if isinstance(wanted, str) else wanted or torch.float32
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(
            f"torch_dtype is {wanted!r}, expected 'auto' or a floating dtype of torch, such as 'bfloat16'."
        )
    return dtype


def _load_config(cls: Any, name: str | Path, hub: dict[str, Any], overrides: dict[str, Any]) -> Any:
    values = read_config(name, **hub)
    model_type = values["model_type"]
    if model_type not in MODEL_TYPES:
        raise RefusedError(
            f"{name} is a checkpoint of type {model_type!r}, expected a HAT ({' or '.join(MODEL_TYPES)}). Make one of "
            f"it with: python -m spacy hat warm-start {name} OUTPUT_FOLDER"
        )
    config_class = class_of_config(model_type, cls.config_class)
    check_overrides(overrides, names_of_entries(config_class))
    return config_class.from_dict(values, **overrides)


def names_of_entries(config_class: Any) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): What can be overridden: entries of its files, also by the names of the other kind."""
    return (*config_class.file_entries, *config_class.attribute_map)


def class_of_config(model_type: str, usual: Any) -> Any:
    """RETURNS (Any): The class of configurations of this type; the usual one, unless that is of another kind."""
    kind = "rotary" if model_type == ROTARY_TYPE else "absolute"
    if usual.kind == kind:
        return usual
    return RotaryHATConfig if kind == "rotary" else HATConfig


def check_fit(config: Any, file: WeightFile, *, source: str) -> None:
    """Compare what a configuration asks for with what a file holds, before an encoder of that size is made.

    config (HATConfig): The configuration.
    file (WeightFile): The weights, with or without the prefix of the encoder, or with a head.
    source (str): What to call the checkpoint in an error.
    RAISES (ValueError): If the configuration cannot be built, or weights of the encoder are missing, unknown to it or
        misshapen, or the file holds fewer numbers than it has names for.
    """
    config.validate_sizes()
    in_file = bare_names(file.shapes)
    expected = encoder_shapes(config)
    tied = tied_tables(expected)
    absent = [name for name in tied if name not in in_file]
    problems = WeightProblems.between(
        dict(sorted(expected.items())), in_file, optional=absent if len(absent) < len(tied) else ()
    )
    problems.check(f"The weights of {source} do not fit its configuration", REMEDY)
    if n_numbers(config) > file.n_numbers:
        raise RefusedError(
            f"The weights of {source} do not fit its configuration: it asks for {n_numbers(config):,} numbers, and the "
            f"file holds {file.n_numbers:,}. Expected: each weight in a place of its own. {REMEDY}"
        )


def bare_names(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """RETURNS (dict[str, tuple[int, ...]]): Those of the encoder, without its prefix: all, where none has it."""
    if not any(name.startswith(ENCODER_PREFIX) for name in shapes):
        return dict(shapes)
    return {n.removeprefix(ENCODER_PREFIX): shape for n, shape in shapes.items() if n.startswith(ENCODER_PREFIX)}


def fill_strictly(model: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> list[str]:
    """Copy a checkpoint's weights into a model.

    model (nn.Module): HATModel or a head, changed in place.
    weights (Mapping[str, Tensor]): As read from a file, with or without the prefix of the encoder.
    source (str): What to call the checkpoint in an error.
    RETURNS (list[str]): Names of head weights that the checkpoint does not have.
    RAISES (ValueError): If weights of the encoder are missing, or any weights are unknown to it or misshapen.
    """
    expected = model.state_dict()
    in_file = _with_prefix_of(expected, dict(weights))
    _fill_ties(model, in_file)
    fresh = sorted(name for name in expected if name not in in_file and not _is_encoder(name, expected))
    WeightProblems.between(
        {name: tuple(tensor.shape) for name, tensor in sorted(expected.items())},
        {n: tuple(w.shape) for n, w in in_file.items() if n in expected or _is_encoder(n, expected)},
        optional=fresh,
    ).check(f"The weights of {source} do not fit its configuration", REMEDY)
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


def untied_state_dict(model: nn.Module) -> dict[str, Tensor]:
    """RETURNS (dict[str, Tensor]): The model's weights, untied."""
    return untied(model.state_dict())


def untied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """RETURNS (dict[str, Tensor]): The same weights, each name with memory of its own, as safetensors wants them."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in weights.items()}
