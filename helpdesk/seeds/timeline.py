"""When a story happens, told from the moment of the demo, so that its day is always today. Pure.

"D-5 14:20"  the fifth working day before today, at 14:20 of the company's zone ("D+2" lies ahead)
"T-3.5"      today, three and a half hours ago on a day of nine hours, which is stretched or
             pressed into the part of the day that has passed
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.clock import default_calendars, opens_at

ZONE = ZoneInfo("Asia/Shanghai")
OPENING = time(8, 30)
DAY_HOURS = 9
LEAST = timedelta(hours=3)


class Timeline:
    """Turns the stories' words for time into moments, for one given now."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment
        local = moment.astimezone(ZONE)
        self.today = local.date()
        self.length = max(LEAST, local - self._start(local))
        self.office = default_calendars()[0]
        self._days: dict[int, date] = {}

    def _start(self, local: datetime) -> datetime:
        """The opening, or midnight for a demo that is shown in the night."""
        opening = datetime.combine(self.today, OPENING, ZONE)
        return opening if local >= opening else datetime.combine(self.today, time(0), ZONE)

    def at(self, words: str) -> datetime:
        """The moment that "D-5 14:20" or "T-3.5" means. Raises ValueError for anything else."""
        if words.startswith("T-"):
            ago = self.length * (float(words[2:]) / DAY_HOURS)
            return (self.now - ago).replace(microsecond=0)
        day, _, clock = words.partition(" ")
        if not day.startswith("D") or not clock:
            raise ValueError(f"no time of a story: {words!r}")
        local = datetime.combine(self.working_day(int(day[1:])), time.fromisoformat(clock), ZONE)
        return local.astimezone(self.now.tzinfo)

    def working_day(self, steps: int) -> date:
        """The date so many working days after today, or before it when negative."""
        if steps not in self._days:
            self._days[steps] = self._walk(steps)
        return self._days[steps]

    def _walk(self, steps: int) -> date:
        day, left = self.today, abs(steps)
        one = timedelta(days=1 if steps > 0 else -1)
        while left:
            day += one
            left -= self._works(day)
        return day

    def _works(self, day: date) -> bool:
        midnight = datetime.combine(day, time(0), ZONE)
        return opens_at(midnight, self.office).astimezone(ZONE).date() == day
