"""A table of rows, through a pipeline, into a table of annotations with as many rows."""

import json
from typing import Any

from ...corpora.asked import OPTIONS, QUESTION, QUESTIONS
from ...corpora.rows import checked_row
from ..annotator import Annotator, failed
from ..answers import Answer
from ..columns import own_type
from ..documents import Document, make_document
from ..names import ID, carried_name
from ..processes import KILLED
from ..windows import spans_of_budget
from ..writers import table_row
from .work import PROBLEM, STARTS, TEXT, Work

ASKED = (QUESTIONS, OPTIONS, QUESTION)
"""Columns that say what is asked of a document; see `Annotator`."""


class TableAnnotator:
    """A loaded pipeline that takes tables.

    work (Work): What is to be done.
    RAISES (ValueError): If the pipeline cannot be loaded, or cannot do it.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.annotator = Annotator(work.task())
        self.own = self.annotator.columns()

    def __call__(self, question: tuple[Any, bool]) -> Any:
        """Annotate the rows of a table.

        question (tuple[pyarrow.Table, bool]): The rows, and whether they are known to kill their process.
        RETURNS (pyarrow.Table): A row for each, in their order: our columns, and the table's others.
        RAISES (ValueError): If the table lacks a column.
        """
        table, is_killer = question
        documents = documents_of(table, self.work)
        if is_killer:
            answers = [failed(document, KILLED, self.annotator.task) for document in documents]
        else:
            windows = spans_of_budget([len(document.text) for document in documents], self.work.budget)
            answers = [answer for window in windows for answer in self.annotator(documents[window])]
        return annotated(table, documents, answers, self.own, self.work)


def documents_of(table: Any, work: Work) -> list[Document]:
    """RETURNS (list[Document]): The rows of a table. RAISES (ValueError): If it lacks a column."""
    if work.is_taken_apart:
        asked = [name for name in ASKED if name in table.column_names]
        rows = table.select([ID, TEXT, STARTS, PROBLEM, *asked]).to_pylist()
        return [
            Document(row[ID], row[TEXT], {name: _asked(name, row[name]) for name in asked}, row[STARTS], row[PROBLEM])
            for row in rows
        ]
    for name, option in ((work.text, "text"), (work.id_column, "id_column")):
        if name not in table.column_names:
            raise ValueError(
                f"The dataset has no column {name!r}. Got: {', '.join(table.column_names)}. Expected: a text and an id "
                f"in each row. Name the column: {option}=…"
            )
    wanted = (work.text, work.id_column, "sentences", "sentence_starts", *ASKED)
    needed = [name for name in wanted if name in table.column_names]
    rows = table.select(list(dict.fromkeys(needed))).to_pylist()
    if work.text_ids and (other := [row[work.id_column] for row in rows if not isinstance(row[work.id_column], str)]):
        raise ValueError(
            f"A checkpoint of Ray's looks for ids as they are written, which is as texts. Got: {other[0]!r}. Make "
            f"{work.id_column!r} a column of texts."
        )
    named = [checked_row(f"The document {row[work.id_column]!r}", row) for row in rows]
    return [make_document(row, text=work.text, id_column=work.id_column) for row in named]


def _asked(name: str, value: Any) -> Any:
    """Lists are JSON where they do not come from Parquet. RETURNS (Any): What is asked of a document."""
    return json.loads(value) if name != QUESTION and isinstance(value, str) else value


def annotated(table: Any, documents: list[Document], answers: list[Answer], own: list[str], work: Work) -> Any:
    """RETURNS (pyarrow.Table): Our columns, and those of a table that are carried along."""
    import pyarrow as pa

    rows = [table_row(document, answer, own) for document, answer in zip(documents, answers, strict=True)]
    made = pa.Table.from_pylist(rows, pa.schema([(name, own_type(name)) for name in own]))
    left_out = {TEXT, STARTS, PROBLEM, ID} if work.is_taken_apart else {work.text, work.id_column}
    for name in table.column_names:
        if name not in left_out:
            # Of documents that were taken apart, columns have their names already.
            made = made.append_column(name if work.is_taken_apart else carried_name(name), table.column(name))
    return made
