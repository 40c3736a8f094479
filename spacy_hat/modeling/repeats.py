"""Segments that stand in a batch more than once: boilerplate, headers, rows of tables."""

from dataclasses import dataclass

import numpy as np

from ..ragged import ranges, starts_of
from .packed_inputs import PackedInputs
from .plan import Ints


@dataclass(frozen=True)
class Repeats:
    """Which segments of a batch have the same pieces.

    distinct (PackedInputs): Each segment once, in the order of first appearance, as a window of its own.
    rows (Ints): (n_pieces,) where each piece of the batch stands among those of the distinct segments.
    segments (Ints): (n_segments,) which of the distinct segments each segment of the batch equals.
    """

    distinct: PackedInputs
    rows: Ints
    segments: Ints


def find_repeats(inputs: PackedInputs) -> Repeats | None:
    """Find segments that have the same pieces.

    Segments are sorted by a hash of their pieces, and those of the same hash compared piece by piece.

    inputs (PackedInputs): The batch.
    RETURNS (Repeats | None): What stands where; None if no two segments are the same.
    """
    lengths = inputs.segment_lengths
    if len(lengths) < 2:
        return None
    starts = starts_of(lengths)
    _, firsts, kinds = np.unique(_hashes(inputs, starts), return_index=True, return_inverse=True)
    if len(firsts) == len(lengths):
        return None
    # np.unique sorts by hash; back to the order of the text.
    order = np.argsort(firsts)
    firsts, kinds = firsts[order], np.argsort(order)[kinds.reshape(-1)]
    if not np.array_equal(lengths[firsts][kinds], lengths):
        return None
    distinct = pick_segments(inputs, firsts)
    distinct_starts = starts_of(distinct.segment_lengths)
    rows = ranges(distinct_starts[kinds], lengths)
    if not np.array_equal(distinct.piece_ids[rows], inputs.piece_ids):  # two segments share a hash: once in 2 ** 64
        return None
    return Repeats(distinct, rows, kinds)


def pick_segments(inputs: PackedInputs, segments: Ints) -> PackedInputs:
    """Take some segments of a batch out of their documents.

    inputs (PackedInputs): The batch.
    segments (Ints): (n_picked,) their numbers.
    RETURNS (PackedInputs): These, each as a window of its own.
    """
    lengths = inputs.segment_lengths[segments]
    starts = starts_of(inputs.segment_lengths)
    ones = np.ones(len(segments), dtype=np.int64)
    return PackedInputs(inputs.piece_ids[ranges(starts[segments], lengths)], lengths, ones, ones - 1)


def _hashes(inputs: PackedInputs, starts: Ints) -> np.ndarray:
    """(n_segments,) uint64: sums of numbers that look random and depend on piece and place alone"""
    mixed = _mix(inputs.piece_ids.astype(np.uint64) ^ _mix(inputs.offsets().astype(np.uint64) + np.uint64(1)))
    return np.add.reduceat(mixed, starts)


def _mix(numbers: np.ndarray) -> np.ndarray:
    """Scatter 64-bit numbers over their range (the finaliser of SplitMix64, Steele et al. 2014, figure 16)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
