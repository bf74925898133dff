"""A public name that nothing in the program uses is removed: tests alone keep nothing alive."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from tests.help.trees import PACKAGE, nodes, sources, tree

ROOT = PACKAGE.parent
USERS = [
    *PACKAGE.rglob("*.py"),
    *(PACKAGE / "templates").rglob("*.*"),
    *(ROOT / "benchmarks").rglob("*.py"),
    *(ROOT / "migrations").rglob("*.py"),
    *ROOT.glob("*.py"),
]
# Called by name from outside: by Flask, Flask-Login, aiosmtpd, Jinja.
BY_OTHERS = {"get_signing_serializer", "is_active", "handle_RCPT", "handle_DATA", "filter_stream"}
OF_PYTHON = {"property", "staticmethod", "classmethod", "dataclass", "cache"}


@cache
def classes() -> set[str]:
    """The names of all classes of the program, and of what ours are made of."""
    found = (node for path in sources() for node in nodes(path) if isinstance(node, ast.ClassDef))
    return {node.name for node in found} | {"StrEnum", "Enum", "NamedTuple", "Exception"}


def is_theirs(node: ast.ClassDef) -> bool:
    """Whether a class fills in one from outside, which calls its parts by name."""
    return any(ast.unparse(base).rpartition(".")[2] not in classes() for base in node.bases)


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """The names that a module or class defines, but for those that a decorator registers."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            marks = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
            if len(marks & OF_PYTHON) == len(node.decorator_list):
                yield node.name
            if isinstance(node, ast.ClassDef) and not is_theirs(node):
                yield from defined(node.body)
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def test_every_public_name_is_used_somewhere_in_the_program() -> None:
    said = Counter(
        word for path in USERS for word in re.findall(r"\w+", path.read_text("utf-8", "replace"))
    )
    unused = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        for name in defined(tree(path).body)
        if said[name] == 1 and name not in BY_OTHERS and not name.startswith("__")
    ]
    assert unused == []
