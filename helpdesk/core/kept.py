"""The one home of values that are kept in this process under all that they are made of.

All that a value is made of is its key, so that nothing has to be told of a change: what reads otherwise
is another key. All who ask share them, so whatever a reader may not see is part of the key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakSet

from helpdesk.clock import now
from helpdesk.core import along

ALWAYS, FOR_GOOD = (each.replace(tzinfo=UTC) for each in (datetime.min, datetime.max))
V = TypeVar("V")
_all: WeakSet[Keeping[Any]] = WeakSet()


class Made(NamedTuple, Generic[V]):
    """A value, since when it reads so, and from when on it may read otherwise though nothing happens."""

    value: V
    since: datetime = ALWAYS
    until: datetime = FOR_GOOD


class Keeping(Generic[V]):
    """So many values of one kind. What is made under a set-up goes when another one is in force."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.under: object = None
        self.made: dict[Hashable, Made[V]] = {}
        self.still: dict[Hashable, V] = {}
        _all.add(self)

    def once(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value with this key, which reads the same at any time and under any set-up."""
        found = self.still.get(key)
        if found is None:
            if len(self.still) >= self.most:
                self.still.clear()
            found = self.still[key] = make()
        return found

    def get(self, under: object, key: Hashable, make: Callable[[], Made[V]]) -> V:
        """The value with this key as it is now under this set-up, made if need be."""
        if under is not self.under or len(self.made) >= self.most:
            self.under, self.made = under, {}
        found = self.made.get(key)
        if found is None or not (found.since is ALWAYS or found.since <= now() < found.until):
            found = self.made[key] = make()
        return found.value

    def while_still(self, under: object, key: Hashable, make: Callable[[], Made[V]]) -> V:
        """The same of what changes only with an event in the journal (and with time)."""
        seq = along.get("seq")
        return self.get(under, (key, seq), make) if seq else make().value


def frozen(value: Any) -> Hashable:
    """The value as a part of a key. A text and a piece of HTML that reads the same are two values; the
    fields of a NamedTuple have one kind each."""
    if hasattr(value, "_fields"):
        return type(value), value
    if isinstance(value, dict):
        return tuple((name, frozen(each)) for name, each in value.items())
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else (type(value), value)


def forget() -> None:
    """Keep nothing (tests make new databases under one name)."""
    for each in _all:
        each.made, each.still = {}, {}
