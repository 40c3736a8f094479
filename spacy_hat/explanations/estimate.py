"""A quick estimate of how the scores fall when a sentence is taken out, to choose the sentences worth an exact answer.

Segments that a sentence was cut out of are encoded exactly. The others learn of it through their first pieces, which
are encoded anew in every block; that their other pieces then change too is left out. `python -m benchmarks.estimate`
measures how near that comes.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..layers.hat_model import inputs_of
from ..modeling.first_pieces import KeptSegments
from ..ragged import starts_of
from .document import Remainder
from .encoded import EncodedDocument
from .head import scores_of

Batch = list[tuple[int, Remainder]]


def can_estimate(encoded: EncodedDocument) -> bool:
    """RETURNS (bool): Whether an estimate costs less than the answer: for document heads, where a segment-wise block
    stands above a cross-segment one."""
    return encoded.segments_only and not encoded.head.of_spans and encoded.staged.passes_pieces


@torch.no_grad()
def estimated_scores(encoded: EncodedDocument) -> np.ndarray:
    """Estimate what `occluded_scores` computes, for a head of documents.

    encoded (EncodedDocument): The document; `can_estimate` has to hold.
    RETURNS (ndarray): (n_sentences, n_labels).
    """
    document = encoded.document
    scores = np.tile(encoded.scores(None), (document.n_sentences, 1))
    kept = _kept_segments(encoded)
    sentences = ((sentence, document.without(sentence)) for sentence in range(document.n_sentences))
    for batch in _batches(((sentence, left) for sentence, left in sentences if left.touched.any()), encoded.max_rows):
        lefts = [left for _, left in batch]
        vectors = _segment_vectors(encoded, kept, lefts).split([len(left.segments) for left in lefts])
        cells = [encoded.cells(None, left) for left in lefts]
        filled = [
            own_cells.fill(encoded.output, (left.segments, own))
            for own_cells, left, own in zip(cells, lefts, vectors, strict=True)
        ]
        scores[[sentence for sentence, _ in batch]] = scores_of(encoded.head, cells, filled)
    return scores


def _kept_segments(encoded: EncodedDocument) -> dict[int, KeptSegments]:
    """Keys and values of the whole document, at each segment-wise block of the second stage."""
    staged, packed = encoded.staged, encoded.document.packed
    hidden = encoded.first_stage
    plan = inputs_of(packed).plan(hidden.device, encoded.max_rows)
    kept = {}
    for number in range(max(staged.n_led - 1, 0), len(staged.layers)):
        layer = staged.layers[number]
        if number >= staged.n_led and layer.sentence_encoder is not None:
            kept[number] = KeptSegments(layer.sentence_encoder, hidden, packed.segment_lengths)
            hidden = layer.segment_wise(hidden, plan)
        hidden = layer.cross_segment(hidden, plan)
    return kept


def _segment_vectors(encoded: EncodedDocument, kept: dict[int, KeptSegments], lefts: list[Remainder]) -> Tensor:
    """(n_segments left of all, hidden_size), the estimated output. All of them touch the same windows."""
    staged = encoded.staged
    changed_inputs = encoded.changed_segments(lefts)
    pieces = staged.encode_segments(changed_inputs)
    changed_first = torch.from_numpy(starts_of(changed_inputs.segment_lengths)).to(pieces.device)
    changed_plan = changed_inputs.plan(pieces.device, encoded.max_rows)
    is_changed = torch.from_numpy(np.concatenate([left.is_changed for left in lefts])).to(pieces.device)
    own = np.concatenate([left.segments for left in lefts])
    first = encoded.first_stage[torch.from_numpy(encoded.document.first_rows[own]).to(pieces.device)]
    first[is_changed] = pieces[changed_first]
    plan = encoded.inputs(lefts).plan_of_segments(pieces.device)
    windows = np.flatnonzero(lefts[0].touched)
    owners = np.repeat(np.arange(len(lefts)), [len(left.segments) for left in lefts])
    places = torch.from_numpy(owners * len(windows) + np.searchsorted(windows, own)).to(pieces.device)
    segments = torch.from_numpy(windows).to(pieces.device)
    for number in range(max(staged.n_led - 1, 0), len(staged.layers)):
        layer = staged.layers[number]
        if number in kept:
            pieces = pieces.index_copy(0, changed_first, first[is_changed])
            pieces = layer.segment_wise(pieces, changed_plan)
            grid = first.new_zeros(len(lefts) * len(windows), first.shape[-1]).index_copy_(0, places, first)
            first = kept[number].encode(grid.view(len(lefts), len(windows), -1), segments).flatten(0, 1)[places]
            first = first.to(pieces.dtype)
            first[is_changed] = pieces[changed_first]
        first = layer.cross_segment(first, plan)
    return staged.finish(first).float()


def _batches(sentences: Iterator[tuple[int, Remainder]], max_rows: int) -> Iterator[Batch]:
    """Those that touch the same windows, as many together as fit, and at least one."""
    batch: Batch = []
    for sentence, left in sentences:
        n_rows = int(left.touched.sum()) * (len(batch) + 1)
        if batch and (n_rows > max_rows or not np.array_equal(left.touched, batch[0][1].touched)):
            yield batch
            batch = []
        batch.append((sentence, left))
    if batch:
        yield batch
