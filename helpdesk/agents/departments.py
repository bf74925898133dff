"""Departments, as administrators keep them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor, require
from helpdesk.core import options
from helpdesk.core.calendars import Calendar, newest
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import FILL, PICK, NotFound, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_

CODE = re.compile(r"[a-z][a-z0-9-]{0,30}")
TAKEN = ("dispatch", "mine", "all", "late")  # queues of these names are there already


@dataclass(frozen=True)
class Unit:
    """What is set of a department. `code` stands in addresses and never changes."""

    code: str
    name_zh: str
    name_en: str
    calendar: str = "cn-office"
    mail: str = ""
    active: bool = True


def listed() -> Sequence[Department]:
    """All departments, the inactive ones last."""
    return db.session.scalars(
        select(Department).order_by(Department.active.desc(), Department.code)
    ).all()


def found(code: str) -> Department:
    """The department with this code. Raises NotFound."""
    row = db.session.scalar(select(Department).where(Department.code == code))
    if row is None:
        raise NotFound(N_("There is no such department."))
    return row


def calendars() -> dict[str, Calendar]:
    """The calendars that a department can work by, each in its newest version."""
    return newest()


def add(given: Unit, by: Actor) -> Department:
    """A new department. Raises NotAllowed, or BadInput naming each odd field."""
    require(by, "settings.edit")
    with transaction() as session:
        _check(given, new=True)
        row = Department(**asdict(given))
        session.add(row)
        session.flush()
        _note(row.id, None, asdict(given), by)
    return row


def edit(row: Department, given: Unit, by: Actor) -> Department:
    """Change a department; its code stays. Raises NotAllowed or BadInput."""
    require(by, "settings.edit")
    with transaction():
        _check(given, new=False)
        new = asdict(given) | {"code": row.code}
        old = {name: getattr(row, name) for name in new}
        for name, value in new.items():
            setattr(row, name, value)
        _note(row.id, old, new, by)
    return row


def _note(row_id: int, old: dict[str, object] | None, new: dict[str, object], by: Actor) -> None:
    options.changed()
    record("setup.changed", by=by, what="department", id=row_id, old=old, new=new)


def _check(given: Unit, new: bool) -> None:
    errors = {name: FILL for name in ("name_zh", "name_en") if not getattr(given, name).strip()}
    if new:
        errors |= _odd_code(given.code)
    if given.calendar not in calendars():
        errors["calendar"] = PICK
    if given.mail and "@" not in given.mail:
        errors["mail"] = N_("This does not look like a mail address: name@example.com.")
    refuse(errors)


def _odd_code(code: str) -> dict[str, str]:
    if not CODE.fullmatch(code):
        return {"code": N_("Small letters, digits and hyphens, beginning with a letter.")}
    taken = code in TAKEN or db.session.scalar(select(Department.id).where(Department.code == code))
    return {"code": N_("This code is taken already.")} if taken else {}
