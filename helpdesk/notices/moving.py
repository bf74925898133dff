"""A move of a notice by its code, with values as a form or a JSON body has them."""

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
from helpdesk.notices import actions
from helpdesk.notices.models import Notice

LOOK = N_("Some fields need another look.")
PLAIN = {
    "approve": actions.approve,
    "issue": actions.issue,
    "sign": actions.sign,
    "object": actions.object_to,
    "start": actions.start,
    "accept_plan": actions.accept_plan,
    "reject_plan": actions.reject_plan,
    "refuse_extension": actions.refuse_extension,
    "close_watch": actions.close_watch,
    "withdraw": actions.withdraw,
}
CHECKS = {"verify_pass": "pass", "verify_partial": "partial", "verify_fail": "fail"}
CLAIM = ("root_cause", "correction", "corrective", "preventive", "horizontal_check", "evidence")


def make_move(
    code: str,
    notice: Notice,
    *,
    by: Actor,
    values: Mapping[str, Any],
    zone: ZoneInfo,
    version: int | None = None,
    files: tuple[StoredFile, ...] = (),
) -> Notice:
    """Run the verb of a move. `values` are those that the table of moves asks for, and comment.

    A time without a zone is read in `zone`; a recurrence returns the new draft. Raises NotFound for
    an unknown move, BadInput by field, and what the verb itself raises.
    """
    actions.require_right(code, notice, by)
    known: dict[str, Any] = {"by": by, "version": version}
    text = {name: _text(values, name) for name in ("comment", *CLAIM, "containment", "plan")}
    if code in PLAIN:
        return PLAIN[code](notice, comment=text["comment"], **known)
    if code in ("uphold", "overrule"):
        return actions.rule(notice, upheld=code == "uphold", ruling=text["comment"], **known)
    if code in CHECKS or code == "verify":
        result = CHECKS.get(code) or _text(values, "result")
        due = _time(values, "re_due", zone)
        return actions.verify(
            notice, result=result, comment=text["comment"], re_due=due, files=files, **known
        )
    if code == "recur":
        return actions.recur(notice, comment=text["comment"], **known)
    return _answer(code, notice, text, values, zone, files, known)


def _answer(
    code: str,
    notice: Notice,
    text: dict[str, str],
    values: Mapping[str, Any],
    zone: ZoneInfo,
    files: tuple[StoredFile, ...],
    known: dict[str, Any],
) -> Notice:
    """The moves with fields of their own."""
    if code == "contain":
        return actions.contain(notice, containment=text["containment"], files=files, **known)
    if code == "submit_plan":
        planned = _time(values, "planned_at", zone)
        cause, plan = text["root_cause"], text["plan"]
        return actions.submit_plan(
            notice, root_cause=cause, plan=plan, planned_at=planned, files=files, **known
        )
    if code == "claim_done":
        claim: dict[str, Any] = {name: text[name] for name in CLAIM}
        return actions.claim_done(notice, **claim, files=files, **known)
    if code in ("ask_extension", "grant_extension"):
        verb = actions.ask_extension if code == "ask_extension" else actions.grant_extension
        until = _time(values, "until", zone)
        return verb(notice, until=until, comment=text["comment"], **known)
    raise NotFound(N_("There is no such step."), code="unknown_move")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise BadInput(LOOK, errors={name: N_("Please send text.")})
    return (value or "").replace("\r\n", "\n").replace("\x00", "").strip()


def _time(values: Mapping[str, Any], name: str, zone: ZoneInfo) -> datetime | None:
    text = _text(values, name)
    if not text:
        return None
    try:
        return read_moment(text, zone)
    except ValueError:
        wrong = N_("Please give a date and time.")
        raise BadInput(LOOK, errors={name: wrong}) from None
