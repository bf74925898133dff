"""What the search box looks through: each part of the program registers its own finder here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helpdesk.agents.rights import Actor, may

MOST = 8


@dataclass(frozen=True)
class Hit:
    """One thing that was found: its words, its address, a remark, the language of its words."""

    title: str
    url: str
    note: str = ""
    language: str = ""


@dataclass(frozen=True)
class Finder:
    """One group of the page of results. `find(words, who, most)` applies the rights itself."""

    code: str
    label: str
    verb: str
    find: Callable[[str, Actor, int], Sequence[Hit]]


_finders: dict[str, Finder] = {}
Find = Callable[[str, Actor, int], Sequence[Hit]]


def finds(code: str, label: str, verb: str) -> Callable[[Find], Find]:
    """Register a finder: `label` is a message id, `verb` the right that a reader needs."""

    def register(find: Find) -> Find:
        _finders[code] = Finder(code, label, verb, find)
        return find

    return register


def everywhere(words: str, who: Actor, most: int = MOST) -> list[tuple[Finder, Sequence[Hit]]]:
    """What each part found for this reader; parts without a hit are left out."""
    asked = [finder for finder in _finders.values() if may(who, finder.verb)]
    found = [(finder, finder.find(words, who, most)) for finder in asked]
    return [(finder, hits) for finder, hits in found if hits]
