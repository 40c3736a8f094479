"""Packed documents in the published padded form: a row for each window, whole segments in it.

documents of 2 and 3 segments, windows of 2 segments of 4 slots

    0   [c a a .  c a a a]
    1   [c b b b  c b b b]      documents   0 1 1
    1   [c b . .  . . . .]
"""

from dataclasses import dataclass

import numpy as np

from ..packing import PackedDocs
from ..ragged import Ints1d, Ints2d, ranges, starts_of


@dataclass(frozen=True)
class PaddedWindows:
    """The windows of some documents.

    input_ids (Ints2d): (n_rows, n_slots) pieces; segment s has the slots from s * segment_length on.
    attention_mask (Ints2d): (n_rows, n_slots), 1 for pieces, 0 for padding.
    documents (Ints1d): (n_rows,) whose window each row is, never falling. A document without pieces has one row, of
        padding.
    """

    input_ids: Ints2d
    attention_mask: Ints2d
    documents: Ints1d


def pad_windows(
    packed: PackedDocs, *, segment_length: int, pad_id: int, n_segments: int | None = None
) -> PaddedWindows:
    """Lay out packed documents in rows of equal length.

    packed (PackedDocs): The documents.
    segment_length (int): Slots of a segment.
    pad_id (int): What stands in the slots of padding.
    n_segments (int | None): Segments of a row; None: as many as the longest window has, at least 1.
    RETURNS (PaddedWindows): The rows, document after document.
    """
    windows = packed.window_lengths
    ends_of_docs = np.cumsum(packed.segments_per_doc)
    docs_of_windows = np.searchsorted(ends_of_docs, starts_of(windows), side="right")
    documents = np.sort(np.concatenate([docs_of_windows, np.flatnonzero(packed.segments_per_doc == 0)]))
    rows_with_pieces = np.flatnonzero(packed.segments_per_doc[documents] > 0)
    width = segment_length * (max(1, int(windows.max(initial=0))) if n_segments is None else n_segments)
    first_slots = np.repeat(rows_with_pieces, windows) * width + packed.segment_positions * segment_length
    slots = ranges(first_slots, packed.segment_lengths)
    ids = np.full(len(documents) * width, pad_id, dtype=np.int64)
    mask = np.zeros_like(ids)
    ids[slots], mask[slots] = packed.piece_ids, 1
    shape = (len(documents), width)
    return PaddedWindows(ids.reshape(shape), mask.reshape(shape), documents)
