"""The columns of a table of annotations: the same in each of its files, so that they are one table."""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

from ..corpora.parquet import parquet_schema
from ..corpora.records import plain
from ..corpora.rows import read_rows
from ..corpora.sources import Source
from .names import (
    CATS,
    CHOICE,
    CHOICE_SCORES,
    ENTS,
    ERROR,
    EXPLANATION,
    ID,
    OTHERS,
    OWN,
    SENTENCES,
    SPANS,
    VECTOR,
    carried_name,
)

THE_REST = ""
"""Stands among the input's columns for `others`, which has, as JSON, what a row has besides the columns that are known
when a run begins."""
ROWS_LOOKED_AT, FILES_LOOKED_AT = 100, 20


def own_fields(*, ents: bool, choices: bool, vectors: bool, explained: bool) -> list[str]:
    """RETURNS (list[str]): Names of the columns of a run that are not the input's, in order."""
    left_out = set([] if ents else [ENTS]) | set([] if vectors else [VECTOR, SENTENCES])
    left_out |= set([] if choices else [CHOICE, CHOICE_SCORES]) | set([] if explained else [EXPLANATION])
    return [name for name in OWN if name not in left_out]


def own_type(name: str) -> Any:
    """RETURNS (pyarrow.DataType): The type of a column that is ours."""
    import pyarrow as pa

    place = [("start", pa.int64()), ("end", pa.int64())]
    label = ("label", pa.string())
    vector = pa.list_(pa.float32())
    return {
        ID: pa.string(),
        CATS: pa.map_(pa.string(), pa.float64()),
        SPANS: pa.list_(pa.struct([("key", pa.string()), *place, label, ("score", pa.float64())])),
        ENTS: pa.list_(pa.struct([*place, label])),
        CHOICE: pa.string(),
        CHOICE_SCORES: pa.list_(pa.float64()),
        VECTOR: vector,
        SENTENCES: pa.list_(pa.struct([*place, (VECTOR, vector)])),
        EXPLANATION: pa.list_(pa.struct([("component", pa.string()), label, *place, ("score", pa.float64())])),
        ERROR: pa.string(),
    }[name]


def input_fields(sources: Sequence[Source], *, text: str, id_column: str | None) -> dict[str, Any]:
    """Find the columns that are carried along into a table.

    sources (Sequence[Source]): All files of the input.
    text (str): Name of the column with the text, which is not.
    id_column (str | None): Name of the column with the id, which is not.
    RETURNS (dict[str, DataType]): Name in the input -> type: the file's own if all files are Parquet and agree, else
        string, with JSON in it for what is not a string. Of JSON, the first rows tell; what other rows have besides is
        in the column `others`.
    RAISES (ValueError): If a file cannot be read.
    """
    import pyarrow as pa

    fields: dict[str, Any] = {}
    is_typed = all(source.form == "parquet" for source in sources)
    n_looked_at = 0
    for source in sources:
        found: dict[str, Any] = {}
        if source.form == "parquet":
            schema = parquet_schema(source)
            found = {field.name: field.type if is_typed else pa.string() for field in schema}
        elif source.form != "txt" and n_looked_at < FILES_LOOKED_AT:
            n_looked_at += 1
            try:
                for row in islice(read_rows([source], text=text, strict=False), ROWS_LOOKED_AT):
                    found |= dict.fromkeys(row.values, pa.string())
            except (ValueError, OSError):  # which is told when it is its turn
                pass
        for name, kind in found.items():
            fields[name] = kind if fields.get(name, kind) == kind else pa.string()
    fields = {name: kind for name, kind in fields.items() if name not in (text, id_column or ID)}
    has_rest = any(source.form not in ("parquet", "txt") for source in sources)
    return {**fields, THE_REST: pa.string()} if has_rest else fields


def field_name(name: str) -> str:
    """RETURNS (str): What a field of the input is called in the output."""
    return OTHERS if name == THE_REST else carried_name(name)


def cells(columns: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Bring the columns of a row into the form of the table.

    columns (dict[str, Any]): The row's.
    fields (dict[str, DataType]): The table's, as `input_fields` finds them.
    RETURNS (dict[str, Any]): Name in the output -> value.
    """
    import pyarrow as pa

    row = {
        field_name(name): as_text(columns.get(name)) if kind == pa.string() else columns.get(name)
        for name, kind in fields.items()
    }
    if THE_REST in fields:
        rest = {name: value for name, value in columns.items() if name not in fields}
        row[OTHERS] = as_text(rest or None)
    return row


def as_text(value: Any) -> str | None:
    """RETURNS (str | None): A string as it is, and anything else as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
