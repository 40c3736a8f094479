"""Gradient times input: how much the log-odds of a label would change with the vectors that the encoder reads.

For each piece, the product of its vector below the first block and of the gradient of log(p / (1 - p)) there, summed
over hidden_size (Shrikumar et al. 2016, arXiv 1605.01713). Log-odds, as the probability itself has no slope where the
head is sure. A sum over pieces is the slope of the log-odds as their vectors grow.
"""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from thinc.api import Model
from torch import Tensor

from ..layers.hat_model import inputs_of
from ..layers.trf_interface import TransformerData
from ..modeling.stages import Stages
from .cells import Cells
from .document import OneDocument
from .encoded import Asked, EncodedDocument
from .head import classifier_input


def gradient_times_input(
    encoded: EncodedDocument,
    span: Asked,
    columns: list[int],
    on_label: Callable[[int], None],
    decided: np.ndarray | None = None,
) -> np.ndarray:
    """Score each piece of a document, for some labels. One run forwards, and for each label one backwards.

    encoded (EncodedDocument): The document. Gradients of its head and encoder stay as they are.
    span (Asked): What was decided on; not a span in a chain.
    columns (list[int]): Numbers of the labels.
    on_label (Callable[[int], None]): Called with 1 when a label is done.
    decided (ndarray | None): (n_labels,) the scores, where not the classifier alone decides on them.
    RETURNS (ndarray): (n_columns, n_pieces).
    """
    head, document = encoded.head, encoded.document
    cells = encoded.cells(span)
    # On a copy: the backward pass adds to the gradients of the head's parameters.
    classifier = head.classifier.copy()
    # As in prediction, so without dropout; the callback is there all the same.
    scores, backprop = classifier(classifier_input(head, [cells], [cells.fill(encoded.output)]), False)
    whole = cast(np.ndarray, classifier.ops.to_numpy(scores))[0] if decided is None else decided
    relevance = np.zeros((len(columns), len(document.row_segments)))
    for line, column in enumerate(columns):
        d_logits = log_odds_gradient(whole, column, head.exclusive_classes)
        d_output = _output_gradient(classifier, backprop, d_logits, cells, encoded.output, head.of_spans)
        # Not the encoder of predictions, which may be a copy without gradients.
        relevance[line] = _times_input(head.staged(head.shim.encoder.eval()), document, d_output)
        on_label(1)
    return relevance


def log_odds_gradient(scores: np.ndarray, column: int, exclusive_classes: bool) -> np.ndarray:
    """The gradient of log(p / (1 - p)) of one label with respect to all logits.

    With exclusive classes, that is the label's logit less the logarithm of the sum of the others' exponentials, whose
    gradient is their softmax among themselves.

    scores (ndarray): (n_labels,) the probabilities.
    column (int): The label.
    exclusive_classes (bool): Whether they are a softmax.
    RETURNS (ndarray): (n_labels,) float32.
    """
    gradient = np.zeros_like(scores)
    if exclusive_classes:
        others = np.where(np.arange(len(scores)) == column, 0, scores)
        gradient -= others / max(others.sum(), np.finfo(np.float32).tiny)
    gradient[column] += 1
    return gradient


def _output_gradient(
    classifier: Model,
    backprop: Callable,
    d_logits: np.ndarray,
    cells: Cells,
    output: Tensor,
    of_spans: bool,
) -> Tensor:
    """(n_rows, hidden_size) The gradient with respect to the encoder's output."""
    d_input = backprop(classifier.ops.asarray2f(d_logits[None]))  # type: ignore[arg-type]
    d_outputs = cast(list[TransformerData], d_input[0] if of_spans else d_input)
    return cells.spread_gradient(d_outputs[0], output) if d_outputs else torch.zeros_like(output)


def _times_input(staged: Stages, document: OneDocument, d_output: Tensor) -> np.ndarray:
    """(n_pieces,) Window by window, so that memory does not grow with their number."""
    parts, start = [], 0
    for window in inputs_of(document.packed).portions(1):
        n_rows = len(window.segment_lengths if staged.segments_only else window.piece_ids)
        d_window = d_output[start : start + n_rows]
        start += n_rows
        with torch.enable_grad():
            embedded = staged.embed(window).detach().requires_grad_()
            encoded = staged.encode(window, embedded)
            (gradient,) = torch.autograd.grad(encoded, embedded, d_window)
        parts.append((gradient * embedded).sum(dim=-1).detach())
    return torch.cat(parts).double().cpu().numpy()
