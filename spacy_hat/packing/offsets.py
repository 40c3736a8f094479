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

from ..ragged import Ints1d, Ints2d

# What a normaliser can make of a blank.
_BLANKS = " \u2581"
# Characters between a piece and what was composed with it, at most. Behind a long stretch that has no pieces, the
# question would take the square of its length.
_REACH = 64


def encode(backend: Any, text: str) -> tuple[Ints1d, Ints2d]:
    """Cut a text into pieces, and say where they stand even where the beginning was deleted.

    backend (tokenizers.Tokenizer): The tokenizer, without truncation and padding.
    text (str): The text.
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
            # Found out by asking it: other normalisers delete as many characters, and keep count.
            seen_at = backend.encode(deleted + "x", add_special_tokens=False).offsets[-1][0]
            offsets[before + 1 : after] += len(deleted) - seen_at


def _deleted_beginning(text: str, start: int, normalizer: Any) -> str:
    """The characters from start on of which nothing is left, not even a blank."""
    end, x = start, normalizer.normalize_str("x")
    while end < len(text) and normalizer.normalize_str(text[end] + "x") == x:
        end += 1
    return text[start:end]


def reach_composed(offsets: Ints2d, tokens: Ints2d, text: str, normalizer: Any) -> Ints2d:
    """Let pieces reach over what was composed with their last character, where a token begins with it.

    offsets (Ints2d): (n_pieces, 2) start and end characters of the pieces.
    tokens (Ints2d): (n_tokens, 2) start and end characters of the visible tokens.
    text (str): The text.
    normalizer (tokenizers.normalizers.Normalizer): What may have composed them.
    RETURNS (Ints2d): (n_pieces, 2) the offsets, some with a later end. The beginning of a token that they still leave
        out was thrown away: the text up to it normalises to the same with it and without.
    """
    gaps = _gaps_at_beginnings(offsets, tokens)
    if not len(gaps):
        return offsets
    offsets = offsets.copy()
    # The last piece that starts before the gap.
    pieces = np.searchsorted(np.maximum.accumulate(offsets[:, 0]), gaps[:, 0], side="left") - 1
    nothing: dict[str, bool] = {}
    for piece, (start, end) in zip(pieces.tolist(), gaps.tolist(), strict=True):
        gap = text[start:end]
        if gap not in nothing:
            nothing[gap] = not normalizer.normalize_str(gap).strip(_BLANKS)
        near = piece >= 0 and start - offsets[piece, 1] <= _REACH
        if near and not nothing[gap] and _is_composed(text[offsets[piece, 0] : start], gap, normalizer):
            offsets[piece, 1] = end
    return offsets


def _gaps_at_beginnings(offsets: Ints2d, tokens: Ints2d) -> Ints2d:
    """(n_gaps, 2) The characters from the start of a token on that are in no piece, of tokens that begin so."""
    # Behind the last piece all is a gap.
    starts = np.append(offsets[:, 0], np.iinfo(np.int64).max)
    ends = np.maximum.accumulate(np.maximum(offsets[:, 1], offsets[:, 0] + 1))
    gap_ends = np.minimum(starts[np.searchsorted(ends, tokens[:, 0], side="right")], tokens[:, 1])
    return np.stack([tokens[:, 0], gap_ends], axis=1)[gap_ends > tokens[:, 0]]


def _is_composed(before: str, gap: str, normalizer: Any) -> bool:
    """Whether a gap changes what is made of the text before it, and is more than a character without a piece."""
    alone, together = normalizer.normalize_str(before), normalizer.normalize_str(before + gap)
    return together.rstrip(_BLANKS) not in (alone.rstrip(_BLANKS), alone + normalizer.normalize_str(gap))
