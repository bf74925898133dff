"""Canned replies, as administrators keep them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.errors import FILL, PICK, NotFound, refuse
from helpdesk.core.i18n import N_
from helpdesk.setup.change import change, values
from helpdesk.setup.models import CannedReply
from helpdesk.setup.replies.placeholders import TEXTS, unknown_placeholders

CODE = re.compile(r"[a-z][a-z0-9-]{0,40}")
MOST = 10_000


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


COLUMNS = tuple(ReplyText.__dataclass_fields__)


def listed() -> Sequence[CannedReply]:
    """All replies, also those that are put away."""
    return db.session.scalars(
        select(CannedReply).order_by(CannedReply.active.desc(), CannedReply.code)
    ).all()


def found(reply_id: int) -> CannedReply:
    """This reply. Raises NotFound."""
    row = db.session.get(CannedReply, reply_id)
    if row is None:
        raise NotFound(N_("There is no such canned reply."))
    return row


def add(given: ReplyText, by: Actor) -> CannedReply:
    """A new reply. Raises NotAllowed, or BadInput naming each odd field."""
    with change("canned reply", by) as making:
        _check(given, new=True)
        row = CannedReply(**asdict(given))
        making.session.add(row)
        making.session.flush()
        making.id, making.new = row.id, asdict(given)
    return row


def edit(row: CannedReply, given: ReplyText, by: Actor) -> None:
    """Change a reply; its code stays. Raises NotAllowed or BadInput."""
    with change("canned reply", by) as making:
        _check(given, new=False)
        making.id, making.old = row.id, values(row, COLUMNS)
        making.new = asdict(given) | {"code": row.code}
        for name, value in making.new.items():
            setattr(row, name, value)


def _check(given: ReplyText, new: bool) -> None:
    errors = {name: problem for name in TEXTS if (problem := _problem(getattr(given, name)))}
    if given.department_id and db.session.get(Department, given.department_id) is None:
        errors["department_id"] = PICK
    if new:
        errors |= _odd_code(given.code)
    refuse(errors)


def _problem(text: str) -> str:
    if not text.strip():
        return FILL
    if len(text) > MOST:
        return N_("This is too long: 10,000 characters at most.")
    if unknown_placeholders(text):
        return N_("Only {name}, {number}, {agent}, {department} and {due} are filled in.")
    return ""


def _odd_code(code: str) -> dict[str, str]:
    if not CODE.fullmatch(code):
        return {"code": N_("Small letters, digits and hyphens, beginning with a letter.")}
    if db.session.scalar(select(CannedReply.id).where(CannedReply.code == code)):
        return {"code": N_("This code is taken already.")}
    return {}
