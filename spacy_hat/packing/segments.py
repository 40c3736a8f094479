"""Where segments start and end: the three packings.

sentences of 3, 2, 7 and 2 pieces, capacity 6:

sentences   [a a a] [b b] [c c c c c c] [c] [d d]
greedy      [a a a b b] [c c c c c c] [c d d]
fixed       [a a a b b c] [c c c c c c] [d d]
"""

import numpy as np

from ..choices import Packing
from ..ragged import Ints1d
from .pieces import Pieces


def segment_bounds(pieces: Pieces, sentence_starts: Ints1d, *, packing: Packing, capacity: int) -> Ints1d:
    """Cut the pieces of a Doc into segments.

    A sentence that fits into a segment is never cut, unless packing is "fixed". One that does not starts a new
    segment and is cut as late as possible between tokens; a token that does not fit is cut between its pieces. With
    "greedy", what is left over of an overlong sentence shares its segment with the sentences that follow, if they
    fit. A piece that reaches over a sentence boundary belongs to the earlier sentence.

    pieces (Pieces): The pieces of the Doc.
    sentence_starts (Ints1d): First token of each sentence, ascending. Not read if packing is "fixed".
    packing (Packing): "sentences" (one segment each), "greedy" (consecutive sentences share a segment while they
        fit) or "fixed" (filled to the brim).
    capacity (int): Most pieces of a segment, at least 1.
    RETURNS (Ints1d): (n_segments + 1,) segment i has the pieces from bounds[i] to bounds[i + 1]; no segment is empty.
    """
    n_pieces = len(pieces)
    if packing == "fixed":
        return np.append(np.arange(0, n_pieces, capacity), n_pieces)
    here = np.arange(n_pieces)
    brim = np.minimum(here + capacity, n_pieces)
    sentence_bounds = _sentence_bounds(pieces, sentence_starts)
    if packing == "greedy":
        after_sentence = _latest(sentence_bounds, brim)
    else:
        next_bound = sentence_bounds[np.searchsorted(sentence_bounds, here, side="right")]
        after_sentence = np.where(next_bound <= brim, next_bound, here)
    after_token = _latest(_token_bounds(pieces), brim)
    # For a segment that would start at each piece, where the next one starts. A bound that is not ahead of the piece
    # leads nowhere: the sentence, or the token, is too long.
    following = np.where(after_token > here, after_token, brim)
    following = np.where(after_sentence > here, after_sentence, following)
    return _follow(following)


def _sentence_bounds(pieces: Pieces, sentence_starts: Ints1d) -> Ints1d:
    """First piece of each sentence that has any, then n_pieces."""
    first_pieces = np.searchsorted(pieces.piece_tokens[:, 0], sentence_starts, side="left")
    return np.unique(np.concatenate([[0], first_pieces, [len(pieces)]]))


def _token_bounds(pieces: Pieces) -> Ints1d:
    """Pieces before which no token is cut in two, then n_pieces. Tokens joined by a piece count as one."""
    first, past = pieces.piece_tokens.T
    between = np.flatnonzero(past[:-1] <= first[1:]) + 1
    return np.concatenate([[0], between, [len(pieces)]])


def _latest(bounds: Ints1d, limits: Ints1d) -> Ints1d:
    """The latest bound that is not past each limit."""
    return bounds[np.searchsorted(bounds, limits, side="right") - 1]


def _follow(following: Ints1d) -> Ints1d:
    """Jump from segment to segment: one step for each, since where a segment starts hangs on all before it."""
    jumps = following.tolist()
    bounds = [0]
    while bounds[-1] < len(jumps):
        bounds.append(jumps[bounds[-1]])
    return np.array(bounds, dtype=np.int64)
