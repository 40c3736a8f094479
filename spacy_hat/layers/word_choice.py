"""How strongly to fit, and how sure to be: asked of the training documents themselves, a part of them held out.

Few documents leave a regression on many n-grams far less sure than it should be, so that it would be drowned by what
stands beside it. Its log-odds are stretched as its answers on documents that it did not learn from deserve. So are the
margins of a support vector machine, which are log-odds only then.
"""

from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..choices import WordLoss
from .ngrams import Counts
from .word_fit import FitSettings, fit_words, importance_of
from .word_table import Floats, WordTable

STRENGTHS: dict[WordLoss, tuple[float, ...]] = {"log": (1.0, 10.0, 100.0), "squared_hinge": (0.1, 1.0, 10.0)}
STRETCHES: dict[WordLoss, tuple[float, ...]] = {
    "log": tuple(2.0 ** (power / 2) for power in range(-4, 7)),
    "squared_hinge": tuple(2.0 ** (power / 2) for power in range(-4, 11)),
}
LEAST_DOCS, MANY_DOCS = 20, 5000
N_PARTS = 5


def fit_chosen(table: WordTable, counts: Counts, truth: Floats, settings: FitSettings) -> WordTable:
    """Fit, with the loss, the strength and the stretch that are best on documents held out.

    table (WordTable): The n-grams, without weights.
    counts (Counts): n_docs documents.
    truth (Floats): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
    settings (FitSettings): How; with a loss or a strength, that one is taken.
    RETURNS (WordTable): What was learned from all documents. Of fewer than 20, no part is held out, and without a loss
        and a strength it is a regression with strength 10.
    """
    if len(truth) < LEAST_DOCS:
        return fit_words(table, counts, truth, settings)
    losses = get_args(WordLoss) if settings.loss is None else (settings.loss,)
    tried = [
        replace(settings, loss=loss, strength=strength)
        for loss in losses
        for strength in (STRENGTHS[loss] if settings.strength is None else (settings.strength,))
    ]
    fits = [best_stretch(held_out_logits(table, counts, truth, one), truth, one) for one in tried]
    (_, stretch), chosen = min(zip(fits, tried, strict=True), key=lambda pair: pair[0])
    found = fit_words(table, counts, truth, chosen)
    return found.learned(found.weights * np.float32(stretch), found.bias * np.float32(stretch), n_docs=found.n_docs)


def held_out_logits(table: WordTable, counts: Counts, truth: Floats, settings: FitSettings) -> Floats:
    """Ask of each document those who did not see it.

    table (WordTable): The n-grams, without weights.
    counts (Counts): n_docs documents.
    truth (Floats): (n_docs, n_labels).
    settings (FitSettings): How to fit.
    RETURNS (Floats): (n_docs, n_labels) log-odds; NaN for documents that were not held out, where there are many.
    """
    numbers = np.arange(len(truth))
    found = np.full(truth.shape, np.nan, dtype="float32")
    for part in range(N_PARTS if len(truth) < MANY_DOCS else 1):
        is_out = numbers % N_PARTS == part
        learned = fit_words(table, counts.chosen(numbers[~is_out]), truth[~is_out], settings)
        found[is_out] = learned.logits(counts.chosen(numbers[is_out]))
    return found


def best_stretch(logits: Floats, truth: Floats, settings: FitSettings) -> tuple[float, float]:
    """Find by what to multiply log-odds.

    logits (Floats): (n_docs, n_labels), NaN for documents that are not to be looked at; log-odds or margins.
    truth (Floats): (n_docs, n_labels) 1.0, 0.0, or NaN where it is not known.
    settings (FitSettings): What the scores are, by which loss they were found, and whether labels count alike.
    RETURNS (tuple[float, float]): The cross entropy, and the factor with which it is lowest.
    """
    there = ~np.isnan(logits).any(axis=1)
    importance, right = importance_of(truth[there], settings), np.nan_to_num(truth[there])
    stretches = STRETCHES[settings.loss or "log"]
    losses = [_loss(factor * logits[there], right, importance, settings) for factor in stretches]
    return min(zip(losses, stretches, strict=True))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """RETURNS (Floats): (n_docs, n_labels) log probabilities of labels that exclude each other."""
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def _loss(logits: Floats, right: Floats, importance: NDArray[np.float64], settings: FitSettings) -> float:
    if settings.exclusive_classes:
        return float(-(importance * right * log_softmax(logits)).sum())
    return float((importance * np.logaddexp(0, np.where(right > 0.5, -logits, logits))).sum())
