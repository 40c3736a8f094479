"""A row of the input as a document to annotate, or with the reason why it cannot be."""

from dataclasses import dataclass, field
from typing import Any

from ..corpora.labels import LabelRules
from ..corpora.records import Columns, text_of
from ..corpora.rows import FILE_KEY, Row
from ..corpora.spans import read_starts
from .names import ID


@dataclass(frozen=True)
class Document:
    """One row of the input.

    id (str): What it is called.
    text (str): All of it; empty if there is none.
    columns (dict[str, Any]): What else the row has.
    starts (list[int] | None): First character of each sentence that it was given as; None if it was not.
    error (str): Why it cannot be annotated; empty if it can be.
    """

    id: str
    text: str
    columns: dict[str, Any] = field(default_factory=dict)
    starts: list[int] | None = None
    error: str = ""


def make_document(row: Row, *, text: str, id_column: str | None) -> Document:
    """Take a row apart.

    row (Row): The row, which may be any.
    text (str): Name of the column with the text.
    id_column (str | None): Name of the column with the id. None: `id`, or the name of a file of text; a row that has
        neither is called after its place.
    RETURNS (Document): The document.
    """
    if row.problem:
        return Document(row.place, "", error=row.problem)
    is_text = set(row.values) == {text, FILE_KEY}
    name = id_column or (FILE_KEY if is_text else ID)
    found = row.values.get(name)
    has_id = isinstance(found, str | int) and not isinstance(found, bool) and found != ""
    columns = {key: value for key, value in row.values.items() if key not in (text, name)}
    called = str(found) if has_id else row.place
    if not has_id and id_column is not None:
        return Document(
            called,
            "",
            columns,
            error=f"{row.place} has no id under {name!r}. Got: {found!r}. Expected: a string or a whole number.",
        )
    try:
        sentences = text_of(row, Columns(text=text), LabelRules("spans"))
        starts = read_starts(row.place, row.values.get("sentence_starts"), len(sentences.text))
    except ValueError as error:
        return Document(called, "", columns, error=str(error))
    return Document(called, sentences.text, columns, sentences.starts or starts)
