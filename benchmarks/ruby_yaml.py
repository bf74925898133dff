"""Reads the YAML that Ruby writes: the expected results of another project's mails.

Only what those files use: block maps and lists, plain, quoted and literal scalars, tags (which are
ignored, except !binary). No package of this project reads YAML, and a benchmark needs none.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "0": "\0",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "v": "\v",
}
_ESCAPES |= {"f": "\f", '"': '"', "\\": "\\", "/": "/", " ": " ", "N": "\x85", "_": "\xa0"}
_CODES = {"x": 2, "u": 4, "U": 8}
_CONSTANTS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


def load(text: str) -> Any:
    """The document as dicts, lists, strings, booleans and None."""
    reader = _Reader(text.split("\n"))
    reader.lines[0] = reader.lines[0].removeprefix("---").strip()
    if reader.lines[0].startswith("!"):
        reader.lines[0] = ""
    return reader.block(0)


@dataclass(slots=True)
class _Reader:
    lines: list[str]
    at: int = 0

    def block(self, indent: int) -> Any:
        self._skip_empty()
        if self.at >= len(self.lines) or _indent(self.lines[self.at]) < indent:
            return None
        own = _indent(self.lines[self.at])
        return self._list(own) if self.lines[self.at][own:].startswith("-") else self._map(own)

    def _list(self, indent: int) -> list[Any]:
        found = []
        while self._is_at(indent) and self.lines[self.at][indent:].startswith("-"):
            rest = self.lines[self.at][indent + 1 :].strip()
            if rest == "" or rest.startswith("!ruby"):
                self.at += 1
                found.append(self.block(indent + 1))
            elif _key_end(rest) >= 0 and not rest.startswith(("'", '"')):
                self.lines[self.at] = " " * (indent + 2) + rest
                found.append(self._map(indent + 2))
            else:
                found.append(self._scalar(rest, indent))
        return found

    def _map(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._is_at(indent) and not self.lines[self.at][indent:].startswith("- "):
            line = self.lines[self.at][indent:]
            end = _key_end(line)
            if end < 0:
                self.at += 1
                continue
            found[line[:end].strip("\"'")] = self._value(line[end + 1 :].strip(), indent)
        return found

    def _value(self, rest: str, indent: int) -> Any:
        is_binary = rest.startswith("!binary")
        if rest.startswith("!"):
            rest = rest.partition(" ")[2].strip()
        if rest or is_binary:
            value = self._scalar(rest, indent)
            return base64.b64decode(value) if is_binary else value
        self.at += 1
        self._skip_empty()
        is_list = self.at < len(self.lines) and self.lines[self.at][indent:].startswith("-")
        return self.block(indent if is_list else indent + 1)

    def _scalar(self, rest: str, indent: int) -> Any:
        if rest[:1] in ("|", ">"):
            return self._literal(rest, indent)
        if rest[:1] in ("'", '"'):
            return self._quoted(rest)
        if rest in ("{}", "[]"):
            self.at += 1
            return {} if rest == "{}" else []
        return self._plain(rest, indent)

    def _literal(self, mark: str, indent: int) -> str:
        self.at += 1
        taken = []
        while self.at < len(self.lines) and self._inside(indent):
            taken.append(self.lines[self.at])
            self.at += 1
        told = next((int(letter) for letter in mark if letter.isdigit()), 0)
        depth = indent + told if told else min((_indent(x) for x in taken if x.strip()), default=0)
        text = "\n".join(line[depth:] for line in taken)
        kept = text if "+" in mark else text.rstrip("\n")
        return kept if "-" in mark else kept + "\n"

    def _inside(self, indent: int) -> bool:
        line = self.lines[self.at]
        return not line.strip() or _indent(line) > indent

    def _quoted(self, rest: str) -> str:
        quote = rest[0]
        text = rest[1:]
        self.at += 1
        while _closing(text, quote) < 0 and self.at < len(self.lines):
            text += "\n" + self.lines[self.at].strip(" ")
            self.at += 1
        text = text[: _closing(text, quote)]
        return _unescape(text) if quote == '"' else _fold(text).replace("''", "'")

    def _plain(self, rest: str, indent: int) -> Any:
        self.at += 1
        while self.at < len(self.lines) and self._inside(indent):
            rest += "\n" + self.lines[self.at].strip()
            self.at += 1
        text = _fold(rest.strip())
        return _CONSTANTS.get(text, text)

    def _is_at(self, indent: int) -> bool:
        self._skip_empty()
        return self.at < len(self.lines) and _indent(self.lines[self.at]) == indent

    def _skip_empty(self) -> None:
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _key_end(line: str) -> int:
    start = line.find(line[0], 1) if line[:1] in ("'", '"') else 0
    at = line.find(":", max(0, start))
    while 0 <= at < len(line) - 1 and line[at + 1] != " ":
        at = line.find(":", at + 1)
    return at


def _closing(text: str, quote: str) -> int:
    at = 0
    while at < len(text):
        if quote == '"' and text[at] == "\\":
            at += 2
            continue
        if text[at] == quote:
            if quote == '"' or text[at + 1 : at + 2] != "'":
                return at
            at += 1
        at += 1
    return -1


def _fold(text: str) -> str:
    """One line break is a blank, two are one break."""
    pieces = [
        piece.strip(" ") if at else piece.rstrip() for at, piece in enumerate(text.split("\n"))
    ]
    folded = pieces[0]
    breaks = 0
    for piece in pieces[1:]:
        if not piece:
            breaks += 1
            continue
        folded += ("\n" * breaks if breaks else " ") + piece
        breaks = 0
    return folded + "\n" * breaks


def _unescape(text: str) -> str:
    joined = _fold(text.replace("\\\n", "\\\x00")) if "\n" in text else text
    found: list[str] = []
    at = 0
    while at < len(joined):
        letter = joined[at]
        if letter != "\\":
            found.append(letter)
            at += 1
            continue
        code = joined[at + 1 : at + 2]
        width = _CODES.get(code, 0)
        if width:
            found.append(chr(int(joined[at + 2 : at + 2 + width], 16)))
        elif code != "\x00":
            found.append(_ESCAPES.get(code, code))
        at += 2 + width
    return "".join(found)
