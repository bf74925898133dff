"""Departments, as administrators keep them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.agents.change import odd_code, saved
from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor
from helpdesk.core.calendars import newest
from helpdesk.core.db import db
from helpdesk.core.errors import FILL, PICK, NotFound, refuse
from helpdesk.core.i18n import N_

CODE = re.compile(r"[a-z][a-z0-9-]{0,30}")
ODD_CODE = N_("Small letters, digits and hyphens, beginning with a letter.")
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


def save(row: Department | None, given: Unit, by: Actor) -> Department:
    """A new department, or a change of this one, whose code stays.

    Raises NotAllowed, or BadInput naming each odd field.
    """
    return saved("department", Department, row, given, by, _check)


def _check(given: Unit, new: bool) -> None:
    errors = {name: FILL for name in ("name_zh", "name_en") if not getattr(given, name).strip()}
    if new:
        errors |= odd_code(Department, given.code, CODE, ODD_CODE)
        if given.code in TAKEN:
            errors["code"] = N_("This code is taken already.")
    if given.calendar not in newest():
        errors["calendar"] = PICK
    if given.mail and "@" not in given.mail:
        errors["mail"] = N_("This does not look like a mail address: name@example.com.")
    refuse(errors)
