"""How the scores fall when a sentence is taken out: the encoder and the head, run on what is left.

Blocks below the first cross-segment attention are run once for the document, and once for each segment that a sentence
was cut out of. Only the windows that a sentence stood in are run again at all. Documents without a sentence go through
the rest together, as many as `max_batch_pieces` allows.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from .chained import ChainedSpans
from .document import OneDocument, Remainder
from .encoded import Asked, EncodedDocument
from .head import scores_of

Batch = list[tuple[int, Remainder]]


def occluded_scores(
    encoded: EncodedDocument,
    span: Asked,
    on_sentences: Callable[[int], None],
    chosen: np.ndarray | None = None,
) -> np.ndarray:
    """Score the document, or a span of it, without each of its sentences.

    encoded (EncodedDocument): The document.
    span (Asked): What was decided on.
    on_sentences (Callable[[int], None]): Called with the number of sentences that were just done.
    chosen (ndarray | None): Numbers of the sentences to take out; None: all, one after another.
    RETURNS (ndarray): (n_chosen, n_labels). A document (or span) of which nothing is left is scored as one of spaces
        is.
    """
    document = encoded.document
    chosen = np.arange(document.n_sentences) if chosen is None else chosen
    scores = np.tile(encoded.scores(span), (len(chosen), 1))
    windows = _windows_of(document, span)
    sentences = ((place, document.without(sentence)) for place, sentence in enumerate(chosen.tolist()))
    # Windows know nothing of each other; a sentence of spaces touches none. Such scores do not change.
    telling = ((place, left) for place, left in sentences if (left.touched & windows).any())
    n_done = 0
    for batch in _batches(telling, encoded):
        with torch.no_grad():
            outputs = encoded.encode([left for _, left in batch])
            cells = [encoded.cells(span, left) for _, left in batch]
            filled = [
                own.fill(encoded.output, (encoded.rows(left), output))
                for own, (_, left), output in zip(cells, batch, outputs, strict=True)
            ]
        scores[[place for place, _ in batch]] = scores_of(encoded.head, cells, filled)
        on_sentences(len(batch))
        n_done += len(batch)
    on_sentences(len(chosen) - n_done)
    return scores


def _batches(sentences: Iterator[tuple[int, Remainder]], encoded: EncodedDocument) -> Iterator[Batch]:
    """As many together as fit, and at least one."""
    batch: Batch = []
    n_rows = 0
    for sentence, left in sentences:
        cost = encoded.cost(left)
        if batch and n_rows + cost > encoded.max_rows:
            yield batch
            batch, n_rows = [], 0
        batch.append((sentence, left))
        n_rows += cost
    if batch:
        yield batch


def _windows_of(document: OneDocument, span: Asked) -> np.ndarray:
    """(n_segments,) Which segments stand in windows that the decision reads: all, if a chain reads all spans."""
    if span is None or isinstance(span, ChainedSpans):
        return np.ones(document.n_segments, dtype=bool)
    in_span = (document.row_tokens >= span[0]) & (document.row_tokens < span[1])
    windows = document.segment_windows[document.row_segments[in_span]]
    return np.isin(document.segment_windows, windows)
