"""The table of moves of a rectification notice (整改通知单), as tickets have one in lifecycle.py.

Pure: no database, no Flask. One side orders and checks (supervisors, administrators), the other
side answers: the handlers of the responsible department.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.agents.rights import Actor, Role
from helpdesk.core.errors import HelpdeskError, NotAllowed, Refused
from helpdesk.core.i18n import N_
from helpdesk.core.moves import Move, Table
from helpdesk.core.named import Named

MOST_EXTENSIONS = 2


class State(Named):
    """Where a notice stands. Overdue is not among them: it is computed from the due time."""

    DRAFT = "draft", N_("Draft")
    APPROVED = "approved", N_("Approved")
    ISSUED = "issued", N_("Issued")
    OBJECTED = "objected", N_("Objected to")
    SIGNED = "signed", N_("Signed for")
    PLAN_SUBMITTED = "plan_submitted", N_("Plan submitted")
    PLAN_REJECTED = "plan_rejected", N_("Plan sent back")
    IMPLEMENTING = "implementing", N_("Being rectified")
    DONE_CLAIMED = "done_claimed", N_("Awaiting re-inspection")
    VERIFIED_FAIL = "verified_fail", N_("Re-inspection failed")
    VERIFIED_PASS = "verified_pass", N_("Re-inspection passed")
    WATCHING = "watching", N_("Being watched")
    CLOSED = "closed", N_("Closed out")
    REOPENED = "reopened", N_("Recurred")
    WITHDRAWN = "withdrawn", N_("Revoked")


class Level(Named):
    """How grave the problem is: it sets the time limits and the chain of escalation."""

    MAJOR = "major", N_("Major")
    MINOR = "minor", N_("Minor nonconformity")
    OBSERVATION = "observation", N_("Observation")


STATE_NAMES = State.names()
LEVEL_NAMES = Level.names()
SOURCE_NAMES = {
    "complaint": N_("Complaint"),
    "inspection": N_("Inspection"),
    "audit": N_("Audit"),
    "patrol": N_("Patrol"),
}
ENDED = frozenset({State.CLOSED, State.REOPENED, State.WITHDRAWN})
DRAFTS = frozenset({State.DRAFT, State.APPROVED})
WITH_DEPARTMENT = frozenset({State.ISSUED, State.SIGNED, State.PLAN_REJECTED, State.IMPLEMENTING})
OPEN = frozenset(State) - ENDED
ACTS_AGAIN = frozenset(
    {State.SIGNED, State.PLAN_SUBMITTED, State.PLAN_REJECTED, State.IMPLEMENTING}
)
STAGES = {"new": DRAFTS, "waiting": frozenset({State.WATCHING}), "done": ENDED}

_LEAD = (Role.SUPERVISOR, Role.ADMIN)  # the side that orders and checks
_UNIT = (Role.HANDLER,)  # the responsible department
_ALSO_ALONE = (*_LEAD, Role.SYSTEM)


def not_passed(status: str, rounds: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What the last re-inspection found, as long as the round that it began is being worked on."""
    return rounds[-1]["check"] if rounds and status in ACTS_AGAIN else None


@dataclass(frozen=True)
class Stand:
    """What the table must know of a notice. `claimed_by` is 'agent:5', or '' before a claim."""

    status: str
    kind: str  # its level
    department_id: int
    asked: bool
    extensions: int
    claimed_by: str


NOT_YOURS = N_("Your role can't take this step. Ask a supervisor if it is needed.")
NOT_YOUR_UNIT = N_("Only the handlers of the responsible department can take this step.")
TOO_NEAR = N_(
    "The verifier must not be from the responsible department, nor have reported it done."
)
CHECKS = ("verify_pass", "verify_partial", "verify_fail")  # the results of a re-inspection


def mark(by: Actor) -> str:
    """A person or program as one word: 'agent:5'."""
    return f"{by.kind}:{by.id}"


def is_own(move: Move) -> bool:
    """Whether this is a step of the responsible department."""
    return Role.HANDLER in move.roles


def _denied(move: Move, stand: Stand, by: Actor) -> str:
    """A department's steps are its handlers'."""
    if is_own(move):
        theirs = by.role in move.roles and by.department_id == stand.department_id
        return "" if theirs else NOT_YOUR_UNIT
    return "" if by.role in move.roles else NOT_YOURS


def _blocked(move: Move, stand: Stand, by: Actor) -> HelpdeskError | None:
    """Who did the work does not check it; more time is asked for once at a time, granted twice."""
    near = by.department_id == stand.department_id or stand.claimed_by == mark(by)
    if move.code in CHECKS and near:
        return NotAllowed(TOO_NEAR)
    if move.code == "ask_extension" and stand.asked:
        return Refused(N_("A request for more time is waiting for its decision."))
    if move.code == "ask_extension" and stand.extensions >= MOST_EXTENSIONS:
        return Refused(N_("More time was granted twice already."))
    if move.code in ("grant_extension", "refuse_extension") and not stand.asked:
        return Refused(N_("Nobody has asked for more time."))
    return None


S = State
CLAIM = ("root_cause", "correction", "corrective", "preventive", "horizontal_check", "evidence")
_BEFORE_CLAIM = (S.SIGNED, S.PLAN_SUBMITTED, S.PLAN_REJECTED, S.IMPLEMENTING)
_TO_WITHDRAW = (S.DRAFT, S.APPROVED, S.ISSUED, S.OBJECTED, *_BEFORE_CLAIM)
# fmt: off
TABLE = Table(
    (
        Move("edit", N_("Edit"), (S.DRAFT, S.APPROVED), S.DRAFT, _LEAD),
        Move("approve", N_("Approve"), (S.DRAFT,), S.APPROVED, _LEAD, main=True),
        Move("issue", N_("Issue"), (S.APPROVED,), S.ISSUED, _LEAD, main=True),
        Move("sign", N_("Sign for it"), (S.ISSUED,), S.SIGNED, _UNIT, main=True),
        Move("object", N_("Object"), (S.ISSUED,), S.OBJECTED, _UNIT, ("comment",)),
        Move("uphold", N_("Uphold the objection"), (S.OBJECTED,), S.WITHDRAWN, _LEAD,
             ("comment",)),
        Move("overrule", N_("Refuse the objection"), (S.OBJECTED,), S.ISSUED, _LEAD,
             ("comment",), main=True),
        Move("contain", N_("Report immediate measure"), (S.ISSUED, *_BEFORE_CLAIM), None, _UNIT,
             ("containment",)),
        Move("submit_plan", N_("Submit plan"), (S.SIGNED, S.PLAN_REJECTED), S.PLAN_SUBMITTED, _UNIT,
             ("root_cause", "plan", "planned_at"), main=True),
        Move("start", N_("Start without a plan"), (S.SIGNED,), S.IMPLEMENTING, _UNIT,
             kinds=(Level.OBSERVATION,)),
        Move("accept_plan", N_("Accept plan"), (S.PLAN_SUBMITTED,), S.IMPLEMENTING, _LEAD,
             main=True),
        Move("reject_plan", N_("Send plan back"), (S.PLAN_SUBMITTED,), S.PLAN_REJECTED, _LEAD,
             ("comment",)),
        Move("claim_done", N_("Report it is done"), (S.IMPLEMENTING,), S.DONE_CLAIMED, _UNIT, CLAIM,
             main=True),
        Move("ask_extension", N_("Ask for more time"), _BEFORE_CLAIM, None, _UNIT,
             ("comment", "until")),
        Move("grant_extension", N_("Grant more time"), _BEFORE_CLAIM, None, _LEAD, main=True),
        Move("refuse_extension", N_("Refuse more time"), _BEFORE_CLAIM, None, _LEAD, ("comment",)),
        Move("verify_pass", N_("Passed"), (S.DONE_CLAIMED,), S.VERIFIED_PASS, _LEAD, ("comment",),
             main=True),
        Move("verify_partial", N_("Partly passed"), (S.DONE_CLAIMED,), S.VERIFIED_FAIL, _LEAD,
             ("comment", "re_due")),
        Move("verify_fail", N_("Failed"), (S.DONE_CLAIMED,), S.VERIFIED_FAIL, _LEAD,
             ("comment", "re_due")),
        Move("watch", N_("Watch the effect"), (S.VERIFIED_PASS,), S.WATCHING, _ALSO_ALONE),
        Move("rework", N_("New round"), (S.VERIFIED_FAIL,), S.IMPLEMENTING, _ALSO_ALONE),
        Move("replan", N_("New round with a new plan"), (S.VERIFIED_FAIL,), S.SIGNED, _ALSO_ALONE),
        Move("close_watch", N_("Close out"), (S.WATCHING,), S.CLOSED, _ALSO_ALONE, ("comment",),
             main=True),
        Move("recur", N_("It happened again"), (S.WATCHING,), S.REOPENED, _LEAD, ("comment",)),
        Move("withdraw", N_("Revoke"), _TO_WITHDRAW, S.WITHDRAWN, _LEAD, ("comment",)),
    ),
    gone=N_("This step is not possible now: the notice has moved on or was never there yet."),
    denied=_denied,
    blocked=_blocked,
)
# fmt: on
AUTOMATIC = ("watch", "rework", "replan")  # follow a re-inspection by themselves: never a button


def moves(stand: Stand, by: Actor) -> list[Move]:
    """The legal next steps for this person, in the order of the table: the buttons."""
    return [move for move in TABLE.moves(stand, by) if move.code not in AUTOMATIC]
