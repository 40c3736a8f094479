"""Whatever documents hold, each form gives it back."""

import csv
import gzip
import io
import json

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from spacy_hat.corpora.records import Columns, read_records

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)
# In Unicode's composed form and without spaces at their ends, as labels come back.
LABELS = st.text("abcé |,;\"'\u2028x\n", min_size=1).map(str.strip).filter(bool)
RECORDS = st.fixed_dictionaries(
    {"text": TEXTS, "label": st.none() | LABELS, "id": st.text("abc;,\t \"'\r\n\u0085", max_size=5)}
)
SPAN = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(sorted)
NESTED = st.fixed_dictionaries(
    {"label": st.lists(LABELS, unique=True), "n": st.integers(-9, 9), "spans": st.lists(SPAN)}
)


def as_json_lines(rows):
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def as_json(rows):
    return json.dumps({"data": rows}, indent=1).encode()


def as_table(delimiter):
    def write(rows):
        file = io.StringIO(newline="")
        table = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        table.writeheader()
        table.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
        return file.getvalue().encode("utf-8-sig")

    return write


def as_parquet(rows):
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


FORMS = {
    "jsonl": as_json_lines,
    "ndjson.gz": lambda rows: gzip.compress(as_json_lines(rows)),
    "json": as_json,
    "csv": as_table(","),
    "semicolon.csv": as_table(";"),
    "bar.csv.gz": lambda rows: gzip.compress(as_table("|")(rows)),
    "tsv": as_table("\t"),
    "ssv": as_table(";"),
    "parquet": as_parquet,
}


@pytest.mark.parametrize("form", FORMS)
@given(rows=st.lists(RECORDS, min_size=1, max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_come_back_from_every_form(tmp_path, form, rows):
    path = tmp_path / f"docs.{form}"
    path.write_bytes(FORMS[form](rows))
    found = list(read_records(path))
    assert [record.text for record in found] == [row["text"] for row in rows]
    assert [record.labels for record in found] == [[row["label"]] if row["label"] else [] for row in rows]
    assert [record.columns for record in found] == [{"id": row["id"]} for row in rows]


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
@given(rows=st.lists(NESTED, min_size=1, max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_come_back_with_lists_and_spans(tmp_path, form, rows):
    rows = [
        {**row, "body": "x" * 6, "spans": [{"start": a, "end": b + 1, "label": "s"} for a, b in row["spans"]]}
        for row in rows
    ]
    path = tmp_path / f"docs.{form}"
    path.write_bytes(FORMS[form](rows))
    found = list(read_records(path, Columns(text="body")))
    assert [record.labels for record in found] == [row["label"] for row in rows]
    assert [record.spans for record in found] == [[(s["start"], s["end"], "s") for s in row["spans"]] for row in rows]
    assert [record.columns for record in found] == [{"n": row["n"]} for row in rows]
