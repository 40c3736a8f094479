"""The tool that counts how many mistakes the tests find, on a tree with a planted module."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tools.mutants import mutants_of
from tools.mutate import mutation_run, read_results, summary, write_results

pytestmark = pytest.mark.slow
MODULE = '''def shorter(first, second):
    """RETURNS (bool): Whether a number is smaller."""
    return first < second


def unread(number):
    return number + 1
'''
TEST = """from spacy_hat.packing.planted import shorter


def test_shorter():
    assert shorter(1, 2)
    assert not shorter(2, 1)
"""
SURVIVOR = "packing/planted.py shorter: `return first < second`: first < second -> first <= second"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf8")


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    """A tree in which one mutant is found, one is not, and others stand where no test comes, which find nothing."""
    root = tmp_path_factory.mktemp("planted")
    for package in ("spacy_hat", "spacy_hat/packing"):
        write(root / package / "__init__.py", "")
    write(root / "spacy_hat" / "packing" / "planted.py", MODULE)
    write(root / "tests" / "packing" / "test_planted.py", TEST)
    write(root / "pyproject.toml", '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\n')
    return root


def run(root: Path, out: Path) -> dict[str, Any]:
    mutation_run(root, out, sample=99, rooms=("packing",), again=True)
    return json.loads(out.read_text(encoding="utf8"))


@pytest.fixture(scope="module")
def found(planted, tmp_path_factory) -> dict[str, Any]:
    return run(planted, tmp_path_factory.mktemp("out") / "mutation.json")


def test_mutation_run_tells_what_tests_find_from_what_they_do_not(found):
    outcomes = {result["name"].partition(": ")[2]: result["outcome"] for result in found["results"]}
    assert outcomes == {
        "`return first < second`: first < second -> first <= second": "survived",
        "`return first < second`: return first < second -> return None": "killed",
        "`return number + 1`: return number + 1 -> return None": "survived",
        "`return number + 1`: number + 1 -> number - 1": "survived",
        "`return number + 1`: 1 -> 2": "survived",
        "`return number + 1`: 1 -> 0": "survived",
    }


def test_mutation_run_names_the_test_that_failed(found):
    killed = [result["test"] for result in found["results"] if result["outcome"] == "killed"]
    assert killed == ["tests/packing/test_planted.py::test_shorter"]


def test_mutation_run_leaves_the_tree_as_it_was(planted, found):
    assert (planted / "spacy_hat" / "packing" / "planted.py").read_text(encoding="utf8") == MODULE


def test_mutation_run_goes_on_where_it_stopped_and_leaves_equivalents_out(planted, found, tmp_path):
    results = {result["name"]: result for result in found["results"] if "shorter" in result["name"]}
    for result in results.values():
        result["line"] = 99
    write_results(tmp_path / "out.json", 0, {"results": results, "equivalent": {SURVIVOR: "said so"}})
    again = run(planted, tmp_path / "out.json")
    kept = Counter(result["outcome"] for result in again["results"] if result["line"] == 99)
    assert kept == {"survived": 1, "killed": 1}
    assert SURVIVOR not in again["survivors"]
    assert again["equivalent"] == {SURVIVOR: "said so"}


def test_mutation_share_is_of_those_that_are_not_equivalent():
    outcomes = {"a": "killed", "b": "survived", "c": "survived"}
    results = [{"name": name, "outcome": outcome} for name, outcome in outcomes.items()]
    assert summary(results, {"c": "the same"}) == {
        "mutants": 3,
        "equivalents": 1,
        "killed": 1,
        "share": 0.5,
        "survivors": ["b"],
    }


def test_mutation_results_of_no_file_are_empty(tmp_path):
    assert read_results(tmp_path / "none.json") == {"results": {}, "equivalent": {}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b < c", ["a = b <= c"]),
        ("a = b - c", ["a = b + c", "a = c - b"]),
        ("a = b and c", ["a = b or c"]),
        ("a = not b", ["a = b"]),
        ("a = True", ["a = False"]),
        ("a = 5", ["a = 6", "a = 4"]),
        ("f(a)", ["pass"]),
        ("a: int = b", []),
        ("assert a < b", []),
    ],
)
def test_mutants_are_the_module_with_one_change(source, expected):
    assert [mutant.source().strip() for mutant in mutants_of(source)] == expected
