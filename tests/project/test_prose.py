"""Texts to pretrain on: docstrings without headings, and nothing that NumPy's reference has."""

import json

import pytest
from rich.console import Console

from scripts.corpus_files import blank_english
from scripts.prepare_prose import docstrings, prepare_prose, runs, text_of

WORDS = "it reads the array from its first row to its last one and gives back the sum of every number that is even"
MODULE = f'''"""{WORDS.capitalize()}. {WORDS.replace("sum", "count").capitalize()}."""

def short():
    """Too short."""

class Reader:
    """Read.

    Args:
        path: {WORDS}.

    Returns
    -------
    int
        {WORDS.replace("even", "odd")}.
    """

    def again(self):
        """{WORDS.capitalize()}. {WORDS.replace("sum", "count").capitalize()}."""
'''


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "library"
    (folder / "tests").mkdir(parents=True)
    (folder / "reader.py").write_text(MODULE, encoding="utf8")
    (folder / "tests" / "test_reader.py").write_text(MODULE.replace("array", "test"), encoding="utf8")
    (folder / "broken.py").write_text("def (", encoding="utf8")
    return folder


def test_docstrings_are_read_without_an_import(library):
    found = list(docstrings(library))
    assert len(found) == 4
    assert not any("the test from" in one for one in found)


def test_text_has_no_headings(library):
    text = text_of(next(one for one in docstrings(library) if one.startswith("Read.")), blank_english())
    assert "Args" not in text
    assert "Returns" not in text
    assert text.startswith("Read.")
    assert "odd" in text


def test_text_has_no_characters_that_no_document_can_have():
    assert text_of("Ends with a NUL: \0 and half a pair \ud800 of them.", blank_english()) == (
        "Ends with a NUL: and half a pair of them."
    )


def test_runs_are_of_eight_words():
    assert runs("a b c d e f g, h I") == {tuple("abcdefgh"), tuple("bcdefghi")}


def prepare(library, monkeypatch, tested=()):
    monkeypatch.setattr("scripts.prepare_prose.tested_runs", lambda _: set(tested))
    out = library.parent / "prose.jsonl"
    counts = prepare_prose([library], out, Console(quiet=True))
    return counts, [json.loads(line) for line in out.read_text(encoding="utf8").splitlines()]


def test_prose_has_each_document_once_and_no_short_one(library, monkeypatch):
    counts, rows = prepare(library, monkeypatch)
    assert counts == {"library": 2, "left out": 0}
    assert {row["library"] for row in rows} == {"library"}


def test_prose_leaves_out_what_a_tested_reference_has(library, monkeypatch):
    counts, rows = prepare(library, monkeypatch, runs(WORDS.replace("even", "odd")))
    assert counts["left out"] == 2
    assert rows == []
