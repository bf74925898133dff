"""A simulation as a row: begun by a person, worked off in the background, read on a page.

Each round takes the next cases and writes what it found together with how far it came, so a process
that is killed loses one round at most, and the next one goes on from there.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update

from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.calendars import Calendar
from helpdesk.core.db import change_rows, db, stored, transaction
from helpdesk.core.errors import bad_fields
from helpdesk.core.i18n import N_, company_zone
from helpdesk.setup import in_force
from helpdesk.simulator import facts, plans
from helpdesk.simulator.compare import Bench, Tried, tried
from helpdesk.simulator.models import Simulated, Simulation
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)
JOB = "simulate"
MOST_DAYS = 366
MOST_TICKETS = 200_000
ROUND = 200  # cases of one round: a second of work
OPEN = ("waiting", "running")
PAGE = 50


def begin(since: date, until: date, plan: Mapping[str, Any], by: Actor) -> Simulation:
    """A simulation over the cases received from `since` to `until`, both days included.

    Raises NotAllowed, or BadInput with a sentence by field.
    """
    require(by, "simulation.run")
    _check(since, until, plan)
    begin_, end = stretch(since, until)
    total = db.session.scalar(
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.received_at >= begin_, Ticket.received_at < end)
    )
    if (total or 0) > MOST_TICKETS:
        wrong = N_("There are more than 200,000 cases in these days. Please choose fewer days.")
        raise bad_fields(until=wrong)
    with transaction() as session:
        row = Simulation(
            made_by=by.name, since=since, until=until, plan=dict(plan), total=total or 0, counts={}
        )
        session.add(row)
    jobs.wake(JOB)
    return row


def _check(since: date, until: date, plan: Mapping[str, Any]) -> None:
    today = now().astimezone(company_zone()).date()
    if until < since:
        raise bad_fields(until=N_("The last day lies before the first one."))
    if since > today:
        raise bad_fields(since=N_("Please choose days that have passed."))
    if (until - since).days >= MOST_DAYS:
        raise bad_fields(until=N_("Please choose a year at most."))
    if plans.is_empty(plan):
        raise bad_fields(policy=N_("Please choose what to try: promises, a calendar or rules."))


def stretch(since: date, until: date) -> tuple[datetime, datetime]:
    """The moments between which these days of the company lie."""
    zone, after = company_zone(), until + timedelta(days=1)
    return datetime.combine(since, time.min, zone), datetime.combine(after, time.min, zone)


@jobs.job(JOB)
def advance() -> int:
    """Work off one round of the oldest open simulation; returns how many cases were tried."""
    row = db.session.scalar(
        select(Simulation)
        .where(Simulation.state.in_(OPEN))
        .order_by(Simulation.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return 0
    try:
        done = _round(row)
    except Exception as error:
        db.session.rollback()
        log.exception("Simulation %s failed", row.id)
        told = f"{type(error).__name__}: {error}"
        with transaction():
            _changed(row.id, state="failed", error=told[:2000], ended_at=now())
        return 0
    jobs.wake(JOB)
    return done


def _round(row: Simulation) -> int:
    plan = plans.of_data(row.plan)
    days = stretch(row.since, row.until)
    cases = facts.cases(row.cursor, *days, ROUND, words=plan.rules is not None)
    bench = Bench(in_force.current(), plans.editions(), plan, now())
    results = [tried(case, bench) for case in cases]
    last = cases[-1].ticket.id if cases else row.cursor
    _keep(row, results, last, finished=len(cases) < ROUND)
    return len(cases)


def _keep(row: Simulation, results: list[Tried], last: int, finished: bool) -> None:
    """Write the round, unless another process has written it or somebody has ended it."""
    differences = [d for result in results for d in result.differences]
    values: dict[str, Any] = {
        "cursor": last,
        "done": row.done + len(results),
        "counts": _summed(row.counts, results),
        "state": "done" if finished else "running",
        "ended_at": now() if finished else None,
    }
    with transaction() as session:
        if _changed(row.id, Simulation.cursor == row.cursor, **values):
            for difference in differences:
                difference.simulation_id = row.id
            session.add_all(differences)


def _summed(counts: Mapping[str, int], results: list[Tried]) -> dict[str, int]:
    total = Counter(counts)
    for result in results:
        total["judged"] += result.judged
        total["broken_before"] += result.broken_before
        total["broken_after"] += result.broken_after
        for kind in {d.outcome for d in result.differences}:
            total[f"{kind}_cases"] += 1
    return dict(total)


def _changed(simulation_id: int, *conditions: ColumnElement[bool], **values: Any) -> bool:
    """Whether the simulation was still open, and is as these values say now."""
    row = update(Simulation).where(Simulation.id == simulation_id, Simulation.state.in_(OPEN))
    changed = change_rows(row.where(*conditions).values(**values).returning(Simulation.id))
    return changed.first() is not None


def end(simulation_id: int, by: Actor) -> None:
    """Stop before all cases were tried; what was found so far stays. Raises NotAllowed, NotFound."""
    require(by, "simulation.run")
    one(simulation_id)
    with transaction():
        _changed(simulation_id, state="ended", ended_at=now())


def one(simulation_id: int) -> Simulation:
    """This simulation, fresh. Raises NotFound."""
    row = stored(Simulation, simulation_id, N_("There is no such simulation."))
    db.session.refresh(row)
    return row


def newest(most: int = 20) -> Sequence[Simulation]:
    """The last simulations, the newest first."""
    return db.session.scalars(select(Simulation).order_by(Simulation.id.desc()).limit(most)).all()


def counts(row: Simulation) -> dict[tuple[str, str], int]:
    """(outcome, promise) -> how many differences are stored: each number has its list."""
    found = db.session.execute(
        select(Simulated.outcome, Simulated.promise, func.count())
        .where(Simulated.simulation_id == row.id)
        .group_by(Simulated.outcome, Simulated.promise)
    )
    return {(outcome, promise): number for outcome, promise, number in found}


def found(row: Simulation, outcome: str, promise: str = "") -> Select[Simulated, Ticket]:
    """The differences of one kind with their tickets, in the order in which cases came."""
    query = (
        select(Simulated, Ticket)
        .join(Ticket, Ticket.id == Simulated.ticket_id)
        .where(Simulated.simulation_id == row.id, Simulated.outcome == outcome)
        .order_by(Simulated.id)
    )
    return query.where(Simulated.promise == promise) if promise else query


def calendars() -> Sequence[Calendar]:
    """Every version of every calendar that may be put in the place of another one."""
    query = select(Calendar).order_by(Calendar.code, Calendar.version.desc(), Calendar.id)
    return db.session.scalars(query).all()


def number(query: Select[Simulated, Ticket]) -> int:
    """How many rows a list has."""
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def page(query: Select[Simulated, Ticket], after: int) -> list[tuple[Simulated, Ticket]]:
    """The next rows after this id: one more than a page when there is a further one."""
    rows = query.where(Simulated.id > after).limit(PAGE + 1)
    return [(found, ticket) for found, ticket in db.session.execute(rows)]


def every(query: Select[Simulated, Ticket]) -> Iterator[tuple[Simulated, Ticket]]:
    """All rows, for export."""
    after = 0
    while rows := page(query, after):
        yield from rows
        after = rows[-1][0].id
