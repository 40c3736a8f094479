"""Questions and choices made of docstrings: answers stand in the text, and what has none is not in it."""

import random

import pytest
import spacy
from spacy.tokens import Doc

from scripts.docstring_prose import Paragraph
from scripts.numpy_reference import Entry
from scripts.prepare_questions import choice_docs, kinds_of_questions, question_docs

NLP = spacy.blank("en")


def entry(name: str, summary: str, *others: tuple[str, str]) -> Entry:
    return Entry(name, (Paragraph("summary", summary), *(Paragraph(label, text) for label, text in others)))


ENTRIES = [
    entry(
        "numpy.add",
        "Add arguments.",
        ("parameters", "x1 : array_like The arrays to be added. They are broadcast."),
        ("parameters", "out : ndarray, optional Where to store the result."),
        ("raises", "ValueError If shapes differ."),
        ("returns", "add : ndarray The sum of both. A scalar if both are."),
    ),
    entry("numpy.sort", "Sort an array.", ("parameters", "kind : str Which algorithm to use.")),
    entry("numpy.dot", "Multiply two arrays.", ("parameters", "a : array_like First argument.")),
    entry("numpy.sum", "Sum over an axis.", ("notes", "Nothing is said here.")),
]


@pytest.fixture
def asked() -> list[Doc]:
    return question_docs(ENTRIES, NLP, random.Random(0))


def test_questions_are_answered_by_the_sentence_that_says_so(asked: list[Doc]) -> None:
    found = {span.label_: span.text for doc in asked for span in doc.spans["answers"]}
    expected = {
        "What is the parameter x1?": "array_like The arrays to be added",
        "What is the parameter out?": "ndarray, optional Where to store the result",
        "When is ValueError raised?": "If shapes differ",
        "What is returned?": "ndarray The sum of both",
        "What is the parameter kind?": "str Which algorithm to use",
        "What is the parameter a?": "array_like First argument",
    }
    assert found.items() <= expected.items()
    assert len(found) >= 5


def test_questions_without_an_answer_are_about_names_that_do_not_occur(asked: list[Doc]) -> None:
    for doc in asked:
        answered = {span.label_ for span in doc.spans["answers"]}
        (without,) = [question for question in doc._.questions if question not in answered]
        names = {word.strip("?") for word in without.split()} & {"x1", "out", "kind", "a", "ValueError"}
        assert names
        assert not names & {token.text for token in doc}
        assert sorted(kinds_of_questions(doc))[-1] == "without an answer"


def test_questions_leave_out_docstrings_that_answer_none(asked: list[Doc]) -> None:
    assert [doc.user_data["hat"]["name"] for doc in asked] == ["numpy.add", "numpy.sort", "numpy.dot"]


def test_choices_have_the_summary_among_others_and_not_in_the_text() -> None:
    docs = choice_docs(ENTRIES, NLP, random.Random(0))
    assert len(docs) == len(ENTRIES)
    for doc, one in zip(docs, ENTRIES, strict=True):
        assert doc._.choice == one.paragraphs[0].text
        assert doc._.choice in doc._.options
        assert len(set(doc._.options)) == 4
        assert one.paragraphs[0].text not in doc.text
        assert kinds_of_questions(doc) == [f"option {doc._.options.index(doc._.choice) + 1} is right"]
