"""Which entries of a tokenizer's own settings are taken over: pieces, numbers and switches, but not names of files."""

from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedTokenizerFast

from .allowed import SPECIAL_PIECES, TOKENIZER_TABLES, TOKENIZER_WORDS
from .problems import RefusedError

# Entries of any type that lead around the files of the folder.
_ELSEWHERE = ("from_slow", "init_inputs", "tokenizer_object", "auto_map", "backend")
WHERE = "tokenizer_config of [components.transformer.model]"


def clean_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a tokenizer_config.json what could lead to another file, or has no bearing on pieces.

    values (Mapping[str, Any]): What stands in it. Many published ones name files of the machine that wrote them.
    RETURNS (dict[str, Any]): The rest.
    """
    return {name: value for name, value in values.items() if _is_taken(name, value)}


def clean_special_tokens(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a special_tokens_map.json what is not a special piece: transformers takes its entries for options.

    values (Mapping[str, Any]): What stands in it.
    RETURNS (dict[str, Any]): The rest.
    """
    return {name: value for name, value in values.items() if name in SPECIAL_PIECES}


def check_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a user asks of a tokenizer beyond its files.

    options (Mapping[str, Any]): As in a pipeline's config.
    RETURNS (dict[str, Any]): The options, without use_fast.
    RAISES (ValueError): If a slow tokenizer is asked for, or an option names a file.
    """
    options = dict(options)
    if options.pop("use_fast", True) is False:
        raise ValueError("tokenizer_config asks for a slow tokenizer. HAT needs a fast one: remove use_fast = false.")
    if strange := sorted(name for name, value in options.items() if not _is_taken(name, value)):
        raise RefusedError(
            f"tokenizer_config has {', '.join(strange)}, expected special pieces, numbers and switches: a tokenizer is "
            f"made of the files in its checkpoint's folder alone. Remove it from {WHERE}, and copy the file there."
        )
    return options


def _is_taken(name: str, value: Any) -> bool:
    if name in SPECIAL_PIECES:
        return True
    if name.startswith("_") or name.endswith(("_file", "_files")) or name in _ELSEWHERE or _is_member(name):
        return False
    if name in TOKENIZER_TABLES:
        return isinstance(value, (list, dict))
    return (
        value is None or isinstance(value, (bool, int, float)) or (name in TOKENIZER_WORDS and isinstance(value, str))
    )


def _is_member(name: str) -> bool:
    """Whether an option would stand in the place of something that tokenizers do."""
    member = getattr(PreTrainedTokenizerFast, name, None)
    return callable(member) or isinstance(member, property)
