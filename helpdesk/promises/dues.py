"""How due times are told, in one place for desk, customer's page, receipts and mails.

A limit in working time says its moment first and what is left of working time after it, so that
nobody takes thirteen hours of a night for two; a clock that stands still says why.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from helpdesk.clock import Limit, LimitKind, WorkCalendar, closes_at, now, opens_at, remaining
from helpdesk.core.i18n import N_, duration, gettext, moment, ngettext, when, work_time

ANSWERS = N_("Somebody answers you by %(when)s at the latest.")
WITHIN = N_("Somebody answers you by %(when)s at the latest (%(limit)s).")
WILL_ANSWER = N_("Sent now, somebody answers you by %(when)s at the latest.")
WILL_WITHIN = N_("Sent now, somebody answers you by %(when)s at the latest (%(limit)s).")
TICKS_WITHIN = 8 * 3600  # longer ones are told as a date


class Left(NamedTuple):
    """The seconds that remain, in the limit's own measure. For a limit in working time also how many
    remain when work stops next, when that is, and when it goes on if it stands still now.
    """

    seconds: int
    rest: int | None = None
    until: datetime | None = None
    opens: datetime | None = None


class Clock(NamedTuple):
    """A due time as the macro takes it: it ticks when the end is near, `still` when it does not."""

    at: str
    text: str  # the whole, or the moment alone when `left` follows
    state: str
    left: str = ""  # what is left of working time
    why: str = ""  # why it stands still
    rest: int | None = None  # seconds that remain at `until`, when working time ends today
    until: str | None = None
    still: bool = False

    @property
    def words(self) -> str:
        """All of it in one line."""
        told = gettext("%(by)s, %(left)s", by=self.text, left=self.left) if self.left else self.text
        return f"{told} · {self.why}" if self.why else told


def left(due: datetime, limit: Limit, calendar: WorkCalendar, at: datetime) -> Left:
    """What is left at `at` until `due`."""
    if not limit.in_work_time:
        return Left(remaining(at, due, limit, calendar))
    until = closes_at(at, calendar)
    rest = remaining(until, due, limit, calendar)
    opens = opens_at(at, calendar) if until == at else None
    return Left(rest + int((until - at).total_seconds()), rest, until, opens)


def clock(due: datetime, state: str, known: Left | None) -> Clock:
    """The clock of a promise that runs: late, by a date, by a moment with what is left, or left."""
    iso = due.isoformat()
    if state == "breached":
        return Clock(iso, gettext("%(time)s late", time=duration(now() - due)), state)
    if known is None or known.seconds > TICKS_WITHIN:
        return Clock(iso, gettext("by %(at)s", at=when(due)), state, why=_why(known), still=True)
    if known.until is None:
        return Clock(iso, gettext("%(time)s left", time=duration(known.seconds)), state)
    by = gettext("by %(at)s", at=moment(due, now()))
    still = gettext("%(time)s left", time=work_time(known.seconds))
    if known.opens:
        return Clock(iso, by, state, still, _why(known), still=True)
    return Clock(iso, by, state, still, rest=known.rest, until=known.until.isoformat())


def told(due: datetime | None, known: Left | None) -> str:
    """The same for a mail, which is read later: the whole moment, and behind it what was left of
    working time when it was written, where the end is near."""
    if known is None or known.until is None or known.seconds > TICKS_WITHIN:
        return when(due)
    still = gettext("%(time)s left", time=work_time(known.seconds))
    return gettext("%(by)s, %(left)s", by=when(due), left=still)


def _why(known: Left | None) -> str:
    """Why a clock that counts working time does not move now."""
    if known is None or known.opens is None:
        return ""
    return gettext("outside working hours, goes on %(at)s", at=moment(known.opens, now()))


def limit_words(limit: Limit) -> str:
    """'8 working hours', '5 working days', '24 hours'."""
    amount = limit.amount
    if limit.kind is LimitKind.working_days:
        return ngettext("%(num)s working day", "%(num)s working days", amount)
    if limit.kind is LimitKind.calendar_days:
        return ngettext("%(num)s day", "%(num)s days", amount)
    works = limit.kind is LimitKind.work_minutes
    if amount % 60 == 0:
        amount //= 60
        if works:
            return ngettext("%(num)s working hour", "%(num)s working hours", amount)
        return ngettext("%(num)s hour", "%(num)s hours", amount)
    if works:
        return ngettext("%(num)s working minute", "%(num)s working minutes", amount)
    return ngettext("%(num)s minute", "%(num)s minutes", amount)


def promised(due: datetime, limit: str, *, sent: bool = True) -> str:
    """The promise of an answer as a sentence for the customer, before and after sending."""
    parsed, at = Limit.parse(limit), when(due)
    if not parsed.in_work_time:
        return gettext(ANSWERS if sent else WILL_ANSWER, when=at)
    words = WITHIN if sent else WILL_WITHIN
    return gettext(words, when=at, limit=limit_words(parsed))
