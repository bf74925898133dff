"""format=flowed (RFC 3676): lines that a mail program broke are joined again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from .parameters import Value

_SIGNATURE = "-- "


def unflow(text: str, kind: Value) -> str:
    """The paragraphs as they were written, when the part's type says that they are flowed: one
    line each, quoted ones behind their marks. With DelSp the blank at a break was the program's."""
    if kind.get("format").strip().lower() != "flowed":
        return text
    drop = kind.get("delsp").strip().lower() == "yes"
    lines = [_split(line) for line in text.split("\n")]
    found: list[str] = []
    for depth, group in groupby(lines, key=lambda each: each[0]):
        mark = ">" * depth + " " if depth else ""
        found += [(mark + line).rstrip() if depth else line for line in _joined(group, drop)]
    return "\n".join(found)


def _split(line: str) -> tuple[int, str]:
    """How deep the line is quoted, and the line without its marks and its stuffed blank."""
    bare = line.lstrip(">")
    return len(line) - len(bare), bare.removeprefix(" ")


def _joined(lines: Iterable[tuple[int, str]], drop: bool) -> Iterator[str]:
    pending: list[str] = []
    for _depth, line in lines:
        if line == _SIGNATURE:
            if pending:
                yield "".join(pending)
            pending = []
            yield line
        elif line.endswith(" "):
            pending.append(line[:-1] if drop else line)
        else:
            yield "".join([*pending, line])
            pending = []
    if pending:
        yield "".join(pending)
