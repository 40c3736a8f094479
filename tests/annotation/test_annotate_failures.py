"""Documents and files that fail: the reason stands in their row, and the rest goes on."""

import gzip
import json

import pytest
import spacy

from ..support.annotations import read, rows, run, save_lines, save_poisonous, shards
from ..support.pipelines import make_text


@pytest.fixture(scope="module")
def poisonous(hat_folder, tmp_path_factory):
    return save_poisonous(hat_folder, tmp_path_factory.mktemp("model"))


POISONED = [
    {"id": "sound", "text": make_text(0)},
    {"id": "empty", "text": ""},
    {"id": "null", "text": None},
    {"id": "missing"},
    {"id": "raises", "text": "raise hello world."},
    {"id": "number", "text": 5},
    {"id": "nul", "text": "a\0b"},
    {"id": "long", "text": "hello world. " * 20},
    {"id": "last", "text": make_text(1)},
]
REASONS = {
    "null": "has no text under 'text'",
    "missing": "has no text under 'text'",
    "raises": "Component 'poison': RuntimeError: poisoned",
    "number": "has no text under 'text'",
    "nul": "has a NUL character",
    "long": "The text is too long. Got: 260 characters. Expected: 255 at most.",
}


@pytest.mark.parametrize("form", ["parquet", "jsonl", "spacy"])
def test_annotate_gives_each_failed_document_its_reason(poisonous, tmp_path, form):
    model, code = poisonous
    source = save_lines(tmp_path / "docs.jsonl", POISONED)
    arguments = ("--code", code, "--max-length", 255, "--format", form)
    status, output = run(model, source, tmp_path / "out", *arguments)
    assert status == 1
    assert "6 documents failed" in output
    found = read(tmp_path / "out")
    assert [row["id"] for row in found][:6] == [row["id"] for row in POISONED][:6]
    assert len(found) == len(POISONED)
    for row, poisoned in zip(found, POISONED, strict=True):
        reason = REASONS.get(poisoned["id"])
        assert (row.get("error") or "").count(reason or "") if reason else row.get("error") is None
        assert bool(row["cats"]) == (reason is None)


def test_annotate_lists_failures_of_finished_shards_again(poisonous, tmp_path):
    model, code = poisonous
    source = save_lines(tmp_path / "docs.jsonl", POISONED)
    for _ in range(2):
        status, output = run(model, source, tmp_path / "out", "--code", code)
        assert status == 1
        assert "5 documents failed" in output
    assert "1 shards were there already" in output


def test_annotate_reads_a_line_that_is_not_json_as_a_row(poisonous, tmp_path):
    model, code = poisonous
    source = tmp_path / "docs.jsonl"
    source.write_text('{"text": "hello world."}\n{"text": \n{"text": "costs follow."}\n', encoding="utf8")
    status, _ = run(model, source, tmp_path / "out", "--code", code)
    assert status == 1
    assert ["is not JSON" in (row["error"] or "") for row in read(tmp_path / "out")] == [False, True, False]


def test_annotate_reads_megabytes_of_text_in_one_document(hat_folder, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    source = save_lines(tmp_path / "docs.jsonl", [{"text": "hello world. " * 250_000}, {"text": "short."}])
    assert run(tmp_path / "model", source, tmp_path / "out", "--format", "jsonl")[0] == 0
    assert [row["error"] for row in read(tmp_path / "out")] == [None, None]


def test_annotate_survives_a_document_that_kills_its_process(poisonous, tmp_path):
    model, code = poisonous
    docs = rows(9)
    docs[4]["text"] = "kill hello world."
    source = save_lines(tmp_path / "docs.jsonl", docs)
    status, output = run(model, source, tmp_path / "out", "--code", code, "--n-process", 2, "--budget", 400)
    assert status == 1, output
    found = read(tmp_path / "out")
    assert [row["id"] for row in found] == [row["id"] for row in docs]
    assert ["was killed" in (row["error"] or "") for row in found] == [n == 4 for n in range(9)]
    assert all(row["cats"] for n, row in enumerate(found) if n != 4)


def test_annotate_leaves_out_the_shard_that_cannot_be_read_to_its_end(poisonous, tmp_path):
    model, code = poisonous
    (tmp_path / "in").mkdir()
    content = gzip.compress("".join(json.dumps(row) + "\n" for row in rows(2000)).encode())
    (tmp_path / "in" / "a.jsonl.gz").write_bytes(content[: len(content) // 2])
    save_lines(tmp_path / "in" / "b.jsonl", rows(2))
    status, output = run(model, tmp_path / "in", tmp_path / "out", "--code", code, "--shard-size", 5000)
    assert status == 1
    assert "a.jsonl.gz is damaged" in output
    assert [path.name for path in shards(tmp_path / "out")] == ["part-00001-00000.parquet"]


def test_annotate_is_status_2_if_nothing_can_be_read(poisonous, tmp_path):
    model, code = poisonous
    (tmp_path / "docs.parquet").write_bytes(b"no table")
    assert run(model, tmp_path / "nothing", tmp_path / "out", "--code", code)[0] == 2
    assert run(tmp_path / "no_model", save_lines(tmp_path / "a.jsonl", rows(1)), tmp_path / "out")[0] == 2
    status, output = run(model, tmp_path / "docs.parquet", tmp_path / "out", "--code", code, "--format", "jsonl")
    assert status == 2
    assert "cannot be read as Parquet" in output


def test_annotate_says_if_an_id_is_missing(poisonous, tmp_path):
    model, code = poisonous
    source = save_lines(tmp_path / "docs.jsonl", [{"key": 1, "text": "hello."}, {"text": "world."}])
    run(model, source, tmp_path / "out", "--code", code, "--id", "key")
    assert ["has no id under 'key'" in (row["error"] or "") for row in read(tmp_path / "out")] == [False, True]
