"""Exact match and F1 of answers, as SQuAD counts them (Rajpurkar et al. 2016, arXiv 1606.05250; 2018, 1806.03822)."""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from ..corpora.asked import gold_questions

ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = dict.fromkeys(map(ord, string.punctuation))
SCORES = ("qa_em", "qa_f1", "qa_f1_answered", "qa_f1_unanswered")


def qa_scorer_v1() -> Callable[..., dict[str, Any]]:
    """Score answers, averaged over the questions of all documents.

    `qa_em`: whether the best answer is one of the right ones, but for case, punctuation and articles. `qa_f1`: the
    words that it shares with the one it is nearest to. `qa_f1_answered` and `qa_f1_unanswered` are that for questions
    that have an answer, and for those that have none, where no answer is right.

    RETURNS (Callable): From examples, and the key of their answers, to the four scores; null where nothing is counted.
    """
    return score_answers


def score_answers(examples: Iterable[Example], *, spans_key: str, **_settings: Any) -> dict[str, float | None]:
    """Score answers.

    examples (Iterable[Example]): Documents with answers, and with the right ones.
    spans_key (str): Where both are.
    **_settings (Any): Others of the component.
    RETURNS (dict[str, float | None]): The scores.
    """
    exact: list[float] = []
    shared: dict[bool, list[float]] = {True: [], False: []}
    for example in examples:
        for question in gold_questions(example.reference, spans_key):
            right = answers_to(example.reference, question, spans_key)
            given = next(iter(answers_to(example.predicted, question, spans_key)), "")
            exact.append(max(float(normalized(given) == normalized(answer)) for answer in right or [""]))
            shared[bool(right)].append(max(f1(given, answer) for answer in right or [""]))
    found = (exact, [*shared[True], *shared[False]], shared[True], shared[False])
    return {name: sum(scores) / len(scores) if scores else None for name, scores in zip(SCORES, found, strict=True)}


def answers_to(doc: Doc, question: str, key: str) -> list[str]:
    """RETURNS (list[str]): The answers of a document to a question, in order."""
    return [span.text for span in doc.spans.get(key, []) if span.label_ == question]


def f1(given: str, right: str) -> float:
    """RETURNS (float): The harmonic mean of precision and recall in words; 1 if there are none in both."""
    words, right_words = normalized(given), normalized(right)
    if not words or not right_words:
        return float(words == right_words)
    n_shared = sum((Counter(words) & Counter(right_words)).values())
    return 2 * n_shared / (len(words) + len(right_words))


def normalized(answer: str) -> Sequence[str]:
    """RETURNS (Sequence[str]): The words of an answer, without case, punctuation and articles."""
    return ARTICLES.sub(" ", answer.lower().translate(PUNCTUATION)).split()
