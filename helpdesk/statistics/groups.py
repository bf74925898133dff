"""By what numbers are told apart: as SQL, as a name, and as what it adds to a list's Filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Interval, case, cast, func, literal
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.i18n import N_, gettext, language
from helpdesk.setup import in_force
from helpdesk.setup.names import category_alone
from helpdesk.statistics import words
from helpdesk.statistics.periods import ONE_DAY, Period, offsets
from helpdesk.tickets import queries
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket
from helpdesk.words import CHANNELS, KIND_NAMES, SEVERITY_NAMES

NAMES = {
    "day": N_("Day"),
    "week": N_("Week"),
    "month": N_("Month"),
    "channel": N_("Channel"),
    "category": N_("Category"),
    "department": N_("Department"),
    "severity": N_("Severity"),
    "kind": N_("Kind"),
    "agent": N_("Person"),
}
COLUMNS: dict[str, Any] = {
    "channel": Ticket.channel,
    "category": Ticket.category_id,
    "department": Ticket.department_id,
    "severity": Ticket.severity,
    "kind": Ticket.kind,
    "agent": Ticket.assignee_id,
}
OF_TIME = ("day", "week", "month")
NONE = "none"
Moment = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Scope:
    """What a statistic speaks of: the cases of `base` that `who` may see, in a period."""

    base: Filter
    period: Period
    who: Actor


def bucket(by: str, moment: Moment, scope: Scope) -> ColumnElement[Any]:
    """The SQL that tells the group of a ticket; `moment` is the time that days are made of."""
    if by in OF_TIME:
        return _local(by, moment, scope.period)
    if by == "category":
        return _category(scope)
    if by == "span":
        return _span(moment, scope.period)
    return COLUMNS[by] if by else cast(literal("all"), Ticket.channel.type)


def _local(by: str, moment: Moment, period: Period) -> ColumnElement[Any]:
    """The first day of the group, as the company's calendar has it, summer time included."""
    stretches = offsets(period.begin, period.end, period.zone)
    if db.engine.dialect.name == "sqlite":
        steps = {"week": ("weekday 0", "-6 days"), "month": ("start of month",)}.get(by, ())
        away = _by_stretch(
            stretches, moment, lambda o: literal(f"{o.total_seconds():+.0f} seconds")
        )
        return func.date(moment, away, *steps)
    away = _by_stretch(stretches, moment, lambda o: literal(o, Interval()))
    local = func.timezone("UTC", moment) + away
    return cast(local if by == "day" else func.date_trunc(by, local), Date)


def _by_stretch(
    stretches: list[tuple[datetime, timedelta]], moment: Moment, value: Any
) -> ColumnElement[Any]:
    last: ColumnElement[Any] = value(stretches[-1][1])
    whens = [(moment < literal(until, moment.type), value(o)) for until, o in stretches[:-1]]
    return case(*whens, else_=last) if whens else last


def _span(moment: Moment, period: Period) -> ColumnElement[str]:
    """The period itself, the stretch before it, or the hours between them."""
    _begin, end = period.before
    return case((moment >= period.begin, "now"), (moment < end, "before"), else_="gap")


def _category(scope: Scope) -> ColumnElement[Any]:
    """The category one level below the one that is asked for, or that one itself."""
    whens = [(Ticket.category_id.in_(ids), code) for code, ids in branches(scope.base).items()]
    return case(*whens, else_=NONE) if whens else cast(literal(NONE), Ticket.channel.type)


def branches(base: Filter) -> dict[str, list[int]]:
    """The categories of each group: those one level below the one that is asked for."""
    nodes = in_force.current().categories
    asked = [node for node in nodes.values() if (node.code,) == base.category]
    depth = len(asked[0].ids) if asked else 0
    found: dict[str, list[int]] = {}
    for node in nodes.values():
        if asked and asked[0].id not in node.ids:
            continue
        below = len(node.ids) > depth
        top = nodes.get(node.ids[depth]) if below else node
        code = (top or node).code
        found.setdefault(code if below else f"{code}.", []).append(node.id)
    return found


def key_of(by: str, value: Any) -> str:
    """A group as the address names it, from what the query gave."""
    if value is None:
        return NONE
    if by == "department":
        unit = in_force.current().departments.get(value)
        return unit.code if unit else NONE
    return str(value)


def filter_of(by: str, key: str, scope: Scope) -> dict[str, Any]:
    """What the Filter of a list must say to hold this group alone."""
    if by in OF_TIME:
        first, last = _days(by, date.fromisoformat(key))
        return {
            "since": max(first, scope.period.since),
            "until": min(last, scope.period.until),
        }
    return {"assignee" if by == "agent" else by: (key,)} if by in NAMES else {}


def _days(by: str, first: date) -> tuple[date, date]:
    if by == "day":
        return first, first
    if by == "week":
        return first, first + 6 * ONE_DAY
    return first, (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY


def every(by: str, period: Period) -> list[str]:
    """All groups of time of the period, also those in which nothing happened."""
    first, found = begin_of(by, period.since), []
    while first <= period.until:
        found.append(first.isoformat())
        first = _days(by, first)[1] + ONE_DAY
    return found


def begin_of(by: str, day: date) -> date:
    """The first day of the group of time that a day is in."""
    if by == "week":
        return day - day.weekday() * ONE_DAY
    return day.replace(day=1) if by == "month" else day


def names(by: str, keys: Iterable[str]) -> dict[str, str]:
    """The groups in the reader's words."""
    wanted = list(keys)
    if by == "agent":
        return dict(queries.colleagues(wanted)) | {NONE: gettext("Nobody")}
    return {key: _name(by, key) for key in wanted}


def _name(by: str, key: str) -> str:
    if by in OF_TIME:
        return words.first_day(by, date.fromisoformat(key))
    if key == NONE:
        return gettext("No department") if by == "department" else gettext("No category")
    if by == "department":
        unit = in_force.current().unit(key)
        return unit.names[language()] if unit else key
    if by == "category":
        node = in_force.current().category(key)
        return node.names[language()] if node else category_alone(key)
    known: dict[str, dict[Any, str]] = {
        "channel": CHANNELS,
        "severity": SEVERITY_NAMES,
        "kind": KIND_NAMES,
    }
    return gettext(known[by][key]) if key in known.get(by, {}) else key
