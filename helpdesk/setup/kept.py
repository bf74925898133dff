"""Values that are kept in this process under all that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakSet

from helpdesk.clock import now
from helpdesk.core import along
from helpdesk.setup import in_force

FOR_GOOD = datetime.max.replace(tzinfo=UTC)
V = TypeVar("V")
_all: WeakSet[Keeping[Any]] = WeakSet()


class Made(NamedTuple, Generic[V]):
    """A value, when it was made, and from when on it may read otherwise though nothing has happened."""

    value: V
    since: datetime
    until: datetime = FOR_GOOD


class Keeping(Generic[V]):
    """Values that were made under one set-up. All else that they are made of is their key, so that
    nothing has to be told of a change: what reads otherwise is another key. All readers share them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.snapshot: in_force.Setup | None = None
        self.made: dict[Hashable, Made[V]] = {}
        _all.add(self)

    def get(self, snapshot: in_force.Setup | None, key: Hashable, make: Callable[[], Made[V]]) -> V:
        """The value with this key as it is now, made if need be; no snapshot where set-up has no part in it."""
        if snapshot is not self.snapshot or len(self.made) >= self.most:
            self.snapshot, self.made = snapshot, {}
        found = self.made.get(key)
        if found is None or not found.since <= now() < found.until:
            found = self.made[key] = make()
        return found.value

    def while_still(self, key: Hashable, make: Callable[[], Made[V]]) -> V:
        """The value with this key, of what changes only with an event in the journal (and with time)."""
        seq = along.get("seq")
        return self.get(in_force.current(), (key, seq), make) if seq else make().value


def forget() -> None:
    """Keep nothing (tests make new databases under one name)."""
    for each in _all:
        each.made = {}
