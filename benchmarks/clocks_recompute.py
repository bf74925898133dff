"""A calendar is edited while very many promises run: how long until each is counted anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

from sqlalchemy import func, select

from benchmarks.clocks_site import Asked, Figure
from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import WorkCalendar
from helpdesk.core import options
from helpdesk.core.alarms import ring_due
from helpdesk.core.calendars import rows_of
from helpdesk.core.db import db, transaction
from helpdesk.promises import recompute
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force

OPEN, AIM = 10_000, 30.0
CODE = "cn-office"


def measure(asked: Asked) -> Iterator[Figure]:
    """Ten thousand open promises of one calendar, each working day made shorter."""
    with asked.site(OPEN, OPEN) as _app:
        _leave(OPEN)
        edited = _edited(in_force.current().calendars[CODE])
        began = perf_counter()
        forecast = recompute.forecast(edited)
        yield Figure(f"forecast for {forecast.open:,} open promises", perf_counter() - began, "s")
        _save(edited)
        began, batches = perf_counter(), _ring_all()
        yield Figure(
            f"recount of {forecast.open:,} ({forecast.moved:,} moved, {batches} batches)",
            perf_counter() - began,
            "s",
            AIM,
            less=True,
        )
        yield Figure("left uncounted", _left(edited), "promises", 0, less=True)


def _leave(count: int) -> None:
    """Keep the clocks of so many promises; the rest of what was invented has ended."""
    kept = select(Promise.id).where(recompute.open_rows(CODE)).order_by(Promise.id).limit(count)
    with transaction() as session:
        others = Promise.__table__.update().where(
            recompute.open_rows(CODE), Promise.id.not_in(kept)
        )
        session.execute(others.values(state="dropped", verdict="dropped"))


def _edited(calendar: WorkCalendar) -> WorkCalendar:
    """The office closes an hour earlier: nearly every promise moves."""
    week = dict.fromkeys(range(5), (("09:00", "12:00"), ("13:30", "17:00")))
    return replace(calendar, version=calendar.version + 1, week=week)


def _save(edited: WorkCalendar) -> None:
    with transaction() as session:
        session.add_all(rows_of(edited, "办公", "Office", in_force.current().calendars[CODE]))
        recompute.begin(CODE, edited.version, SYSTEM)
        options.changed()


def _ring_all() -> int:
    """Ring what is due as the timer process does, until every promise is counted."""
    rounds = 0
    while ring_due():
        rounds += 1
    return rounds


def _left(edited: WorkCalendar) -> int:
    behind = Promise.calendar_version < edited.version
    return db.session.scalar(select(func.count()).where(recompute.open_rows(CODE), behind)) or 0
