"""The recipe for Spark in docs/scale.md, word for word, on a Spark of this machine; and what it is made of."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pyarrow as pa
import pytest
import spacy
from pyarrow import dataset, parquet

from spacy_hat import annotate_batches

from ..support.annotations import rows, save_model
from ..support.page_blocks import block_of
from ..support.project import ROOT

N_DOCS = 12
ROWS = [*rows(N_DOCS), {"id": "bad", "text": None, "year": 1}]


@pytest.fixture(scope="module")
def workplace(hat_folder, tmp_path_factory):
    """RETURNS (Path): A folder as the page has it: documents, and a pipeline."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "training" / "textcat").mkdir(parents=True)
    save_model(hat_folder, folder).rename(folder / "training" / "textcat" / "model-best")
    parquet.write_table(pa.Table.from_pylist(ROWS), folder / "documents.parquet")
    return folder


@pytest.fixture(scope="module")
def expected(workplace):
    nlp = spacy.load(workplace / "training" / "textcat" / "model-best")
    return {row["id"]: doc for row, doc in zip(ROWS, nlp.pipe([row["text"] for row in ROWS[:-1]]), strict=False)}


def check(found, expected):
    """Compare rows of a table with documents."""
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in ROWS)
    for row in found:
        if row["id"] == "bad":
            assert "has no text" in row["error"]
            assert row["cats"] is None
            continue
        doc = expected[row["id"]]
        assert row["error"] is None
        assert dict(row["cats"]) == pytest.approx(doc.cats, abs=1e-5)
        gold = doc.spans["spancat"]
        places = [(span["start"], span["end"], span["label"]) for span in row["spans"]]
        assert places == [(span.start_char, span.end_char, span.label_) for span in gold]
        assert [span["score"] for span in row["spans"]] == pytest.approx(gold.attrs["scores"].tolist(), abs=1e-5)


def test_annotate_batches_gives_a_row_for_each_and_carries_others(workplace, expected):
    batches = pa.Table.from_pylist(ROWS).to_batches(max_chunksize=5)
    made = list(annotate_batches(batches, workplace / "training" / "textcat" / "model-best", budget=600))
    assert [batch.num_rows for batch in made] == [5, 5, 3]
    found = pa.Table.from_batches(made).to_pylist()
    check(found, expected)
    assert [row["year"] for row in found] == [row["year"] for row in ROWS]


def test_annotate_batches_says_what_column_is_missing(workplace):
    batches = pa.table({"id": ["a"], "body": ["hello."]}).to_batches()
    with pytest.raises(ValueError, match="no column 'text'"):
        list(annotate_batches(batches, workplace / "training" / "textcat" / "model-best"))


@pytest.mark.slow
def test_spark_annotates_as_the_page_says(workplace, expected):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("needs pyspark: pip install 'spacy-hat[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("needs Java 17")
    (workplace / "job.py").write_text(block_of(ROOT / "docs" / "scale.md", "python", "mapInArrow"), encoding="utf8")
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    job = [sys.executable, "job.py"]
    result = subprocess.run(job, cwd=workplace, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    check(dataset.dataset(workplace / "annotated-by-spark", format="parquet").to_table().to_pylist(), expected)
