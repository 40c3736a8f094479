"""From places of characters to sentence starts on the tokens of a Doc."""

from collections.abc import Sequence

import numpy as np
from spacy.attrs import IDX, IS_SPACE, LENGTH, SENT_START
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
    past = np.asarray(doc.to_array(IDX) + doc.to_array(LENGTH), dtype="int64")
    return next_words(doc, np.searchsorted(past, np.asarray(chars, dtype="int64"), side="right"))


def next_words(doc: Doc, tokens: Ints1d) -> Ints1d:
    """RETURNS (Ints1d): Each token once, or the next one that is not a space; nothing where there is none."""
    words = words_of(doc)
    places = np.searchsorted(words, tokens)
    return np.unique(words[places[places < len(words)]])


def words_of(doc: Doc) -> Ints1d:
    """RETURNS (Ints1d): The tokens that are not spaces."""
    return np.flatnonzero(doc.to_array(IS_SPACE) == 0)


def sentence_starts(doc: Doc) -> Bools1d:
    """RETURNS (Bools1d): (n_tokens,) whether a sentence begins there, the first token included."""
    is_start = np.asarray(doc.to_array(SENT_START) == START)
    is_start[:1] = True
    return is_start


def set_sentence_starts(doc: Doc, tokens: Ints1d) -> None:
    """Let sentences begin at the given tokens, at the first one of the document, and nowhere else.

    Spaces before the first word belong to its sentence.

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
    values[words_of(doc)[:1]] = NO_START
    values[0] = START
    doc.from_array([SENT_START], values)  # type: ignore[arg-type]
