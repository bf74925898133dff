"""A move of a notice by its code, with values as a form or a JSON body has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from helpdesk.agents.rights import Actor
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.notices import actions
from helpdesk.notices.lifecycle import CLAIM
from helpdesk.notices.models import Notice
from helpdesk.web.sent import Sent

TIMES = ("until", "planned_at", "re_due")
CHECKED = ("comment", "re_due", "files")
# each verb, and what of the sent it takes
VERBS: dict[str, tuple[Callable[..., Notice], tuple[str, ...]]] = {
    "approve": (actions.approve, ("comment",)),
    "issue": (actions.issue, ("comment",)),
    "sign": (actions.sign, ("comment",)),
    "object": (actions.object_to, ("comment",)),
    "uphold": (partial(actions.rule, upheld=True), ("comment",)),
    "overrule": (partial(actions.rule, upheld=False), ("comment",)),
    "contain": (actions.contain, ("containment", "files")),
    "submit_plan": (actions.submit_plan, ("root_cause", "plan", "planned_at", "files")),
    "start": (actions.start, ("comment",)),
    "accept_plan": (actions.accept_plan, ("comment",)),
    "reject_plan": (actions.reject_plan, ("comment",)),
    "claim_done": (actions.claim_done, (*CLAIM, "files")),
    "ask_extension": (actions.ask_extension, ("comment", "until")),
    "grant_extension": (actions.grant_extension, ("comment", "until")),
    "refuse_extension": (actions.refuse_extension, ("comment",)),
    "verify": (actions.verify, ("result", *CHECKED)),
    "verify_pass": (partial(actions.verify, result="pass"), CHECKED),
    "verify_partial": (partial(actions.verify, result="partial"), CHECKED),
    "verify_fail": (partial(actions.verify, result="fail"), CHECKED),
    "close_watch": (actions.close_watch, ("comment",)),
    "recur": (actions.recur, ("comment",)),
    "withdraw": (actions.withdraw, ("comment",)),
}


def make_move(
    code: str, notice: Notice, sent: Sent, *, by: Actor, version: int | None = None
) -> Notice:
    """Run the verb of a move. `sent` is what the table of moves asks for, and comment.

    A recurrence returns the new draft. Raises NotFound for an unknown move, BadInput by field, and what
    the verb itself raises.
    """
    actions.require_right(code, notice, by)
    if code not in VERBS:
        raise NotFound(N_("There is no such step."), code="unknown_move")
    verb, names = VERBS[code]
    given: dict[str, Any] = {
        name: sent.time(name) if name in TIMES else sent.text(name)
        for name in names
        if name != "files"
    }
    if "files" in names:
        given["files"] = sent.files
    return verb(notice, by=by, version=version, **given)
