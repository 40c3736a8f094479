"""The list of docs/reliability.md, what comes from outside: each line has its test, and each file of tests its line."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf8")
LIST = PAGE.partition("## What comes from outside\n")[2].partition("\n## ")[0]
LINES = [" ".join(line.split()) for line in re.split(r"\n\* ", LIST.partition("\n\nNot bounded")[0])[1:]]
# Files of tests that are about the gate.
FILES = {
    *(TESTS / "modeling" / "files").glob("test_gate_*.py"),
    TESTS / "modeling" / "files" / "test_names.py",
    TESTS / "layers" / "test_stored.py",
    TESTS / "layers" / "test_finite.py",
    TESTS / "layers" / "test_older_files.py",
    TESTS / "pipeline" / "test_nlp_damaged.py",
    TESTS / "test_nothing_foreign.py",
    TESTS / "processing" / "test_processor_files.py",
}


def functions_of(path: Path) -> set[str]:
    """RETURNS (set[str]): Names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


OURS = {path: functions_of(path) for path in FILES}


def named(line: str) -> list[str]:
    return re.findall(r"`(test_\w+)`", line)


def test_gate_list_is_found():
    assert len(LINES) > 20


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:40])
def test_gate_line_has_its_test(line):
    assert len(named(line)) == 1
    assert any(named(line)[0] in tests for tests in OURS.values())


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: path.stem)
def test_gate_file_of_tests_has_its_line(path):
    assert {name for line in LINES for name in named(line)} & OURS[path]


def test_gate_lines_are_each_about_something_else():
    names = [name for line in LINES for name in named(line)]
    assert len(names) == len(set(names))
