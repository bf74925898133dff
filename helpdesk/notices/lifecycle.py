"""The table of moves of a rectification notice (整改通知单), as tickets have one in lifecycle.py.

Pure: no database, no Flask. One side orders and checks (supervisors, administrators), the other
side answers: the handlers of the responsible department.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from helpdesk.agents.rights import Actor, Role
from helpdesk.core.errors import NotAllowed, Refused
from helpdesk.core.i18n import N_

MOST_EXTENSIONS = 2


class State(StrEnum):
    """Where a notice stands. Overdue is not among them: it is computed from the due time."""

    DRAFT = "draft"
    APPROVED = "approved"
    ISSUED = "issued"
    OBJECTED = "objected"
    SIGNED = "signed"
    PLAN_SUBMITTED = "plan_submitted"
    PLAN_REJECTED = "plan_rejected"
    IMPLEMENTING = "implementing"
    DONE_CLAIMED = "done_claimed"
    VERIFIED_FAIL = "verified_fail"
    VERIFIED_PASS = "verified_pass"  # noqa: S105 - a state, no password
    WATCHING = "watching"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class Level(StrEnum):
    """How grave the problem is: it sets the time limits and the chain of escalation."""

    MAJOR = "major"
    MINOR = "minor"
    OBSERVATION = "observation"


STATE_NAMES = {
    State.DRAFT: N_("Draft"),
    State.APPROVED: N_("Approved"),
    State.ISSUED: N_("Issued"),
    State.OBJECTED: N_("Objected to"),
    State.SIGNED: N_("Signed for"),
    State.PLAN_SUBMITTED: N_("Plan submitted"),
    State.PLAN_REJECTED: N_("Plan sent back"),
    State.IMPLEMENTING: N_("Being rectified"),
    State.DONE_CLAIMED: N_("Awaiting re-inspection"),
    State.VERIFIED_FAIL: N_("Re-inspection failed"),
    State.VERIFIED_PASS: N_("Re-inspection passed"),
    State.WATCHING: N_("Being watched"),
    State.CLOSED: N_("Closed out"),
    State.REOPENED: N_("Recurred"),
    State.WITHDRAWN: N_("Revoked"),
}
LEVEL_NAMES = {
    Level.MAJOR: N_("Major"),
    Level.MINOR: N_("Minor nonconformity"),
    Level.OBSERVATION: N_("Observation"),
}
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

_LEAD = (Role.SUPERVISOR, Role.ADMIN)
_LEVELS = tuple(Level)


def not_passed(status: str, rounds: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What the last re-inspection found, as long as the round that it began is being worked on."""
    return rounds[-1]["check"] if rounds and status in ACTS_AGAIN else None


@dataclass(frozen=True)
class Move:
    """One row of the table. `own`: only handlers of the responsible department.

    `to` None: the state stays. `needs` are the fields that a person must fill.
    """

    code: str
    label: str
    sources: frozenset[State]
    to: State | None
    roles: tuple[Role, ...]
    needs: tuple[str, ...]
    levels: tuple[Level, ...]
    main: bool  # drawn as the step that usually comes next

    @property
    def own(self) -> bool:
        """Whether this is a move of the responsible department."""
        return Role.HANDLER in self.roles


@dataclass(frozen=True)
class Stand:
    """What the table must know of a notice. `claimed_by` is 'agent:5', or '' before a claim."""

    status: str
    level: str
    department_id: int
    asked: bool
    extensions: int
    claimed_by: str


def stage(state: str) -> str:
    """How far a notice is in one word: new, waiting, done or going; it has a sign of its own."""
    return next((name for name, held in STAGES.items() if state in held), "going")


def _order(
    code: str,
    label: str,
    sources: Iterable[State],
    to: State | None,
    needs: tuple[str, ...] = (),
    *,
    main: bool = False,
    by_system: bool = False,
) -> Move:
    """A move of the side that orders and checks."""
    roles = (*_LEAD, Role.SYSTEM) if by_system else _LEAD
    return Move(code, label, frozenset(sources), to, roles, needs, _LEVELS, main)


def _answer(
    code: str,
    label: str,
    sources: Iterable[State],
    to: State | None,
    needs: tuple[str, ...] = (),
    *,
    main: bool = False,
    levels: tuple[Level, ...] = _LEVELS,
) -> Move:
    """A move of the responsible department."""
    return Move(code, label, frozenset(sources), to, (Role.HANDLER,), needs, levels, main)


S = State
CLAIM = ("root_cause", "correction", "corrective", "preventive", "horizontal_check", "evidence")
_BEFORE_CLAIM = (S.SIGNED, S.PLAN_SUBMITTED, S.PLAN_REJECTED, S.IMPLEMENTING)
_TO_WITHDRAW = (S.DRAFT, S.APPROVED, S.ISSUED, S.OBJECTED, *_BEFORE_CLAIM)
TABLE: tuple[Move, ...] = (
    _order("edit", N_("Edit"), (S.DRAFT, S.APPROVED), S.DRAFT),
    _order("approve", N_("Approve"), (S.DRAFT,), S.APPROVED, main=True),
    _order("issue", N_("Issue"), (S.APPROVED,), S.ISSUED, main=True),
    _answer("sign", N_("Sign for it"), (S.ISSUED,), S.SIGNED, main=True),
    _answer("object", N_("Object"), (S.ISSUED,), S.OBJECTED, ("comment",)),
    _order("uphold", N_("Uphold the objection"), (S.OBJECTED,), S.WITHDRAWN, ("comment",)),
    _order(
        "overrule", N_("Refuse the objection"), (S.OBJECTED,), S.ISSUED, ("comment",), main=True
    ),
    _answer(
        "contain", N_("Report immediate measure"), (S.ISSUED, *_BEFORE_CLAIM), None, ("containment",)
    ),
    _answer(
        "submit_plan",
        N_("Submit plan"),
        (S.SIGNED, S.PLAN_REJECTED),
        S.PLAN_SUBMITTED,
        ("root_cause", "plan", "planned_at"),
        main=True,
    ),
    _answer(
        "start",
        N_("Start without a plan"),
        (S.SIGNED,),
        S.IMPLEMENTING,
        levels=(Level.OBSERVATION,),
    ),
    _order("accept_plan", N_("Accept plan"), (S.PLAN_SUBMITTED,), S.IMPLEMENTING, main=True),
    _order(
        "reject_plan", N_("Send plan back"), (S.PLAN_SUBMITTED,), S.PLAN_REJECTED, ("comment",)
    ),
    _answer(
        "claim_done", N_("Report it is done"), (S.IMPLEMENTING,), S.DONE_CLAIMED, CLAIM, main=True
    ),
    _answer(
        "ask_extension", N_("Ask for more time"), _BEFORE_CLAIM, None, ("comment", "until")
    ),
    _order("grant_extension", N_("Grant more time"), _BEFORE_CLAIM, None, main=True),
    _order("refuse_extension", N_("Refuse more time"), _BEFORE_CLAIM, None, ("comment",)),
    _order(
        "verify_pass", N_("Passed"), (S.DONE_CLAIMED,), S.VERIFIED_PASS, ("comment",), main=True
    ),
    _order(
        "verify_partial", N_("Partly passed"), (S.DONE_CLAIMED,), S.VERIFIED_FAIL,
        ("comment", "re_due"),
    ),
    _order(
        "verify_fail", N_("Failed"), (S.DONE_CLAIMED,), S.VERIFIED_FAIL, ("comment", "re_due")
    ),
    _order("watch", N_("Watch the effect"), (S.VERIFIED_PASS,), S.WATCHING, by_system=True),
    _order("rework", N_("New round"), (S.VERIFIED_FAIL,), S.IMPLEMENTING, by_system=True),
    _order("replan", N_("New round with a new plan"), (S.VERIFIED_FAIL,), S.SIGNED, by_system=True),
    _order(
        "close_watch", N_("Close out"), (S.WATCHING,), S.CLOSED, ("comment",),
        main=True, by_system=True,
    ),
    _order("recur", N_("It happened again"), (S.WATCHING,), S.REOPENED, ("comment",)),
    _order("withdraw", N_("Revoke"), _TO_WITHDRAW, S.WITHDRAWN, ("comment",)),
)  # fmt: skip
BY_CODE = {move.code: move for move in TABLE}
AUTOMATIC = ("watch", "rework", "replan")  # follow a re-inspection by themselves: never a button
_EXTENSION = ("grant_extension", "refuse_extension")
_CHECKS = ("verify_pass", "verify_partial", "verify_fail")


def may_make(move: Move, stand: Stand, by: Actor) -> bool:
    """True when this person may make the move on this notice.

    A department's moves are its handlers'; the verifier is never of the responsible department
    and never the one who reported it done.
    """
    if by.role not in move.roles:
        return False
    if move.own:
        return by.department_id == stand.department_id
    return move.code not in _CHECKS or may_verify(stand, by)


def require_right(code: str, stand: Stand, by: Actor) -> None:
    """Raise NotAllowed for a step that this role, or this department, takes nowhere: asked before
    anything is told of where the notice stands. "verify" stands for its three results."""
    move = BY_CODE.get("verify_pass" if code == "verify" else code)
    if move is None:
        return
    if by.role not in move.roles or (move.own and by.department_id != stand.department_id):
        raise NotAllowed(_why_not(move, stand, by))


def may_verify(stand: Stand, by: Actor) -> bool:
    """Whether this person is far enough from the work to check it."""
    return by.department_id != stand.department_id and stand.claimed_by != mark(by)


def mark(by: Actor) -> str:
    """A person or program as one word: 'agent:5'."""
    return f"{by.kind}:{by.id}"


def check(code: str, stand: Stand, by: Actor) -> Move:
    """The row of the table, when the move is legal now for this person.

    Raises Refused for a move that is not in the table, NotAllowed for the wrong person.
    """
    move = BY_CODE.get(code)
    if move is None or State(stand.status) not in move.sources or stand.level not in move.levels:
        raise Refused(
            N_("This step is not possible now: the notice has moved on or was never there yet.")
        )
    if not may_make(move, stand, by):
        raise NotAllowed(_why_not(move, stand, by))
    refusal = _blocked(move, stand)
    if refusal:
        raise Refused(refusal)
    return move


def _why_not(move: Move, stand: Stand, by: Actor) -> str:
    if move.own:
        return N_("Only the handlers of the responsible department can take this step.")
    if by.role in move.roles and not may_verify(stand, by):
        return N_(
            "The verifier must not be from the responsible department, nor have reported it done."
        )
    return N_("Your role can't take this step. Ask a supervisor if it is needed.")


def _blocked(move: Move, stand: Stand) -> str:
    if move.code == "ask_extension" and stand.asked:
        return N_("A request for more time is waiting for its decision.")
    if move.code == "ask_extension" and stand.extensions >= MOST_EXTENSIONS:
        return N_("More time was granted twice already.")
    if move.code in _EXTENSION and not stand.asked:
        return N_("Nobody has asked for more time.")
    return ""


def moves(stand: Stand, by: Actor) -> list[Move]:
    """The legal next moves for this person, in the order of the table: the buttons."""
    return [
        move
        for move in TABLE
        if State(stand.status) in move.sources
        and stand.level in move.levels
        and move.code not in AUTOMATIC
        and may_make(move, stand, by)
        and not _blocked(move, stand)
    ]
