"""How long a promise is: an amount that never goes without its kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

_TEXT = re.compile(r"(\d{1,7}(?:\.\d{1,4})?)\s*([a-z]+)")


class LimitError(ValueError):
    """A limit that is not usable; `message` is a sentence (a message id)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class LimitKind(StrEnum):
    """What a limit counts."""

    clock_minutes = "clock_minutes"
    work_minutes = "work_minutes"
    working_days = "working_days"
    calendar_days = "calendar_days"


UNITS = {
    "min": (LimitKind.clock_minutes, 1),
    "h": (LimitKind.clock_minutes, 60),
    "wmin": (LimitKind.work_minutes, 1),
    "wh": (LimitKind.work_minutes, 60),
    "wd": (LimitKind.working_days, 1),
    "cd": (LimitKind.calendar_days, 1),
}
# Ten years: longer than any promise, short enough that no walk over a calendar runs away.
LONGEST = {
    LimitKind.clock_minutes: 5_256_000,
    LimitKind.work_minutes: 1_300_000,
    LimitKind.working_days: 3_650,
    LimitKind.calendar_days: 3_650,
}


@dataclass(frozen=True)
class Limit:
    """So many minutes or days, and which kind: `Limit.parse("2 wh")`. Raises LimitError."""

    amount: int
    kind: LimitKind

    def __post_init__(self) -> None:
        if not isinstance(self.kind, LimitKind):
            raise LimitError("A limit says what it counts: min, h, wh, wd or cd.")
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise LimitError("A limit is a whole number of minutes or days.")
        if not 0 < self.amount <= LONGEST[self.kind]:
            raise LimitError("A limit is more than zero and at most ten years.")

    @classmethod
    @lru_cache  # policies have a handful of them, and every clock asks
    def parse(cls, text: str) -> Limit:
        """The limit in words such as "30 min", "24 h", "2 wh", "5 wd", "3 cd"."""
        found = _TEXT.fullmatch(text.strip().lower())
        if not found or found[2] not in UNITS:
            raise LimitError("Write a number and what it counts: min, h, wh, wd or cd.")
        kind, size = UNITS[found[2]]
        amount = Decimal(found[1]) * size
        if amount != int(amount):
            raise LimitError("A limit is a whole number of minutes or days.")
        return cls(int(amount), kind)

    def __str__(self) -> str:
        """The shortest text that parse() reads back: "2 wh", "90 min"."""
        units = [(size, unit) for unit, (kind, size) in UNITS.items() if kind is self.kind]
        size, unit = max(entry for entry in units if self.amount % entry[0] == 0)
        return f"{self.amount // size} {unit}"

    @property
    def in_days(self) -> bool:
        """True when whole days are counted and the first day is left out."""
        return self.kind in (LimitKind.working_days, LimitKind.calendar_days)

    @property
    def in_work_time(self) -> bool:
        """True when its use is measured in working time, False for elapsed time."""
        return self.kind in (LimitKind.work_minutes, LimitKind.working_days)

    @property
    def needs_calendar(self) -> bool:
        """False for plain minutes and hours, which run the same on every calendar."""
        return self.kind is not LimitKind.clock_minutes
