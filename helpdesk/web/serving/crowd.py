"""Those who wait: a bounded number, and who was silent longest has to go first."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

HEAVIEST = 1024**3  # bytes that are kept, most of them on the disk, for all who wait


class Waiting(Protocol):
    """A connection that waits for its other side."""

    address: str

    @property
    def until(self) -> float:
        """By when something must pass, on the steady clock."""

    @property
    def weight(self) -> int:
        """The bytes that are kept for it."""


class Crowd:
    """The connections that wait. `cut` is called with one that has to go; it must not wait itself."""

    def __init__(self, most: int, each: int, heaviest: int, cut: Callable[[Waiting], None]) -> None:
        self.most = most
        self.each = each  # from one address; 0 where all come from a proxy
        self.heaviest = heaviest  # bytes that are kept for all of them together
        self._cut = cut
        self._waiting: OrderedDict[Waiting, int] = OrderedDict()  # silent longest first -> weight
        self._from: Counter[str] = Counter()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, one: Waiting) -> bool:
        return one in self._waiting

    def join(self, one: Waiting) -> None:
        """One more waits; who is too much is cut."""
        self._waiting[one] = one.weight
        self._weight += one.weight
        self._from[one.address] += 1
        if self.each and one.address and self._from[one.address] > self.each:
            self.cut_one(one.address)
        elif len(self._waiting) > self.most:
            self.cut_one(self._from.most_common(1)[0][0] if self.each else "")

    def leave(self, one: Waiting) -> None:
        """It waits no longer."""
        weight = self._waiting.pop(one, None)
        if weight is None:
            return
        self._weight -= weight
        self._from[one.address] -= 1
        if not self._from[one.address]:
            del self._from[one.address]

    def heard(self, one: Waiting) -> None:
        """Something passed: others were silent for longer."""
        if one not in self._waiting:
            return  # it was cut
        self._weight += one.weight - self._waiting[one]
        self._waiting[one] = one.weight
        self._waiting.move_to_end(one)
        if self._weight > self.heaviest:
            self._go(max(self._waiting, key=lambda each: self._waiting[each]))

    def cut_one(self, address: str = "") -> None:
        """Cut who was silent longest, of an address or at all."""
        for one in self._waiting:
            if not address or one.address == address:
                self._go(one)
                return

    def cut_late(self) -> None:
        """Cut those whose time is over."""
        moment = time.monotonic()
        for one in [each for each in self._waiting if each.until < moment]:
            self._go(one)

    def cut_all(self) -> None:
        """Nobody waits any longer."""
        for one in list(self._waiting):
            self._go(one)

    def _go(self, one: Waiting) -> None:
        self.leave(one)
        self._cut(one)


def crowd_of(app: Any, room: int, cut: Callable[[Any], None]) -> Crowd:
    """The crowd of a program that says in its config how many may wait from one address."""
    return Crowd(room, int(app.config["CONNECTIONS_EACH"]), HEAVIEST, cut)


def most_bytes(app: Any) -> int:
    """The largest body that a program takes."""
    return int(app.config["MAX_CONTENT_LENGTH"])
