"""From logits to answers, held to a search through all spans, and from answers to gradients, to finite differences."""

import tracemalloc
from itertools import islice, product

import numpy as np
import pytest

from spacy_hat.packing.pairs import PackedPair
from spacy_hat.pipeline.answer_spans import best_spans, find_answers, loss_of_answers

# Two windows, each with a classifier piece and a question of one piece; tokens of one or two pieces, and one space.
ROWS = {"window_rows": [0, 7], "tokens": [0, 1, 3, 4, 5], "first_rows": [2, 3, 5, 9, 10], "last_rows": [2, 4, 6, 9, 11]}


def made_pair() -> PackedPair:
    ints = {name: np.array(rows, dtype="int64") for name, rows in ROWS.items()}
    return PackedPair(np.zeros(12, "int64"), np.array([7, 5]), np.array([1, 1]), **ints)


def made_logits(seed: int = 0, null: float = 0.0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(12, 2)) * 2
    logits[ROWS["window_rows"]] += null
    return logits


def every_span(logits: np.ndarray, max_tokens: int) -> list[tuple[float, int, int]]:
    """All spans by score, and that of no answer as (score, -1, -1); the slow way."""
    null = min(ROWS["window_rows"], key=lambda row: logits[row].sum())
    starts = {-1: logits[null, 0]} | {n: logits[row, 0] for n, row in enumerate(ROWS["first_rows"])}
    ends = {-1: logits[null, 1]} | {n: logits[row, 1] for n, row in enumerate(ROWS["last_rows"])}
    sums = [sum(np.exp(value) for value in side.values()) for side in (starts, ends)]
    scores = [
        (np.exp(starts[a] + ends[b]) / (sums[0] * sums[1]), a, b)
        for a, b in product(starts, ends)
        if (a == b == -1) or 0 <= a <= b < a + max_tokens
    ]
    return sorted(scores, reverse=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("max_tokens", [1, 2, 30])
def test_answers_are_the_best_spans_of_all(seed: int, max_tokens: int) -> None:
    logits, tokens = made_logits(seed), ROWS["tokens"]
    found = find_answers(made_pair(), logits, question="?", n_best=1, max_tokens=max_tokens, threshold=0.0)
    score, first, last = next(one for one in every_span(logits, max_tokens) if one[1] >= 0)
    (answer,) = found.found
    assert (answer.start, answer.end) == (tokens[first], tokens[last] + 1)
    assert answer.score == pytest.approx(score)
    assert found.no_answer == pytest.approx(next(one[0] for one in every_span(logits, max_tokens) if one[1] < 0))


def test_answers_do_not_overlap() -> None:
    found = find_answers(made_pair(), made_logits(), question="?", n_best=3, max_tokens=2, threshold=0.0).found
    assert len(found) == 3
    covered = [token for answer in found for token in range(answer.start, answer.end)]
    assert len(set(covered)) == len(covered)
    assert [answer.score for answer in found] == sorted((answer.score for answer in found), reverse=True)


def greedily(starts: np.ndarray, ends: np.ndarray, max_tokens: int) -> list[tuple[int, int]]:
    """The best span, the best of what does not overlap it, and so on: the slow way."""
    spans = [(a, b) for a in range(len(starts)) for b in range(a, min(a + max_tokens, len(ends)))]
    taken: list[tuple[int, int]] = []
    for first, last in sorted(spans, key=lambda span: (-(starts[span[0]] + ends[span[1]]), span)):
        if all(last < a or b < first for a, b in taken):
            taken.append((first, last))
    return taken


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("max_tokens", [1, 2, 3, 4, 7, 8, 13, 30, 1000])
def test_best_spans_are_those_of_a_search_through_all(seed: int, max_tokens: int) -> None:
    starts, ends = np.random.default_rng(seed).normal(size=(2, 30))
    found = [(first, last) for _, first, last in best_spans(starts, ends, max_tokens)]
    assert found == greedily(starts, ends, max_tokens)


def test_answers_are_as_many_as_are_wanted_however_many_overlap_the_best() -> None:
    n_tokens = 600
    rows = np.arange(1, n_tokens + 1)
    pair = PackedPair(
        np.zeros(n_tokens + 1, "int64"), np.array([n_tokens + 1]), np.array([1]), np.array([0]), rows - 1, rows, rows
    )
    logits = np.zeros((n_tokens + 1, 2))
    logits[1, 0] = 5.0  # the spans from the first token on are better than all others
    logits[1:300, 1] = np.linspace(9.0, 8.0, 299)
    found = find_answers(pair, logits, question="?", n_best=3, max_tokens=300, threshold=0.0)
    assert len(found.found) == 3


def test_best_spans_take_the_memory_of_the_tokens() -> None:
    starts, ends = np.random.default_rng(0).normal(size=(2, 20_000))
    tracemalloc.start()
    try:
        found = list(islice(best_spans(starts, ends, 20_000), 5))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 5
    assert peak < 40 * starts.nbytes  # all spans of so many tokens: 20,000 times


@pytest.mark.parametrize(("threshold", "n_answers"), [(0.0, 1), (0.5, 0), (1.0, 0)])
def test_answers_need_their_share_against_no_answer(threshold: float, n_answers: int) -> None:
    logits = made_logits(null=6.0)
    found = find_answers(made_pair(), logits, question="?", n_best=1, max_tokens=30, threshold=threshold)
    assert len(found.found) == n_answers
    assert found.no_answer > 0.5


@pytest.mark.parametrize("spans", [[], [(0, 4)], [(1, 2)], [(4, 6), (0, 2)]])
def test_loss_of_answers_has_the_gradient_of_finite_differences(spans: list[tuple[int, int]]) -> None:
    pair, logits, step = made_pair(), made_logits(3), 1e-5
    found = loss_of_answers(pair, logits, spans)
    assert found is not None
    for place in np.ndindex(logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        higher, lower = (loss_of_answers(pair, one, spans) for one in moved)
        assert higher is not None
        assert lower is not None
        assert found[1][place] == pytest.approx((higher[0] - lower[0]) / (2 * step), abs=1e-6)


def test_loss_of_answers_is_that_of_the_published_head_on_one_window() -> None:
    import torch
    from torch.nn import functional as F

    pair, logits = made_pair(), made_logits(4)
    pair = PackedPair(
        pair.piece_ids, pair.segment_lengths, pair.window_lengths, pair.window_rows[:1], pair.tokens, pair.first_rows,
        pair.last_rows,
    )  # fmt: skip
    found = loss_of_answers(pair, logits, [(1, 4)])
    assert found is not None
    starts, ends = (
        torch.from_numpy(logits[[0, *ROWS["first_rows"]], 0]),
        torch.from_numpy(logits[[0, *ROWS["last_rows"]], 1]),
    )
    expected = (F.cross_entropy(starts[None], torch.tensor([2])) + F.cross_entropy(ends[None], torch.tensor([3]))) / 2
    assert found[0] == pytest.approx(float(expected))


def test_loss_of_answers_beyond_what_was_read_is_none() -> None:
    assert loss_of_answers(made_pair(), made_logits(), [(8, 9)]) is None
