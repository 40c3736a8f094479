"""Where pieces stand in the text: what a tokenizer says of it, set right where that would lose characters.

A tokenizer records which characters each character of its normalised text was made from, and pieces take their offsets
from that record. It has two gaps:

* `Precompiled`, the normaliser of SentencePiece models such as XLM-RoBERTa's, forgets characters that it deletes at the
  beginning. Of U+0001 a b, it says that a stands at 0 and b at 1, and so on, one too few, to the next special token.
* A character that was composed with the one before it is forgotten by every normaliser. Of e and U+0301, read as é, it
  says that é stands at 0 to 1.
"""

from itertools import chain, pairwise
from typing import Any

import numpy as np

from .arrays import Ints1d, Ints2d

# What a normaliser can make of a blank.
_BLANKS = " \u2581"


def encode(backend: Any, text: str) -> tuple[Ints1d, Ints2d]:
    """Cut a text into pieces, and say where they stand even where the beginning was deleted.

    backend (tokenizers.Tokenizer): the tokenizer, without truncation and padding.
    text (str): the text.
    RETURNS (tuple[Ints1d, Ints2d]): (n_pieces,) vocabulary ids, and (n_pieces, 2) start and end characters.
    """
    encoding = backend.encode(text, add_special_tokens=False)
    n_pieces = len(encoding.ids)
    ids = np.array(encoding.ids, dtype=np.int64)
    # np.array on a list of tuples takes three times as long.
    offsets = np.fromiter(chain.from_iterable(encoding.offsets), dtype=np.int64, count=2 * n_pieces)
    offsets = offsets.reshape(n_pieces, 2)
    if backend.normalizer is not None:
        _restore_beginnings(offsets, _raw_pieces(backend, ids, offsets, text), text, backend)
    return ids, offsets


def _raw_pieces(backend: Any, ids: Ints1d, offsets: Ints2d, text: str) -> list[int]:
    """Pieces that were found before normalisation, which starts afresh behind each: special tokens in the text."""
    added = backend.get_added_tokens_decoder()
    raw = {piece_id: token.content for piece_id, token in added.items() if not token.normalized}
    candidates = np.flatnonzero(np.isin(ids, list(raw))).tolist()
    # A word that is not in the vocabulary has the id of the unknown token too.
    return [i for i in candidates if raw[int(ids[i])] in text[offsets[i, 0] : offsets[i, 1]]]


def _restore_beginnings(offsets: Ints2d, raw_pieces: list[int], text: str, backend: Any) -> None:
    """Move the pieces of each normalised stretch by the characters that were forgotten at its beginning."""
    bounds = [-1, *raw_pieces, len(offsets)]
    for before, after in pairwise(bounds):
        start = int(offsets[before, 1]) if before >= 0 else 0
        deleted = _deleted_beginning(text, start, backend.normalizer)
        if deleted:
            # Asked, not known: other normalisers delete as many characters and keep count.
            seen_at = backend.encode(deleted + "x", add_special_tokens=False).offsets[-1][0]
            offsets[before + 1 : after] += len(deleted) - seen_at


def _deleted_beginning(text: str, start: int, normalizer: Any) -> str:
    """The characters from start on of which nothing is left, not even a blank."""
    end, x = start, normalizer.normalize_str("x")
    while end < len(text) and normalizer.normalize_str(text[end] + "x") == x:
        end += 1
    return text[start:end]


def reach_composed(offsets: Ints2d, spans: Ints2d, text: str, normalizer: Any) -> Ints2d:
    """Let pieces reach over what was composed with their last character.

    offsets (Ints2d): (n_pieces, 2) start and end characters of the pieces.
    spans (Ints2d): (n_tokens, 2) start and end characters of tokens that no piece touches, ascending.
    text (str): the text.
    normalizer (tokenizers.normalizers.Normalizer): what may have composed them.
    RETURNS (Ints2d): (n_pieces, 2) the offsets with later ends. A token that it still leaves without a piece was
        thrown away: the text up to it normalises to the same with it and without.
    """
    offsets = offsets.copy()
    # The last piece that starts no later than the token.
    pieces = np.searchsorted(np.maximum.accumulate(offsets[:, 0]), spans[:, 0], side="right") - 1
    nothing: dict[str, bool] = {}
    for piece, (start, end) in zip(pieces.tolist(), spans.tolist(), strict=True):
        token = text[start:end]
        if token not in nothing:
            nothing[token] = not normalizer.normalize_str(token).strip(_BLANKS)
        if piece >= 0 and not nothing[token]:
            before = text[offsets[piece, 0] : start]
            alone, together = normalizer.normalize_str(before), normalizer.normalize_str(before + token)
            if together.rstrip(_BLANKS) not in (alone.rstrip(_BLANKS), alone + normalizer.normalize_str(token)):
                offsets[piece, 1] = end
    return offsets
