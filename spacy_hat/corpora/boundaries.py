"""From places of characters to sentence starts on the tokens of a Doc."""

from collections.abc import Sequence

import numpy as np
from spacy.attrs import IDX, IS_SPACE, SENT_START
from spacy.tokens import Doc

from ..ragged import Bools1d, Ints1d

START, NO_START = 1, np.uint64(2**64 - 1)  # -1, as Doc.to_array has it


def tokens_at(doc: Doc, chars: Sequence[int] | Ints1d) -> Ints1d:
    """Find the tokens that something begins with.

    doc (Doc): The document, with at least one token.
    chars (Sequence[int] | Ints1d): Where it begins: places of characters, rising.
    RETURNS (Ints1d): Each token once: the one that the character is in. Where that is a space, the next one that is
        not, if there is one.
    """
    starts = np.asarray(doc.to_array(IDX), dtype="int64")
    tokens = np.searchsorted(starts, np.asarray(chars, dtype="int64"), side="right") - 1
    words = np.flatnonzero(doc.to_array(IS_SPACE) == 0)
    places = np.searchsorted(words, np.maximum(tokens, 0))
    return np.unique(words[places[places < len(words)]])


def sentence_starts(doc: Doc) -> Bools1d:
    """RETURNS (Bools1d): (n_tokens,) whether a sentence begins there, the first token included."""
    is_start = np.asarray(doc.to_array(SENT_START) == START)
    is_start[:1] = True
    return is_start


def set_sentence_starts(doc: Doc, tokens: Ints1d) -> None:
    """Let sentences begin at the given tokens, at the first one of the document, and nowhere else.

    doc (Doc): The document.
    tokens (Ints1d): The tokens.
    RAISES (ValueError): If the document has a dependency parse, whose trees could be cut in two.
    """
    if len(doc) == 0:
        return
    if doc.has_annotation("DEP"):
        raise ValueError(
            f"Document {doc[:5].text!r}... has a dependency parse, and its trees are its sentences. Expected: sentence "
            "starts before there is a parse. Put this component before the parser, which keeps to them."
        )
    values = np.full(len(doc), NO_START, dtype="uint64")
    values[tokens] = START
    values[0] = START
    doc.from_array([SENT_START], values)  # type: ignore[arg-type]
