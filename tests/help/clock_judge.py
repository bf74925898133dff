"""A slow judge of due times that looks at every single minute. It shares no code with helpdesk.clock.

Minutes are numbered from 1970 in UTC. What the wall shows in each is asked of zoneinfo, minute by
minute. A wall time begins at the first minute whose wall shows it, or a later one: so the hour that
is skipped has no length, and the hour that comes twice is worked twice.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 1440
EPOCH = date(1970, 1, 1)
FARTHEST = 15 * 60  # no zone is farther from UTC, in minutes
Spans = list[tuple[int, int]]  # minutes from midnight; an end past 1440 is tomorrow's


@lru_cache(maxsize=6000)
def walls(zone: str, utc_day: int) -> array[int]:
    """What the wall shows in each minute of a UTC day, as minutes since 1970 of its own."""
    known = ZoneInfo(zone)
    first = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=utc_day)
    shown = array("i")
    for minute in range(DAY):
        local = (first + timedelta(minutes=minute)).astimezone(known)
        day = (local.date() - EPOCH).days
        shown.append(day * DAY + local.hour * 60 + local.minute)
    return shown


def first_minute(zone: str, wall: int) -> int:
    """The first UTC minute whose wall shows this time, or a later one."""
    utc_day = (wall - FARTHEST) // DAY
    while max(walls(zone, utc_day)) < wall:
        utc_day += 1
    return utc_day * DAY + next(n for n, shown in enumerate(walls(zone, utc_day)) if shown >= wall)


@dataclass(eq=False)
class Judge:
    """One calendar in plain values. `seasons`: (MM-DD or YYYY-MM-DD, week) in any order."""

    zone: str
    week: dict[int, Spans]
    days: dict[date, tuple[str, Spans]] = field(default_factory=dict)
    seasons: list[tuple[str, dict[int, Spans]]] = field(default_factory=list)
    _open: dict[int, bytearray] = field(default_factory=dict)
    _spans: dict[date, Spans] = field(default_factory=dict)

    def week_on(self, day: date) -> dict[int, Spans]:
        """Walk back to the day on which hours last changed."""
        weeks = dict(self.seasons)
        for back in range(1200 if weeks else 0):
            past = (day - timedelta(days=back)).isoformat()
            for begins in (past, past[5:]):
                if begins in weeks:
                    return weeks[begins]
        return self.week

    def hours(self, day: date) -> Spans:
        """The shifts that begin on this date."""
        week = self.week_on(day)
        if day not in self.days:
            return week.get(day.weekday(), [])
        kind, spans = self.days[day]
        if kind != "work" or spans:
            return spans
        for back in range(7):
            usual = week.get((day.weekday() - back) % 7, [])
            if usual:
                return usual
        return []

    def spans(self, day: date) -> Spans:
        """The shifts of a date as UTC minutes, those without length left out."""
        if day not in self._spans:
            midnight = (day - EPOCH).days * DAY
            found = [
                tuple(first_minute(self.zone, midnight + m) for m in span)
                for span in sorted(self.hours(day))
            ]
            self._spans[day] = [(a, b) for a, b in found if a < b]
        return self._spans[day]

    def opened(self, utc_day: int) -> bytearray:
        """1 for each minute of a UTC day in which somebody works."""
        if utc_day not in self._open:
            marks, first = bytearray(DAY), utc_day * DAY
            for around in range(-2, 3):
                for a, b in self.spans(EPOCH + timedelta(days=utc_day + around)):
                    for minute in range(max(a, first), min(b, first + DAY)):
                        marks[minute - first] = 1
            self._open[utc_day] = marks
        return self._open[utc_day]

    def work(self, start: int, seconds: int) -> int:
        """The second at which so much has been worked since the second `start`."""
        minute, left = start // 60, seconds + start % 60 * self.opened_in(start // 60)
        while (today := self.marks(minute, minute - minute % DAY + DAY)) * 60 < left:
            left -= today * 60  # the rest of the day is not enough
            minute += DAY - minute % DAY
        while left > 60 * self.opened_in(minute):
            left -= 60 * self.opened_in(minute)
            minute += 1
        return minute * 60 + left

    def opened_in(self, minute: int) -> int:
        """1 when somebody works in this minute."""
        return self.opened(minute // DAY)[minute % DAY]

    def marks(self, first: int, end: int) -> int:
        """How many minutes of one UTC day are worked, from the first on and before the end."""
        return self.opened(first // DAY).count(1, first % DAY, (end - 1) % DAY + 1)

    def worked(self, start: int, end: int) -> int:
        """Seconds of work between two seconds."""
        first, last, total = start // 60, end // 60, 0
        for utc_day in range(first // DAY, last // DAY + 1):
            a, b = max(first, utc_day * DAY), min(last, utc_day * DAY + DAY)
            total += self.marks(a, b) * 60 if a < b else 0
        return total + self.opened_in(last) * (end % 60) - self.opened_in(first) * (start % 60)

    def date_of(self, second: int) -> date:
        """The date on the wall."""
        minute = second // 60
        return EPOCH + timedelta(days=walls(self.zone, minute // DAY)[minute % DAY] // DAY)

    def closing(self, after: date, number: int) -> int:
        """The second at which the number-th working day after a date ends."""
        day = after
        while number:
            day += timedelta(days=1)
            number -= bool(self.spans(day))
        return self.spans(day)[-1][1] * 60

    def due(self, start: int, amount: int, kind: str) -> int:
        """When a promise falls due. kind: work_minutes, clock_minutes, working_days, calendar_days."""
        if kind == "clock_minutes":
            return start + amount * 60
        if kind == "work_minutes":
            return self.work(start, amount * 60)
        if kind == "working_days":
            return self.closing(self.date_of(start), amount)
        last = self.date_of(start) + timedelta(days=amount)
        if self.hours(last):
            return first_minute(self.zone, ((last - EPOCH).days + 1) * DAY) * 60
        return self.closing(last, 1)

    def moved(self, due: int, pause: tuple[int, int], kind: str) -> int:
        """The due time after a pause, by as much as was paused in the limit's own measure."""
        if kind in ("clock_minutes", "calendar_days"):
            return due + pause[1] - pause[0]
        paused = self.worked(*pause)
        return self.work(due, paused) if paused else due
