"""Writers of one shard: rows come as they are made, so that memory does not grow with the shard."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from spacy.tokens import DocBin

from ..choices import Format
from .answers import Answer, carried
from .columns import cells, field_name, own_type
from .documents import Document
from .names import CATS, ERROR, ID

ROWS_IN_GROUP = 1024
BYTES_IN_GROUP = 2**25


class Writer(Protocol):
    """What writes rows in some form."""

    def write(self, documents: list[Document], answers: list[Answer]) -> None:
        """Write a row for each document, in their order."""


class TableWriter:
    """Parquet.

    file (ParquetWriter): What is written to.
    own (list[str]): Names of our columns.
    fields (dict[str, DataType]): The input's columns.
    """

    def __init__(self, file: Any, own: list[str], fields: dict[str, Any]) -> None:
        self.file, self.own, self.fields = file, own, fields
        self._tables: list[Any] = []

    def write(self, documents: list[Document], answers: list[Answer]) -> None:
        """Write a row for each document, in their order; a group of them at a time."""
        import pyarrow as pa

        rows = [
            table_row(document, answer, self.own) | cells(document.columns, self.fields)
            for document, answer in zip(documents, answers, strict=True)
        ]
        if rows:
            self._tables.append(pa.Table.from_pylist(rows, self.file.schema))
        enough = sum(table.num_rows for table in self._tables) >= ROWS_IN_GROUP
        if enough or sum(table.nbytes for table in self._tables) >= BYTES_IN_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what has come so far."""
        import pyarrow as pa

        if self._tables:
            self.file.write_table(pa.concat_tables(self._tables))
            self._tables = []


class LineWriter:
    """A JSON object on each line.

    file (TextIO): What is written to.
    own (list[str]): Names of our columns.
    """

    def __init__(self, file: Any, own: list[str]) -> None:
        self.file, self.own = file, own

    def write(self, documents: list[Document], answers: list[Answer]) -> None:
        """Write a line for each document, in their order."""
        for document, answer in zip(documents, answers, strict=True):
            row = _row(document, answer, self.own) | _finite(carried(document))
            self.file.write(json.dumps(row, ensure_ascii=False, allow_nan=False, default=str) + "\n")


class DocWriter:
    """spaCy's own format."""

    def __init__(self) -> None:
        self.docs = DocBin(store_user_data=True)

    def write(self, documents: list[Document], answers: list[Answer]) -> None:  # noqa: ARG002  they are in the answers
        """Add the documents, in their order."""
        for answer in answers:
            if answer.packed is not None:
                self.docs.merge(DocBin(store_user_data=True).from_bytes(answer.packed))


@contextmanager
def open_writer(form: Format, place: Path, own: list[str], fields: dict[str, Any]) -> Iterator[Writer]:
    """Begin a shard.

    form (Format): What is written.
    place (Path): The file.
    own (list[str]): Names of our columns.
    fields (dict[str, DataType]): The input's columns, for a table.
    YIELDS (Writer): Takes the rows. The file is whole when it is left.
    """
    if form == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        types = {name: own_type(name) for name in own} | {field_name(name): kind for name, kind in fields.items()}
        with parquet.ParquetWriter(place, pa.schema(list(types.items()))) as file:
            table = TableWriter(file, own, fields)
            yield table
            table.flush()
    elif form == "jsonl":
        with place.open("w", encoding="utf8", newline="\n") as lines:
            yield LineWriter(lines, own)
    else:
        docs = DocWriter()
        yield docs
        docs.docs.to_disk(place)


def table_row(document: Document, answer: Answer, own: list[str]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Our columns, as pyarrow takes them: a map is a list of pairs."""
    row = _row(document, answer, own)
    return row | ({CATS: list(row[CATS].items())} if row[CATS] is not None else {})


def _row(document: Document, answer: Answer, own: list[str]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Our columns. What could not be found out is null."""
    values = {ID: document.id, ERROR: answer.error or None, **answer.values}
    return {name: values.get(name) for name in own}


def _finite(value: Any) -> Any:
    """What JSON can hold: of numbers, the finite ones."""
    if isinstance(value, dict):
        return {str(name): _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
