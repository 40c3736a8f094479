"""Choices stand in one place: no other module lists the values of one once more."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from spacy_hat import choices

PACKAGE = Path(choices.__file__).parent
OTHERS = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "choices.py")
CHOICES = {name: set(get_args(value)) for name, value in vars(choices).items() if get_origin(value) is Literal}
CHOICES["PUBLISHED_LAYOUTS"] = set(choices.PUBLISHED_LAYOUTS)


def lists_of_strings(tree: ast.Module) -> Iterator[set[str]]:
    """Tuples, lists, sets, and the bodies of classes.

    A dict says something of each value, and has to name it; what is looped over is done to each, and is not a choice.
    """
    looped = {id(node.iter) for node in ast.walk(tree) if isinstance(node, (ast.For, ast.comprehension))}
    for node in ast.walk(tree):
        if id(node) in looped:
            continue
        values: list[ast.expr | None] = []
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            values = list(node.elts)
        elif isinstance(node, ast.ClassDef):
            values = [statement.value for statement in node.body if isinstance(statement, ast.Assign)]
        yield {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_choices_are_spelled_once(path):
    text = path.read_text(encoding="utf8")
    assert "Literal[" not in text
    assert "Enum" not in text
    tree = ast.parse(text)
    found = [name for spelled in lists_of_strings(tree) for name, values in CHOICES.items() if values <= spelled]
    assert found == []


def test_choices_import_nothing_but_typing():
    tree = ast.parse((PACKAGE / "choices.py").read_text(encoding="utf8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)] == ["typing"]
