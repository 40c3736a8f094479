"""Sums over all label sequences of a linear chain (Lafferty et al. 2001), for all documents of a batch at once.

A sequence y of n labels scores  first[y1] + emissions[1, y1] + transitions[y1, y2] + emissions[2, y2] + ... + last[yn],
and its probability is proportional to the exponential of that. One step of a scan takes every document from a position
to the next. Everything is in logarithms and of probabilities, which are at most 1: lengths and scores may be large.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .positions import Positions

# Numbers in a portion of (n_pairs, n_labels, n_labels), which bounds memory: 8 MB.
PORTION = 1_000_000
Array = Any
"""Of numpy or CuPy, float64."""


@dataclass(frozen=True)
class ChainWeights:
    """The weights of a chain.

    transitions (Array): (n_labels, n_labels), from the row's label to the column's.
    first (Array): (n_labels,), of a document's first label.
    last (Array): (n_labels,), of its last one.
    """

    transitions: Array
    first: Array
    last: Array


@dataclass(frozen=True)
class Filtered:
    """What the units up to each one say, by position.

    so_far (Array): (n_units, n_labels) log probability of a unit's label, given the emissions up to it.
    before (Array): (n_units, n_labels) the same without its own emission, but for a constant.
    """

    so_far: Array
    before: Array


def log_sum_exp(xp: Any, scores: Array, axis: int) -> Array:
    """RETURNS (Array): The logarithm of the sum of exponentials along an axis."""
    highest = scores.max(axis=axis, keepdims=True)
    return xp.log(xp.exp(scores - highest).sum(axis=axis)) + highest.squeeze(axis)


def normalized(xp: Any, scores: Array) -> Array:
    """RETURNS (Array): Scores (rows, n_labels) less what makes the exponentials of each row sum to 1."""
    return scores - log_sum_exp(xp, scores, 1)[:, None]


def filtered(xp: Any, emissions: Array, weights: ChainWeights, plan: Positions) -> Filtered:
    """Scan from the first units to the last.

    xp (Any): numpy or cupy.
    emissions (Array): (n_units, n_labels) by position.
    weights (ChainWeights): The chain.
    plan (Positions): What stands where.
    RETURNS (Filtered): What it finds.
    """
    so_far, before = xp.empty_like(emissions), xp.empty_like(emissions)
    start, previous = 0, None
    for end in plan.ends.tolist():
        if previous is None:
            before[start:end] = weights.first
        else:
            before[start:end] = log_sum_exp(xp, previous[: end - start, :, None] + weights.transitions, 1)
        so_far[start:end] = normalized(xp, before[start:end] + emissions[start:end])
        previous, start = so_far[start:end], end
    return Filtered(so_far, before)


def marginals(xp: Any, found: Filtered, weights: ChainWeights, plan: Positions) -> Array:
    """Scan back from the last units to the first.

    xp (Any): numpy or cupy.
    found (Filtered): What `filtered` found.
    weights (ChainWeights): The chain.
    plan (Positions): What stands where.
    RETURNS (Array): (n_units, n_labels) by position: the probability of each label of each unit, given all emissions.
    """
    # Right for the last unit of each document; the others are written over.
    result = xp.exp(normalized(xp, found.so_far + weights.last))
    ends = plan.ends.tolist()
    starts = [0, *ends]
    for position in range(len(ends) - 2, -1, -1):
        here, there = starts[position], starts[position + 1]
        n_docs = ends[position + 1] - there
        pairs = _pairs(xp, found, weights, slice(here, here + n_docs), slice(there, there + n_docs))
        result[here : here + n_docs] = (pairs * result[there : there + n_docs, None, :]).sum(axis=2)
    return result


def pair_sums(
    xp: Any, found: Filtered, labels: Array, weights: ChainWeights, plan: Positions, pair_weights: Array
) -> Array:
    """How often each label is expected to follow each other one.

    xp (Any): numpy or cupy.
    found (Filtered): What `filtered` found.
    labels (Array): (n_units, n_labels) what `marginals` made of it.
    weights (ChainWeights): The chain.
    plan (Positions): What stands where.
    pair_weights (Array): (n_pairs,) what each unit with one before it, and that one, count.
    RETURNS (Array): (n_labels, n_labels), from the row's label to the column's.
    """
    before, after = xp.asarray(plan.before()), xp.asarray(plan.after())
    total = xp.zeros_like(weights.transitions)
    for portion in _portions(len(after), max(1, PORTION // total.size)):
        pairs = _pairs(xp, found, weights, before[portion], after[portion])
        total += (pairs * (labels[after[portion]] * pair_weights[portion, None])[:, None, :]).sum(axis=0)
    return total


def _pairs(xp: Any, found: Filtered, weights: ChainWeights, here: Any, there: Any) -> Array:
    """(n_pairs, n_labels, n_labels) probability of the label before, given that after it and the emissions before."""
    return xp.exp(found.so_far[here][:, :, None] + weights.transitions - found.before[there][:, None, :])


def _portions(length: int, size: int) -> Iterator[slice]:
    yield from (slice(start, start + size) for start in range(0, length, size))
