"""From the rows of a file to documents with labels, spans and sentences, checked strictly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..choices import Form, Join
from .labels import LabelRules, read_labels
from .questions import (
    CHOICE_KEYS,
    FLAT_KEYS,
    SQUAD_KEYS,
    AskedCounts,
    Choosable,
    Question,
    is_choosable,
    paragraphs_of,
    read_choosable,
    read_questions,
)
from .rows import TEXT_KEY, Row, read_rows
from .sources import Source, find_sources
from .spans import CharSpan, Sentences, join_sentences, locate_sentences, read_spans, read_starts

LABEL_KEY = "label"
ANSWERS = {"reject": "rejected in Prodigy", "ignore": "ignored in Prodigy"}
EMPTY = "without text"
ANNOTATION = {"cats", "spans", "sentences", "sentence_starts", "options", "accept"}
LARGEST_WHOLE = 2**63


@dataclass(frozen=True)
class Record:
    """One document as it was found.

    place (str): File and line, for messages.
    text (str): All of it.
    labels (list[str]): Of the document.
    spans (list[CharSpan]): First character, one past the last, label.
    false_labels (list[str]): Labels that it is said not to have.
    sentence_starts (list[int] | None): First character of each sentence that it was given as; None if it was not.
    group (str): What it belongs to; documents of one group stay together. Empty for none.
    columns (dict[str, Any]): What else was found, such as an id, in values that msgpack can hold.
    questions (list[Question]): What is asked of it.
    choosable (Choosable | None): What is to be chosen among.
    """

    place: str
    text: str
    labels: list[str]
    spans: list[CharSpan]
    false_labels: list[str] = field(default_factory=list)
    sentence_starts: list[int] | None = None
    group: str = ""
    columns: dict[str, Any] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    choosable: Choosable | None = None

    @property
    def is_labelled(self) -> bool:
        """RETURNS (bool): Whether there is something to learn from it."""
        is_chosen = self.choosable is not None and self.choosable.right is not None
        return bool(self.labels or self.spans or self.questions or is_chosen)


@dataclass(frozen=True)
class Columns:
    """Names of columns, or keys.

    text (str): With the text. In JSON, `sentences` can stand in its place, or beside it.
    label (str): With the label of the document; it may be missing.
    separator (str): What stands between several labels of one column; none if empty.
    group (str | None): With what documents belong to; None for nothing.
    delimiter (str | None): What stands between the columns of a table; looked for if None.
    join (Join): What comes between sentences that are given without a text.
    """

    text: str = TEXT_KEY
    label: str = LABEL_KEY
    separator: str = ""
    group: str | None = None
    delimiter: str | None = None
    join: Join = "space"


@dataclass
class Reading:
    """What was noticed while documents were read.

    skipped (Counter): Reason -> documents that were left out.
    """

    skipped: Counter[str] = field(default_factory=Counter)
    of_documents: LabelRules = field(default_factory=lambda: LabelRules("documents"))
    of_spans: LabelRules = field(default_factory=lambda: LabelRules("spans"))
    asked: AskedCounts = field(default_factory=AskedCounts)

    def notes(self) -> list[str]:
        """RETURNS (list[str]): What was changed in labels, in words."""
        return self.of_documents.notes() + self.of_spans.notes() + self.asked.notes()


def read_records(
    path: Path, columns: Columns | None = None, *, form: Form | None = None, reading: Reading | None = None
) -> Iterator[Record]:
    """Read documents, one after the other.

    path (Path): A file, a folder, or `-` for stdin; docs/training.md has a table of the forms. In a folder of texts,
        the folder that a text is in is its label.
    columns (Columns | None): Where texts and labels are; under `text` and `label` if None.
    form (Form | None): How files are to be read; by their endings if None.
    reading (Reading | None): Where to note what was skipped or changed.
    YIELDS (Record): The documents that have text, and that were not rejected in Prodigy.
    RAISES (ValueError): If there is something else in a file; the message has its line.
    """
    columns, reading = columns or Columns(), reading or Reading()
    sources = find_sources(path, form)
    by_folder = _labels_by_folder(path, sources)
    n_rows = 0
    for source in sources:
        for row in read_rows([source], text=columns.text, delimiter=columns.delimiter):
            n_rows += 1
            if by_folder:
                row.values[columns.label] = source.folder.name
            for part in paragraphs_of(row, columns.text):
                reason = _reason_to_skip(part)
                record = None if reason else _read_record(part, columns, reading)
                if record is None or not record.text.strip():
                    reading.skipped[reason or EMPTY] += 1
                else:
                    yield record
    if not n_rows:
        is_table = sources[0].form in ("csv", "tsv", "ssv")
        raise ValueError(
            f"{path} holds no documents. Expected: at least one{', on a line after the header' * is_table}."
        )


def text_of(row: Row, columns: Columns, rules: LabelRules) -> Sentences:
    """Find the text of a row.

    row (Row): The row.
    columns (Columns): Where the text is.
    rules (LabelRules): How the labels of sentences are spelled.
    RETURNS (Sentences): The text, with its sentences if it was given any.
    RAISES (ValueError): If there is none, or it is not a string.
    """
    content, sentences = row.values.get(columns.text), row.values.get("sentences")
    if sentences is None or row.is_table:
        if not isinstance(content, str):
            got = type(content).__name__ if content is not None else ", ".join(row.values) or "nothing"
            raise ValueError(
                f"{row.place} has no text under {columns.text!r}. Got: {got}. Expected: a string. Name the column or "
                "key with the text: --text"
            )
        return Sentences(content)
    if content is None:
        return join_sentences(row.place, sentences, rules, columns.join)
    if not isinstance(content, str):
        raise ValueError(
            f"{row.place} has no text under {columns.text!r}. Got: {type(content).__name__}. Expected: a string."
        )
    return locate_sentences(row.place, content, sentences, rules)


def _labels_by_folder(path: Path, sources: Sequence[Source]) -> bool:
    """Whether texts have their folders' names for labels. RAISES (ValueError): If folders and texts are mixed up."""
    depths = {len(source.folder.parts): source for source in sources if source.form == "txt"}
    if not path.is_dir() or not depths:
        return False
    others = [source for source in sources if source.form != "txt"]
    if others or len(depths) > 1 or max(depths) > 1:
        found = ", ".join(str(source.path.relative_to(path)) for source in [*depths.values(), *others[:1]])
        raise ValueError(
            f"{path} is not a folder of texts with a folder for each label. Got: {found}. Expected: texts in folders "
            "right below it, or no folders at all, and no files of another form. Name a folder that is so."
        )
    return 1 in depths


def _reason_to_skip(row: Row) -> str | None:
    answer = None if is_choosable(row.values) else row.values.get("answer")
    return ANSWERS.get(answer) if isinstance(answer, str) else None


def _read_record(row: Row, columns: Columns, reading: Reading) -> Record:
    place, values = row.place, row.values
    known, annotation = {columns.text, columns.label}, values
    if row.is_table:
        annotation = {columns.label: values.get(columns.label, "").strip() or None}
    else:
        known |= ANNOTATION
    found = text_of(row, columns, reading.of_spans)
    labels = read_labels(place, annotation, key=columns.label, separator=columns.separator, rules=reading.of_documents)
    spans, starts, questions, choosable = [], None, [], None
    if not row.is_table:
        questions = read_questions(place, values, found.text, reading.asked)
        choosable = read_choosable(place, values)
        known |= CHOICE_KEYS if choosable else set()
        known |= SQUAD_KEYS | (FLAT_KEYS if "qas" not in values else set()) if questions else set()
        spans = read_spans(place, values.get("spans"), len(found.text), reading.of_spans)
        starts = read_starts(place, values.get("sentence_starts"), len(found.text))
    if starts is not None and found.starts:
        raise ValueError(f"{place} has sentences and sentence_starts. Expected: one of them. Remove the other.")
    is_answered = values.get("answer") == "accept"
    others = {name: value for name, value in values.items() if name not in known}
    return Record(
        place,
        found.text,
        labels.true,
        found.spans + spans,
        labels.false,
        found.starts or starts,
        _group(row, columns.group),
        {name: plain(value) for name, value in others.items() if not (is_answered and name == "answer")},
        questions,
        choosable,
    )


def _group(row: Row, name: str | None) -> str:
    if name is None:
        return ""
    value = row.values.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(
            f"{row.place} has no group under {name!r}. Got: {value!r}. Expected: a string or a whole number in every "
            "document. Name the column or key: --group"
        )
    return str(value).strip()


def plain(value: Any) -> Any:
    """RETURNS (Any): What msgpack can hold; else its own words: dates, decimals, numbers of more than 64 bits."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    is_small = isinstance(value, int) and -LARGEST_WHOLE <= value < LARGEST_WHOLE
    return value if value is None or is_small or isinstance(value, str | float | bytes) else str(value)
