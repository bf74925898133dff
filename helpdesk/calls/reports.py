"""What queues and agents did in a period, as tables for spreadsheets: the same figures as everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from helpdesk.calls import figures, lists
from helpdesk.calls.figures import Figures
from helpdesk.core.i18n import N_, company_zone, gettext
from helpdesk.web.exports import csv_bytes

INTERVAL = timedelta(minutes=30)
GROUPS = {"interval": N_("By half hour"), "queue": N_("By queue"), "agent": N_("By agent")}
OF_QUEUES = (
    N_("Offered"),
    N_("Answered"),
    N_("Gave up waiting"),
    N_("Of these after a short wait"),
    N_("Left the queue"),
    N_("Still waiting"),
    N_("Answered in time"),
    N_("Service level, per cent"),
    N_("Average speed of answer, seconds"),
    N_("Abandon rate, per cent"),
    N_("Longest wait of the answered, seconds"),
)
OF_AGENTS = (
    N_("Rang"),
    N_("Not answered"),
    N_("Talks"),
    N_("Handed on"),
    N_("Talk, seconds"),
    N_("On hold, seconds"),
    N_("Writing up, seconds"),
)
Table = tuple[list[str], Iterator[list[Any]]]


def spreadsheet(by: str, since: datetime, until: datetime) -> Iterator[bytes]:
    """The period as CSV, told by one of GROUPS; times are those of the company."""
    headers, rows = TABLES[by](since, until)
    return csv_bytes(headers, rows, company_zone())


def _by_interval(since: datetime, until: datetime) -> Table:
    found, names = figures.by_interval(since, until, INTERVAL), dict(lists.queues())
    headers = [gettext("Half hour from"), gettext("Call queue"), *map(gettext, OF_QUEUES)]
    ordered = sorted(found.items(), key=lambda each: (each[0][1], each[0][0]))
    rows = ([at, names.get(code, code), *_of_queue(each)] for (code, at), each in ordered)
    return headers, rows


def _by_queue(since: datetime, until: datetime) -> Table:
    found, names = figures.by_queue(since, until), dict(lists.queues())
    headers = [gettext("Call queue"), *map(gettext, OF_QUEUES)]
    rows = ([names.get(code, code), *_of_queue(each)] for code, each in sorted(found.items()))
    return headers, rows


def _by_agent(since: datetime, until: datetime) -> Table:
    headers = [gettext("Call agent"), *map(gettext, OF_AGENTS)]
    rows = (
        [each.name, each.rang, each.missed, each.talks, each.handed_on]
        + [round(seconds, 1) for seconds in (each.talked, each.held, each.wrapped)]
        for each in figures.by_agent(since, until)
    )
    return headers, rows


def _of_queue(found: Figures) -> list[Any]:
    counts = [found.offered, found.answered, found.abandoned, found.short, found.left]
    shares = [_per_cent(found.service_level), _rounded(found.asa), _per_cent(found.abandon_rate)]
    return [*counts, found.waiting, found.in_time, *shares, _rounded(found.longest_answered)]


def _per_cent(share: float | None) -> float | None:
    """Nothing for a share of nothing: a cell without a number, never 0 or 100."""
    return None if share is None else round(share * 100, 2)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


TABLES: dict[str, Callable[[datetime, datetime], Table]] = {
    "interval": _by_interval,
    "queue": _by_queue,
    "agent": _by_agent,
}
