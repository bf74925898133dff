"""Numbers, times and days in the reader's words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date

from helpdesk.core.i18n import gettext, language, ngettext, percent, zone
from helpdesk.statistics.periods import NAMES, Period

MANY_TIMES = 3  # beyond that a percentage says less than the number
SHOWN = {
    "day": ("EEE d MMM", "M月d日 EEE"),
    "week": ("d MMM", "M月d日"),
    "month": ("MMM y", "y年M月"),
    "date": ("d MMM y", "y年M月d日"),
}


def _date(day: date, how: str) -> str:
    chinese = language() == "zh_Hans"
    return format_date(day, SHOWN[how][chinese], locale="zh_Hans" if chinese else "en")


def first_day(by: str, day: date) -> str:
    """A day, week or month by its first day."""
    text = _date(day, by)
    return gettext("week of %(day)s", day=text) if by == "week" else text


def days(period: Period) -> str:
    """From the first to the last day of a period, with the year."""
    first, last = _date(period.since, "date"), _date(period.until, "date")
    return first if first == last else gettext("%(first)s to %(last)s", first=first, last=last)


def period_name(period: Period) -> str:
    """What the period is called: 'This month', or its days."""
    return gettext(NAMES[period.code]) if period.code else days(period)


def before(period: Period) -> str:
    """What a period is compared with: 'the 7 days before'."""
    return ngettext("the day before", "the %(num)s days before", period.days)


def as_of(at: datetime) -> str:
    """How old figures are: 'Figures as of 14:03:05'."""
    return gettext("Figures as of %(time)s", time=f"{at.astimezone(zone()):%H:%M:%S}")


def length(seconds: float | None) -> str:
    """A time in hours and minutes, never in days: a working day has no 24 hours. A dash for none."""
    if seconds is None:
        return "–"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return gettext("%(m)s min", m=minutes)
    if hours >= 100 or not rest:
        return gettext("%(h)s h", h=round(minutes / 60))
    return gettext("%(h)s h %(m)s min", h=hours, m=rest)


def rough(time: timedelta) -> str:
    """A time in its largest unit alone, to be read from afar: '4 d', '16 h', '22 min'."""
    minutes = int(time.total_seconds()) // 60
    if minutes >= 1440:
        return gettext("%(d)s d", d=minutes // 1440)
    if minutes >= 60:
        return gettext("%(h)s h", h=minutes // 60)
    return gettext("%(m)s min", m=minutes)


def change(number: int, earlier: int, period: Period) -> str:
    """'9 % fewer than in the 7 days before'."""
    span = before(period)
    if number == earlier:
        return gettext("as many as in %(span)s", span=span)
    if not earlier:
        return gettext("none in %(span)s", span=span)
    if number > MANY_TIMES * earlier:
        return gettext("%(earlier)s in %(span)s", earlier=earlier, span=span)
    share = percent(abs(number - earlier) / earlier)
    if number > earlier:
        return gettext("%(share)s more than in %(span)s", share=share, span=span)
    return gettext("%(share)s fewer than in %(span)s", share=share, span=span)


def points(rate: float | None, earlier: float | None) -> str:
    """How a share moved, in percentage points: '+3 points'; '' when there is nothing to compare."""
    if rate is None or earlier is None:
        return ""
    moved = round(rate * 100) - round(earlier * 100)
    if not moved:
        return gettext("unchanged")
    sign = "+" if moved > 0 else "−"
    return ngettext("%(sign)s%(num)s point", "%(sign)s%(num)s points", abs(moved), sign=sign)


def sentence(received: str, changed: str, kept: str, late: str) -> str:
    """The page in one sentence."""
    return gettext(
        "%(received)s, %(changed)s; %(kept)s, %(late)s.",
        received=received,
        changed=changed,
        kept=kept,
        late=late,
    )


def cases(number: int, kinds: tuple[str, ...]) -> str:
    """'132 cases', or '132 complaints' where only those are asked for."""
    if kinds == ("complaint",):
        return ngettext("%(num)s complaint", "%(num)s complaints", number)
    return ngettext("%(num)s case received", "%(num)s cases received", number)


def kept(rate: float | None) -> str:
    """'88 % on time'."""
    if rate is None:
        return gettext("nothing to judge yet")
    return gettext("%(share)s on time", share=percent(rate))


def late(number: int) -> str:
    """'4 overdue now'."""
    if not number:
        return gettext("none overdue now")
    return ngettext("%(num)s overdue now", "%(num)s overdue now", number)
