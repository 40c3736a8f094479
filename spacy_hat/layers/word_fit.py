"""A linear classifier of documents by their n-grams: convex, so that it has one answer, and L-BFGS finds it.

It is a logistic regression, or a linear support vector machine with squared hinge loss, each label against the rest.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..choices import WordLoss
from .ngrams import Counts
from .word_table import WordTable

UNCHOSEN: dict[WordLoss, float] = {"log": 10.0, "squared_hinge": 1.0}
"""The strength where nothing says which."""
MOST_STEPS: dict[WordLoss, int] = {"log": 100, "squared_hinge": 400}
"""Margins take longer: after 100 steps, nine publishers were a point of accuracy away from the best answer."""
KEPT_STEPS = 5
"""Of L-BFGS: each costs twice the weights."""
BIAS_DECAY = 1e-3
"""Next to nothing, so that a label that all documents have does not go to infinity."""


@dataclass(frozen=True)
class FitSettings:
    """How to fit.

    exclusive_classes (bool): One label a document, or any number.
    strength (float | None): How much the documents count against small weights: C of scikit-learn; None: not chosen
        yet.
    balanced (bool): Whether labels count as if they were equally frequent.
    loss (WordLoss | None): What is made small; None: not chosen yet, which is as good as "log".
    """

    exclusive_classes: bool
    strength: float | None
    balanced: bool
    loss: WordLoss | None = "log"


def fit_words(table: WordTable, counts: Counts, truth: NDArray[np.float32], settings: FitSettings) -> WordTable:
    """Learn what n-grams say of labels, from what a table says already.

    What it says already are log-odds, not margins, so that more documents are always learned by regression.

    table (WordTable): The n-grams, and what was learned of them before, which counts as much as it had documents.
    counts (Counts): n_docs documents.
    truth (NDArray): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
    settings (FitSettings): How.
    RETURNS (WordTable): The same n-grams, with new weights.
    """
    rows, values, lengths = table.features(counts)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    parts: Any = [*map(torch.from_numpy, (starts, rows, values)), (len(lengths), len(table.keys))]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        features = torch.sparse_csr_tensor(*parts, check_invariants=False)
        across = features.to_sparse_coo().t().coalesce().to_sparse_csr()
    right = torch.from_numpy(np.nan_to_num(truth).astype("float32"))
    share = len(lengths) / (len(lengths) + table.n_docs)
    loss: WordLoss = "log" if table.n_docs else settings.loss or "log"
    strength = settings.strength or UNCHOSEN[loss]
    importance = torch.from_numpy((strength * share * importance_of(truth, settings)).astype("float32"))
    before = torch.from_numpy(np.vstack([table.weights, table.bias]))
    decay = torch.ones(len(before), 1)
    if not table.n_docs:
        decay[-1] = BIAS_DECAY
    weights = before.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weights],
        max_iter=MOST_STEPS[loss],
        history_size=KEPT_STEPS,
        line_search_fn="strong_wolfe",
        tolerance_change=1e-7,
    )

    def loss_and_gradient() -> Tensor:
        current = weights.detach()
        logits = features @ current[:-1] + current[-1]
        if loss == "squared_hinge":
            lost, d_logits = _squared_hinge(logits, right, importance)
        else:
            lost, d_logits = _cross_entropy(logits, right, importance, settings.exclusive_classes)
        change = current - before
        weights.grad = torch.cat([across @ d_logits, d_logits.sum(dim=0, keepdim=True)]) + decay * change
        return lost + (decay * change**2).sum() / 2

    optimizer.step(loss_and_gradient)
    found = weights.detach().numpy()
    return table.learned(found[:-1], found[-1], len(lengths) + table.n_docs)


def importance_of(truth: NDArray[np.float32], settings: FitSettings) -> NDArray[np.float64]:
    """Say how much each answer counts.

    truth (NDArray): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
    settings (FitSettings): Whether labels count alike.
    RETURNS (NDArray): (n_docs, n_labels), 1 on average over those that are known; 0 where it is not.
    """
    known = ~np.isnan(truth)
    right = np.nan_to_num(truth)
    if not settings.balanced:
        return known.astype("float64")
    n_known, n_given = known.sum(axis=0), right.sum(axis=0)
    if settings.exclusive_classes:
        present = np.maximum((n_given > 0).sum(), 1)
        each = len(truth) / (present * np.maximum(n_given, 1e-9))
        return known * (right * np.where(n_given > 0, each, 0)).sum(axis=1, keepdims=True)
    given = n_known / (2 * np.maximum(n_given, 1))
    absent = n_known / (2 * np.maximum(n_known - n_given, 1))
    return known * (right * given + (1 - right) * absent)


def _squared_hinge(logits: Tensor, right: Tensor, importance: Tensor) -> tuple[Tensor, Tensor]:
    """The square of what each label lacks of a margin of 1 against all others, and its gradient."""
    signs = 2 * right - 1
    missing = (1 - signs * logits).clamp(min=0)
    return (importance * missing**2).sum(), -2 * importance * signs * missing


def _cross_entropy(logits: Tensor, right: Tensor, importance: Tensor, exclusive_classes: bool) -> tuple[Tensor, Tensor]:
    """The cross entropy, and its gradient with respect to the logits."""
    if exclusive_classes:
        log_scores = logits.log_softmax(dim=1)
        loss = -(importance * right * log_scores).sum()
        return loss, importance * (log_scores.exp() * right.sum(dim=1, keepdim=True) - right)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, right, importance, reduction="sum")
    return loss, importance * (logits.sigmoid() - right)
