"""I9: the statistics are sums of the tickets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone
from helpdesk.ops.doctor.finding import Broken, check
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.statistics import kept
from helpdesk.statistics.groups import Scope
from helpdesk.statistics.judging import Judged
from helpdesk.statistics.periods import Period
from helpdesk.statistics.sources import Sums
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket

DAYS = 30
KEPT = ("received", "closed", "said", "kept", "due")
GROUPS = ("department", "channel", "severity", "kind", "category", "agent", "day")


def last_days() -> Period:
    """The last 30 days that have ended: nothing comes in for them while they are counted."""
    zone = company_zone()
    yesterday = now().astimezone(zone).date() - timedelta(days=1)
    return Period("", yesterday - timedelta(days=DAYS - 1), yesterday, zone)


@check("I9", f"the statistics of the last {DAYS} days add up to their tickets")
def statistics() -> Broken:
    """I9: every way of telling cases apart adds up to the tickets themselves."""
    return _odd_sums(last_days())


def _odd_sums(period: Period) -> Iterator[str]:
    scope = Scope(Filter(), period, SYSTEM)
    wanted = {"received": _tickets(period, Ticket.received_at)}
    wanted |= {"closed": _tickets(period, Ticket.closed_at)}
    for by in GROUPS:
        sums = Sums(scope, by)
        for moment, counted in (("received", sums.received), ("closed", sums.closed)):
            total = sum(row.get(moment, 0) for row in counted.values())
            if total != wanted[moment]:
                yield f"{moment} by {by}: {total} of {wanted[moment]}"


def _tickets(period: Period, moment: InstrumentedAttribute[Any]) -> int:
    query = select(func.count()).select_from(Ticket)
    within = query.where(moment >= period.begin, moment < period.end)
    return db.session.scalar(within) or 0


@check("I9", f"the kept sums of the last {DAYS} days are what counting their cases gives")
def kept_sums() -> Broken:
    """I9: what is kept of statistics is what the cases tell; nothing is compared while they are filled."""
    return _odd_kept()


def _odd_kept() -> Iterator[str]:
    scope = Scope(Filter(merged="no"), last_days(), SYSTEM)
    for by in ("", *GROUPS):
        mine = kept.sums(Sums(scope, by, percentiles=False))
        anew = Sums(scope, by, percentiles=not by, more=_levels())
        for name in KEPT if isinstance(mine, kept.KeptSums) else ():
            if _plain(getattr(mine, name)) != _plain(getattr(anew, name)):
                yield f"{name} by {by or 'nothing'}"


def _levels() -> dict[str, Filter]:
    """The steps of escalation that any case has reached: they are kept, whatever chains say today."""
    steps = db.session.scalars(select(Ticket.escalation).where(Ticket.escalation > 0).distinct())
    return {f"level_{at}": Filter(level=(str(at),)) for at in steps}


def _plain(found: Any) -> dict[str, Any]:
    """By group and code, without what is nothing and without percentiles."""
    rows = {
        key: {
            code: _even(told) if isinstance(told, Judged) else told
            for code, told in row.items()
            if told
        }
        for key, row in found.items()
    }
    return {key: row for key, row in rows.items() if row}


def _even(told: Judged) -> Judged:
    """Without percentiles; the databases round an average in its last digits."""
    average = None if told.average is None else round(told.average, 3)
    return replace(told, average=average, median=None, ninety=None)


@check("I9", "each promise to solve is judged once")
def verdicts_told() -> Broken:
    """I9: of the promises that fell due in the last 30 days each case is judged once, by its worst row."""
    period = last_days()
    told = Sums(Scope(Filter(), period, SYSTEM)).due.get("all", {}).get("resolve")
    worst = (
        select(func.max(verdicts.rank()))
        .join(Ticket, Promise.of(Ticket))
        .where(Promise.promise == "resolve")
        .where(Promise.due_at >= period.begin, Promise.due_at < period.end)
        .group_by(Promise.subject_id)
        .having(func.max(verdicts.rank()) > 0)
        .subquery()
    )
    cases = db.session.scalar(select(func.count()).select_from(worst)) or 0
    judged = told.total if told else 0
    return [] if cases == judged else [f"{judged} of {cases}"]
