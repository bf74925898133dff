"""What three weeks of calls of a bank come to, counted from its own log alone: nothing of the program is
imported here, so that a common mistake can't hide.

A call that was served without a queue waited 0 seconds. The log's times are whole seconds.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

THRESHOLD, SHORT = 20, 5
MERGED = timedelta(hours=4)
NONE = "0:00:00"


@dataclass(frozen=True)
class Logged:
    """One line of the log."""

    name: str
    customer: str  # "" for one who did not show it
    queue: str
    began: datetime
    left_menu: datetime
    outcome: str
    joined: datetime | None  # None for who never waited in a queue
    waited: int
    ended: datetime
    agent: str

    @property
    def stays(self) -> bool:
        """Whether the call was in a queue: it waited there, or was served at once."""
        return self.joined is not None or self.outcome == "AGENT"

    @property
    def joined_at(self) -> datetime:
        """When its stay began."""
        return self.joined or self.left_menu


def read(path: Path, later: timedelta = timedelta(0)) -> Iterator[Logged]:
    """The calls of the log, so much later than they were."""
    with gzip.open(path, "rt") as file:
        for number, row in enumerate(csv.DictReader(file)):
            yield _logged(row, later, number)


def _logged(row: dict[str, str], later: timedelta, number: int) -> Logged:
    day = datetime.strptime(row["date"], "%y%m%d") + later
    began = _at(day, row["vru_entry"], day)
    joined = None if row["q_start"] == NONE else _at(day, row["q_start"], began)
    left = _at(day, row["vru_exit"], began)
    waited = int(row["q_time"]) if joined else 0
    end = (joined or left) + timedelta(seconds=waited)
    if row["outcome"] == "AGENT":
        end = max(_at(day, row["ser_exit"], began), end)
    return Logged(
        name=f"{number}-{row['call_id']}",
        customer="" if row["customer_id"] == "0" else row["customer_id"],
        queue=row["type"] or "none",
        began=began,
        left_menu=left,
        outcome=row["outcome"],
        joined=joined,
        waited=waited,
        ended=max(end, left),
        agent="" if row["server"] == "NO_SERVER" else row["server"],
    )


def _at(day: datetime, clock: str, not_before: datetime) -> datetime:
    hours, minutes, seconds = map(int, clock.split(":"))
    at = day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return at if at >= not_before else at + timedelta(days=1)


def by_day(calls: list[Logged]) -> dict[str, Counter[str]]:
    """What each day comes to; a stay counts on the day on which it began."""
    days: dict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        days[f"{call.began:%Y-%m-%d}"]["calls"] += 1
        if call.stays:
            _count(days[f"{call.joined_at:%Y-%m-%d}"], call)
    return days


def _count(day: Counter[str], call: Logged) -> None:
    day["offered"] += 1
    if call.outcome == "AGENT":
        day["answered"] += 1
        day["in time"] += call.waited <= THRESHOLD
        day["wait of answered"] += call.waited
    else:
        day["abandoned"] += 1
        day["short"] += call.waited <= SHORT
        day["wait of abandoned"] += call.waited


def missed_cases(calls: list[Logged]) -> int:
    """One for each number and 4 hours, one for each anonymous caller; short waits make none."""
    gone = [c for c in calls if c.stays and c.outcome != "AGENT" and c.waited > SHORT]
    first: dict[str, datetime] = {}
    found = 0
    for call in sorted(gone, key=lambda each: each.ended):
        began = first.get(call.customer) if call.customer else None
        if began is None or call.ended - began > MERGED:
            first[call.customer] = call.ended
            found += 1
    return found
