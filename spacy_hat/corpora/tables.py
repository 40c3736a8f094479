"""Documents as tables with a header: CSV and its relatives, whose delimiter is looked for."""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Any, TextIO

from .sources import Source

DELIMITERS = {"csv": ",;\t|", "tsv": "\t", "ssv": ";"}
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
LARGEST_FIELD = 2**31 - 1


def read_table(
    source: Source, text: str, delimiter: str | None = None
) -> Iterator[tuple[str, dict[str, Any] | ValueError]]:
    """Read the rows of a table.

    source (Source): The file.
    text (str): Name of the column with the text.
    delimiter (str | None): What stands between columns. If None, it is a tab in .tsv, a semicolon in .ssv, and in .csv
        the one with which the header has the column of the text.
    YIELDS (tuple[str, dict[str, Any] | ValueError]): Where a row ends, and its cells by name, or what is wrong with it.
    RAISES (ValueError): If it is not such a table, or its delimiter is ambiguous.
    """
    csv.field_size_limit(LARGEST_FIELD)  # the default refuses a field of 131,072 characters
    with source.open(newline="") as file:
        head = _first_record(file)
        delimiter, names = _choose(source, head, text, delimiter)
        rows = csv.reader(chain(head, _without_nul(source, file, len(head))), delimiter=delimiter, strict=True)
        next(rows)
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise ValueError(f"{source.path}, line {rows.line_num}: {error}. Expected: quoted as CSV.") from None
            if row is None:
                return
            place = f"{source.path}, line {rows.line_num}"
            if not row:
                continue
            if len(row) != len(names):
                yield (
                    place,
                    ValueError(
                        f"{place} has another number of columns than the header. Got: {len(row)}. Expected: "
                        f"{len(names)}, with a {NAMES.get(delimiter, repr(delimiter))} between them. Quote texts that "
                        "hold the delimiter."
                    ),
                )
            else:
                yield place, dict(zip(names, row, strict=True))


def _first_record(file: TextIO) -> list[str]:
    """RETURNS (list[str]): The lines of the header, which a quoted name can make several."""
    lines: list[str] = []
    for line in file:
        lines.append(line)
        if sum(line.count('"') for line in lines) % 2 == 0:
            break
    return lines


def _without_nul(source: Source, file: TextIO, n_read: int) -> Iterator[str]:
    """The csv module stops at a NUL of its own accord in some versions of Python only."""
    for number, line in enumerate(file, start=n_read + 1):
        if "\0" in line:
            raise ValueError(f"{source.path}, line {number} has a NUL character. Expected: text. Remove it.")
        yield line


def _choose(source: Source, head: list[str], text: str, delimiter: str | None) -> tuple[str, list[str]]:
    """RETURNS (tuple[str, list[str]]): The delimiter, and the names of the columns."""
    if delimiter is not None and len(delimiter) != 1:
        raise ValueError(f"The delimiter is {delimiter!r}. Expected: one character. Correct --delimiter.")
    headers = {one: _split(head, one) for one in (delimiter or DELIMITERS.get(source.form, ","))}
    fitting = {one: names for one, names in headers.items() if text in names}
    if not fitting:
        widest = max(headers.values(), key=len)
        columns = ", ".join(widest) or "none"
        raise ValueError(f"{source.path} has no column {text!r}. Got: {columns}. Name the one with the text: --text")
    if len({tuple(names) for names in fitting.values()}) > 1:
        found = " or ".join(f"a {NAMES[one]} ({len(names)} columns)" for one, names in fitting.items())
        raise ValueError(
            f"The delimiter of {source.path} is ambiguous: its header has a column {text!r} with {found}. Expected: "
            "one of them. Name it: --delimiter"
        )
    chosen, names = next(iter(fitting.items()))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"{source.path} has the column {twice[0]!r} twice. Got: {', '.join(names)}. Expected: each name once. "
            "Rename one."
        )
    return chosen, names


def _split(head: list[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(head, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
