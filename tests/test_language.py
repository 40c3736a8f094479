"""How this project writes: what a reader would have to read twice, as far as its form gives it away."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("spacy_hat", "scripts", "tools", "benchmarks", "tests/support")
MODULES = {
    path: path.read_text(encoding="utf8") for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))
}
PAGES = {path: path.read_text(encoding="utf8") for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))}
# "There is no corpus" says that something is absent. "It is no corpus" says what something is: "it is not a corpus".
IDENTITY = re.compile(r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|such\b)[a-z]+", re.IGNORECASE)
# `n_docs (int): the documents`; what is written small itself may stand there.
SMALL = re.compile(r"^\s*(?:\*{0,2}\w+|RETURNS|YIELDS|RAISES) \([^\n]*?\): (?!spaCy|numpy\b|\w+_)[a-z]", re.MULTILINE)


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path, text in MODULES.items():
        for node in ast.walk(ast.parse(text)):
            yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}", node


def test_language_says_not_a_where_it_denies_what_something_is():
    found = [(path.name, match) for path, text in (MODULES | PAGES).items() for match in IDENTITY.findall(text)]
    assert not found


def test_language_begins_the_meaning_of_a_field_with_a_capital():
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = ((place, ast.get_docstring(node) or "") for place, node in nodes() if isinstance(node, kinds))
    assert not [(place, match) for place, text in texts for match in SMALL.findall(text)]


def test_language_names_a_local_for_what_it_is_and_not_for_what_it_is_of():
    targets = ((place, target) for place, node in nodes() if isinstance(node, ast.Assign) for target in node.targets)
    names = ((place, node) for place, target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    assert not [(place, name.id) for place, name in names if name.id.startswith("of_")]
