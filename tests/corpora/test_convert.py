"""Corpora that are made of files of documents: what is written, counted and refused."""

import json

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_hat.corpora import convert as module
from spacy_hat.corpora.convert import convert
from spacy_hat.corpora.records import Columns, read_records


@pytest.fixture
def table(tmp_path):
    values = [{"text": f"text {i}", "label": "ab"[i % 4 == 0], "id": i, "case": str(i // 2)} for i in range(40)]
    path = tmp_path / "docs.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in values), encoding="utf8")
    return path


def docs(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def test_convert_writes_parts_and_counts_them(table, tmp_path):
    found = convert(table, tmp_path / "corpus")
    assert {name: part.n_docs for name, part in found.parts.items()} == {"train": 32, "dev": 4, "test": 4}
    assert {name: dict(part.labels) for name, part in found.parts.items()} == {
        "train": {"a": 24, "b": 8},
        "dev": {"a": 3, "b": 1},
        "test": {"a": 3, "b": 1},
    }
    read = {doc.user_data["hat"]["id"] for name in found.parts for doc in docs(tmp_path / "corpus" / f"{name}.spacy")}
    assert read == set(range(40))


def test_convert_shuffles_sorted_documents(table, tmp_path):
    convert(table, tmp_path / "all.spacy")
    ids = [doc.user_data["hat"]["id"] for doc in docs(tmp_path / "all.spacy")]
    assert sorted(ids) == list(range(40))
    assert ids != sorted(ids)


def test_convert_keeps_groups_in_one_part(table, tmp_path):
    found = convert(table, tmp_path / "corpus", Columns(group="case"))
    groups = [{doc.user_data["hat"]["case"] for doc in docs(part.file)} for part in found.parts.values()]
    assert sum(map(len, groups)) == 20


def test_convert_takes_some_of_the_documents(table, tmp_path):
    found = convert(table, tmp_path / "all.spacy", limit=10)
    assert found.parts["train"].n_docs == 10
    assert found.skipped == {"beyond the limit": 30}
    assert [doc.user_data["hat"]["id"] for doc in docs(tmp_path / "all.spacy")] != list(range(10))


def test_convert_counts_what_is_odd(tmp_path):
    rows = [
        {"text": "one two", "label": 1, "spans": [{"start": 5, "end": 7, "label": "x"}]},
        {"text": " one  two", "label": 2},
        {"text": "", "label": 1},
        {"text": "three", "label": 1, "answer": "reject"},
        {"text": "four"},
        {"sentences": [{"text": "five"}, {"text": "six", "label": "x"}]},
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found = convert(tmp_path / "a.json", tmp_path / "all.spacy")
    assert (found.n_unlabelled, found.n_doubles, found.n_contradictions) == (1, 1, 1)
    assert (found.n_expanded, found.n_with_sentences) == (1, 1)
    assert found.skipped == {"without text": 1, "rejected in Prodigy": 1}
    assert found.parts["train"].span_labels == {"x": 2}
    assert [note.split(";")[0] for note in found.notes] == ["The labels of documents are whole numbers"]


def test_convert_that_is_killed_leaves_the_corpora_as_they_were(table, tmp_path, monkeypatch):
    convert(table, tmp_path / "corpus", seed=0)
    before = {path.name: path.read_bytes() for path in (tmp_path / "corpus").iterdir()}
    made = []

    def die(*arguments, **options):
        made.append(arguments)
        if len(made) > 36:  # in the middle of the second part
            raise KeyboardInterrupt
        return make_doc(*arguments, **options)

    make_doc = module.make_doc
    monkeypatch.setattr(module, "make_doc", die)
    with pytest.raises(KeyboardInterrupt):
        convert(table, tmp_path / "corpus", seed=1, force=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "corpus").iterdir()} == before


@pytest.mark.parametrize("name", ["notes.txt", "old/train.spacy"])
def test_convert_does_not_replace_what_it_did_not_make(table, tmp_path, name):
    (tmp_path / "corpus" / name).parent.mkdir(parents=True)
    (tmp_path / "corpus" / name).write_text("mine")
    with pytest.raises(ValueError, match="It is not a folder of corpora"):
        convert(table, tmp_path / "corpus", force=True)
    assert (tmp_path / "corpus" / name).read_text() == "mine"


def test_convert_does_not_replace_its_source(table, tmp_path):
    convert(table, tmp_path / "all.spacy")
    with pytest.raises(ValueError, match="is the source itself"):
        convert(tmp_path / "all.spacy", tmp_path / "." / "all.spacy", force=True)


def test_convert_deals_corpora_out_anew(table, tmp_path):
    convert(table, tmp_path / "all.spacy")
    convert(tmp_path / "all.spacy", tmp_path / "corpus")
    again = {record.text: (record.labels, record.columns) for record in read_records(tmp_path / "corpus")}
    assert again == {record.text: (record.labels, record.columns) for record in read_records(table)}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"text": "one", "kind": "a"}], r"has no labels. Got: text, kind\. .* --label"),
        ([{"text": " ", "label": "a"}], "no documents to convert. Got: 1 without text"),
        ([{"text": "one", "spans": [{"start": 0, "end": 2, "label": "a"}]}], "1 documents leave none for dev"),
        ([{"text": "a b", "spans": [{"start": 1, "end": 2, "label": "x"}]}] * 2, "2 documents, 1 of them neither"),
    ],
)
def test_convert_says_what_is_missing(tmp_path, rows, message):
    (tmp_path / "a.json").write_text(json.dumps(rows))
    with pytest.raises(ValueError, match=f"(?s){message}"):
        convert(tmp_path / "a.json", tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()
