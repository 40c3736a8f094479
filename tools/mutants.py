"""Small mistakes, made on purpose: every place of a module where one character or word could be another."""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

FLIPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
LONGEST = 60
ORDERED = (ast.Sub, ast.FloorDiv, ast.Div, ast.Mod)


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake in it.

    name (str): Where the mistake stands and what it is; stays when lines move.
    line (int): Its line, in the module as it is.
    tree (Module): The module.
    node (AST): What stands there now.
    changed (AST): What stands there instead.
    """

    name: str
    line: int
    tree: ast.Module
    node: ast.AST
    changed: ast.AST

    def source(self) -> str:
        """RETURNS (str): The module with the mistake."""
        whole = copy.deepcopy(self.tree)
        pairs = zip(ast.walk(self.tree), ast.walk(whole), strict=True)
        twin = next(other for own, other in pairs if own is self.node)
        _Replace(twin, self.changed).visit(whole)
        return ast.unparse(ast.fix_missing_locations(whole)) + "\n"


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def mutants_of(source: str) -> list[Mutant]:
    """RETURNS (list[Mutant]): Every mutant of a module."""
    tree = ast.parse(source)
    text = source.splitlines()
    names: Counter[str] = Counter()
    found = []
    for node, function in _code(tree, ""):
        for changed in _changes(node):
            line = getattr(node, "lineno", 1)
            name = f"{function or 'module'}: `{text[line - 1].strip()}`: {_first_line(node)} -> {_first_line(changed)}"
            names[name] += 1
            name += f" ({names[name]})" if names[name] > 1 else ""
            found.append(Mutant(name, line, tree, node, changed))
    return found


def _code(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    """Every node that does something when the program runs: no annotations, no assertions for the type checker."""
    yield node, function
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Assert):
                continue
            inside = function
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                inside = f"{function}.{child.name}".lstrip(".")
            yield from _code(child, inside)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What could stand in the place of a node instead."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield _with(node, ops=[FLIPPED[type(node.ops[0])]()])
    elif isinstance(node, ast.BinOp):
        if type(node.op) in FLIPPED:
            yield _with(node, op=FLIPPED[type(node.op)]())
        if isinstance(node.op, ORDERED):
            yield _with(node, left=node.right, right=node.left)
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=FLIPPED[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, (ast.If, ast.IfExp)) and not isinstance(node.test, (ast.Compare, ast.UnaryOp)):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and not isinstance(node.func.value, ast.Name)
    ):
        yield node.func.value


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _first_line(node: ast.AST) -> str:
    """As Python would write it, cut short."""
    line = ast.unparse(node).partition("\n")[0]
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
