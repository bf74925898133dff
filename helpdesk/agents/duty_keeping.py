"""The verbs of the duty roster: put somebody on duty, mark somebody away, end either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from helpdesk.agents.change import is_lacking
from helpdesk.agents.duty import DAY, ROLE_NAMES, Absence, Duty
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import PICK, NotFound, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.settings import settings


@dataclass(frozen=True)
class Shift:
    """A duty as it is given: days and times of the day in the company's zone."""

    role: str
    agent_id: int
    department_id: int | None = None
    deputy_id: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None  # the last day
    weekdays: str = ""
    from_time: time | None = None
    until_time: time | None = None


@dataclass(frozen=True)
class Away:
    """An absence as it is given."""

    agent_id: int
    deputy_id: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None  # the last day


def duties() -> Sequence[Duty]:
    """The roster: every duty that has not ended."""
    open_ = or_(Duty.ends_at.is_(None), Duty.ends_at > now())
    query = select(Duty).where(open_).order_by(Duty.role, Duty.department_id, Duty.id)
    return db.session.scalars(query).all()


def absences() -> Sequence[Absence]:
    """Who is away now or will be."""
    open_ = or_(Absence.ends_at.is_(None), Absence.ends_at > now())
    query = select(Absence).where(open_).order_by(Absence.starts_at, Absence.id)
    return db.session.scalars(query).all()


def add_duty(given: Shift, by: Actor) -> Duty:
    """Put somebody on duty. Raises NotAllowed, or BadInput naming each odd field."""
    require(by, "duty.edit")
    errors = _odd(given.agent_id, given.deputy_id, given.starts_on, given.ends_on)
    if given.role not in ROLE_NAMES:
        errors["role"] = PICK
    if is_lacking(Department, given.department_id):
        errors["department_id"] = PICK
    if set(given.weekdays) - set("1234567"):
        errors["weekdays"] = PICK
    refuse(errors)
    row = Duty(
        role=given.role,
        department_id=given.department_id,
        weekdays=given.weekdays,
        from_minute=_minute(given.from_time, 0),
        until_minute=_minute(given.until_time, DAY),
        **_who_and_when(given),
    )
    _add(row, "duty", given, by)
    return row


def add_absence(given: Away, by: Actor) -> Absence:
    """Mark somebody as away, with a deputy. Raises NotAllowed, or BadInput naming each odd field."""
    require(by, "duty.edit")
    refuse(_odd(given.agent_id, given.deputy_id, given.starts_on, given.ends_on))
    row = Absence(**_who_and_when(given))
    _add(row, "absence", given, by)
    return row


def _who_and_when(given: Shift | Away) -> dict[str, Any]:
    return {
        "agent_id": given.agent_id,
        "deputy_id": given.deputy_id,
        "starts_at": _begin(given.starts_on),
        "ends_at": _end(given.ends_on),
    }


def _add(row: Duty | Absence, what: str, given: Shift | Away, by: Actor) -> None:
    with transaction() as session:
        session.add(row)
        session.flush()
        record(f"{what}.added", by=by, **_plain(given) | {what: row.id})


def end_duty(duty_id: int, by: Actor) -> None:
    """End a duty now. Raises NotAllowed or NotFound."""
    _end_now(Duty, duty_id, by, "duty.ended")


def end_absence(absence_id: int, by: Actor) -> None:
    """Somebody is back. Raises NotAllowed or NotFound."""
    _end_now(Absence, absence_id, by, "absence.ended")


def _end_now(kind: Any, row_id: int, by: Actor, name: str) -> None:
    require(by, "duty.edit")
    with transaction() as session:
        row: Duty | Absence | None = session.get(kind, row_id, populate_existing=True)
        if row is None:
            raise NotFound(N_("This line is not in the roster any more."))
        row.ends_at = now()
        record(name, by=by, row=row_id, agent=row.agent_id)


def _odd(
    agent_id: int, deputy_id: int | None, starts_on: date | None, ends_on: date | None
) -> dict[str, str]:
    errors = {}
    if not _works_here(agent_id):
        errors["agent_id"] = PICK
    if deputy_id and not _works_here(deputy_id):
        errors["deputy_id"] = PICK
    if deputy_id == agent_id:
        errors["deputy_id"] = N_("A deputy is somebody else.")
    if ends_on and ends_on < (starts_on or _today()):
        errors["ends_on"] = N_("The last day comes after the first.")
    return errors


def _works_here(agent_id: int) -> bool:
    agent = db.session.get(Agent, agent_id)
    return agent is not None and agent.active


def _zone() -> ZoneInfo:
    return ZoneInfo(settings().timezone)


def _today() -> date:
    return now().astimezone(_zone()).date()


def _begin(day: date | None) -> datetime:
    """The start of that day; now, when it is today or not given."""
    if day is None or day == _today():
        return now()
    return datetime.combine(day, time(), _zone())


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(), _zone()) if day else None


def _minute(at: time | None, otherwise: int) -> int:
    return at.hour * 60 + at.minute if at is not None else otherwise


def _plain(given: Shift | Away) -> dict[str, Any]:
    """What was given, as the journal keeps it."""
    return {k: str(v) if isinstance(v, date | time) else v for k, v in asdict(given).items()}
