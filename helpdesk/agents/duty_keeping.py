"""The verbs of the duty roster: put somebody on duty, mark somebody away, end either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk.agents.change import is_lacking
from helpdesk.agents.duty import DAY, ROLE_NAMES, Absence, Duty
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core.db import db, locked, stored, transaction
from helpdesk.core.errors import PICK, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_, company_zone


@dataclass(frozen=True)
class Away:
    """An absence as it is given, in days of the company's zone."""

    agent_id: int
    deputy_id: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None  # the last day


@dataclass(frozen=True)
class Shift(Away):
    """A duty as it is given."""

    role: str = ""
    department_id: int | None = None
    weekdays: str = ""
    from_time: time | None = None
    until_time: time | None = None


def duties() -> Sequence[Duty]:
    """The roster: every duty that has not ended."""
    order = (Duty.role, Duty.department_id, Duty.id)
    return db.session.scalars(select(Duty).where(Duty.lasts(now())).order_by(*order)).all()


def absences() -> Sequence[Absence]:
    """Who is away now or will be."""
    order = (Absence.starts_at, Absence.id)
    return db.session.scalars(select(Absence).where(Absence.lasts(now())).order_by(*order)).all()


def add_duty(given: Shift, by: Actor) -> Duty:
    """Put somebody on duty. Raises NotAllowed, or BadInput naming each odd field."""
    errors = {}
    if given.role not in ROLE_NAMES:
        errors["role"] = PICK
    if is_lacking(Department, given.department_id):
        errors["department_id"] = PICK
    if set(given.weekdays) - set("1234567"):
        errors["weekdays"] = PICK
    row = Duty(
        role=given.role,
        department_id=given.department_id,
        weekdays=given.weekdays,
        from_minute=_minute(given.from_time, 0),
        until_minute=_minute(given.until_time, DAY),
    )
    _add(row, given, by, errors)
    return row


def add_absence(given: Away, by: Actor) -> Absence:
    """Mark somebody as away, with a deputy. Raises NotAllowed, or BadInput naming each odd field."""
    row = Absence()
    _add(row, given, by, {})
    return row


def _add(row: Duty | Absence, given: Away, by: Actor, errors: dict[str, str]) -> None:
    require(by, "duty.edit")
    refuse(errors | _odd(given))
    row.agent_id, row.deputy_id = given.agent_id, given.deputy_id
    row.starts_at, row.ends_at = _begin(given.starts_on), _end(given.ends_on)
    what = row.__tablename__
    with transaction() as session:
        session.add(row)
        session.flush()
        record(f"{what}.added", by=by, **_plain(given) | {what: row.id})


def end(kind: type[Duty] | type[Absence], row_id: int, by: Actor) -> None:
    """End a duty now, or somebody is back. Raises NotAllowed or NotFound."""
    require(by, "duty.edit")
    with transaction():
        row = locked(stored(kind, row_id, N_("This line is not in the roster any more.")))
        row.ends_at = now()
        record(f"{kind.__tablename__}.ended", by=by, row=row_id, agent=row.agent_id)


def _odd(given: Away) -> dict[str, str]:
    errors = {}
    if not _works_here(given.agent_id):
        errors["agent_id"] = PICK
    if given.deputy_id and not _works_here(given.deputy_id):
        errors["deputy_id"] = PICK
    if given.deputy_id == given.agent_id:
        errors["deputy_id"] = N_("A deputy is somebody else.")
    if given.ends_on and given.ends_on < (given.starts_on or _today()):
        errors["ends_on"] = N_("The last day comes after the first.")
    return errors


def _works_here(agent_id: int) -> bool:
    agent = db.session.get(Agent, agent_id)
    return agent is not None and agent.active


def _today() -> date:
    return now().astimezone(company_zone()).date()


def _begin(day: date | None) -> datetime:
    """The start of that day; now, when it is today or not given."""
    if day is None or day == _today():
        return now()
    return datetime.combine(day, time(), company_zone())


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(), company_zone()) if day else None


def _minute(at: time | None, otherwise: int) -> int:
    return at.hour * 60 + at.minute if at is not None else otherwise


def _plain(given: Away) -> dict[str, Any]:
    """What was given, as the journal keeps it."""
    return {k: str(v) if isinstance(v, date | time) else v for k, v in asdict(given).items()}
