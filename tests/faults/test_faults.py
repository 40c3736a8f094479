"""Each fault once, with a few documents; `python -m tests.faults --times 10` makes them at random moments."""

import json
import random

import pyarrow as pa
import pytest
from pyarrow import parquet

from ..support.project import ROOT
from .bench import KINDS, Bench
from .referee import judge, read_tables
from .scenarios import SCENARIOS
from .table import table


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("faults") / "bench", 40, len(KINDS), long=30_000, shard_size=5)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_fault_loses_no_document_and_doubles_none(bench, tmp_path, name):
    if reason := SCENARIOS[name].missing(tmp_path / "missing"):
        pytest.skip(reason)
    SCENARIOS[name].play(bench, tmp_path / "out", random.Random(name))
    verdict = judge(bench, tmp_path / "out")
    assert verdict.is_good, verdict


def test_reliability_page_has_the_figures_of_faults():
    figures = json.loads((ROOT / "results" / "faults.json").read_text(encoding="utf8"))
    assert table(figures) in (ROOT / "docs" / "reliability.md").read_text(encoding="utf8")


CRIMES = {
    "lost": lambda rows: rows[1:],
    "twice": lambda rows: [*rows, rows[0]],
    "strange": lambda rows: [*rows, {**rows[0], "id": "x"}],
    "wrong": lambda rows: [{**rows[0], "error": "no reason"}, *rows[1:]],
}


@pytest.fixture(scope="module")
def sound():
    """RETURNS (list[dict]): Rows of a table with two documents, one of which must have an error."""
    return [{"id": "a", "error": None, "cats": [("X", 1.0)]}, {"id": "b", "error": "Y was killed.", "cats": None}]


class SmallBench:
    def __init__(self):
        from .bench import Expected

        self.expected = {"a": Expected("sound", {"X": 1.0}), "b": Expected("kills")}


def save(rows, folder):
    fields = [("id", pa.string()), ("error", pa.string()), ("cats", pa.map_(pa.string(), pa.float64()))]
    parquet.write_table(pa.Table.from_pylist(rows, pa.schema(fields)), folder / "part.parquet")


def test_referee_sees_that_nothing_is_wrong(sound, tmp_path):
    save(sound, tmp_path)
    assert len(read_tables(tmp_path)) == 2
    assert judge(SmallBench(), tmp_path).is_good


@pytest.mark.parametrize("crime", CRIMES)
def test_referee_sees(sound, tmp_path, crime):
    save(CRIMES[crime](sound), tmp_path)
    found = judge(SmallBench(), tmp_path)
    assert [what for what, names in vars(found).items() if names] == [crime]


def test_referee_sees_what_is_left_over(sound, tmp_path):
    save(sound, tmp_path)
    (tmp_path / ".part-00000-00000.parquet.new-host-1").write_text("half")
    assert judge(SmallBench(), tmp_path).left == [".part-00000-00000.parquet.new-host-1"]
