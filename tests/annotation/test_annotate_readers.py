"""What is written is read by what people read tables with, and the queries of docs/scale.md answer."""

import contextlib
import io

import pytest

from ..support.annotations import rows, run, save_lines, save_model
from ..support.project import CODE_BLOCK, ROOT

N_DOCS = 8
BLOCKS = CODE_BLOCK.findall((ROOT / "docs" / "scale.md").read_text(encoding="utf8"))


def block(language, word):
    """RETURNS (str): The one block of the page in this language that has the word."""
    (found,) = [code for _, name, code in BLOCKS if name == language and word in code]
    return found


@pytest.fixture(scope="module")
def workplace(hat_folder, tmp_path_factory):
    """RETURNS (Path): A folder with annotations as Parquet and as JSON lines."""
    folder = tmp_path_factory.mktemp("workplace")
    model = save_model(hat_folder, folder)
    source = save_lines(folder / "docs.jsonl", [*rows(N_DOCS), {"id": "bad", "text": None, "year": 1}])
    for form, name in (("parquet", "annotated"), ("jsonl", "lines")):
        status, output = run(model, source, folder / name, "--shard-size", 3, "--format", form, "--budget", 500)
        assert status == 1, output
    return folder


@pytest.fixture
def here(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    return workplace


def test_annotations_are_a_table_for_duckdb(here):
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(block("sql", "list_max")).fetchall()
    assert {name for name, _ in found} == {f"d{n}" for n in range(N_DOCS)}
    assert [score for _, score in found] == sorted(score for _, score in found)
    many = duckdb.sql("select unnest(spans).label as label, count(*) as n from 'annotated/*.parquet' group by label")
    assert sum(n for _, n in many.fetchall()) > 0
    assert len(duckdb.sql("select id from read_json('lines/*.jsonl')").fetchall()) == N_DOCS + 1


def test_annotations_are_a_table_for_polars(here):
    polars = pytest.importorskip("polars")
    printed = io.StringIO()
    names = {}
    with contextlib.redirect_stdout(printed):
        exec(compile(block("python", "import polars"), "scale.md", "exec"), names)
    found = {name for name, label in names["spans"].select("id", "label").iter_rows() if label}
    assert found
    assert found <= {f"d{n}" for n in range(N_DOCS)}
    assert "label" in printed.getvalue()
    lines = sorted((here / "lines").glob("*.jsonl"))
    assert sum(polars.read_ndjson(path).height for path in lines) == N_DOCS + 1


def test_annotations_are_a_table_for_pandas(here):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_parquet("annotated")
    assert list(table["id"]) == [*(f"d{n}" for n in range(N_DOCS)), "bad"]
    assert list(table["error"].isna()) == [True] * N_DOCS + [False]
    assert set(dict(table["cats"][0])) == {"DISMISSED", "ALLOWED"}
    lines = pandas.read_json(sorted((here / "lines").glob("*.jsonl"))[0], lines=True)
    assert list(lines["id"]) == ["d0", "d1", "d2"]


@pytest.mark.parametrize("units", ["lines", "paragraphs"])
def test_annotate_says_what_the_pipeline_says_with_units(hat_folder, tmp_path, units):
    import spacy

    from ..support.annotations import read

    nlp = spacy.load(save_model(hat_folder, tmp_path, "spancat"))
    nlp.remove_pipe("sentencizer")
    nlp.add_pipe("hat_units", first=True, config={"unit": units})
    nlp.to_disk(tmp_path / "units")
    texts = [row["text"].replace(". ", ".\n\n") for row in rows(N_DOCS)]
    source = save_lines(tmp_path / "docs.jsonl", [{"text": text} for text in texts])
    run(tmp_path / "units", source, tmp_path / "out", "--budget", 600)
    for row, doc in zip(read(tmp_path / "out"), nlp.pipe(texts), strict=True):
        gold = doc.spans["spancat"]
        assert len(gold) > 1
        assert [(one["start"], one["end"], one["label"]) for one in row["spans"]] == [
            (span.start_char, span.end_char, span.label_) for span in gold
        ]
        assert [one["score"] for one in row["spans"]] == pytest.approx(gold.attrs["scores"], abs=1e-5)
