"""What a classifier reads of one document: a small table of the encoder's rows, made where it is needed.

A document head reads all segment vectors. A span head reads the vectors of the span's segments and those of its own
pieces; here, the span is a single made-up token, aligned to the cells of its pieces:

    segment vector | piece piece piece
    segment vector | piece   -     -
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from thinc.api import torch2xp, xp2torch
from thinc.types import Ints1d, Ragged
from torch import Tensor
from transformers.utils import ModelOutput

from ..layers.trf_interface import TransformerData, WordpieceBatch
from ..ragged import starts_of
from .document import OneDocument


@dataclass(frozen=True)
class Cells:
    """Where the classifier's input comes from.

    rows (np.ndarray): (n_segments, width) int64, rows of the encoder's output; -1: none, zeros.
    places (np.ndarray): (n_places,) int64, the flattened cells that spans are the means of; none for a document.
    counts (np.ndarray | None): (n_spans,) int64, how many of them each span has; None: there is one span.
    asked (int): The number of the span that was asked about.
    """

    rows: np.ndarray
    places: np.ndarray
    counts: np.ndarray | None = None
    asked: int = 0

    @property
    def lengths(self) -> np.ndarray:
        """RETURNS (np.ndarray): (n_spans,) How many places each span has."""
        return np.array([len(self.places)]) if self.counts is None else self.counts

    def fill(self, output: Tensor, other: tuple[np.ndarray, Tensor] | None = None) -> TransformerData:
        """Put the output's rows into their cells.

        output (Tensor): (n_rows, hidden_size).
        other (tuple[ndarray, Tensor] | None): Numbers of rows, ascending, and what stands in their place.
        RETURNS (TransformerData): What a head of this package takes for the output of a document.
        """
        if not len(self.rows):
            return TransformerData.empty()
        rows = torch.from_numpy(self.rows).to(output.device)
        cells = output[rows.clamp(min=0)] * (rows >= 0)[..., None]
        if other is not None:
            replaced = np.isin(self.rows, other[0])
            places = torch.from_numpy(np.searchsorted(other[0], self.rows[replaced])).to(output.device)
            cells[torch.from_numpy(replaced).to(output.device)] = other[1][places]
        return TransformerData(
            wordpieces=WordpieceBatch.empty(),
            model_output=ModelOutput(last_hidden_state=torch2xp(cells)),
            align=Ragged(cast(Ints1d, self.places.astype("int32")), cast(Ints1d, self.lengths.astype("int32"))),
        )

    def spread_gradient(self, data: TransformerData, like: Tensor) -> Tensor:
        """The way back.

        data (TransformerData): The gradient of what `fill` made.
        like (Tensor): (n_rows, hidden_size), the output.
        RETURNS (Tensor): (n_rows, hidden_size), its gradient.
        """
        d_cells = xp2torch(cast(Any, data.model_output).last_hidden_state).to(like.device, like.dtype)
        rows = torch.from_numpy(self.rows.flatten()).to(like.device)
        return torch.zeros_like(like).index_add_(0, rows[rows >= 0], d_cells.flatten(0, 1)[rows >= 0])


def document_cells(document: OneDocument, is_left: np.ndarray) -> Cells:
    """Choose what a document head reads.

    document (OneDocument): The document.
    is_left (ndarray): (n_pieces,) bool, which rows are there.
    RETURNS (Cells): Its segments. Rows of the encoder's output are segments.
    """
    return Cells(np.flatnonzero(is_left[document.first_rows])[:, None], np.zeros(0, dtype=np.int64))


def span_cells(document: OneDocument, span: tuple[int, int], is_left: np.ndarray, segments_only: bool) -> Cells:
    """Choose what a span head reads, as `span_vectors` does with the output of whole documents.

    document (OneDocument): The document.
    span (tuple[int, int]): First token of the span, and one past its last.
    is_left (ndarray): (n_pieces,) bool, which rows are there.
    segments_only (bool): Whether rows of the encoder's output are segments: the span is then the mean over its tokens,
        each with the segments that it has pieces in. Otherwise over its pieces.
    RETURNS (Cells): The span's segments and pieces that are left.
    """
    lengths = document.packed.align_lengths
    tokens = np.repeat(np.arange(len(lengths)), lengths)
    chosen = (tokens >= span[0]) & (tokens < span[1]) & is_left[document.packed.align_rows]
    tokens, rows = tokens[chosen], document.packed.align_rows[chosen]
    segments = document.row_segments[rows]
    if segments_only:
        # Each pair of token and segment once.
        pairs = np.unique(tokens * document.n_segments + segments)
        span_segments, places = np.unique(pairs % document.n_segments, return_inverse=True)
        return Cells(span_segments[:, None], places)
    span_segments, line, counts = np.unique(segments, return_inverse=True, return_counts=True)
    cells = np.full((len(span_segments), 1 + counts.max(initial=0)), -1)
    cells[:, 0] = document.first_rows[span_segments]
    # Pieces are in reading order, so each segment's stand together.
    column = 1 + np.arange(len(rows)) - np.repeat(starts_of(counts), counts)
    cells[line, column] = rows
    return Cells(cells, line * cells.shape[1] + column)
