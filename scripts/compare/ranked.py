"""Is a difference in average precision more than chance? Documents are drawn again and again, for both alike."""

from collections.abc import Sequence
from typing import Any

import numpy

from scripts.compare.paired import Difference, same_splits
from scripts.scores import Ranking

N_SAMPLES = 1000
UNIT = 10_000
"""Chances are stored in parts of so many: four digits."""


def stored_ranking(ranking: Ranking, gold: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Make a ranking fit for a result file: short, and a line for each document.

    ranking (Ranking): Of a run.
    gold (Sequence[Sequence[str]]): The right labels of each document.
    RETURNS (dict[str, list[str]]): "wanted", with "1" and "0", and "chances", with numbers up to UNIT.
    """
    return {
        "wanted": ["".join(str(int(one)) for one in of_doc) for of_doc in ranking.wanted(gold)],
        "chances": [" ".join(str(round(UNIT * chance)) for chance in of_doc) for of_doc in ranking.chances],
    }


def average_precisions(result: dict[str, Any], times: numpy.ndarray) -> numpy.ndarray:
    """Average precision as if documents were there several times, or not at all.

    result (dict[str, Any]): Of a run, with "wanted" and "chances".
    times (ndarray): (n_samples, n_docs) how often each document is there.
    RETURNS (ndarray): (n_samples,) average precision.
    """
    wanted = numpy.array([one == "1" for of_doc in result["wanted"] for one in of_doc])
    chances = numpy.array([int(one) for of_doc in result["chances"] for one in of_doc.split()])
    owners = numpy.repeat(numpy.arange(times.shape[1]), [len(of_doc) for of_doc in result["wanted"]])
    order = numpy.argsort(-chances, kind="stable")
    # Of what is equally likely, nothing comes first: precision is that at the end of all of it.
    ends = numpy.flatnonzero(numpy.diff(chances[order], append=-1))
    found = []
    for sample in times:
        count = sample[owners[order]]
        hits, read = (numpy.cumsum(each)[ends] for each in (count * wanted[order], count))
        precision = hits / numpy.maximum(read, 1)
        found.append((numpy.diff(hits, prepend=0) * precision).sum() / max(hits[-1], 1))
    return numpy.array(found)


def precision_difference(
    ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], seed: int = 0
) -> Difference | None:
    """Compare two methods on all splits that both were run on: the mean over splits, documents drawn in each.

    ours (Sequence[dict[str, Any]]): Results of one method.
    theirs (Sequence[dict[str, Any]]): Of the other.
    seed (int): Of the documents drawn.
    RETURNS (Difference | None): How much better the first is; p is twice that of a gain on the other side of zero.
        None if no split has both.
    """
    pairs = same_splits(ours, theirs, "chances")
    if not pairs:
        return None
    random = numpy.random.default_rng(seed)
    samples = numpy.zeros(N_SAMPLES)
    for one, other in pairs:
        n_docs = len(one["wanted"])
        times = random.multinomial(n_docs, numpy.full(n_docs, 1 / n_docs), size=N_SAMPLES)
        samples += (average_precisions(one, times) - average_precisions(other, times)) / len(pairs)
    gain = numpy.mean([one["average_precision"] - other["average_precision"] for one, other in pairs])
    low, high = numpy.quantile(samples, [0.025, 0.975])
    p = min(1.0, 2 * max(1 / N_SAMPLES, min((samples <= 0).mean(), (samples >= 0).mean())))
    return Difference(float(gain), float(low), float(high), float(p), sum(len(one["wanted"]) for one, _ in pairs))
