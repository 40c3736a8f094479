"""Nothing in the package decides by what a warning or an error says: by its class, or by the data that it carries."""

import ast

import pytest

from .support.project import ROOT

PACKAGE = ROOT / "spacy_hat"
# Errors of other libraries (torch, msgpack, safetensors) that come without a class of their own.
FOREIGN = {"cli/failures.py", "modeling/files/disk.py", "modeling/files/weights.py", "pipeline/component.py"}
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).as_posix() not in FOREIGN]
MATCHING = {"search", "match", "fullmatch", "findall", "startswith", "endswith", "lower", "index", "count"}


def said(node: ast.AST, names: set[str]) -> bool:
    """RETURNS (bool): Whether an expression is the text of an error or a warning, or the name of its class."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) in ("str", "repr") and part.args:
            root = ast.unparse(part.args[0]).split(".")[0]
            if root in names:
                return True
        if isinstance(part, ast.Attribute) and part.attr in ("message", "args", "__name__"):
            root = ast.unparse(part.value)
            if any(name in (root, root.removeprefix("type(").removesuffix(")")) for name in names):
                return True
    return False


def branches(tree: ast.Module) -> list[str]:
    """RETURNS (list[str]): Comparisons and searches in the text of what was raised or warned of."""
    handlers = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    names = handlers | {"error", "warning", "caught", "exception"}
    found = []
    for node in ast.walk(tree):
        is_search = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MATCHING
        if (isinstance(node, ast.Compare) or is_search) and said(node, names):
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("filterwarnings"):
            found += [f"{node.lineno}: {ast.unparse(node)}" for word in node.keywords if word.arg == "message"]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_control_is_never_by_the_text_of_an_error_or_a_warning(path):
    assert branches(ast.parse(path.read_text(encoding="utf8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "if 'unpack' in str(error): pass",
        "if 'unpack' not in str(error).lower(): pass",
        "if type(error).__name__ == 'UnpicklingError': pass",
        "if error.args[0] == 'x': pass",
        "found = [w for w in caught if 'equal no sentence' in str(warning.message)]",
        "found = re.search('GLOBAL', str(error))",
        "warnings.filterwarnings('ignore', message='Torch')",
    ],
)
def test_control_by_text_is_found(line):
    assert branches(ast.parse(line))


def test_control_by_class_is_not_text():
    assert branches(ast.parse("if isinstance(error, SpanMissingError): raise ValueError(f'{error}') from error")) == []
