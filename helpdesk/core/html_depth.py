"""HTML that is not nested without end: what cleans it takes time by the square of its depth."""

from __future__ import annotations

from collections import Counter

MOST_LEVELS = 200
LONGEST_NAME = 40
# Void, or closed by the next of its kind: outside of drawings these never lie inside each other.
_NEVER_DEEP = frozenset(
    [
        "area",
        "br",
        "col",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "p",
        "source",
        "td",
        "th",
        "tr",
        "wbr",
    ]
)
_DRAWINGS = ("svg", "math")
# A closing tag inside of these closes nothing that was opened outside.
_WALLS = frozenset(
    ["table", "caption", "button", "object", "marquee", "applet", "template", *_DRAWINGS]
)


def shallow(html: str) -> str:
    """The HTML without the tags that would lie more than 200 levels deep; their text stays."""
    kept: list[str] = []
    levels, done, end = _Levels(), 0, -1
    at = html.find("<")
    while at >= 0:
        if end < at:
            end = html.find(">", at)
        if end < 0:
            break
        if not levels.take(html[at + 1 : min(end, at + LONGEST_NAME)]):
            kept.append(html[done:at])
            done = end + 1
        at = html.find("<", at + 1 if html[at + 1].isspace() else end)
    return "".join([*kept, html[done:]]) if kept else html


class _Levels:
    """The tags that are open, at most so many."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.inside: Counter[str] = Counter()

    def take(self, tag: str) -> bool:
        """Note an opening or closing tag; False when it would open one level too many."""
        name = _name(tag.removeprefix("/"))
        if tag.startswith("/"):
            self._close(name)
        elif name[:1].isalpha() and self._is_deep(name):
            if len(self.open) >= MOST_LEVELS:
                return False
            self.open.append(name)
            self.inside[name] += 1
        return True

    def _is_deep(self, name: str) -> bool:
        return name not in _NEVER_DEEP or any(self.inside[each] for each in _DRAWINGS)

    def _close(self, name: str) -> None:
        """Close it and what is open inside of it, unless a wall stands between."""
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place] == name:
                self.inside.subtract(self.open[place:])
                del self.open[place:]
                return
            if self.open[place] in _WALLS:
                return


def _name(tag: str) -> str:
    words = tag.partition("/")[0].split(maxsplit=1)
    return words[0].lower() if words else ""
