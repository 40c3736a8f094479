"""Loading the tokenizer of a checkpoint: always a fast one of transformers' own, never code from a hub.

A tokenizer is made from copies in a folder of their own, so that no entry of its files leads to another file.
"""

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import transformers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerBase

from .allowed import MOST_TOKENIZER_BYTES, SPECIAL_TOKENS, TOKENIZER_CLASSES, TOKENIZER_CONFIG, TOKENIZER_FILES
from .disk import find_file, read_bytes, read_json
from .problems import RefusedError
from .tokenizer_entries import check_options, clean_config, clean_special_tokens

TOKENIZER = "tokenizer.json"
# Which class reads which vocabulary; the first that is there decides.
_CLASS_OF_VOCABULARY = {
    "vocab.txt": "BertTokenizerFast",
    "merges.txt": "RobertaTokenizerFast",
    "sentencepiece.bpe.model": "XLMRobertaTokenizerFast",
    TOKENIZER: "PreTrainedTokenizerFast",
}
# What transformers 5 calls the class that 4 calls PreTrainedTokenizerFast; others it calls without `Fast`.
_BACKEND = "TokenizersBackend"


def load_tokenizer(
    name: str | Path, tokenizer_config: dict[str, Any] | None = None, **hub: Any
) -> PreTrainedTokenizerBase:
    """Load a checkpoint's tokenizer.

    The class named in tokenizer_config.json counts if it is one of transformers' fast ones for text. Published HATs
    name one that only exists as code on the hub: they, and checkpoints that name none, are read by the class that fits
    their vocabulary file.

    name (str | Path): A folder, or the name of a hub repository.
    tokenizer_config (dict[str, Any] | None): Options for the tokenizer, over those in its files.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (PreTrainedTokenizerBase): A fast tokenizer.
    RAISES (ValueError): If there is no vocabulary, or a damaged one, or only a slow tokenizer.
    """
    options = check_options(tokenizer_config or {})
    read_json(name, TOKENIZER_CONFIG, **hub)  # says more of a damaged one than what comes
    paths = {file: find_file(name, file, **hub) for file in TOKENIZER_FILES}
    files = {file: read_bytes(path, MOST_TOKENIZER_BYTES) for file, path in paths.items() if path is not None}
    tokenizer = make_tokenizer(files, _class_name(files, str(name)), options, source=str(name))
    tokenizer.name_or_path = str(name)
    return tokenizer


def make_tokenizer(
    files: Mapping[str, bytes], class_name: str, options: Mapping[str, Any] | None = None, *, source: str
) -> PreTrainedTokenizerBase:
    """Make a tokenizer of the contents of its files.

    files (Mapping[str, bytes]): Name -> content; every name is one of TOKENIZER_FILES.
    class_name (str): One of TOKENIZER_CLASSES.
    options (Mapping[str, Any] | None): Over those in the files.
    source (str): What to call the checkpoint in an error.
    RETURNS (PreTrainedTokenizerBase): A fast tokenizer.
    RAISES (ValueError): If it cannot be made of them.
    """
    if class_name not in TOKENIZER_CLASSES:
        raise RefusedError(
            f"The tokenizer of {source} is of class {class_name!r}, expected a fast one of transformers' own for text, "
            "such as BertTokenizerFast. Save it as PreTrainedTokenizerFast."
        )
    if foreign := sorted(file for file in files if file not in TOKENIZER_FILES):
        raise RefusedError(
            f"The tokenizer of {source} has files named {', '.join(map(repr, foreign))}, expected only "
            f"{', '.join(TOKENIZER_FILES)}. Nothing was written. Take the pipeline from somebody you trust."
        )
    tokenizer_class = getattr(transformers, class_name)
    _check_files(files, tokenizer_class, source)
    try:
        with TemporaryDirectory() as folder:
            for file, content in _cleaned(files, class_name).items():
                (Path(folder) / file).write_bytes(content)
            made = tokenizer_class.from_pretrained(folder, local_files_only=True, **(options or {}))
    except (KeyboardInterrupt, SystemExit):
        raise
    # Anything can come up in there: from a damaged file, or once a slow tokenizer is tried in its place. What the
    # tokenizers library panics with is not an Exception.
    except BaseException as error:
        raise RefusedError(
            f"The tokenizer of {source} cannot be made as a {class_name}: "
            f"{' '.join(str(error).split()) or type(error).__name__} Expected: its files whole, tokenizer.json among "
            "them, and options that it knows. Fetch the files again, and check tokenizer_config of "
            "[components.transformer.model]."
        ) from error
    if not getattr(made, "is_fast", False):
        raise _slow(source, type(made).__name__)
    _warn_of_missing_bytes(made.backend_tokenizer.model, source)
    return made


def _check_files(files: Mapping[str, bytes], tokenizer_class: Any, source: str) -> None:
    """RAISES (ValueError): If there is no vocabulary. transformers 5 makes up one of special pieces alone."""
    needed = {*tokenizer_class.vocab_files_names.values()} - {TOKENIZER, TOKENIZER_CONFIG}
    if TOKENIZER not in files and not (needed and needed <= files.keys()):
        raise _without_vocabulary(source, (TOKENIZER, " with ".join(sorted(needed))) if needed else (TOKENIZER,))


def _cleaned(files: Mapping[str, bytes], class_name: str) -> dict[str, bytes]:
    """The files without the entries that they may not have, and with the class that was chosen."""
    config = {**clean_config(_object(files, TOKENIZER_CONFIG)), "tokenizer_class": class_name}
    changed = {TOKENIZER_CONFIG: config}
    if SPECIAL_TOKENS in files:
        changed[SPECIAL_TOKENS] = clean_special_tokens(_object(files, SPECIAL_TOKENS))
    return {**files, **{file: json.dumps(values).encode("utf8") for file, values in changed.items()}}


def _object(files: Mapping[str, bytes], file: str) -> dict[str, Any]:
    values = json.loads(files.get(file, b"{}").decode("utf8"))
    if not isinstance(values, dict):
        raise ValueError(f"{file} holds {type(values).__name__}, expected a JSON object.")
    return values


def check_vocabulary(tokenizer: PreTrainedTokenizerBase, vocab_size: int, *, source: str) -> None:
    """Check that each piece of a tokenizer has a row in the table of word embeddings.

    tokenizer (PreTrainedTokenizerBase): The tokenizer.
    vocab_size (int): Rows of the table.
    source (str): What to call the checkpoint in an error.
    RAISES (ValueError): If a piece has none; names the last one.
    """
    piece, number = max(tokenizer.get_vocab().items(), key=lambda item: item[1])
    if number >= vocab_size:
        raise RefusedError(
            f"The tokenizer of {source} has pieces up to number {number} ({piece!r}), but vocab_size is {vocab_size}: "
            f"expected at most {vocab_size - 1}. Take the tokenizer that belongs to these weights, and remove tokens "
            "that tokenizer_config of [components.transformer.model] adds."
        )


def _warn_of_missing_bytes(model: Any, name: str) -> None:
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


def _class_name(files: Mapping[str, bytes], source: str) -> str:
    named = _object(files, TOKENIZER_CONFIG).get("tokenizer_class")
    if isinstance(named, str):
        fast = fast_name(named)
        if fast in TOKENIZER_CLASSES and hasattr(transformers, fast):
            return fast
        # A class that exists, but only as a slow one: another class would read its vocabulary in another way.
        if hasattr(transformers, named) and TOKENIZER not in files:
            raise _slow(source, named)
    for file, class_name in _CLASS_OF_VOCABULARY.items():
        if file in files:
            return class_name
    raise _without_vocabulary(source, _CLASS_OF_VOCABULARY)


def fast_name(class_name: str) -> str:
    """RETURNS (str): The name that transformers 4 and 5 both know for a class of fast tokenizers."""
    if class_name == _BACKEND:
        return "PreTrainedTokenizerFast"
    fast = class_name if class_name.endswith("Fast") else f"{class_name}Fast"
    return fast if fast in TOKENIZER_CLASSES else class_name


def _without_vocabulary(source: str, files: Iterable[str]) -> RefusedError:
    return RefusedError(
        f"{source} holds no vocabulary: expected one of {', '.join(files)}. Copy the tokenizer's files there, next to "
        "the weights."
    )


def _slow(source: str, class_name: str) -> RefusedError:
    return RefusedError(
        f"The tokenizer of {source} is a slow one ({class_name}), which cannot tell where its pieces stand in the "
        "text. Expected: a fast one. Convert it (tokenizer.json), and save it into the folder."
    )
