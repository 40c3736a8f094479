"""One lazy reader for every form of documents: a row has the values of one document, and says where it was found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..choices import Form
from .doc_bins import read_docs
from .json_rows import read_json, read_json_lines
from .parquet import read_parquet
from .sources import TABLES, Source
from .tables import read_table

TEXT_KEY = "text"
FILE_KEY = "file"
MOST_NESTED = 100
"""Values in values that a corpus can hold: msgpack refuses to go much deeper."""


@dataclass(frozen=True)
class Row:
    """One document as it was found.

    place (str): File and line, for messages.
    values (dict[str, Any]): Name of a column, or key -> value.
    is_table (bool): Whether each value is the text of a cell, so that an empty one means no value.
    """

    place: str
    values: dict[str, Any]
    is_table: bool = False


def read_rows(sources: Sequence[Source], *, text: str = TEXT_KEY, delimiter: str | None = None) -> Iterator[Row]:
    """Read files of documents, one document after the other.

    sources (Sequence[Source]): The files.
    text (str): Name of the column, or of the key, with the text; that of files which are a text themselves, too.
    delimiter (str | None): What stands between the columns of a table; looked for if None.
    YIELDS (Row): The documents.
    RAISES (ValueError): If there is something else in a file; the message has its line.
    """
    for source in sources:
        if source.form in TABLES:
            found = read_table(source, text, delimiter)
        elif source.form == "txt":
            found = _read_text(source, text)
        else:
            found = READERS[source.form](source)
        for place, values in found:
            _check_values(place, values)
            yield Row(place, values, is_table=source.form in TABLES)


READERS: dict[Form, Callable[[Source], Iterator[tuple[str, dict[str, Any]]]]] = {
    "jsonl": read_json_lines,
    "json": read_json,
    "parquet": read_parquet,
    "spacy": read_docs,
}


def _read_text(source: Source, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with source.open() as file:
        content = file.read()
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
