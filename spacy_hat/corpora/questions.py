"""Questions with their answers in SQuAD's form, and options with the right one; checked strictly."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .asked import check_texts
from .rows import Row

QUESTION_FORM = '{"question": "...", "answers": [{"text": "...", "answer_start": 0}]}'
PARAGRAPH_FORM = '{"context": "...", "qas": [...]}'
SQUAD_KEYS = {"qas"}
FLAT_KEYS = {"question", "answers"}
CHOICE_KEYS = {"options", "answer", "question"}


@dataclass(frozen=True)
class Question:
    """A question about a document.

    text (str): The question.
    answers (list[tuple[int, int]]): First character of each right answer, and one past its last; none: it has none.
    id (str): What it is called; empty if it is not.
    """

    text: str
    answers: list[tuple[int, int]]
    id: str = ""


@dataclass(frozen=True)
class Choosable:
    """What is to be chosen among, for a document.

    options (list[str]): The options.
    right (str | None): The right one; None if it is not known.
    question (str): What they answer; empty for nothing.
    """

    options: list[str]
    right: str | None
    question: str = ""


@dataclass
class AskedCounts:
    """What was noticed while questions were read.

    counts (Counter): What -> how often.
    """

    counts: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """RETURNS (list[str]): The counts, in words."""
        return [f"{count:,} {what}." for what, count in self.counts.items()]


def paragraphs_of(row: Row, text_key: str) -> Iterator[Row]:
    """Find the documents in a row: each paragraph is one in SQuAD's form, which has articles of them.

    row (Row): The row.
    text_key (str): Where its text is to stand.
    YIELDS (Row): The paragraphs, with what else belongs to their article; any other row as it is.
    RAISES (ValueError): If a paragraph is not one.
    """
    paragraphs = row.values.get("paragraphs")
    is_squad = isinstance(paragraphs, list) and any(isinstance(one, dict) and "qas" in one for one in paragraphs)
    if not isinstance(paragraphs, list) or not is_squad:
        yield row
        return
    shared = {name: value for name, value in row.values.items() if name != "paragraphs"}
    for number, paragraph in enumerate(paragraphs, start=1):
        place = f"{row.place}, paragraph {number}"
        if not isinstance(paragraph, dict) or not isinstance(paragraph.get("context"), str):
            raise ValueError(f"{place} is {paragraph!r:.100}. Expected: {PARAGRAPH_FORM}.")
        values = {name: value for name, value in paragraph.items() if name != "context"}
        yield replace(row, place=place, values={**shared, **values, text_key: paragraph["context"]})


def read_questions(place: str, values: Mapping[str, Any], text: str, counts: AskedCounts) -> list[Question]:
    """Find what is asked of a document.

    place (str): Where it stands, for messages.
    values (Mapping[str, Any]): Those of the document: questions under `qas`, or one under `question` with its
        `answers`, a list of them or the columns of `datasets`. Columns that only share these names are not questions.
    text (str): The document.
    counts (AskedCounts): Where to note what is odd.
    RETURNS (list[Question]): The questions, each once.
    RAISES (ValueError): If one is not a question, or its answer is not in its place.
    """
    asked = values.get("qas")
    if asked is None and isinstance(values.get("question"), str):
        answers = values.get("answers")
        if isinstance(answers, dict) and answers.keys() >= {"text", "answer_start"}:
            asked = [{**values, "answers": _rows_of(place, answers)}]
        elif isinstance(answers, list) and all(isinstance(answer, dict) for answer in answers):
            asked = [values]
    if asked is None:
        return []
    if not isinstance(asked, list):
        raise ValueError(f"{place} has 'qas': {asked!r:.100}. Expected: a list of {QUESTION_FORM}.")
    questions: dict[str, Question] = {}
    for number, one in enumerate(asked, start=1):
        question = _read_question(f"{place}, question {number}", one, text, counts)
        if (before := questions.get(question.text)) is not None:
            counts.counts["questions stand twice on a document; their answers are taken together"] += 1
            question = replace(before, answers=list(dict.fromkeys([*before.answers, *question.answers])))
        questions[question.text] = question
    return list(questions.values())


def _rows_of(place: str, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Answers in columns, as `datasets` has them, in rows."""
    texts, starts = answers.get("text"), answers.get("answer_start")
    if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
        raise ValueError(
            f"{place} has 'answers': {answers!r:.100}. Expected: {{'text': [...], 'answer_start': [...]}}."
        )
    return [{"text": text, "answer_start": start} for text, start in zip(texts, starts, strict=True)]


def _read_question(place: str, question: Any, text: str, counts: AskedCounts) -> Question:
    if not isinstance(question, dict) or not isinstance(question.get("question"), str):
        raise ValueError(f"{place} is {question!r:.100}. Expected: {QUESTION_FORM}.")
    asked = question["question"].strip()
    if not asked:
        raise ValueError(f"{place} is empty. Expected: {QUESTION_FORM}.")
    answers = question.get("answers", [])
    if not isinstance(answers, list):
        raise ValueError(f"{place} has 'answers': {answers!r:.100}. Expected: a list, as in {QUESTION_FORM}.")
    is_impossible = question.get("is_impossible")
    if is_impossible is not None and bool(is_impossible) is not (not answers):
        raise ValueError(
            f"{place} has is_impossible = {is_impossible!r} and {len(answers)} answers. Expected: answers, or "
            "is_impossible = true. Correct one of the two."
        )
    if question.get("plausible_answers"):
        counts.counts["questions without an answer have plausible ones, which are not used"] += 1
    found = [_read_answer(place, answer, text) for answer in answers]
    return Question(asked, list(dict.fromkeys(found)), str(question.get("id") or ""))


def _read_answer(place: str, answer: Any, text: str) -> tuple[int, int]:
    expected = '{"text": "...", "answer_start": 0}'
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        raise ValueError(f"{place} has the answer {answer!r:.100}. Expected: {expected}.")
    start, part = answer.get("answer_start"), answer["text"]
    if not isinstance(start, int) or isinstance(start, bool) or not part.strip():
        raise ValueError(f"{place} has the answer {part!r:.60} at {start!r:.20}. Expected: {expected}, with some text.")
    if start < 0 or text[start : start + len(part)] != part:
        places = [str(n) for n in range(len(text)) if text.startswith(part, n)][:3]
        where = f"it stands at {', '.join(places)}" if places else "it is nowhere in the text"
        raise ValueError(
            f"{place} has the answer {part!r:.60} at character {start}. Got there: "
            f"{text[max(start, 0) : max(start, 0) + len(part)]!r:.60}; {where}. Expected: the same text. Count "
            "characters (not bytes, and not UTF-16) from 0, in the text as it is."
        )
    return start, start + len(part)


def is_choosable(values: Mapping[str, Any]) -> bool:
    """RETURNS (bool): Whether a document has an `answer`, and options that are texts; Prodigy's are objects."""
    options = values.get("options")
    has_texts = isinstance(options, list) and bool(options) and all(isinstance(option, str) for option in options)
    return has_texts and "answer" in values


def read_choosable(place: str, values: Mapping[str, Any]) -> Choosable | None:
    """Find what is to be chosen among for a document.

    place (str): Where it stands, for messages.
    values (Mapping[str, Any]): Those of the document: texts under `options`, the right one, or its number from 0 on,
        under `answer`, and what they answer under `question`.
    RETURNS (Choosable | None): The options; None if there are none.
    RAISES (ValueError): If there is no choice, or the right one is not among them.
    """
    if not is_choosable(values):
        return None
    options = [option.strip() for option in check_texts(values["options"], f"'options' of {place}", '["yes", "no"]')]
    if len(options) < 2 or len(set(options)) < len(options):
        raise ValueError(f"{place} has the options {options!r:.100}. Expected: two or more that differ.")
    right, question = values.get("answer"), values.get("question")
    if not isinstance(question, str | None):
        raise ValueError(f"{place} has the question {question!r:.100}. Expected: a string, or none.")
    if isinstance(right, int) and not isinstance(right, bool) and 0 <= right < len(options):
        right = options[right]
    elif isinstance(right, str):
        right = right.strip()
    if right is not None and right not in options:
        raise ValueError(
            f"{place} has the answer {right!r:.60}. Expected: one of its options, {options!r:.100}, or its number "
            f"from 0 to {len(options) - 1}; null if it is not known."
        )
    return Choosable(options, right, (question or "").strip())
