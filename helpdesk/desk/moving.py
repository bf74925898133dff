"""A move of a ticket by its code, with values as a form or a JSON body has them."""

from __future__ import annotations

from typing import Any

from helpdesk.agents.rights import Actor
from helpdesk.core.errors import NotFound, bad_fields
from helpdesk.core.i18n import N_
from helpdesk.setup import in_force
from helpdesk.tickets import actions, lifecycle, queries
from helpdesk.tickets.models import Ticket
from helpdesk.web.sent import Sent

WITH_REPLY = ("reply", "answer_directly")
WITH_UNTIL = ("hold", "ask_extension")
WITH_DEPARTMENT = ("dispatch", "transfer")


def make_move(
    code: str,
    ticket: Ticket,
    sent: Sent,
    *,
    by: Actor,
    version: int | None = None,
    seen_seq: int | None = None,
) -> Ticket:
    """Run the verb of a move. `sent`: comment, department (code), until, reply, target (number).

    Raises NotFound for an unknown move, NotAllowed, then BadInput by field, and what the verb itself
    raises.
    """
    if code not in lifecycle.TABLE.codes:
        raise NotFound(N_("There is no such step."), code="unknown_move")
    lifecycle.TABLE.require_right(code, queries.stand_of(ticket), by)
    verb = getattr(actions, code)
    more: dict[str, Any] = {"comment": sent.text("comment")}
    if code in WITH_REPLY:
        more = {"body": sent.text("reply") or sent.text("body"), "seen_seq": seen_seq}
    if code in WITH_DEPARTMENT:
        more["department_id"] = _department(sent.text("department"))
    if code in WITH_UNTIL:
        more["until"] = sent.time("until")
    if code == "merge":
        more["target"] = _target(sent.text("target"), by)
    moved: Ticket = verb(ticket, by=by, version=version, **more)
    return moved


def _department(code: str) -> int:
    """The id behind a department's code; 0 (which the verb refuses) when none is given."""
    if not code:
        return 0
    unit = in_force.current().unit(code)
    if unit is None or not unit.active:
        wrong = N_("This department does not exist. Please pick one of the offered choices.")
        raise bad_fields(department=wrong)
    return unit.id


def _target(number: str, by: Actor) -> Ticket | None:
    if not number:
        return None
    try:
        return queries.by_number(number, by)
    except NotFound as error:
        raise bad_fields(target=error.text) from None
