"""A document as the encoder's stages leave it, whole or without some of its sentences."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..layers.hat_model import inputs_of
from ..modeling import PackedInputs
from ..ragged import ranges
from .cells import Cells, document_cells, span_cells
from .chained import ChainedSpans, chained_cells
from .document import OneDocument, Remainder
from .head import ExplainedHead, scores_of

TokenRange = tuple[int, int]
Asked = TokenRange | ChainedSpans | None
"""What was decided on: a span, a span in its chain, or the document."""


class EncodedDocument:
    """A document's rows after each of the encoder's stages, and those of what is left without some sentence.

    head (ExplainedHead): Whose encoder it is.
    document (OneDocument): The document.
    """

    @torch.no_grad()
    def __init__(self, head: ExplainedHead, document: OneDocument) -> None:
        self.head, self.document = head, document
        self.segments_only = head.segments_only
        self.max_rows = head.shim.max_batch_pieces
        self.staged = head.staged(head.shim.predictor.encoder(head.shim.encoder))
        inputs = inputs_of(document.packed)
        self.first_stage = self.staged.encode_segments(inputs)
        """(n_rows, hidden_size), after the first stage: pieces, or segments if no later block reads pieces."""
        portions, start = [self.first_stage[:0].float()], 0
        for portion in inputs.portions(self.max_rows):
            stop = start + len(portion.piece_ids if self.staged.passes_pieces else portion.segment_lengths)
            portions.append(self.staged.encode_documents(self.first_stage[start:stop], portion).float())
            start = stop
        self.output = torch.cat(portions)
        """(n_rows, hidden_size), of the whole document: pieces, or segments if segments_only."""

    def scores(self, span: Asked) -> np.ndarray:
        """RETURNS (ndarray): (n_labels,) float32, what the head says of the whole document, or of the span in it."""
        cells = self.cells(span)
        return scores_of(self.head, [cells], [cells.fill(self.output)])[0]

    def cells(self, span: Asked, left: Remainder | None = None) -> Cells:
        """RETURNS (Cells): What the head reads of the document, or of what is left of it."""
        if left is None:
            is_left = np.ones(len(self.document.row_segments), dtype=bool)
        else:
            is_left = ~left.touched[self.document.row_segments]
            is_left[left.rows] = True
        if span is None:
            return document_cells(self.document, is_left)
        if isinstance(span, ChainedSpans):
            return chained_cells(self.document, span, is_left, self.segments_only)
        return span_cells(self.document, span, is_left, self.segments_only)

    def rows(self, left: Remainder) -> np.ndarray:
        """RETURNS (ndarray): Which rows of the document's output `encode` gives anew."""
        return left.segments if self.segments_only else left.rows

    def cost(self, left: Remainder) -> int:
        """RETURNS (int): Rows that it adds to the largest tensor of a batch."""
        passed = len(left.rows if self.staged.passes_pieces else left.segments)
        return max(passed, int(left.segment_lengths[left.is_changed].sum()))

    def encode(self, batch: list[Remainder]) -> Iterator[Tensor]:
        """Encode what is left.

        batch (list[Remainder]): As many as memory allows.
        YIELDS (Tensor): For each, the output of its rows.
        """
        changed = self.staged.encode_segments(self.changed_segments(batch))
        both = torch.cat([self.first_stage, changed])
        places, n_used = [], len(self.first_stage)
        for left in batch:
            own, is_new = self._first_stage(left)
            own[is_new] = n_used + np.arange(is_new.sum())
            n_used += int(is_new.sum())
            places.append(own)
        hidden = both[torch.from_numpy(np.concatenate(places)).to(both.device)]
        output = self.staged.encode_documents(hidden, self.inputs(batch)).float()
        yield from output.split([len(self.rows(left)) for left in batch])

    def _first_stage(self, left: Remainder) -> tuple[np.ndarray, np.ndarray]:
        """Its rows of the first stage, as numbered in the document; and whether they must be made anew."""
        if not self.staged.passes_pieces:
            return left.segments.copy(), left.is_changed
        return left.rows.copy(), np.repeat(left.is_changed, left.segment_lengths)

    def changed_segments(self, batch: list[Remainder]) -> PackedInputs:
        """RETURNS (PackedInputs): The segments that a sentence was cut out of, one after another, in no windows."""
        lengths = np.concatenate([left.segment_lengths[left.is_changed] for left in batch])
        rows = np.concatenate([left.rows[np.repeat(left.is_changed, left.segment_lengths)] for left in batch])
        return PackedInputs(self.document.packed.piece_ids[rows], lengths, lengths[:0], np.zeros_like(lengths))

    def inputs(self, batch: list[Remainder]) -> PackedInputs:
        """RETURNS (PackedInputs): All that is left of each, one after another."""
        rows = np.concatenate([left.rows for left in batch])
        lengths = np.concatenate([left.segment_lengths for left in batch])
        windows = np.concatenate([left.window_lengths for left in batch])
        positions = ranges(np.zeros_like(windows), windows)
        return PackedInputs(self.document.packed.piece_ids[rows], lengths, windows, positions)
