"""Calendars to read, and a box that tells when a promise would be due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import g, render_template, request

from helpdesk.agents.sign_in import needs
from helpdesk.clock import Limit, LimitError, Span, WorkCalendar, due_at, explain, now
from helpdesk.clock import covers as is_covered
from helpdesk.core.calendars import newest
from helpdesk.core.i18n import N_, zone
from helpdesk.promises import receipts, recompute
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.calendars import years
from helpdesk.setup.calendars.texts import KINDS
from helpdesk.web.pages import Page


@dataclass(frozen=True)
class Trial:
    """The answer of the box: when it is due and why, or what is wrong with the question."""

    received: datetime | None
    due: datetime | None = None
    spans: Sequence[Span] = ()
    covered: bool = True
    error: str = ""


@blueprint.get("/admin/calendars")
@needs("settings.read")
def calendar_list() -> Page:
    """Every calendar with this year's special days, and the box."""
    calendars = in_force.current().calendars
    year = now().astimezone(zone()).year
    return render_template(
        "setup/calendars.html",
        calendars=calendars,
        names={code: row.name(g.language) for code, row in newest().items()},
        year=year,
        special={code: _special(calendar, year) for code, calendar in calendars.items()},
        day_kinds=KINDS,
        span_kinds=receipts.KINDS,
        lacking=years.missing(),
        recounts={code: recompute.progress(code) for code in calendars},
        asked=_asked(),
        trial=_trial(calendars),
    )


def _special(calendar: WorkCalendar, year: int) -> list[tuple[date, date, str, str]]:
    """This year's special days as (first, last, kind, names), like neighbours joined."""
    found: list[tuple[date, date, str, str]] = []
    for day, rule in calendar.days.items():
        if day.year != year:
            continue
        name = rule.name if g.language == "zh_Hans" else rule.name_en or rule.name
        last = found[-1] if found else None
        if last and last[2:] == (str(rule.kind), name) and day - last[1] == timedelta(days=1):
            found[-1] = (last[0], day, last[2], last[3])
        else:
            found.append((day, day, str(rule.kind), name))
    return found


def _asked() -> dict[str, str]:
    local = now().astimezone(zone()).strftime("%Y-%m-%dT%H:%M")
    standard = {"calendar": "cn-office", "received": local, "limit": "5 wd"}
    return {name: request.args.get(name, value).strip() for name, value in standard.items()}


def _trial(calendars: dict[str, WorkCalendar]) -> Trial | None:
    if "limit" not in request.args:
        return None
    asked = _asked()
    calendar = calendars.get(asked["calendar"])
    received = _moment(asked["received"])
    if calendar is None or received is None:
        return Trial(None, error=N_("Please give a date, a time and a calendar."))
    try:
        limit = Limit.parse(asked["limit"])
    except LimitError as error:
        return Trial(received, error=error.message)
    due = due_at(received, limit, calendar)
    spans = explain(received, due, limit, calendar)
    return Trial(received, due, spans, is_covered(received, due, calendar, limit))


def _moment(text: str) -> datetime | None:
    """A wall time of the reader's zone; None when it is none or out of the calendars' reach."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1990 <= wall.year <= 2090:
        return None
    return wall if wall.tzinfo else wall.replace(tzinfo=zone())
