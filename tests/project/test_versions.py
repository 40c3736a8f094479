"""The script that tests under other versions: what it plans, what it leaves out the second time, and its table."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import versions
from scripts.versions import QUICK_TESTS, interpreters, planned_cells

RESULT = {
    "passed": True,
    "versions": {"python": "3.11.9", "torch": "2.13.0"},
    "summary": "5 passed",
    "failed": [],
}
COMMAND = ["--python", "python3.11", "--transformers", "4.45.*", "--spacy", "lowest"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """RETURNS (Callable): runs the command with more options. RETURNS: the cells that were run, and its output."""
    ran = []
    passes = {}

    def run_cell(cell, **_):
        ran.append(cell)
        return {**RESULT, "passed": passes.get(cell.part, True)}

    def run(*options, **failing):
        passes.update(failing)
        ran.clear()
        paths = ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out.jsonl")]
        result = CliRunner().invoke(app, [*COMMAND, *paths, *options])
        assert result.exit_code == 0, result.output
        return [(cell.part, cell.wanted, cell.tests) for cell in ran], result.output

    app = versions.typer.Typer()
    app.command()(versions.main)
    monkeypatch.setattr(versions, "run_cell", run_cell)
    monkeypatch.setattr(versions, "last_commit", lambda folder: Path("spacy_hat.whl"))
    return run


MODELING = ("modeling", "4.45.*", ("tests/modeling",))
WHOLE = ("whole", "lowest", ("tests",))


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        ([], [MODELING, WHOLE]),
        (["--part", "modeling"], [MODELING]),
        (["--part", "whole", "--tests", "tests/layers"], [("whole", "lowest", ("tests/layers",))]),
        (["--part", "whole", "--quick"], [("whole", "lowest", tuple(QUICK_TESTS))]),
        (["--part", "whole", "--spacy", "3.8.7"], [WHOLE, ("whole", "3.8.7", ("tests",))]),
        (["--report"], []),
    ],
)
def test_versions_options_choose_the_cells(run, options, cells):
    assert run(*options)[0] == cells


def test_versions_goes_on_where_it_stopped(run):
    assert len(run("--part", "modeling")[0]) == 1
    assert run()[0] == [WHOLE]
    assert run()[0] == []


def test_versions_runs_again_what_failed_or_has_other_tests(run):
    run(whole=False)
    assert run(whole=True)[0] == [WHOLE]
    assert run("--quick")[0] == [("whole", "lowest", tuple(QUICK_TESTS))]


def test_versions_table_has_a_row_for_each_cell(run):
    _, output = run()
    rows = [line for line in output.splitlines() if line.startswith("| 3.11.9")]
    assert rows == [
        "| 3.11.9 | tests/modeling |  | 4.45.* |  |  |  | 2.13.0 | 5 passed |",
        "| 3.11.9 | tests | lowest |  |  |  |  | 2.13.0 | 5 passed |",
    ]


def test_versions_writes_one_line_a_cell(run, tmp_path):
    run()
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf8").splitlines()]
    assert [line["part"] for line in lines] == ["modeling", "whole"]


def test_versions_environments_have_names_of_their_own():
    cells = planned_cells(["python3.11", "python3.12"], ["modeling", "whole"], ["4.45.*", "5.*"], ["lowest"], ["tests"])
    assert len({cell.name for cell in cells}) == len(cells) == 6


def test_versions_finds_the_interpreters_that_run(tmp_path, monkeypatch):
    for name, exit_code in (("python3.10", 0), ("python3.11", 0), ("python3.12", 127), ("python3.13", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {exit_code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreters() == ["python3.11", "python3.13"]


def test_versions_lower_bounds_are_those_of_setup_cfg():
    setup = (versions.ROOT / "setup.cfg").read_text(encoding="utf8")
    assert all(bound.replace("==", ">=").removesuffix(".*") in setup for bound in versions.LOWER_BOUNDS)
