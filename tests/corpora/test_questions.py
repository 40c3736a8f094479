"""Questions in SQuAD's form and options: where they go, and that nothing is believed or lost on the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_hat.corpora.convert import Conversion, convert
from spacy_hat.corpora.records import read_records

CONTEXT = "The court held that. The appeal was dismissed, and costs follow."
WHAT = {"id": "q1", "question": "What follows?", "answers": [{"text": "costs", "answer_start": 51}]}
WHO = {"id": "q2", "question": "Who appeals?", "answers": [], "is_impossible": True}
CHOICE = {"text": CONTEXT, "options": ["dismissed", "allowed"], "answer": 0}


def squad(*qas: Any, context: str = CONTEXT, **paragraph: Any) -> dict[str, Any]:
    paragraphs = [{"context": context, "qas": list(qas), **paragraph}]
    return {"version": "v2.0", "data": [{"title": "Courts", "paragraphs": paragraphs}]}


def converted(tmp_path: Path, found: Any, name: str = "squad.json") -> tuple[Conversion, list[Doc]]:
    text = json.dumps(found) if name.endswith(".json") else "".join(f"{json.dumps(one)}\n" for one in found)
    (tmp_path / name).write_text(text, encoding="utf8")
    counts = convert(tmp_path / name, tmp_path / "docs.spacy", force=True)
    return counts, read(tmp_path / "docs.spacy")


def read(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def test_squad_goes_to_questions_and_answers(tmp_path: Path) -> None:
    counts, (doc,) = converted(tmp_path, squad(WHAT, WHO))
    assert doc.text == CONTEXT
    assert list(doc._.questions) == ["What follows?", "Who appeals?"]
    assert [(span.text, span.label_) for span in doc.spans["answers"]] == [("costs", "What follows?")]
    assert doc.user_data["hat"] == {"title": "Courts", "question_ids": ("q1", "q2")}
    assert counts.parts["train"].asked == {"questions": 2, "questions without an answer": 1, "answers": 1}
    assert counts.n_unlabelled == 0


def test_squad_paragraphs_are_documents_and_say_where_they_stand(tmp_path: Path) -> None:
    found = squad(WHAT)
    found["data"][0]["paragraphs"] += squad(WHO, context="Nothing here.")["data"][0]["paragraphs"]
    (tmp_path / "squad.json").write_text(json.dumps(found), encoding="utf8")
    places = [record.place for record in read_records(tmp_path / "squad.json")]
    assert [place.rpartition("squad.json, ")[2] for place in places] == [
        "document 1, paragraph 1",
        "document 1, paragraph 2",
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"text": CONTEXT, "qas": [WHAT]},
        {
            "text": CONTEXT,
            "id": "q1",
            "question": "What follows?",
            "answers": {"text": ["costs"], "answer_start": [51]},
        },
    ],
)
def test_questions_stand_beside_a_text_too(tmp_path: Path, row: dict[str, Any]) -> None:
    _, (doc,) = converted(tmp_path, [row], "docs.jsonl")
    assert list(doc._.questions) == ["What follows?"]
    assert [span.text for span in doc.spans["answers"]] == ["costs"]


def test_answers_inside_tokens_take_in_all_of_them_and_are_counted(tmp_path: Path) -> None:
    inside = {"question": "What?", "answers": [{"text": "ost", "answer_start": 52}]}
    counts, (doc,) = converted(tmp_path, squad(inside, WHAT))
    assert [span.text for span in doc.spans["answers"]] == ["costs", "costs"]
    assert counts.n_expanded_answers == 1


def test_questions_that_stand_twice_have_all_answers(tmp_path: Path) -> None:
    other = {**WHAT, "answers": [{"text": "costs follow", "answer_start": 51}]}
    counts, (doc,) = converted(tmp_path, squad(WHAT, other, WHAT))
    assert [span.text for span in doc.spans["answers"]] == ["costs", "costs follow"]
    assert counts.notes == ["2 questions stand twice on a document; their answers are taken together."]


def test_plausible_answers_are_counted(tmp_path: Path) -> None:
    counts, (doc,) = converted(tmp_path, squad({**WHO, "plausible_answers": WHAT["answers"]}))
    assert counts.notes == ["1 questions without an answer have plausible ones, which are not used."]
    assert len(doc.spans["answers"]) == 0


def at(start: int, text: str = "costs") -> dict[str, Any]:
    return {"question": "What?", "answers": [{"text": text, "answer_start": start}]}


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (at(50), ["answer 'costs' at character 50", "Got there: ' cost'; it stands at 51", "Count characters"]),
        (at(51, "cost's"), ["Got there: 'costs '; it is nowhere in the text"]),
        (at(-13), ["at character -13"]),
        (at(20, " "), ["with some text"]),
        ({"question": "What?", "answers": [{"text": "costs"}]}, ["answer 'costs' at None"]),
        ({"question": "What?", "answers": ["costs"]}, ["has the answer 'costs'"]),
        ({"question": "What?", "answers": "costs"}, ["has 'answers': 'costs'. Expected: a list"]),
        ({"question": " ", "answers": []}, ["question 1 is empty"]),
        ({"answers": []}, ["question 1 is {'answers': []}"]),
        ({**WHAT, "is_impossible": True}, ["is_impossible = True and 1 answers"]),
        ({**WHO, "is_impossible": False}, ["is_impossible = False and 0 answers"]),
        ("What?", ["question 1 is 'What?'"]),
    ],
)
def test_questions_that_are_wrong_are_errors(tmp_path: Path, question: Any, parts: list[str]) -> None:
    with pytest.raises(ValueError, match=r"squad.json, document 1, paragraph 1, question 1") as error:
        converted(tmp_path, squad(question))
    assert [part for part in parts if part not in str(error.value)] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda article: article["paragraphs"].append("text"), "paragraph 2 is 'text'. Expected: .*context"),
        (lambda article: article["paragraphs"][0].update(qas="What?"), "has 'qas': 'What[?]'"),
    ],
)
def test_paragraphs_that_are_wrong_are_errors(tmp_path: Path, change: Callable[[Any], Any], message: str) -> None:
    found = squad(WHAT)
    change(found["data"][0])
    with pytest.raises(ValueError, match=message):
        converted(tmp_path, found)


@pytest.mark.parametrize("answer", [0, "dismissed"])
def test_options_go_to_the_document(tmp_path: Path, answer: Any) -> None:
    row = {**CHOICE, "answer": answer, "question": "And the appeal?", "id": 7}
    counts, (doc,) = converted(tmp_path, [row], "docs.jsonl")
    assert (list(doc._.options), doc._.choice, doc._.question) == (
        ["dismissed", "allowed"],
        "dismissed",
        "And the appeal?",
    )
    assert doc.user_data["hat"] == {"id": 7}
    assert counts.parts["train"].asked == {"documents with options": 1, "documents whose right option is known": 1}


def test_options_may_be_words_of_prodigy(tmp_path: Path) -> None:
    _, (doc,) = converted(tmp_path, [{**CHOICE, "options": ["accept", "reject"], "answer": "reject"}], "docs.jsonl")
    assert doc._.choice == "reject"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": 2}, "has the answer 2. Expected: one of its options"),
        ({"answer": True}, "has the answer True"),
        ({"answer": "granted"}, "has the answer 'granted'"),
        ({"options": ["dismissed"]}, "Expected: two or more that differ"),
        ({"options": ["dismissed", "dismissed "]}, "Expected: two or more that differ"),
        ({"options": ["dismissed", " "]}, "none of them empty"),
        ({"question": 3}, "has the question 3"),
    ],
)
def test_options_that_are_wrong_are_errors(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        converted(tmp_path, [{**CHOICE, **change}], "docs.jsonl")


def test_questions_and_options_survive_a_second_conversion(tmp_path: Path) -> None:
    rows = [{"text": CONTEXT, "qas": [WHAT, WHO], "case": 3}, {**CHOICE, "text": "The appeal was dismissed."}]
    _, docs = converted(tmp_path, rows, "docs.jsonl")
    convert(tmp_path / "docs.spacy", tmp_path / "again.spacy")
    again = {doc.text: doc for doc in read(tmp_path / "again.spacy")}
    for doc in docs:
        other = again[doc.text]
        assert other.user_data == doc.user_data
        assert [(s.start, s.end, s.label_) for s in other.spans.get("answers", [])] == [
            (s.start, s.end, s.label_) for s in doc.spans.get("answers", [])
        ]


@pytest.mark.parametrize(
    "answers", [WHAT["answers"], {"text": ["costs"], "answer_start": [51]}], ids=["rows", "columns"]
)
def test_question_of_a_row_is_read(tmp_path: Path, answers: Any) -> None:
    row = {"text": CONTEXT, "question": "What follows?", "answers": answers}
    _, (doc,) = converted(tmp_path, [row], "rows.jsonl")
    assert [(span.text, span.label_) for span in doc.spans["answers"]] == [("costs", "What follows?")]


@pytest.mark.parametrize(
    "other", [{"options": ["express"]}, {"answers": {"q1": "yes"}}, {"question": "yes", "answers": "x"}]
)
def test_columns_of_other_people_are_not_questions(tmp_path: Path, other: Any) -> None:
    _, (doc,) = converted(tmp_path, [{"text": CONTEXT, "label": "Law", **other}], "rows.jsonl")
    assert doc.cats == {"Law": 1.0}
    assert not doc.spans
    assert not doc._.questions
