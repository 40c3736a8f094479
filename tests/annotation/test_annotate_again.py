"""Runs that stop, go on, share the work, or do not belong together."""

import json
import os
import random
import subprocess
import sys
import time

import pytest
import spacy

from spacy_hat.annotation.journal import Journal
from spacy_hat.machine.atomic_output import _beside

from ..support.annotations import read, rows, run, save_lines, shards
from ..support.project import ROOT

NOBODY = 2**22 + 1
"""Number of a process that there cannot be."""
SLOW = """
import time
from spacy.language import Language

@Language.component("slow")
def slow(doc):
    time.sleep(0.02)
    doc.cats = {"LONG": float(len(doc))}
    return doc
"""


def save_slow(folder):
    code = folder / "slow.py"
    code.write_text(SLOW, encoding="utf8")
    spacy.util.import_file("slow", code)
    nlp = spacy.blank("en")
    nlp.add_pipe("slow")
    nlp.to_disk(folder / "model")
    return folder / "model", code


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(folder / "model")
    return folder / "model"


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_annotate_goes_on_where_it_was_killed(tmp_path, form):
    slow, code = save_slow(tmp_path)
    docs = rows(150)
    source = save_lines(tmp_path / "docs.jsonl", docs)
    command = [slow, source, tmp_path / "out", "--code", code, "--shard-size", 10, "--format", form]
    chance = random.Random(0)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "spacy", "hat", "annotate", *map(str, command)], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        # It may be killed while it loads, too; not before another shard is there, most of the time.
        before, begun = _n_shards(tmp_path / "out"), time.monotonic()
        while process.poll() is None and _n_shards(tmp_path / "out") == before and time.monotonic() - begun < 600:
            time.sleep(0.05)
        time.sleep(chance.random() * 0.5)
        process.kill()
        process.wait()
    kept = {path: path.stat().st_mtime_ns for path in shards(tmp_path / "out")}
    assert kept
    status, output = run(*command)
    assert status == 0, output
    found = read(tmp_path / "out")
    assert [row["id"] for row in found] == [row["id"] for row in docs]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def _n_shards(folder):
    return len(shards(folder)) if folder.is_dir() else 0


def documents_as(form, folder):
    """RETURNS (Path): 23 documents as one file, several, texts, or a table."""
    docs = rows(23)
    if form == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(docs), folder / "docs.parquet", row_group_size=4)
        return folder / "docs.parquet"
    if form == "file":
        return save_lines(folder / "docs.jsonl", docs)
    inner = folder / "in"
    inner.mkdir()
    for n, row in enumerate(docs):
        if form == "texts":
            (inner / f"{n:02}.txt").write_text(row["text"], encoding="utf8")
        else:
            save_lines(inner / f"{n:02}.jsonl", [row])
    return inner


@pytest.mark.parametrize("form", ["file", "files", "texts", "parquet"])
@pytest.mark.parametrize("of", [1, 3, 30])
def test_annotate_shares_cover_every_row_once(model, tmp_path, form, of):
    source = documents_as(form, tmp_path)
    for number in range(1, of + 1):
        before = set(shards(tmp_path / "out")) if of > 1 and number > 1 else set()
        status, output = run(model, source, tmp_path / "out", "--shard", f"{number}/{of}", "--shard-size", 5)
        assert status == 0, output
        assert before <= set(shards(tmp_path / "out"))
        assert "there already" not in output
    found = read(tmp_path / "out")
    assert [row["id"] for row in found] == [f"{n:02}.txt" if form == "texts" else f"d{n}" for n in range(23)]
    status, output = run(model, source, tmp_path / "out", "--shard-size", 5)
    assert (status, "Saved 0 documents" in output) == (0, True)


CHANGES = {
    "model": "model",
    "input": "input",
    "--shard-size 7": "shard_size",
    "--format jsonl": "format",
    "--vectors": "no vectors to give",
    "--max-length 9": "max_length",
    "--text id": '"text"',
    "--id year": '"id"',
}


@pytest.mark.parametrize("change", CHANGES)
def test_annotate_refuses_to_mix_runs(model, tmp_path, change):
    source = save_lines(tmp_path / "docs.jsonl", rows(3))
    run(model, source, tmp_path / "out")
    before = {path: path.read_bytes() for path in shards(tmp_path / "out")}
    options = change.split() if change.startswith("--") else []
    if change == "model":
        nlp = spacy.blank("en")
        nlp.add_pipe("sentencizer", config={"punct_chars": ["!"]})
        nlp.to_disk(tmp_path / "other")
        model = tmp_path / "other"
    if change == "input":
        save_lines(source, rows(4))
    status, output = run(model, source, tmp_path / "out", *options)
    assert status == 2
    assert CHANGES[change] in output
    assert change == "--vectors" or "start over with --force" in output
    assert {path: path.read_bytes() for path in shards(tmp_path / "out")} == before


def test_annotate_starts_over_if_asked(model, tmp_path):
    source = save_lines(tmp_path / "docs.jsonl", rows(3))
    run(model, source, tmp_path / "out", "--shard-size", 1)
    status, _ = run(model, source, tmp_path / "out", "--format", "jsonl", "--force")
    assert status == 0
    assert [path.name for path in shards(tmp_path / "out")] == ["part-00000-00000.jsonl"]


def test_annotate_touches_no_folder_of_somebody_else(model, tmp_path):
    source = save_lines(tmp_path / "docs.jsonl", rows(3))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    for options in ((), ("--force",)):
        assert run(model, source, tmp_path / "out", *options)[0] == 2
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_annotate_makes_room_by_what_killed_runs_left_before_it_writes(model, tmp_path, monkeypatch):
    source = save_lines(tmp_path / "docs.jsonl", rows(3))
    run(model, source, tmp_path / "out", "--shard-size", 2)
    shards(tmp_path / "out")[0].unlink()
    with monkeypatch.context() as patch:  # an end without an end: what was being written stays, the process is gone
        patch.setattr(os, "getpid", lambda: NOBODY)
        left = _beside(tmp_path / "out" / "part-00000-00007.parquet", "new")
    others = _beside(tmp_path / "out" / "part-00000-00008.parquet", "new")
    others = others.with_name(f"{others.name.rpartition('-')[0]}-{os.getppid()}")
    for path in (left, others):
        path.write_bytes(b"half")
    found = []
    monkeypatch.setattr(Journal, "begin", lambda *_: found.append((left.exists(), others.exists())))
    status, output = run(model, source, tmp_path / "out", "--shard-size", 2)
    assert status == 0, output
    assert found == [(False, True)]


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "a/b"])
def test_annotate_refuses_shares_that_are_none(model, tmp_path, shard):
    status, output = run(model, save_lines(tmp_path / "docs.jsonl", rows(1)), tmp_path / "out", "--shard", shard)
    assert status == 2
    assert "Expected: a number from 1" in output


def test_annotate_refuses_to_start_over_in_each_job(model, tmp_path):
    source = save_lines(tmp_path / "docs.jsonl", rows(1))
    assert run(model, source, tmp_path / "out", "--shard", "1/2", "--force")[0] == 2
    assert not (tmp_path / "out").exists()


def test_annotate_manifest_says_what_was_done(model, tmp_path):
    source = save_lines(tmp_path / "docs.jsonl", rows(3))
    run(model, source, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "_manifest.json").read_text(encoding="utf8"))
    assert manifest["about"] == {"input": str(source), "model": str(model)}
    assert manifest["input"]["bytes"] == source.stat().st_size
