"""Exact match and F1 as SQuAD counts them."""

import pytest
import spacy
from spacy.tokens import Span
from spacy.training import Example

from spacy_hat.corpora.asked import install_extensions
from spacy_hat.pipeline.answer_scores import f1, score_answers

NLP = spacy.blank("xx")


@pytest.mark.parametrize(
    ("given", "right", "expected"),
    [
        ("The Court.", "court", 1.0),
        ("the court of appeal", "court", 0.5),
        ("a court held", "an appeal", 0.0),
        ("", "", 1.0),
        ("court", "", 0.0),
        ("held held court", "held court", 0.8),
    ],
)
def test_f1_counts_shared_words(given: str, right: str, expected: float) -> None:
    assert f1(given, right) == pytest.approx(expected)


def example(given: dict[str, list[tuple[int, int]]], right: dict[str, list[tuple[int, int]]]) -> Example:
    install_extensions()
    docs = [NLP.make_doc("The court of appeal held that costs follow") for _ in range(2)]
    for doc, answers in zip(docs, (given, right), strict=True):
        doc._.questions = list(right)
        doc.spans["answers"] = [
            Span(doc, *bounds, label=question) for question in answers for bounds in answers[question]
        ]
    return Example(*docs)


def test_scores_take_the_best_answer_and_the_nearest_right_one() -> None:
    scores = score_answers(
        [example({"who": [(0, 2), (4, 5)]}, {"who": [(6, 7), (1, 2)], "why": []})], spans_key="answers"
    )
    assert scores == {"qa_em": 1.0, "qa_f1": 1.0, "qa_f1_answered": 1.0, "qa_f1_unanswered": 1.0}


def test_scores_count_an_answer_where_there_is_none() -> None:
    scores = score_answers([example({"why": [(0, 2)]}, {"who": [(1, 2)], "why": []})], spans_key="answers")
    assert scores == {"qa_em": 0.0, "qa_f1": 0.0, "qa_f1_answered": 0.0, "qa_f1_unanswered": 0.0}


def test_scores_without_questions_are_null() -> None:
    assert set(score_answers([example({}, {})], spans_key="answers").values()) == {None}
