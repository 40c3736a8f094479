"""The result of packing: a batch of Docs as one run of pieces, with all that the layers need to find their way."""

from dataclasses import dataclass

import numpy as np

from ..ragged import Ints1d, Ints2d, concatenate, ranges, starts_of
from .pieces import Pieces
from .windows import window_lengths


@dataclass(frozen=True)
class PackedDocs:
    """A batch of Docs, packed. A row is one piece of one segment; no row is padding."""

    piece_ids: Ints1d
    """(n_pieces,) all segments of the batch after one another, each opened by the classifier piece."""
    segment_lengths: Ints1d
    """(n_segments,) pieces of each segment, the classifier piece included."""
    segments_per_doc: Ints1d
    """(n_docs,) 0 for an empty Doc."""
    window_lengths: Ints1d
    """(n_windows,) segments in each window; a window never spans two documents."""
    segment_positions: Ints1d
    """(n_segments,) 0-based place of a segment in its window."""
    segment_tokens: Ints2d
    """(n_segments, 2) the first token of each segment and one past its last, counted in its Doc."""
    tokens_per_doc: Ints1d
    """(n_docs,) number of spaCy tokens."""
    align_lengths: Ints1d
    """(n_tokens,) pieces of each token of the batch; 0 for spaces and what overflow = "truncate" cuts off."""
    align_rows: Ints1d
    """(sum of align_lengths,) rows of piece_ids, token after token."""


@dataclass(frozen=True)
class SegmentedDoc:
    """The pieces of one Doc and where its segments start and end."""

    pieces: Pieces
    bounds: Ints1d
    """(n_segments + 1,) segment i has the pieces from bounds[i] to bounds[i + 1]."""

    @property
    def n_segments(self) -> int:
        return len(self.bounds) - 1

    def first_segments(self, max_segments: int) -> "SegmentedDoc":
        """Keep no more than the first segments.

        max_segments (int): How many.
        RETURNS (SegmentedDoc): A document whose other pieces are gone and belong to no token.
        """
        bounds = self.bounds[: max_segments + 1]
        n_kept = bounds[-1]
        pieces = self.pieces
        return SegmentedDoc(
            pieces=Pieces(
                ids=pieces.ids[:n_kept],
                piece_tokens=pieces.piece_tokens[:n_kept],
                token_first=pieces.token_first,
                token_counts=np.clip(n_kept - pieces.token_first, 0, pieces.token_counts),
            ),
            bounds=bounds,
        )


def join_docs(docs: list[SegmentedDoc], *, classifier_id: int, max_segments: int | None) -> PackedDocs:
    """Lay segmented documents after one another and open each segment with the classifier piece.

    docs (list[SegmentedDoc]): (n_docs,) the documents, in the order of the batch.
    classifier_id (int): Vocabulary id of the classifier piece.
    max_segments (int | None): Most segments of a window; None: all of a document.
    RETURNS (PackedDocs): The batch.
    """
    n_pieces = np.array([len(doc.pieces) for doc in docs], dtype=np.int64)
    segments_per_doc = np.array([doc.n_segments for doc in docs], dtype=np.int64)
    tokens_per_doc = np.array([len(doc.pieces.token_counts) for doc in docs], dtype=np.int64)
    lengths = concatenate([np.diff(doc.bounds) for doc in docs])
    n_segments = len(lengths)
    # The classifier pieces of its own and all earlier segments come before a piece.
    row_of_piece = np.arange(n_pieces.sum()) + np.repeat(np.arange(n_segments), lengths) + 1
    piece_ids = np.full(len(row_of_piece) + n_segments, classifier_id, dtype=np.int64)
    piece_ids[row_of_piece] = concatenate([doc.pieces.ids for doc in docs])
    align_lengths = concatenate([doc.pieces.token_counts for doc in docs])
    token_first = concatenate([doc.pieces.token_first for doc in docs])
    token_first += np.repeat(starts_of(n_pieces), tokens_per_doc)
    first_tokens = concatenate([doc.pieces.piece_tokens[doc.bounds[:-1], 0] for doc in docs])
    past_tokens = concatenate([doc.pieces.piece_tokens[doc.bounds[1:] - 1, 1] for doc in docs])
    windows = window_lengths(segments_per_doc, max_segments)
    return PackedDocs(
        piece_ids=piece_ids,
        segment_lengths=lengths + 1,
        segments_per_doc=segments_per_doc,
        window_lengths=windows,
        segment_positions=ranges(np.zeros_like(windows), windows),
        segment_tokens=np.stack([first_tokens, past_tokens], axis=1),
        tokens_per_doc=tokens_per_doc,
        align_lengths=align_lengths,
        align_rows=row_of_piece[ranges(token_first, align_lengths)],
    )
