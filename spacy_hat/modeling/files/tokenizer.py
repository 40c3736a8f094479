"""Loading the tokenizer of a checkpoint: always a fast one of transformers' own, never code from a hub."""

import warnings
from pathlib import Path
from typing import Any

import transformers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerBase

from .disk import find_file, read_json

# Which class reads which vocabulary; the first that is there decides.
_CLASS_OF_VOCABULARY = {
    "vocab.txt": "BertTokenizerFast",
    "merges.txt": "RobertaTokenizerFast",
    "sentencepiece.bpe.model": "XLMRobertaTokenizerFast",
    "tokenizer.json": "PreTrainedTokenizerFast",
}


def load_tokenizer(
    name: str | Path, tokenizer_config: dict[str, Any] | None = None, **hub: Any
) -> PreTrainedTokenizerBase:
    """Load a checkpoint's tokenizer.

    The class named in tokenizer_config.json counts if transformers has it. Published HATs name one that only exists as
    code on the hub: they, and checkpoints that name none, are read by the class that fits their vocabulary file.

    name (str | Path): A folder, or the name of a hub repository.
    tokenizer_config (dict[str, Any] | None): Options for the tokenizer, over those in its files.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (PreTrainedTokenizerBase): A fast tokenizer.
    RAISES (ValueError): If there is no vocabulary, or a damaged one, or only a slow tokenizer.
    """
    options = dict(tokenizer_config or {})
    if options.pop("use_fast", True) is False:
        raise ValueError("tokenizer_config asks for a slow tokenizer. HAT needs a fast one: remove use_fast = false.")
    tokenizer_class = getattr(transformers, _class_name(name, **hub))
    try:
        tokenizer = tokenizer_class.from_pretrained(str(name), **{**hub, **options})
    except Exception as error:
        # Anything can come up in there: from a damaged file, or once a slow tokenizer is tried in its place.
        raise ValueError(
            f"The tokenizer of {name} cannot be made as a {tokenizer_class.__name__}: "
            f"{' '.join(str(error).split()) or type(error).__name__} Expected: its files whole, tokenizer.json among "
            "them, and options that it knows. Fetch the files again, and check tokenizer_config of "
            "[components.transformer.model]."
        ) from error
    if not tokenizer.is_fast:
        raise _slow(name, type(tokenizer).__name__)
    _warn_of_missing_bytes(tokenizer.backend_tokenizer.model, name)
    return tokenizer


def check_vocabulary(tokenizer: PreTrainedTokenizerBase, vocab_size: int, *, source: str) -> None:
    """Check that each piece of a tokenizer has a row in the table of word embeddings.

    tokenizer (PreTrainedTokenizerBase): The tokenizer.
    vocab_size (int): Rows of the table.
    source (str): What to call the checkpoint in an error.
    RAISES (ValueError): If a piece has none; names the last one.
    """
    piece, number = max(tokenizer.get_vocab().items(), key=lambda item: item[1])
    if number >= vocab_size:
        raise ValueError(
            f"The tokenizer of {source} has pieces up to number {number} ({piece!r}), but vocab_size is {vocab_size}: "
            f"expected at most {vocab_size - 1}. Take the tokenizer that belongs to these weights, and remove tokens "
            "that tokenizer_config of [components.transformer.model] adds."
        )


def _warn_of_missing_bytes(model: Any, name: str | Path) -> None:
    """Say that text will be lost. BPE skips what it has no piece for, unless there is an unknown token."""
    if not isinstance(model, BPE) or model.unk_token is not None or model.byte_fallback:
        return
    missing = sorted(byte for byte in ByteLevel.alphabet() if model.token_to_id(byte) is None)
    if missing:
        warnings.warn(
            f"The tokenizer of {name} drops text: its vocabulary lacks {len(missing)} of the 256 bytes "
            f"({' '.join(missing[:10])}{' …' if len(missing) > 10 else ''}) and it has no unknown token, so characters "
            "made of them are in no piece. Train it with initial_alphabet=ByteLevel.alphabet(), or give its model an "
            "unk_token in tokenizer.json.",
            UserWarning,
            stacklevel=3,
        )


def _class_name(name: str | Path, **hub: Any) -> str:
    named = (read_json(name, "tokenizer_config.json", **hub) or {}).get("tokenizer_class")
    if isinstance(named, str):
        fast = named if named.endswith("Fast") else f"{named}Fast"
        if hasattr(transformers, fast):
            return fast
        # A class that exists, but only as a slow one: another class would read its vocabulary in another way.
        if hasattr(transformers, named) and find_file(name, "tokenizer.json", **hub) is None:
            raise _slow(name, named)
    for file, class_name in _CLASS_OF_VOCABULARY.items():
        if find_file(name, file, **hub) is not None:
            return class_name
    raise ValueError(
        f"{name} holds no vocabulary: expected one of {', '.join(_CLASS_OF_VOCABULARY)}. Copy the tokenizer's files "
        "there, next to the weights."
    )


def _slow(name: str | Path, class_name: str) -> ValueError:
    return ValueError(
        f"The tokenizer of {name} is a slow one ({class_name}), which cannot tell where its pieces stand in the text. "
        "Expected: a fast one. Convert it (tokenizer.json), and save it into the folder."
    )
