"""One promise under another limit and calendar. Pure: no database.

Moments are facts: when the clock began, when it stood still, what was granted, when the promise was
kept. Only the limit and the calendar are thought anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.clock import Limit, Pause, WorkCalendar, after_pause, due_at

BAD = ("late", "missed")


@dataclass(frozen=True)
class Moments:
    """What happened to one promise. `asked_at` is the present moment of an open one."""

    started: datetime
    asked_at: datetime
    pauses: tuple[Pause, ...] = ()
    paused: datetime | None = None  # stands still since
    granted: tuple[Pause, ...] = ()  # (when, until when): more time by a supervisor
    met: datetime | None = None
    dropped: datetime | None = None  # no longer counted from then on


@dataclass(frozen=True)
class Outcome:
    """When the promise would have been due, and the verdict of the response table."""

    due: datetime
    verdict: str

    @property
    def bad(self) -> bool:
        """Whether the promise was broken."""
        return self.verdict in BAD


def outcome(moments: Moments, limit: Limit, calendar: WorkCalendar) -> Outcome:
    """What would have come of the promise with this limit, counted by this calendar.

    Each pause moves the due time by what it lasted in the limit's own measure; a grant sets it.
    """
    due = due_at(moments.started, limit, calendar)
    changes = [(end, "pause", (begin, end)) for begin, end in moments.pauses]
    changes += [(at, "grant", (at, until)) for at, until in moments.granted]
    for _at, kind, (begin, end) in sorted(changes):
        due = end if kind == "grant" else after_pause(due, (begin, end), limit, calendar)
    return Outcome(due, _verdict(moments, due))


def _verdict(moments: Moments, due: datetime) -> str:
    if moments.met:
        return "late" if moments.met > due else "on_time"
    stopped = moments.paused or moments.dropped or moments.asked_at
    if due < stopped:
        return "missed"
    return "dropped" if moments.dropped else ""


def compared(before: str, after: str) -> str:
    """broken (newly), saved, or '' where the promise fares alike."""
    if (before in BAD) == (after in BAD):
        return ""
    return "broken" if after in BAD else "saved"
