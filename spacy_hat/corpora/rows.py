"""One lazy reader for every form of documents: a row has the values of one document, and says where it was found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..choices import Form
from .json_rows import read_json, read_json_lines
from .parquet import read_parquet
from .sources import TABLES, Source
from .tables import read_table

TEXT_KEY = "text"
FILE_KEY = "file"
Found = tuple[str, dict[str, Any] | ValueError]
"""Where a document stands, and its values, or why it has none."""

MOST_NESTED = 100
"""Values in values that a corpus can hold: msgpack refuses to go much deeper."""


@dataclass(frozen=True)
class Row:
    """One document as it was found.

    place (str): File and line, for messages.
    values (dict[str, Any]): Name of a column, or key -> value.
    is_table (bool): Whether each value is the text of a cell, so that an empty one means no value.
    problem (str): What is wrong with it; empty if nothing is. Its values may then be missing, or not text.
    """

    place: str
    values: dict[str, Any]
    is_table: bool = False
    problem: str = ""


def read_rows(
    sources: Sequence[Source],
    *,
    text: str = TEXT_KEY,
    delimiter: str | None = None,
    start: int = 0,
    strict: bool = True,
) -> Iterator[Row]:
    """Read files of documents, one document after the other.

    sources (Sequence[Source]): The files.
    text (str): Name of the column, or of the key, with the text; that of files which are a text themselves, too.
    delimiter (str | None): What stands between the columns of a table; looked for if None.
    start (int): How many documents of each file to leave out at its beginning.
    strict (bool): Whether a document that cannot be one is an error. If not, its row says what is wrong, and the next
        one follows; a file that cannot be read on is an error either way.
    YIELDS (Row): The documents.
    RAISES (ValueError): If there is something else in a file; the message has its line.
    """
    for source in sources:
        for place, found in _read(source, text, delimiter, start):
            row = checked_row(place, found, is_table=source.form in TABLES)
            if strict and row.problem:
                raise ValueError(row.problem)
            yield row


def checked_row(place: str, found: dict[str, Any] | ValueError, *, is_table: bool = False) -> Row:
    """Look whether a document can be one.

    place (str): Where it stands, for messages.
    found (dict[str, Any] | ValueError): Its values, or why it has none.
    is_table (bool): Whether each value is the text of a cell.
    RETURNS (Row): The document, which may have a problem.
    """
    values = {} if isinstance(found, ValueError) else found
    try:
        if isinstance(found, ValueError):
            raise found
        _check_values(place, values)
    except ValueError as error:
        return Row(place, values, is_table, problem=str(error))
    return Row(place, values, is_table)


def _read(source: Source, text: str, delimiter: str | None, start: int) -> Iterator[Found]:
    if source.form == "parquet":
        return read_parquet(source, start)
    found: Iterator[Found]
    if source.form in TABLES:
        found = read_table(source, text, delimiter)
    elif source.form == "txt":
        found = _read_text(source, text)
    else:
        found = READERS[source.form](source)
    return islice(found, start, None)


def _read_docs(source: Source) -> Iterator[Found]:
    from .doc_bins import read_docs  # imports spaCy, which reading other forms can do without

    return read_docs(source)


READERS: dict[Form, Callable[[Source], Iterator[Found]]] = {
    "jsonl": read_json_lines,
    "json": read_json,
    "spacy": _read_docs,
}


def _read_text(source: Source, text: str) -> Iterator[Found]:
    try:
        with source.open() as file:
            content = file.read()
    except ValueError as error:
        yield str(source.path), error
    else:
        yield str(source.path), {text: content, FILE_KEY: (source.folder / source.path.name).as_posix()}


def _check_values(place: str, values: dict[str, Any]) -> None:
    """RAISES (ValueError): If a string, at any depth, has characters that no document can have."""
    stack: list[tuple[Any, int]] = [(values, 0)]
    while stack:
        value, depth = stack.pop()
        if isinstance(value, str):
            _check_string(place, value)
        elif isinstance(value, dict | list):
            if depth > MOST_NESTED:
                raise ValueError(
                    f"{place} is nested more than {MOST_NESTED} times. Expected: a document, and what belongs to it. "
                    "Leave such values out."
                )
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            stack.extend((one, depth + 1) for one in inner)


def _check_string(place: str, value: str) -> None:
    if "\0" in value:
        raise ValueError(
            f"{place} has a NUL character (at character {value.index(chr(0))} of a value). Expected: text. Remove it; "
            "if there are many, the file is not text in UTF-8."
        )
    if not value.isascii():
        try:
            value.encode("utf8")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{place} has half a surrogate pair (character {error.start} of a value). Expected: whole characters. "
                "The program that wrote the file cut a character in two: write it again."
            ) from None
