"""Loading the tokenizer of a checkpoint: always a fast one of transformers' own, never code from a hub."""

import json
import warnings
from pathlib import Path
from typing import Any, Optional, Union

import transformers
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerBase

from .files import find_file

# Which class reads which vocabulary; the first that is there decides.
_CLASS_OF_VOCABULARY = {
    "vocab.txt": "BertTokenizerFast",
    "merges.txt": "RobertaTokenizerFast",
    "sentencepiece.bpe.model": "XLMRobertaTokenizerFast",
    "tokenizer.json": "PreTrainedTokenizerFast",
}


def load_tokenizer(
    name: Union[str, Path], tokenizer_config: Optional[dict[str, Any]] = None, **hub: Any
) -> PreTrainedTokenizerBase:
    """Load a checkpoint's tokenizer.

    The class named in tokenizer_config.json counts if transformers has it. Published HATs name one that only exists as
    code on the hub: they, and checkpoints that name none, are read by the class that fits their vocabulary file.

    name (Union[str, Path]): A folder, or the name of a hub repository.
    tokenizer_config (Optional[dict[str, Any]]): Options for the tokenizer, over those in its files.
    **hub: Options of huggingface_hub's hf_hub_download.
    RETURNS (PreTrainedTokenizerBase): A fast tokenizer.
    RAISES (ValueError): If there is no vocabulary, or only a slow tokenizer.
    """
    options = dict(tokenizer_config or {})
    if options.pop("use_fast", True) is False:
        raise ValueError("tokenizer_config asks for a slow tokenizer. HAT needs a fast one: remove use_fast = false.")
    tokenizer_class = getattr(transformers, _class_name(name, **hub))
    tokenizer = tokenizer_class.from_pretrained(str(name), **{**hub, **options})
    if not tokenizer.is_fast:
        raise ValueError(
            f"The tokenizer of {name} is a slow one ({type(tokenizer).__name__}), which cannot tell where its pieces "
            "stand in the text. Convert it to a fast tokenizer (tokenizer.json) and save it into the folder."
        )
    _warn_of_missing_bytes(tokenizer.backend_tokenizer.model, name)
    return tokenizer


def _warn_of_missing_bytes(model: Any, name: Union[str, Path]) -> None:
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


def _class_name(name: Union[str, Path], **hub: Any) -> str:
    path = find_file(name, "tokenizer_config.json", **hub)
    named = json.loads(path.read_text(encoding="utf8")).get("tokenizer_class") if path else None
    if named:
        fast = named if named.endswith("Fast") else f"{named}Fast"
        if hasattr(transformers, fast):
            return fast
    for file, class_name in _CLASS_OF_VOCABULARY.items():
        if find_file(name, file, **hub) is not None:
            return class_name
    raise ValueError(
        f"{name} holds no vocabulary: expected one of {', '.join(_CLASS_OF_VOCABULARY)}. Copy the tokenizer's files "
        "there, next to the weights."
    )
