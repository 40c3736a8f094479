"""A chain that is counted, not learned: how often labels follow each other, weighed against what sentences say.

The score of a label is  sharpness * log p(label | sentence) - prior * log p(label)  in the chain's emissions, and
neighbours * log p(label | label before)  in its transitions. The three weights are chosen on documents that the encoder
was not trained on: of those it knows, it is far too sure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..layers.chain_sums import ChainWeights, filtered, marginals
from ..layers.positions import Positions, positions
from .label_sequences import LabelSequences, ScoredSequences
from .reliability import Reliability

# The first of each changes nothing, so that the result is never worse on dev than the pipeline that was there.
SHARPNESS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18)
NEIGHBOURS = (0.0, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3)
PRIOR = (0.0, 0.25, 0.5, 0.75, 1.0)
SMOOTHING = 0.5
"""Times that every pair of labels counts as seen."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weighing:
    """How much each part counts.

    sharpness (float): What a sentence says; below 1.0 it is less sure of itself.
    neighbours (float): Which labels follow which.
    prior (float): How frequent a label is, to be taken off what a sentence says: its neighbours know that, too.
    """

    sharpness: float = 1.0
    neighbours: float = 0.0
    prior: float = 0.0


@dataclass(frozen=True)
class Quality:
    """How good scores are.

    accuracy (float): How many spans get their label.
    loss (float): Mean negative log probability of the right label.
    reliability (Reliability): How often a score is right.
    """

    accuracy: float
    loss: float
    reliability: Reliability

    @property
    def calibration_error(self) -> float:
        """RETURNS (float): Expected difference of score and accuracy, in ten bins of the score (ECE)."""
        return self.reliability.error


def count_chain(sequences: LabelSequences, n_labels: int) -> ChainWeights:
    """Count which labels follow which, begin and end a document.

    sequences (LabelSequences): The right labels.
    n_labels (int): How many there are.
    RETURNS (ChainWeights): Log probabilities of the next label, the end being one of them, and of the first.
    """
    plan = positions(sequences.lengths)
    labels = sequences.labels[plan.rows]
    follows = np.full((n_labels, n_labels + 1), SMOOTHING)
    np.add.at(follows, (labels[plan.before()], labels[plan.after()]), 1)
    follows[:, n_labels] += np.bincount(labels[plan.last()], minlength=n_labels)
    follows = np.log(follows / follows.sum(axis=1, keepdims=True))
    first = log_frequencies(labels[: plan.counts[:1].sum()], n_labels)
    return ChainWeights(follows[:, :-1], first, follows[:, -1])


def log_frequencies(labels: NDArray[np.int64], n_labels: int) -> Floats:
    """RETURNS (Floats): (n_labels,) log probability of each label, smoothed."""
    counts = np.bincount(labels, minlength=n_labels) + SMOOTHING
    return np.log(counts / counts.sum())


def best_weighing(
    scored: ScoredSequences, chain: ChainWeights, prior: Floats, start: Weighing | None = None
) -> Weighing:
    """Try all weighings of the grid.

    scored (ScoredSequences): Of dev.
    chain (ChainWeights): Counted or learned.
    prior (Floats): (n_labels,) log probability of each label.
    start (Weighing | None): What there is; taken if none is better.
    RETURNS (Weighing): The one with the highest probability of the right labels among those that get as many right
        as what there is.
    """
    start = start or Weighing()
    before = quality(scored, weighed_scores(scored, chain, prior, start))
    best, least = start, before.loss
    for weighing in grid():
        found = quality(scored, weighed_scores(scored, chain, prior, weighing))
        if found.loss < least and found.accuracy >= before.accuracy:
            best, least = weighing, found.loss
    return best


def grid() -> Iterator[Weighing]:
    """YIELDS (Weighing): All that are tried."""
    yield from (Weighing(*values) for values in product(SHARPNESS, NEIGHBOURS, PRIOR))


def weighed_scores(scored: ScoredSequences, chain: ChainWeights, prior: Floats, weighing: Weighing) -> Floats:
    """RETURNS (Floats): (n_units, n_labels) marginals in the weighed chain."""
    plan: Positions = positions(scored.lengths)
    weights = times(chain, weighing.neighbours)
    emissions = (weighing.sharpness * scored.scores - weighing.prior * prior)[plan.rows]
    found = np.empty_like(emissions)
    found[plan.rows] = marginals(np, filtered(np, emissions, weights, plan), weights, plan)
    return found


def quality(scored: ScoredSequences, scores: Floats) -> Quality:
    """Compare scores with the right labels.

    scored (ScoredSequences): Has the right labels.
    scores (Floats): (n_units, n_labels), summing to 1.
    RETURNS (Quality): How good they are.
    """
    right = scores.argmax(axis=1) == scored.labels
    given = np.maximum(scores[np.arange(len(scores)), scored.labels], np.finfo(np.float32).tiny)
    reliability = Reliability.of(scores.max(axis=1), right)
    return Quality(float(right.mean()), float(-np.log(given).mean()), reliability)


def times(chain: ChainWeights, factor: float) -> ChainWeights:
    """RETURNS (ChainWeights): The weights times a factor."""
    return ChainWeights(factor * chain.transitions, factor * chain.first, factor * chain.last)
