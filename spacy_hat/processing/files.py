"""What a processor is made of, from the files of a checkpoint: closed lists of entries, with their types and ranges."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from transformers import PreTrainedTokenizerBase

from ..choices import Overflow, Packing
from ..modeling.config_entries import Entry, one_of, optional, whole
from ..modeling.files.checkpoint import ROTARY_TYPE
from ..modeling.files.disk import read_json
from ..modeling.files.names import HUB_OPTIONS
from ..modeling.files.problems import RefusedError
from ..modeling.files.tokenizer import load_tokenizer

PROCESSOR_CONFIG = "processor_config.json"
# Slots of a document: a million pages.
MOST_SLOTS = 1_000_000_000
SIZES = {"segment_length": whole(2, 1_000_000), "max_segments": optional(whole(1, 1_000_000))}
# config.json has the published names.
PUBLISHED = {"segment_length": ("max_sentence_length", "max_sentence_size"), "max_segments": ("max_sentences",)}
ENTRIES: dict[str, Entry] = {
    **SIZES,
    "packing": one_of(get_args(Packing)),
    "overflow": one_of(get_args(Overflow)),
}
SETTINGS = (*ENTRIES, "lang", "sentences")  # the last two are checked by what reads texts
# What AutoProcessor and `pipeline` pass along, beside private names and their switches for code from the hub.
_FROM_AUTO = (
    "adapter_kwargs",
    "code_revision",
    "use_fast",
    "torch_dtype",
    "dtype",
)
_OF_SENTENCES = "ForSequentialSentenceClassification"


def load_parts(name: str | Path, options: Mapping[str, Any]) -> tuple[PreTrainedTokenizerBase, dict[str, Any]]:
    """Read what a processor is made of.

    name (str | Path): A folder, or the name of a hub repository.
    options (Mapping[str, Any]): Settings to override, a tokenizer, and options of the hub.
    RETURNS (tuple[PreTrainedTokenizerBase, dict[str, Any]]): The tokenizer, and the other settings.
    RAISES (ValueError): If something does not pass the gate.
    """
    hub = {key: value for key, value in options.items() if key in HUB_OPTIONS and value is not None}
    own = {key: value for key, value in options.items() if key not in HUB_OPTIONS and not _is_from_auto(key)}
    tokenizer = own.pop("tokenizer", None)
    if unknown := sorted(own.keys() - set(SETTINGS)):
        raise TypeError(f"HATProcessor has no {', '.join(unknown)}. Expected: {', '.join(SETTINGS)}. Leave it out.")
    settings = {**read_settings(name, **hub), **own}
    if tokenizer is None:
        tokenizer = load_tokenizer(name, **hub)
    return tokenizer, settings


def read_settings(name: str | Path, **hub: Any) -> dict[str, Any]:
    """Read the settings of a processor.

    name (str | Path): A folder, or the name of a hub repository.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (dict[str, Any]): Those of processor_config.json, and sizes and packing as config.json has them where there
        is none. Entries that a processor does not have are not taken over.
    RAISES (ValueError): If an entry is not of its type or in its range, or the two files have different sizes.
    """
    said = read_own_settings(name, **hub)
    config = read_json(name, "config.json", **hub)
    if config is None:
        if said is None:
            raise RefusedError(
                f"{name} holds neither {PROCESSOR_CONFIG} nor config.json, so no processor can be made of it. "
                "Expected: the folder of a HAT. Check the folder or hub name."
            )
        return said
    sizes = _sizes(config)
    if said is None:
        return {**sizes, "packing": _packing(config)}
    for entry, size in sizes.items():
        if said.get(entry, size) != size:
            raise RefusedError(
                f"{entry} is {said[entry]} in the {PROCESSOR_CONFIG} of {name}, and {size} in its config.json. "
                "Expected: the same. Save the processor beside the model that it belongs to."
            )
    return {**sizes, **said}


def read_own_settings(name: str | Path, **hub: Any) -> dict[str, Any] | None:
    """RETURNS (dict[str, Any] | None): What processor_config.json says, checked; None if there is none of ours."""
    values = read_json(name, PROCESSOR_CONFIG, **hub)
    if values is None or values.get("processor_class") not in (None, "HATProcessor"):
        return None
    for entry, expected in ENTRIES.items():
        if entry in values and not expected.fits(values[entry]):
            raise RefusedError(
                f"{entry} in the {PROCESSOR_CONFIG} of {name} is {str(values[entry])[:100]!r}, expected "
                f"{expected.expected}. Correct it there."
            )
    return {entry: values[entry] for entry in SETTINGS if entry in values}


def check_sizes(segment_length: Any, max_segments: Any) -> None:
    """RAISES (ValueError): If a document of such sizes cannot be."""
    for name, value in (("segment_length", segment_length), ("max_segments", max_segments)):
        if not SIZES[name].fits(value):
            raise RefusedError(f"{name} of a HATProcessor is {value!r}, expected {SIZES[name].expected}. Correct it.")
    if max_segments is not None and segment_length * max_segments > MOST_SLOTS:
        raise RefusedError(
            f"max_segments of a HATProcessor is {max_segments:,}, of {segment_length:,} slots each: expected at most "
            f"{MOST_SLOTS:,} slots together. Correct it."
        )


def _sizes(config: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for entry, names in PUBLISHED.items():
        said = [config[name] for name in (*names, entry) if config.get(name) is not None]
        if said:
            found[entry] = said[0]
    if config.get("model_type") == ROTARY_TYPE:
        found.setdefault("max_segments", None)  # all of a document
    return found


def _packing(config: Mapping[str, Any]) -> Packing:
    listed = config.get("architectures")
    named = listed if isinstance(listed, list) else []
    return "sentences" if any(str(name).endswith(_OF_SENTENCES) for name in named) else "greedy"


def _is_from_auto(key: str) -> bool:
    return key.startswith("_") or key.endswith("_code") or key in _FROM_AUTO
