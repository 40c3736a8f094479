"""A packed document without one of its sentences.

    segments                     [a a b] [b b c c] [d d]
    without b: left, changed     [a a]   [c c]     [d d]      of the second window, if there are several: untouched
                                   *       *

The pieces of the sentence go, and what is left of their segments closes up. Everything else stays where it is: pieces
stay in their segments, and segments in their windows, so that nothing but the sentence is missing. Packing the document
anew would move all that follows, and a score would say as much about that as about the sentence. A segment that is left
with its classifier piece alone goes too, and those behind it in its window move up.
"""

from dataclasses import dataclass

import numpy as np

from ..packing.packed_docs import PackedDocs
from ..ragged import Bools1d, Ints1d, ranges, starts_of


@dataclass(frozen=True)
class Remainder:
    """What is left of the windows that a sentence stood in. Rows and segments are numbers in the whole document."""

    rows: Ints1d
    """(n_pieces,) rows that are left, classifier pieces included."""
    segments: Ints1d
    """(n_segments,) segments that are left."""
    segment_lengths: Ints1d
    """(n_segments,) how many rows each of them has left."""
    is_changed: Bools1d
    """(n_segments,) whether it has lost any."""
    window_lengths: Ints1d
    """(n_windows,) segments of each window that is left."""
    touched: Bools1d
    """(n_segments of the whole document,) whether a segment stood in these windows."""

    @property
    def segment_positions(self) -> Ints1d:
        """(n_segments,) 0-based place of a segment in its window."""
        return ranges(np.zeros_like(self.window_lengths), self.window_lengths)


class OneDocument:
    """A single packed document, for questions about parts of it.

    packed (PackedDocs): It, a batch of one.
    sentence_starts (Ints1d): (n_sentences,) first token of each sentence, ascending from 0.
    """

    def __init__(self, packed: PackedDocs, sentence_starts: Ints1d) -> None:
        self.packed = packed
        self.n_sentences = len(sentence_starts)
        self.n_segments = len(packed.segment_lengths)
        self.row_tokens = _first_tokens(packed)
        """(n_pieces,) the first token of each row; -1 for classifier pieces."""
        self.row_sentences = np.searchsorted(sentence_starts, self.row_tokens, side="right") - 1
        """(n_pieces,) the sentence of each row; -1 for classifier pieces. A piece that reaches over a boundary belongs
        to the earlier sentence."""
        self.row_segments = np.repeat(np.arange(self.n_segments), packed.segment_lengths)
        """(n_pieces,) the segment of each row."""
        self.segment_windows = np.repeat(np.arange(len(packed.window_lengths)), packed.window_lengths)
        """(n_segments,) the window of each segment."""
        self.first_rows = starts_of(packed.segment_lengths)
        """(n_segments,) the classifier piece of each segment."""

    def without(self, sentence: int) -> Remainder:
        """Take a sentence out.

        sentence (int): Its number.
        RETURNS (Remainder): What is left of its windows; nothing, if it has no pieces.
        """
        gone = self.row_sentences == sentence
        n_gone = np.bincount(self.row_segments[gone], minlength=self.n_segments)
        touched = np.isin(self.segment_windows, self.segment_windows[n_gone > 0])
        lengths = self.packed.segment_lengths - n_gone
        # One piece is the classifier's. A segment is never packed without another.
        is_left = touched & (lengths > 1)
        n_left = np.bincount(self.segment_windows[is_left], minlength=len(self.packed.window_lengths))
        return Remainder(
            rows=np.flatnonzero(is_left[self.row_segments] & ~gone),
            segments=np.flatnonzero(is_left),
            segment_lengths=lengths[is_left],
            is_changed=n_gone[is_left] > 0,
            window_lengths=n_left[n_left > 0],
            touched=touched,
        )

    def sums(self, numbers: np.ndarray) -> np.ndarray:
        """Add up what is known of rows, by sentence. Classifier pieces belong to none.

        numbers (ndarray): (n_pieces,) a number for each row.
        RETURNS (ndarray): (n_sentences,) their sums.
        """
        return np.bincount(self.row_sentences + 1, weights=numbers, minlength=self.n_sentences + 1)[1:]


def _first_tokens(packed: PackedDocs) -> Ints1d:
    tokens = np.repeat(np.arange(len(packed.align_lengths)), packed.align_lengths)
    first = np.full(len(packed.piece_ids), len(packed.align_lengths), dtype=np.int64)
    np.minimum.at(first, packed.align_rows, tokens)
    return np.where(first == len(packed.align_lengths), -1, first)
