"""What a chain over spans reads of a document: all of its spans, since each label hangs on those around it.

Each span is one made-up token, aligned to the cells of its pieces, as in `cells`. A span that was taken out leaves
the chain; only the one that was asked about stays, and has zeros, as a span of spaces has.
"""

from dataclasses import dataclass

import numpy as np

from ..ragged import ranges, starts_of
from .cells import Cells
from .document import OneDocument


@dataclass(frozen=True)
class ChainedSpans:
    """The spans that a chain labels together, and the one that was asked about.

    spans (ndarray): (n_spans, 2) first tokens and tokens past the last; none overlap, and they ascend.
    asked (int): The number of the one.
    """

    spans: np.ndarray
    asked: int


def chained_cells(document: OneDocument, chained: ChainedSpans, is_left: np.ndarray, segments_only: bool) -> Cells:
    """Choose what the head of a chain reads, as `span_vectors` does with the output of whole documents.

    document (OneDocument): The document.
    chained (ChainedSpans): Its spans.
    is_left (ndarray): (n_pieces,) bool, which rows are there.
    segments_only (bool): Whether rows of the encoder's output are segments, and not pieces.
    RETURNS (Cells): All segments that are left, and the spans that are left.
    """
    spans, rows_of_all = _span_rows(document, chained)
    chosen = is_left[rows_of_all]
    owners, rows = spans[chosen], rows_of_all[chosen]
    n_spans = len(chained.spans)
    table, place_of_row = _table(document, is_left, segments_only)
    places = place_of_row[rows]
    if segments_only:
        # Each pair of token and segment once.
        tokens = _tokens(document)[_in_spans(document, chained)][chosen]
        _, first = np.unique(tokens * len(table) + places, return_index=True)
        owners, places = owners[np.sort(first)], places[np.sort(first)]
    counts = np.bincount(owners, minlength=n_spans)
    gone = (counts == 0) & (np.bincount(spans, minlength=n_spans) > 0)
    gone[chained.asked] = False
    return Cells(table, places, counts[~gone], asked=chained.asked - int(gone[: chained.asked].sum()))


def _table(document: OneDocument, is_left: np.ndarray, segments_only: bool) -> tuple[np.ndarray, np.ndarray]:
    """(n_segments, width) The rows that are left, and (n_pieces,) the flattened place of each of them."""
    places = np.full(len(is_left), -1)
    if segments_only:
        segments = np.flatnonzero(is_left[document.first_rows])
        numbers = np.full(document.n_segments, -1)
        numbers[segments] = np.arange(len(segments))
        return segments[:, None], numbers[document.row_segments]
    rows = np.flatnonzero(is_left)
    _, lines, counts = np.unique(document.row_segments[rows], return_inverse=True, return_counts=True)
    table = np.full((len(counts), counts.max(initial=1)), -1)
    # Rows are in reading order, so each segment's stand together, its classifier piece first.
    columns = np.arange(len(rows)) - np.repeat(starts_of(counts), counts)
    table[lines, columns] = rows
    places[rows] = lines * table.shape[1] + columns
    return table, places


def _tokens(document: OneDocument) -> np.ndarray:
    """(sum of align_lengths,) The token of each aligned row."""
    lengths = document.packed.align_lengths
    return np.repeat(np.arange(len(lengths)), lengths)


def _in_spans(document: OneDocument, chained: ChainedSpans) -> np.ndarray:
    """(sum of align_lengths,) Whether the row belongs to a span."""
    is_in = np.zeros(len(document.packed.align_lengths), dtype=bool)
    is_in[ranges(chained.spans[:, 0], chained.spans[:, 1] - chained.spans[:, 0])] = True
    return is_in[_tokens(document)]


def _span_rows(document: OneDocument, chained: ChainedSpans) -> tuple[np.ndarray, np.ndarray]:
    """The span of each aligned row that has one, and the row."""
    is_in = _in_spans(document, chained)
    spans = np.searchsorted(chained.spans[:, 0], _tokens(document)[is_in], side="right") - 1
    return spans, document.packed.align_rows[is_in]
