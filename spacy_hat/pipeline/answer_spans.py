"""From the logits of pieces to answers, and from annotated answers to the gradient of the logits.

The candidates of a document are its tokens, in all of its windows together, and one more, that there is no answer. Its
logits are those of the first piece of a window; of several windows, of the one that has them lowest: a document has no
answer if none of its windows has one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from ..packing.pairs import PackedPair
from ..ragged import Ints1d

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """A part of a document.

    start (int): Its first token.
    end (int): One past its last.
    score (float): The probability of its start times that of its end.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Answers:
    """What a document answers to a question.

    question (str): The question.
    found (list[Answer]): The answers, the best one first; none of them overlap.
    no_answer (float): Score of there being none.
    """

    question: str
    found: list[Answer]
    no_answer: float


@dataclass(frozen=True)
class Candidates:
    """Starts and ends, that of no answer first.

    rows (Ints1d): (n_tokens + 1, 2) rows of their pieces.
    log_probabilities (Floats): (n_tokens + 1, 2)
    """

    rows: Ints1d
    log_probabilities: Floats

    @classmethod
    def of(cls, pair: PackedPair, logits: Floats) -> "Candidates":
        """RETURNS (Candidates): Those of a pair, from logits (n_pieces, 2)."""
        null = pair.window_rows[logits[pair.window_rows].sum(axis=1).argmin()]
        rows = np.stack([np.append(null, pair.first_rows), np.append(null, pair.last_rows)], axis=1)
        chosen = np.stack([logits[rows[:, 0], 0], logits[rows[:, 1], 1]], axis=1).astype("float64")
        chosen -= chosen.max(axis=0)
        return cls(rows, chosen - np.log(np.exp(chosen).sum(axis=0)))


def find_answers(
    pair: PackedPair, logits: Floats, *, question: str, n_best: int, max_tokens: int, threshold: float
) -> Answers:
    """Find the best answers.

    pair (PackedPair): The document with its question.
    logits (Floats): (n_pieces, 2).
    question (str): The question.
    n_best (int): Answers at most.
    max_tokens (int): Tokens of an answer at most, not counting spaces.
    threshold (float): An answer is given if its score is at least this share of its own and that of no answer.
    RETURNS (Answers): The answers.
    """
    found = Candidates.of(pair, logits).log_probabilities
    null, (starts, ends) = found[0].sum(), found[1:].T
    answers: list[Answer] = []
    for score, first, last in best_spans(starts, ends, max_tokens):
        if len(answers) == n_best or not np.isfinite(score) or _share(score - null) < threshold:
            break
        answers.append(Answer(int(pair.tokens[first]), int(pair.tokens[last]) + 1, float(np.exp(score))))
    return Answers(question, answers, float(np.exp(null)))


def best_spans(starts: Floats, ends: Floats, max_tokens: int) -> Iterator[tuple[float, int, int]]:
    """Find the best span, the best of those that do not overlap it, and so on. Memory is that of the tokens.

    starts (Floats): (n_tokens,) score of each token as the first.
    ends (Floats): (n_tokens,) and as the last.
    max_tokens (int): Tokens of a span at most.
    YIELDS (tuple[float, int, int]): Score, first and last token; of equal scores, the earlier one.
    """
    heap: list[tuple[float, int, int, int, int]] = []

    def look(begin: int, stop: int) -> None:
        if begin < stop:
            first, last = _best_span(starts[begin:stop], ends[begin:stop], max_tokens)
            score = starts[begin + first] + ends[begin + last]
            heappush(heap, (-score, begin + first, begin + last, begin, stop))

    look(0, len(starts))
    while heap:
        negative, first, last, begin, stop = heappop(heap)
        yield -negative, first, last
        look(begin, first)
        look(last + 1, stop)


def _best_span(starts: Floats, ends: Floats, max_tokens: int) -> tuple[int, int]:
    """RETURNS (tuple[int, int]): First and last token of the best span."""
    width, reach = min(max_tokens, len(ends)), 1
    padded = np.append(ends, np.full(width - 1, -np.inf))
    best_ends = padded  # of the `reach` tokens from each on, which double
    while 2 * reach <= width:
        best_ends = np.maximum(best_ends[:-reach], best_ends[reach:])
        reach *= 2
    # Two such runs, which may overlap, make one of the wanted width.
    best_ends = np.maximum(best_ends[: len(ends)], best_ends[width - reach : width - reach + len(ends)])
    first = int((starts + best_ends).argmax())
    return first, first + int(ends[first : first + width].argmax())


def loss_of_answers(pair: PackedPair, logits: Floats, spans: Sequence[tuple[int, int]]) -> tuple[float, Floats] | None:
    """Cross entropy of start and end, and its gradient.

    pair (PackedPair): The document with its question.
    logits (Floats): (n_pieces, 2).
    spans (Sequence[tuple[int, int]]): First token of each right answer, and one past its last; empty if there is none.
    RETURNS (tuple[float, Floats] | None): The mean of both, and (n_pieces, 2); None if none of the right answers is
        among what was read, where documents are cut off.
    """
    candidates = Candidates.of(pair, logits)
    wanted = np.zeros_like(candidates.log_probabilities)
    if not spans:
        wanted[0] = 1.0
    for start, end in spans:
        places = np.searchsorted(pair.tokens, [start, end - 1])
        inside = places < len(pair.tokens)
        if inside.all() and (pair.tokens[places] == [start, end - 1]).all():
            wanted[places[0] + 1, 0] += 1.0
            wanted[places[1] + 1, 1] += 1.0
    if not wanted.any():
        return None
    wanted /= wanted.sum(axis=0)
    loss = -(wanted * candidates.log_probabilities).sum() / 2
    gradient = np.zeros(logits.shape)
    d_chosen = (np.exp(candidates.log_probabilities) - wanted) / 2
    for side in (0, 1):
        np.add.at(gradient[:, side], candidates.rows[:, side], d_chosen[:, side])
    return float(loss), gradient


def _share(log_odds: float) -> float:
    """RETURNS (float): The logistic function, for any number."""
    return float(np.exp(-np.logaddexp(0.0, -log_odds)))
