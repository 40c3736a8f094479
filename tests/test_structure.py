"""The shape of the package: who imports whom, what an import costs, and what setup.cfg promises."""

import ast
import configparser
import importlib
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .support.project import ROOT

PACKAGE = ROOT / "spacy_hat"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# Each room imports only from those below it. Rooms of one floor do not know each other.
FLOORS = [
    {"cli"},
    {"explanations", "training", "checkpoints", "profiling", "annotation", "pretraining", "architectures"}
    | {"hugging_face", "hub"},
    {"processing"},
    {"pipeline"},
    {"layers"},
    {"modeling", "packing"},
    {"corpora", "samples"},
    {"machine"},
    {"choices", "classifier_piece", "ragged"},
]
LAYERS = {room: len(FLOORS) - number for number, rooms in enumerate(FLOORS) for room in rooms}
COMMAND_ROOMS = {"explanations", "training", "checkpoints", "profiling", "annotation", "pretraining", "hub"}
WITH_THINC = {"layers", "pipeline", "architectures", *COMMAND_ROOMS}
OUTSIDERS = {
    "torch": {"machine", "modeling", "layers", "hugging_face", *COMMAND_ROOMS},
    "transformers": {"modeling", "layers", "explanations", "processing", "hugging_face", "pretraining"},
    "safetensors": {"modeling", "layers"},
    "huggingface_hub": {"modeling", "layers", "hub"},
    "spacy_transformers": {"layers"},
    "thinc": WITH_THINC,
}
HEAVY = ("torch", "transformers", "spacy_transformers", "thinc", "spacy", "numpy")


def entry_points() -> dict[str, dict[str, str]]:
    """RETURNS (dict[str, dict[str, str]]): Group -> name -> module:function, as setup.cfg says."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    groups = parser["options.entry_points"].items()
    return {group: dict(re.split(r"\s*=\s*", line) for line in lines.split("\n") if line) for group, lines in groups}


REGISTERED = [(group, name, target) for group, names in entry_points().items() for name, target in names.items()]
VERSIONED = [entry for entry in REGISTERED if entry[0] not in ("spacy_factories", "spacy_cli")]
REGISTRATION_MODULES = sorted({target.partition(":")[0] for _, _, target in REGISTERED})


def part_of(module: str) -> str:
    """`spacy_hat.layers.shim` -> `layers`; the package itself -> ``"""
    return module.split(".")[1] if "." in module else ""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it, by its full name."""
    package = list(path.relative_to(ROOT).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from ..modeling import x` and `from .. import modeling` are both imports of modeling.
            found.update({module, *(f"{module}.{alias.name}" for alias in node.names)})
    return found


def modules_after(code: str) -> set[str]:
    """RETURNS (set[str]): Top-level modules that a fresh Python has imported after running the code."""
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(result.stdout.split())


def load(target: str):
    module, _, function = target.partition(":")
    return getattr(importlib.import_module(module), function)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_structure_modules_import_downwards_only(path):
    own = part_of(name_of(path))
    ours = {part_of(name) for name in imports_of(path) if name.startswith("spacy_hat.")} & LAYERS.keys()
    allowed = {part for part in LAYERS if own in LAYERS and (LAYERS[part] < LAYERS[own] or part == own)}
    assert ours <= allowed


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_structure_foreign_packages_stay_in_their_layers(path):
    tops = {name.partition(".")[0] for name in imports_of(path)}
    own = part_of(name_of(path))
    assert [top for top in tops & OUTSIDERS.keys() if own not in OUTSIDERS[top]] == []


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(name_of(path)) == "modeling"], ids=name_of)
def test_structure_modeling_knows_nothing_of_spacy(path):
    assert {name.partition(".")[0] for name in imports_of(path)} & {"spacy", "thinc", "spacy_transformers"} == set()


def test_structure_one_module_imports_spacy_transformers():
    importers = [
        name_of(path) for path in MODULES if "spacy_transformers" in {n.partition(".")[0] for n in imports_of(path)}
    ]
    assert importers == ["spacy_hat.layers.trf_interface"]


def test_structure_importing_the_package_is_cheap():
    assert modules_after("import spacy_hat") & set(HEAVY) == set()


@pytest.mark.slow
def test_structure_importing_the_commands_is_as_cheap_as_spacys_own():
    own = modules_after("import spacy_hat.cli")
    spacys = modules_after("import spacy.cli")
    assert (own - spacys) & {"torch", "transformers", "spacy_transformers", "safetensors", "huggingface_hub"} == set()


@pytest.mark.parametrize(("group", "name", "target"), REGISTERED)
def test_structure_entry_points_lead_to_callables(group, name, target):
    assert callable(load(target))


@pytest.mark.parametrize(("group", "name", "target"), REGISTERED)
def test_structure_installed_entry_points_are_those_of_setup_cfg(group, name, target):
    assert target in [entry.value for entry in importlib.metadata.entry_points(group=group, name=name)]


@pytest.mark.parametrize(("group", "name", "target"), VERSIONED)
def test_structure_function_and_name_have_the_same_version(group, name, target):
    version = re.search(r"[._](v\d+)$", target.partition(":")[2])
    assert name.rpartition(".")[2] == (version and version[1])


@pytest.mark.parametrize(("group", "name", "target"), VERSIONED)
def test_structure_names_say_the_package(group, name, target):
    # spacy-transformers takes every architecture with TransformerModel in its name for one of its own.
    assert name.startswith("spacy-hat.")
    assert "TransformerModel" not in name


@pytest.mark.parametrize("module", REGISTRATION_MODULES)
def test_structure_registered_signatures_can_be_evaluated(module):
    # Either of them switches the validation of configs off, without a word.
    source = (ROOT / module.replace(".", "/")).with_suffix(".py")
    path = source if source.exists() else ROOT / module.replace(".", "/") / "__init__.py"
    assert {"__future__.annotations", "typing.TYPE_CHECKING"} & imports_of(path) == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_structure_modules_are_short(path):
    assert len(path.read_text(encoding="utf8").splitlines()) <= 280


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_structure_modules_say_what_they_are_and_have_telling_names(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf8")))
    assert path.stem not in {"util", "utils", "helpers", "common", "misc"}


@pytest.mark.parametrize("word", ["trust_remote_code", "pickle", "breakpoint("])
def test_structure_words_that_have_no_place_in_the_package(word):
    assert [name_of(path) for path in MODULES if word in path.read_text(encoding="utf8")] == []


@pytest.mark.parametrize("path", [path for path in MODULES if part_of(name_of(path)) != "cli"], ids=name_of)
def test_structure_only_commands_print(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))) if isinstance(node, ast.Call)]
    assert "print" not in {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def test_structure_nothing_is_imported_from_a_module_of_tests():
    found = {path: {part for name in imports_of(path) for part in name.split(".")} for path in TESTS}
    assert [(str(path), part) for path, parts in found.items() for part in parts if part.startswith("test_")] == []


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_structure_tests_stand_where_they_are_collected(path):
    # A test in another module would never run, and nobody would miss it.
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf8")))
    tests = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert path.stem.startswith("test_") or tests == []
