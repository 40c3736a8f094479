"""What `annotate` writes: what nlp.pipe says, in every format, for every row and in the input's order."""

import numpy as np
import pyarrow as pa
import pytest
import spacy
from pyarrow import dataset, parquet
from spacy.training import Corpus

from ..support.annotations import read, rows, run, save_lines, save_model, shards

N_DOCS = 12


@pytest.fixture(scope="module")
def model(hat_folder, tmp_path_factory):
    return save_model(hat_folder, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return save_lines(tmp_path_factory.mktemp("input") / "docs.jsonl", rows(N_DOCS))


@pytest.fixture(scope="module")
def expected(model):
    return list(spacy.load(model).pipe([row["text"] for row in rows(N_DOCS)]))


@pytest.mark.parametrize("form", ["parquet", "jsonl", "spacy"])
@pytest.mark.parametrize("n_process", [1, 2])
def test_annotate_says_what_the_pipeline_says(model, source, expected, tmp_path, form, n_process):
    arguments = ("--format", form, "--shard-size", 5, "--budget", 500, "--n-process", n_process)
    status, output = run(model, source, tmp_path / "out", *arguments)
    assert (status, len(shards(tmp_path / "out"))) == (0, 3), output
    found = read(tmp_path / "out")
    assert [row["id"] for row in found] == [row["id"] for row in rows(N_DOCS)]
    assert [int(row["year"]) for row in found] == [row["year"] for row in rows(N_DOCS)]
    for row, doc in zip(found, expected, strict=True):
        assert row["cats"] == pytest.approx(doc.cats, abs=1e-5)
        if form == "spacy":
            places = [(span.start, span.end, span.label_) for span in row["doc"].spans["spancat"]]
            assert places == [(span.start, span.end, span.label_) for span in doc.spans["spancat"]]
            scores = row["doc"].spans["spancat"].attrs["scores"]
        else:
            assert row["error"] is None
            places = [(span["key"], span["start"], span["end"], span["label"]) for span in row["spans"]]
            gold = doc.spans["spancat"]
            assert places == [("spancat", span.start_char, span.end_char, span.label_) for span in gold]
            scores = [span["score"] for span in row["spans"]]
        assert np.allclose(scores, doc.spans["spancat"].attrs["scores"], atol=1e-5)


def test_annotate_documents_of_spacy_format_are_read_by_its_corpus(model, source, tmp_path):
    run(model, source, tmp_path / "out", "--format", "spacy")
    nlp = spacy.load(model)
    assert len(list(Corpus(tmp_path / "out")(nlp))) == N_DOCS


def test_annotate_folder_of_tables_is_one_table(model, source, tmp_path):
    run(model, source, tmp_path / "out", "--shard-size", 4)
    table = dataset.dataset(tmp_path / "out", format="parquet").to_table()
    assert table.num_rows == N_DOCS
    assert table.column_names == ["id", "cats", "spans", "error", "year", "others"]


def test_annotate_gives_vectors_if_asked(model, source, tmp_path):
    run(model, source, tmp_path / "out", "--vectors")
    nlp = spacy.load(model)
    nlp.add_pipe("hat_vectors", after="transformer")
    for row, doc in zip(read(tmp_path / "out"), nlp.pipe([row["text"] for row in rows(N_DOCS)]), strict=True):
        assert np.allclose(row["vector"], doc.vector, atol=1e-5)
        assert [one["start"] for one in row["sentences"]] == [sent.start_char for sent in doc.sents]
        assert np.allclose([one["vector"] for one in row["sentences"]], [sent.vector for sent in doc.sents], atol=1e-5)


@pytest.mark.parametrize("form", ["parquet", "spacy"])
def test_annotate_gives_the_sentences_that_decided_if_asked(model, source, expected, tmp_path, form):
    status, output = run(model, source, tmp_path / "out", "--explain", 2, "--format", form)
    assert status == 0, output
    for row, doc in zip(read(tmp_path / "out"), expected, strict=True):
        assert len(row["explanation"]) <= 2
        starts = {sent.start_char for sent in doc.sents}
        assert all(one["start"] in starts and one["score"] > 0 for one in row["explanation"])
        assert {one["label"] for one in row["explanation"]} <= {max(doc.cats, key=doc.cats.get)}
    assert any(row["explanation"] for row in read(tmp_path / "out"))


def test_annotate_gives_entities_where_the_pipeline_has_them(hat_folder, source, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "COURT", "pattern": "court"}])
    nlp.to_disk(tmp_path / "rules")
    run(tmp_path / "rules", source, tmp_path / "out")
    for row, doc in zip(read(tmp_path / "out"), nlp.pipe([row["text"] for row in rows(N_DOCS)]), strict=True):
        ents = [{"start": ent.start_char, "end": ent.end_char, "label": ent.label_} for ent in doc.ents]
        assert row["ents"] == ents


def test_annotate_carries_columns_of_parquet_along_as_they_are(model, tmp_path):
    table = pa.table({"key": [7, 8], "body": ["hello world.", "costs follow."], "when": pa.array([1, 2], pa.date32())})
    parquet.write_table(table.append_column("cats", pa.array(["a", "b"])), tmp_path / "docs.parquet")
    status, output = run(model, tmp_path / "docs.parquet", tmp_path / "out", "--text", "body", "--id", "key")
    assert status == 0, output
    found = parquet.read_table(shards(tmp_path / "out")[0])
    assert found.column("id").to_pylist() == ["7", "8"]
    assert found.schema.field("when").type == pa.date32()
    assert found.column("when").to_pylist() == table.column("when").to_pylist()
    assert found.column("input_cats").to_pylist() == ["a", "b"]


def test_annotate_keeps_columns_that_only_later_rows_have(model, tmp_path):
    many = [{"text": "hello world.", "a": {"b": n}} for n in range(101)]
    source = save_lines(tmp_path / "docs.jsonl", [*many, {"text": "costs follow.", "late": 1}])
    run(model, source, tmp_path / "out")
    found = read(tmp_path / "out")
    assert found[0]["a"] == '{"b": 0}'
    assert (found[0]["others"], found[-1]["others"]) == (None, '{"late": 1}')
    assert found[-1]["id"] == f"{source}, line 102"


def test_annotate_folder_of_texts_has_their_names_for_ids(model, tmp_path):
    (tmp_path / "in" / "inner").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "inner/c.txt"):
        (tmp_path / "in" / name).write_text("hello world.", encoding="utf8")
    run(model, tmp_path / "in", tmp_path / "out", "--shard-size", 2)
    assert [row["id"] for row in read(tmp_path / "out")] == ["a.txt", "b.txt", "inner/c.txt"]
    assert [path.name for path in shards(tmp_path / "out")] == ["part-00000-00000.parquet", "part-00001-00000.parquet"]
