"""Small changes to a file: what can be turned round, and the file with one thing turned."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

SMALL = 1000  # larger numbers are units and sizes, which a rule rarely turns on
_PAIRS = [
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.FloorDiv),
    (ast.And, ast.Or),
]
TURNED = dict(_PAIRS) | {other: one for one, other in _PAIRS}
Turn = Callable[[], None]


@dataclass(frozen=True)
class Change:
    """One place of a file that is turned round. `inside`: in a function, so only that has to change."""

    path: str
    index: int
    line: int
    words: str
    inside: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line}  {self.words}"

    @property
    def file(self) -> str:
        """The whole path, as code objects know it."""
        return str(Path(self.path).resolve())

    @property
    def module(self) -> str:
        """The module's name."""
        path = Path(self.path).with_suffix("")
        return ".".join(path.parent.parts if path.name == "__init__" else path.parts)

    def code(self) -> CodeType:
        """The file with this change in it."""
        tree = ast.parse(Path(self.path).read_text("utf-8"))
        list(_turns(tree))[self.index][1]()
        code: CodeType = compile(ast.fix_missing_locations(tree), self.file, "exec")
        return code


def changes(path: str) -> Iterator[Change]:
    """All changes that can be made to a file."""
    tree = ast.parse(Path(path).read_text("utf-8"))
    inside = {id(node) for body in _bodies(tree) for node in ast.walk(body)}
    for index, (node, turn) in enumerate(_turns(tree)):
        before = _short(node)
        turn()
        yield Change(path, index, node.lineno, f"{before}  ->  {_short(node)}", id(node) in inside)
        turn()


def _bodies(tree: ast.AST) -> Iterator[ast.stmt]:
    """What functions do; their defaults and decorators belong to the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from node.body


def _short(node: ast.expr | ast.If) -> str:
    return " ".join(ast.unparse(node.test if isinstance(node, ast.If) else node).split())[:70]


def _turns(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.If, Turn]]:
    """Each place that can be turned, and what turns it (and, done again, turns it back)."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[op, *_]) if type(op) in TURNED:
                yield node, lambda node=node: _operators(node.ops)
            case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in TURNED:
                yield node, lambda node=node: setattr(node, "op", TURNED[type(node.op)]())
            case ast.Constant(value=bool()):
                yield node, lambda node=node: setattr(node, "value", not node.value)
            case ast.Constant(value=int()) if node.value < SMALL:
                yield node, _next(node)
            case ast.If():
                yield node, lambda node=node: setattr(node, "test", _not(node.test))


def _operators(ops: list[ast.cmpop]) -> None:
    ops[0] = TURNED[type(ops[0])]()


def _next(node: ast.Constant) -> Turn:
    values = (node.value, node.value + 1)
    return lambda: setattr(node, "value", values[node.value == values[0]])


def _not(test: ast.expr) -> ast.expr:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner
        case _:
            return ast.UnaryOp(ast.Not(), test)
