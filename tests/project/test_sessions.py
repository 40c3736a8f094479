"""What noxfile.py, .ci/run, setup.cfg and the versions of the project say of each other."""

import ast
import configparser
import re

import pytest

import spacy_hat
from tools.slow_tests import seconds_of

from ..support.project import README, ROOT

NOXFILE = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf8"))
CI = (ROOT / ".ci" / "run").read_text(encoding="utf8")
SETUP = configparser.ConfigParser(delimiters=("=",))
SETUP.read(ROOT / "setup.cfg", encoding="utf8")
SESSIONS = {node.name for node in NOXFILE.body if isinstance(node, ast.FunctionDef) and node.decorator_list}


def constant(name: str) -> object:
    values = [
        node.value for node in NOXFILE.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return ast.literal_eval(values[0])


def test_sessions_are_those_that_contributing_promises() -> None:
    assert {"tests", "quick", "lint", "types", "docs", "dist", "attack", "smoke", "versions"} == SESSIONS


def test_sessions_of_ci_are_there() -> None:
    (line,) = re.findall(r"nox --no-venv --no-install -s (.*)", CI)
    assert set(line.split()) <= SESSIONS


def test_sessions_install_the_torch_of_the_readme() -> None:
    assert f"pip install {constant('TORCH')} &&" in README


def test_sessions_lowest_versions_are_the_bounds_of_setup_cfg() -> None:
    required = SETUP["options"]["install_requires"]
    bounds = constant("VERSIONS")["lowest"]  # type: ignore[index]
    for bound in bounds:
        name, _, version = bound.removesuffix(".*").partition("==")
        assert f"{name}>={'3.8' if name == 'spacy' else version}" in required


def test_sessions_of_versions_begin_with_the_lowest_python() -> None:
    lowest = SETUP["options"]["python_requires"].removeprefix(">=")
    assert constant("PYTHONS")[0] == lowest  # type: ignore[index]


@pytest.mark.parametrize("extra", ["project", "docs", "test", "dev"])
def test_extras_name_each_requirement_once(extra: str) -> None:
    lines = [line for line in SETUP["options.extras_require"][extra].splitlines() if line and not line.startswith("#")]
    names = [re.split(r"[<>=~]", line)[0] for line in lines]
    assert len(set(names)) == len(names)


def test_version_stands_in_one_place() -> None:
    assert SETUP["metadata"]["version"] == "attr: spacy_hat.__version__"
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
    assert re.findall(r"^## (\d\S*)", changes, re.MULTILINE)[0] == spacy_hat.__version__
    assert f"version: {spacy_hat.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf8")


def test_slow_tests_that_are_listed_are_there() -> None:
    listed = (ROOT / "tests" / "slow.txt").read_text(encoding="utf8").split()
    there = set()
    for file in {name.partition("::")[0] for name in listed}:
        tree = ast.parse((ROOT / file).read_text(encoding="utf8"))
        there |= {f"{file}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert listed == sorted(there & set(listed))


def test_slow_tests_are_those_that_take_longer_in_a_report(tmp_path) -> None:
    case = '<testcase classname="tests.packing.test_a" name="test_b{}" time="{}"/>'
    (tmp_path / "report.xml").write_text(f"<suite>{case.format('[x]', 0.1)}{case.format('[y]', 0.3)}</suite>")
    assert seconds_of(tmp_path / "report.xml") == {"tests/packing/test_a.py::test_b": 0.3}
