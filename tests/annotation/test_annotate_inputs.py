"""Every form of input, as a file and in a folder; what is asked of a machine: cores, and a GPU."""

import json

import pyarrow as pa
import pytest
import spacy
import torch
from pyarrow import parquet
from spacy.tokens import DocBin

from spacy_hat.annotation import processes
from spacy_hat.annotation.annotator import Annotator, Task
from spacy_hat.annotation.documents import Document

from ..support.annotations import read, run, save_lines

TEXTS = ["hello world. costs follow.", "the court held that.", "we read whole documents."]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(folder / "model")
    return folder / "model"


def save_parquet(folder, key):
    values = {key: TEXTS, "name": ["a", "b", "c"], "year": [1, 2, 3]}
    parquet.write_table(pa.table(values), folder / "docs.parquet")


def save_jsonl(folder, key):
    rows = [{key: text, "name": "abc"[n], "year": n + 1} for n, text in enumerate(TEXTS)]
    save_lines(folder / "docs.jsonl", rows)


def save_csv(folder, key):
    lines = [f"{key},name,year", *(f"{text},{'abc'[n]},{n + 1}" for n, text in enumerate(TEXTS))]
    (folder / "docs.csv").write_text("\n".join(lines) + "\n", encoding="utf8")


FORMS = {"parquet": save_parquet, "jsonl": save_jsonl, "csv": save_csv}


@pytest.mark.parametrize("in_folder", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_annotate_reads_tables_by_the_names_of_their_columns_and_carries_the_others(model, tmp_path, form, in_folder):
    inner = tmp_path / "in" / "inner"
    inner.mkdir(parents=True)
    FORMS[form](inner, "body")
    source = tmp_path / "in" if in_folder else inner / f"docs.{form}"
    status, output = run(model, source, tmp_path / "out", "--text", "body", "--id", "name")
    assert status == 0, output
    found = read(tmp_path / "out")
    assert [(row["id"], int(row["year"])) for row in found] == [("a", 1), ("b", 2), ("c", 3)]
    assert not {"body", "text", "name"} & found[0].keys()


def test_annotate_reads_documents_of_spacy_format(model, tmp_path):
    nlp = spacy.blank("en")
    docs = [nlp.make_doc(text) for text in TEXTS]
    for n, doc in enumerate(docs):
        doc.user_data["hat"] = {"id": "abc"[n], "year": n + 1}
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "docs.spacy")
    status, output = run(model, tmp_path / "docs.spacy", tmp_path / "out", "--format", "jsonl")
    assert status == 0, output
    assert [(row["id"], row["year"], row["error"]) for row in read(tmp_path / "out")] == [
        ("a", 1, None),
        ("b", 2, None),
        ("c", 3, None),
    ]


def test_annotate_reads_forms_side_by_side(model, tmp_path):
    (tmp_path / "in").mkdir()
    save_parquet(tmp_path / "in", "text")
    save_jsonl(tmp_path / "in", "text")
    (tmp_path / "in" / "note.txt").write_text("hello.", encoding="utf8")
    assert run(model, tmp_path / "in", tmp_path / "out", "--id", "name")[0] == 1  # a text has no name
    found = read(tmp_path / "out")
    assert [row["id"] for row in found[:6]] == [*"abc", *"abc"]
    assert len(found) == 7


def test_threads_of_processes_use_each_core_once(monkeypatch):
    monkeypatch.setattr(processes, "n_cores", lambda: 8)
    assert [processes.threads_for(n) for n in (1, 2, 3, 8, 16)] == [8, 4, 2, 1, 1]


THREADS = """
import torch
from spacy.language import Language

@Language.component("threads")
def threads(doc):
    doc.cats = {"threads": float(torch.get_num_threads())}
    return doc
"""


def test_annotate_gives_processes_their_share_of_the_cores(tmp_path, monkeypatch):
    code = tmp_path / "threads.py"
    code.write_text(THREADS, encoding="utf8")
    spacy.util.import_file("threads", code)
    nlp = spacy.blank("en")
    nlp.add_pipe("threads")
    nlp.to_disk(tmp_path / "model")
    monkeypatch.setattr(processes, "n_cores", lambda: 6)
    source = save_lines(tmp_path / "docs.jsonl", [{"text": text} for text in TEXTS])
    run(tmp_path / "model", source, tmp_path / "out", "--code", code, "--n-process", 2)
    assert [row["cats"]["threads"] for row in read(tmp_path / "out")] == [3.0] * 3


def test_annotate_says_if_there_is_no_gpu(model, tmp_path, monkeypatch):
    def refuse(gpu_id):
        raise ValueError("No GPU devices detected")

    monkeypatch.setattr("spacy.cli._util.require_gpu", refuse)
    source = save_lines(tmp_path / "docs.jsonl", [{"text": text} for text in TEXTS])
    status, output = run(model, source, tmp_path / "out", "--gpu-id", 0)
    assert (status, "No GPU devices detected" in output) == (2, True)
    assert "--gpu-id" in output
    assert not (tmp_path / "out").exists()


def test_annotator_asks_for_the_gpu_that_it_is_told(model, monkeypatch):
    asked = []
    monkeypatch.setattr("spacy.cli._util.require_gpu", asked.append)
    Annotator(Task(str(model), gpu_id=3))
    assert asked == [3]


def test_annotator_counts_the_pieces_that_encoders_read(hat_folder, tmp_path):
    from ..support.annotations import save_model

    annotator = Annotator(Task(str(save_model(hat_folder, tmp_path, "textcat"))))
    answers = annotator([Document(str(n), text) for n, text in enumerate([*TEXTS, ""])])
    assert all(answer.n_pieces > 0 for answer in answers[:3])
    assert answers[3].n_pieces == 0


def test_annotate_raises_the_limit_of_characters(model, tmp_path):
    nlp = spacy.load(model)
    nlp.max_length = 10
    nlp.to_disk(tmp_path / "model")
    source = save_lines(tmp_path / "docs.jsonl", [{"text": "a" * 1_000_100}])
    assert run(tmp_path / "model", source, tmp_path / "out", "--format", "jsonl")[0] == 0
    assert json.loads((tmp_path / "out" / "part-00000-00000.jsonl").read_text(encoding="utf8"))["error"] is None


def test_annotate_leaves_torch_its_threads_in_this_process(model, tmp_path):
    before = torch.get_num_threads()
    source = save_lines(tmp_path / "docs.jsonl", [{"text": "hello."}])
    run(model, source, tmp_path / "out")
    assert torch.get_num_threads() == before
