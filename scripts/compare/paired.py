"""Is a difference between two methods more than chance? They were tested on the same documents, so it is paired."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from scipy.stats import binomtest

N_SAMPLES = 2000


@dataclass(frozen=True)
class Difference:
    """How much better one method is than another.

    gain (float): Its accuracy, or average precision, less that of the other.
    low (float): The 95% interval of it, documents drawn again and again.
    high (float): Its other end.
    p (float): How likely so large a difference is if both are equally good. Of accuracy, by McNemar's exact test: so
        unequal numbers of errors.
    n_docs (int): Documents of all runs that both have.
    """

    gain: float
    low: float
    high: float
    p: float
    n_docs: int


def difference(one: Sequence[str], other: Sequence[str], seed: int = 0) -> Difference:
    """Compare what is right and wrong.

    one (Sequence[str]): For each document, "1" and "0" for what is right and wrong in it.
    other (Sequence[str]): The same of the other method, on the same documents.
    seed (int): Of the documents drawn.
    RETURNS (Difference): How much better the first is.
    """
    ours, theirs = (numpy.array([of_doc.count("1") for of_doc in right]) for right in (one, other))
    sizes = numpy.array([len(of_doc) for of_doc in one])
    better = sum(a > b for a, b in zip("".join(one), "".join(other), strict=True))
    worse = sum(a < b for a, b in zip("".join(one), "".join(other), strict=True))
    drawn = numpy.random.default_rng(seed).integers(len(sizes), size=(N_SAMPLES, len(sizes)))
    samples = (ours - theirs)[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = numpy.quantile(samples, [0.025, 0.975])
    p = binomtest(better, better + worse).pvalue if better + worse else 1.0
    return Difference(float((ours - theirs).sum() / sizes.sum()), float(low), float(high), float(p), len(sizes))


def pooled_difference(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> Difference | None:
    """Compare two methods on all splits that both were run on.

    ours (Sequence[dict[str, Any]]): Results of one method.
    theirs (Sequence[dict[str, Any]]): Of the other.
    RETURNS (Difference | None): How much better the first is; None if no split has both.
    """
    pairs = same_splits(ours, theirs, "right")
    one, other = ([of_doc for pair in pairs for of_doc in pair[which]["right"]] for which in (0, 1))
    return difference(one, other) if one else None


def same_splits(
    ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], needed: str
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pair the runs of two methods.

    ours (Sequence[dict[str, Any]]): Results of one method.
    theirs (Sequence[dict[str, Any]]): Of the other.
    needed (str): What a result must have to be compared; old ones may not.
    RETURNS (list[tuple[dict, dict]]): Runs on the same split.
    """
    by_split = {(run["seed"], run["fold"]): run for run in theirs if needed in run}
    found = [(run, by_split.get((run["seed"], run["fold"]))) for run in ours if needed in run]
    return [(run, other) for run, other in found if other is not None]
