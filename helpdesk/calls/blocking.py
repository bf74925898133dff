"""Callers who are turned away: numbers, why, and until when. Their calls are noted and make no case; who
lets nobody ring for them is the exchange, which asks is_blocked() over the API."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from helpdesk.agents.change import change
from helpdesk.agents.rights import Actor
from helpdesk.calls.fields import number
from helpdesk.calls.terms_models import BlockedCaller
from helpdesk.clock import now
from helpdesk.core.db import db, stored
from helpdesk.core.errors import FILL, BadInput, refuse
from helpdesk.core.i18n import N_, company_zone
from helpdesk.customers.phones import NO_NUMBER

MOST_REASON = 200
PAST = N_("Please give a day that is still to come, or none.")
TWICE = N_("This number is on the list already.")


@dataclass(frozen=True)
class Blocked:
    """What an administrator says of one number; `until` is the last day, None for good."""

    number: str
    reason: str
    until: date | None = None


def _today() -> date:
    return now().astimezone(company_zone()).date()


def _in_force() -> ColumnElement[bool]:
    return or_(BlockedCaller.until.is_(None), BlockedCaller.until >= _today())


def among(numbers: Collection[str]) -> set[str]:
    """Those of the numbers (E.164, as calls have them) that are blocked now."""
    if not numbers:
        return set()
    query = select(BlockedCaller.number).where(BlockedCaller.number.in_(numbers), _in_force())
    return set(db.session.scalars(query))


def is_blocked(written: str) -> bool:
    """Whether calls of this number are to ring nobody. Raises BadInput for what is no number; a caller
    who shows none is never blocked."""
    return bool(among({number(written)} - {""}))


def listed() -> Sequence[BlockedCaller]:
    """All of them, by number; those whose day is over as well."""
    return db.session.scalars(select(BlockedCaller).order_by(BlockedCaller.number)).all()


def found(row_id: int) -> BlockedCaller:
    """This one. Raises NotFound."""
    return stored(BlockedCaller, row_id, N_("This number is not on the list any more."))


def save(row: BlockedCaller | None, given: Blocked, by: Actor) -> None:
    """Put a number on the list, or change its entry. Raises NotAllowed, or BadInput by field."""
    with change("blocked caller", by) as making:
        kept = row or BlockedCaller()
        making.keep(kept, asdict(given) | {"number": _checked(kept, given)})
        making.old, making.new = _told(making.old), _told(making.new)


def _checked(row: BlockedCaller, given: Blocked) -> str:
    """The number as calls have it. Raises BadInput by field."""
    errors, dialled = {}, ""
    try:
        dialled = number(given.number)
        same = select(BlockedCaller.id).where(BlockedCaller.number == dialled)
        taken = db.session.scalar(same) not in (None, row.id)
        errors = {"number": TWICE} if taken else {} if dialled else {"number": FILL}
    except BadInput:
        errors["number"] = NO_NUMBER
    if not given.reason.strip() or len(given.reason) > MOST_REASON:
        errors["reason"] = FILL
    if given.until and given.until < _today():
        errors["until"] = PAST
    refuse(errors)
    return dialled


def remove(row: BlockedCaller, by: Actor) -> None:
    """Take a number off the list. Raises NotAllowed."""
    with change("blocked caller", by) as making:
        making.remove(row)
        making.old = _told(making.old)


def _told(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """As the journal keeps them: the day in words."""
    return values and values | {"until": str(values["until"] or "")}
