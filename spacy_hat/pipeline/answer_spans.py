"""From the logits of pieces to answers, and from annotated answers to the gradient of the logits.

The candidates of a document are its tokens, in all of its windows together, and one more, that there is no answer. Its
logits are those of the first piece of a window; of several windows, of the one that has them lowest: a document has no
answer if none of its windows has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..packing.pairs import PackedPair
from ..ragged import Ints1d

Floats = NDArray[np.float64]
MOST_TRIED = 64
"""Candidates to look at for each answer that is wanted, since those that overlap a better one are left out."""


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
    no_answer = float(np.exp(null))
    width = min(max_tokens, len(starts))
    if not width:
        return Answers(question, [], no_answer)
    padded = np.append(ends, np.full(width - 1, -np.inf))
    scores = (starts[:, None] + sliding_window_view(padded, width)).ravel()
    n_tried = min(n_best if n_best == 1 else n_best * MOST_TRIED, len(scores))
    best = np.argpartition(-scores, n_tried - 1)[:n_tried]
    best = best[np.lexsort((best, -scores[best]))]
    answers: list[Answer] = []
    for number in best.tolist():
        first, last = number // width, number // width + number % width
        score = scores[number]
        if len(answers) == n_best or not np.isfinite(score) or _share(score - null) < threshold:
            break
        start, end = int(pair.tokens[first]), int(pair.tokens[last]) + 1
        if not any(start < other.end and other.start < end for other in answers):
            answers.append(Answer(start, end, float(np.exp(score))))
    return Answers(question, answers, no_answer)


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
