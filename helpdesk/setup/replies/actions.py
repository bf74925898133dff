"""Canned replies, as administrators keep them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.agents.change import is_lacking, odd_code, saved
from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, stored
from helpdesk.core.errors import FILL, PICK, refuse
from helpdesk.core.i18n import N_
from helpdesk.setup.models import CannedReply

CODE = re.compile(r"[a-z][a-z0-9-]{0,40}")
ODD_CODE = N_("Small letters, digits and hyphens, beginning with a letter.")
MOST = 10_000
PLACEHOLDERS = {
    "name": N_("the customer's name"),
    "number": N_("the number of the ticket"),
    "agent": N_("your name"),
    "department": N_("the department that handles it"),
    "due": N_("when the next promise is due"),
}
BRACES = re.compile(r"\{([^{}\n]*)\}")
TEXTS = ("title_zh", "title_en", "body_zh", "body_en")


@dataclass(frozen=True)
class ReplyText:
    """What an administrator says of one reply; without a department it is for everybody."""

    code: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    department_id: int | None = None
    active: bool = True


def listed() -> Sequence[CannedReply]:
    """All replies, also those that are put away."""
    return db.session.scalars(
        select(CannedReply).order_by(CannedReply.active.desc(), CannedReply.code)
    ).all()


def found(reply_id: int) -> CannedReply:
    """This reply. Raises NotFound."""
    return stored(CannedReply, reply_id, N_("There is no such canned reply."))


def save(row: CannedReply | None, given: ReplyText, by: Actor) -> CannedReply:
    """A new reply, or a change of this one, whose code stays.

    Raises NotAllowed, or BadInput naming each odd field.
    """
    return saved("canned reply", CannedReply, row, given, by, _check)


def _check(given: ReplyText, new: bool) -> None:
    errors = {name: problem for name in TEXTS if (problem := _problem(getattr(given, name)))}
    if is_lacking(Department, given.department_id):
        errors["department_id"] = PICK
    if new:
        errors |= odd_code(CannedReply, given.code, CODE, ODD_CODE)
    refuse(errors)


def _problem(text: str) -> str:
    if not text.strip():
        return FILL
    if len(text) > MOST:
        return N_("This is too long: 10,000 characters at most.")
    if not set(BRACES.findall(text)) <= set(PLACEHOLDERS):
        return N_("Only {name}, {number}, {agent}, {department} and {due} are filled in.")
    return ""
