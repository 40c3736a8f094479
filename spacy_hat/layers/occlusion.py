"""How the scores fall when a sentence is taken out: the encoder and the head, run on what is left.

Blocks below the first cross-segment attention are run once for the document, and once for each segment that a sentence
was cut out of. Only the windows that a sentence stood in are run again at all. Documents without a sentence go through
the rest together, as many as `max_batch_pieces` allows.
"""

from typing import Callable, Iterator, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor

from ..modeling import PackedInputs
from ..packing.arrays import ranges
from ..packing.occlusion import OneDocument, Remainder
from .explained_head import ExplainedHead, scores_of
from .hat_model import inputs_of
from .head_cells import Cells, cells_of

TokenRange = Tuple[int, int]
Batch = List[Tuple[int, Remainder]]


def occluded_scores(
    head: ExplainedHead, document: OneDocument, span: Optional[TokenRange], on_sentences: Callable[[int], None]
) -> Tuple[np.ndarray, np.ndarray]:
    """Score the document, or a span of it, whole and without each of its sentences.

    head (ExplainedHead): The head.
    document (OneDocument): The document.
    span (Optional[Tuple[int, int]]): First token of the span and one past its last; None for a document head.
    on_sentences (Callable[[int], None]): Called with the number of sentences that were just done.
    RETURNS (Tuple[ndarray, ndarray]): (n_labels,) and (n_sentences, n_labels). A document (or span) of which nothing is
        left is scored as one of spaces is.
    """
    with torch.no_grad():
        occluded = OccludedDocument(head, document)
        whole = scores_of(head, [occluded.cells(span).fill(occluded.output)])[0]
        scores = np.tile(whole, (document.n_sentences, 1))
        windows = _windows_of(document, span)
        sentences = ((sentence, document.without(sentence)) for sentence in range(document.n_sentences))
        # Windows know nothing of each other; a sentence of spaces touches none. Such scores do not change.
        telling = ((sentence, left) for sentence, left in sentences if (left.touched & windows).any())
        n_done = 0
        for batch in _batches(telling, occluded):
            outputs = occluded.encode([left for _, left in batch])
            filled = [
                occluded.cells(span, left).fill(occluded.output, (occluded.rows(left), output))
                for (_, left), output in zip(batch, outputs, strict=True)
            ]
            scores[[sentence for sentence, _ in batch]] = scores_of(head, filled)
            on_sentences(len(batch))
            n_done += len(batch)
        on_sentences(document.n_sentences - n_done)
    return whole, scores


class OccludedDocument:
    """A document's rows after each of the encoder's stages, and those of what is left without some sentence.

    head (ExplainedHead): Whose encoder it is.
    document (OneDocument): The document.
    """

    def __init__(self, head: ExplainedHead, document: OneDocument):
        self.document = document
        self.segments_only = head.segments_only
        self.max_rows = head.shim.max_batch_pieces
        self.staged = head.staged(head.shim.predictor.encoder(head.shim.encoder))
        inputs = inputs_of(document.packed)
        self.of_segments = self.staged.encode_segments(inputs)
        """(n_rows, hidden_size), after the first stage: pieces, or segments if no later block reads pieces."""
        portions, start = [self.of_segments[:0].float()], 0
        for portion in inputs.portions(self.max_rows):
            stop = start + len(portion.piece_ids if self.staged.passes_pieces else portion.segment_lengths)
            portions.append(self.staged.encode_documents(self.of_segments[start:stop], portion).float())
            start = stop
        self.output = torch.cat(portions)
        """(n_rows, hidden_size), of the whole document: pieces, or segments if segments_only."""

    def cells(self, span: Optional[TokenRange], left: Optional[Remainder] = None) -> Cells:
        """RETURNS (Cells): What the head reads of the document, or of what is left of it."""
        if left is None:
            is_left = np.ones(len(self.document.row_segments), dtype=bool)
        else:
            is_left = ~left.touched[self.document.row_segments]
            is_left[left.rows] = True
        return cells_of(self.document, span, is_left, self.segments_only)

    def rows(self, left: Remainder) -> np.ndarray:
        """RETURNS (ndarray): Which rows of the document's output `encode` gives anew."""
        return left.segments if self.segments_only else left.rows

    def cost(self, left: Remainder) -> int:
        """RETURNS (int): Rows that it adds to the largest tensor of a batch."""
        passed = len(left.rows if self.staged.passes_pieces else left.segments)
        return max(passed, int(left.segment_lengths[left.is_changed].sum()))

    def encode(self, batch: List[Remainder]) -> Iterator[Tensor]:
        """Encode what is left.

        batch (List[Remainder]): As many as memory allows.
        YIELDS (Tensor): For each, the output of its rows.
        """
        changed = self.staged.encode_segments(self._changed_segments(batch))
        both = torch.cat([self.of_segments, changed])
        places, n_used = [], len(self.of_segments)
        for left in batch:
            own, is_new = self._first_stage(left)
            own[is_new] = n_used + np.arange(is_new.sum())
            n_used += int(is_new.sum())
            places.append(own)
        hidden = both[torch.from_numpy(np.concatenate(places)).to(both.device)]
        output = self.staged.encode_documents(hidden, self._inputs(batch)).float()
        yield from output.split([len(self.rows(left)) for left in batch])

    def _first_stage(self, left: Remainder) -> Tuple[np.ndarray, np.ndarray]:
        """Its rows of the first stage, as numbered in the document; and whether they must be made anew."""
        if not self.staged.passes_pieces:
            return left.segments.copy(), left.is_changed
        return left.rows.copy(), np.repeat(left.is_changed, left.segment_lengths)

    def _changed_segments(self, batch: List[Remainder]) -> PackedInputs:
        lengths = np.concatenate([left.segment_lengths[left.is_changed] for left in batch])
        rows = np.concatenate([left.rows[np.repeat(left.is_changed, left.segment_lengths)] for left in batch])
        return PackedInputs(self.document.packed.piece_ids[rows], lengths, lengths[:0], np.zeros_like(lengths))

    def _inputs(self, batch: List[Remainder]) -> PackedInputs:
        rows = np.concatenate([left.rows for left in batch])
        lengths = np.concatenate([left.segment_lengths for left in batch])
        windows = np.concatenate([left.window_lengths for left in batch])
        positions = ranges(np.zeros_like(windows), windows)
        return PackedInputs(self.document.packed.piece_ids[rows], lengths, windows, positions)


def _batches(sentences: Iterator[Tuple[int, Remainder]], occluded: OccludedDocument) -> Iterator[Batch]:
    """As many together as fit, and at least one."""
    batch: Batch = []
    n_rows = 0
    for sentence, left in sentences:
        cost = occluded.cost(left)
        if batch and n_rows + cost > occluded.max_rows:
            yield batch
            batch, n_rows = [], 0
        batch.append((sentence, left))
        n_rows += cost
    if batch:
        yield batch


def _windows_of(document: OneDocument, span: Optional[TokenRange]) -> np.ndarray:
    """(n_segments,) Which segments stand in windows that the decision reads."""
    if span is None:
        return np.ones(document.n_segments, dtype=bool)
    in_span = (document.row_tokens >= span[0]) & (document.row_tokens < span[1])
    windows = document.segment_windows[document.row_segments[in_span]]
    return np.isin(document.segment_windows, windows)
