"""The comparison with the best engines: what is left out, and what a run that was cut goes on with."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import engine_files, engine_kinds, engines
from benchmarks.sizes import QUICK
from tools.engine_sections import engines_section

SETTING = engine_kinds.Setting(Path("bert"), QUICK, 1, Path("python"))


def row(work, precision, by="HAT", seconds=1.0, **more):
    names = {"size": "base", "threads": 1, "work": work, "precision": precision, "by": by}
    return names | {"seconds": [seconds], "n_pieces": 10, "deviation": 0.0} | more


def test_engine_that_cannot_read_the_weights_is_left_out_by_name(monkeypatch):
    def broken(setting, precision):
        raise engine_files.NotConvertedError("its converter says: no")

    made = {"float32": {"Broken": broken, "Good": lambda setting, precision: "encode"}}
    monkeypatch.setattr(engine_kinds, "ENGINES", made)
    found, left_out = engine_kinds.built(SETTING, "float32")
    assert found == {"Good": "encode"}
    assert left_out == ["Broken in float32: its converter says: no"]


@pytest.mark.parametrize(
    ("converter", "reason"), [("no/such/python", "does not start"), ("/bin/false", "exit status 1")]
)
def test_converter_that_fails_says_why(tmp_path, converter, reason):
    with pytest.raises(engine_files.NotConvertedError, match=reason):
        engine_files.ctranslate2_folder(tmp_path / "bert", Path(converter))
    assert not (tmp_path / "ctranslate2").exists()


@pytest.fixture
def measured(monkeypatch):
    """RETURNS: The works and precisions that were measured."""
    asked = []

    def measure(_engines, _shims, _inputs, key, _repeats):
        asked.append(key)
        work, precision = key
        return [{"work": work, "by": "HAT", "precision": precision, "seconds": [1.0], "n_pieces": 1}]

    monkeypatch.setattr(engines, "measure", measure)
    monkeypatch.setattr(engine_kinds, "built", lambda setting, precision: ({}, [f"X in {precision}: gone"]))
    monkeypatch.setattr(engines, "precisions", lambda: ["float32"])
    return asked


def run(out, *arguments):
    result = CliRunner().invoke(engines.app, ["--quick", "--threads", "1", "--json", str(out), *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(out.read_text(encoding="utf8"))


@pytest.mark.slow
def test_engines_measure_everything_anew_and_keep_other_sizes(tmp_path, measured):
    out = tmp_path / "engines.json"
    there = [row("full segments", "float32"), row("full segments", "float32", size="minilm")]
    out.write_text(json.dumps({"runs": there, "left_out": ["Y in float32: gone"]}), encoding="utf8")
    found = run(out)
    assert measured == [("full segments", "float32"), ("ordinary sentences", "float32")]
    assert [run["size"] for run in found["runs"]] == ["minilm", "base", "base"]
    assert found["left_out"] == ["X in float32: gone"]


@pytest.mark.slow
def test_engines_that_resume_measure_what_is_not_there(tmp_path, measured):
    out = tmp_path / "engines.json"
    out.write_text(json.dumps({"runs": [row("full segments", "float32")], "left_out": []}), encoding="utf8")
    found = run(out, "--resume")
    assert measured == [("ordinary sentences", "float32")]
    assert len(found["runs"]) == 2
    assert "--resume" not in found["command"]


def test_engines_section_compares_with_the_best_of_the_same_and_of_any_precision():
    runs = [
        row("full segments", "bfloat16", seconds=2.0),
        row("full segments", "bfloat16", "Slow", 4.0),
        row("full segments", "bfloat16", "Fast", 2.2),
        row("full segments", "int8", seconds=1.0),
        row("full segments", "int8", "Fast", 0.9),
    ]
    table = engines_section({"runs": runs, "left_out": []})[-1].splitlines()
    assert [cell.strip() for cell in table[2].split("|")[3:-1]] == ["**1.10**", "1.05", "Fast", "0.45", ""]
    assert [cell.strip() for cell in table[3].split("|")[3:-1]] == ["0.90", "1.05", "Fast", "0.90", "**2.00**"]
