"""The program as it is written: each module is read and walked once, whoever asks after its rules."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import helpdesk

PACKAGE = Path(helpdesk.__file__).parent


@cache
def sources() -> tuple[Path, ...]:
    """Every module of the program, in the order of their names."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """What a module says."""
    return ast.parse(path.read_text(encoding="utf8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything that a module says, part by part."""
    return tuple(ast.walk(tree(path)))


@cache
def calls(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and dotted name of everything that a module calls."""
    return tuple(
        (node.lineno, ast.unparse(node.func)) for node in nodes(path) if isinstance(node, ast.Call)
    )
