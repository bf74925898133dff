"""A move by its code with values as a form or a JSON body has them: one reader for both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.agents.rights import Actor
from helpdesk.clock import read_moment
from helpdesk.core.errors import BadInput, NotFound
from helpdesk.core.i18n import N_
from helpdesk.files import StoredFile
from helpdesk.setup import in_force
from helpdesk.tickets import actions, lifecycle, queries
from helpdesk.tickets.models import Ticket

WITH_REPLY = ("reply", "answer_directly")
WITH_UNTIL = ("hold", "ask_extension")
WITH_DEPARTMENT = ("dispatch", "transfer")
LOOK = N_("Some fields need another look.")


def make_move(
    code: str,
    ticket: Ticket,
    *,
    by: Actor,
    values: Mapping[str, Any],
    zone: ZoneInfo,
    version: int | None = None,
    files: tuple[StoredFile, ...] = (),
    seen_seq: int | None = None,
    how: actions.How = actions.AT_ONCE,
) -> Ticket:
    """Run the verb of a move. `values`: comment, department (code), until, reply, target (number).

    A time without a zone is read in `zone`. Raises NotFound for an unknown move, NotAllowed, then
    BadInput by field, and what the verb itself raises.
    """
    if code not in lifecycle.CODES:
        raise NotFound(N_("There is no such step."), code="unknown_move")
    lifecycle.require_right(code, by)
    verb = getattr(actions, code)
    if code in WITH_REPLY:
        reply = _text(values, "reply") or _text(values, "body")
        done: Ticket = verb(
            ticket, by=by, version=version, body=reply, files=files, seen_seq=seen_seq, how=how
        )
        return done
    more: dict[str, Any] = {"comment": _text(values, "comment")}
    if code in WITH_DEPARTMENT:
        more["department_id"] = _department(_text(values, "department"))
    if code in WITH_UNTIL:
        more["until"] = _time(_text(values, "until"), zone)
    if code == "merge":
        more["target"] = _target(_text(values, "target"), by)
    moved: Ticket = verb(ticket, by=by, version=version, **more)
    return moved


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is not None and not isinstance(value, str | int):
        raise BadInput(LOOK, errors={name: N_("Please send text.")})
    return str(value or "").strip()


def _department(code: str) -> int:
    """The id behind a department's code; 0 (which the verb refuses) when none is given."""
    if not code:
        return 0
    unit = in_force.current().unit(code)
    if unit is None or not unit.active:
        wrong = N_("This department does not exist. Please pick one of the offered choices.")
        raise BadInput(LOOK, errors={"department": wrong})
    return unit.id


def _time(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        return read_moment(text, zone)
    except ValueError:
        wrong = N_("Please give a date and time.")
        raise BadInput(LOOK, errors={"until": wrong}) from None


def _target(number: str, by: Actor) -> Ticket | None:
    if not number:
        return None
    try:
        return queries.by_number(number, by)
    except NotFound as error:
        raise BadInput(LOOK, errors={"target": error.text}) from None
