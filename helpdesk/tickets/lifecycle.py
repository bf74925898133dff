"""Status, Move and THE table: from which status a move leads where, who may, what must be filled.

Pure: no database, no Flask. The same table draws the buttons, refuses what is not in it, answers
/api/v1/meta and is printed by `flask lifecycle`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.agents.rights import Actor, Role
from helpdesk.core.errors import NotAllowed, Refused
from helpdesk.core.i18n import N_, P_
from helpdesk.promises.words import Clock
from helpdesk.words.kinds import Kind


class Status(StrEnum):
    """Where a ticket stands."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    RETURN_REQUESTED = "return_requested"
    SIGNED = "signed"
    HANDLING = "handling"
    WAITING = "waiting"
    REPLIED = "replied"
    ANSWERED_DIRECTLY = "answered_directly"
    REVIEW = "review"
    CALLBACK = "callback"
    REOPENED = "reopened"
    CLOSED = "closed"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    TRANSFERRED = "transferred"


STATUS_NAMES = {
    Status.REGISTERED: N_("Registered"),
    Status.ACCEPTED: N_("Accepted"),
    Status.DISPATCHED: N_("Dispatched"),
    Status.RETURN_REQUESTED: N_("Return requested"),
    Status.SIGNED: N_("Signed for"),
    Status.HANDLING: N_("Being handled"),
    Status.WAITING: N_("On hold"),
    Status.REPLIED: N_("Replied"),
    Status.ANSWERED_DIRECTLY: N_("Answered directly"),
    Status.REVIEW: N_("Under review"),
    Status.CALLBACK: N_("Awaiting follow-up call"),
    Status.REOPENED: N_("Reopened"),
    Status.CLOSED: N_("Closed"),
    Status.ARCHIVED: N_("Archived"),
    Status.REJECTED: N_("Not accepted"),
    Status.WITHDRAWN: N_("Withdrawn"),
    Status.MERGED: N_("Merged"),
    Status.TRANSFERRED: N_("Transferred out"),
}
ENDED = frozenset(
    {
        Status.CLOSED,
        Status.ARCHIVED,
        Status.REJECTED,
        Status.WITHDRAWN,
        Status.MERGED,
        Status.TRANSFERRED,
    }
)
AT_DESK = frozenset({Status.REGISTERED, Status.ACCEPTED})  # no department has it yet
DEAF = frozenset({Status.ARCHIVED, Status.MERGED})  # no further words are taken here
ANSWERED = frozenset(
    {
        Status.REPLIED,
        Status.ANSWERED_DIRECTLY,
        Status.REVIEW,
        Status.CALLBACK,
    }
)
OPEN = frozenset(Status) - ENDED
STAGES = {
    "new": frozenset({Status.REGISTERED}),
    "waiting": frozenset({Status.WAITING, Status.CALLBACK}),
    "done": ENDED | {Status.REPLIED, Status.ANSWERED_DIRECTLY},
}
WITH_DEPARTMENT = frozenset(
    {
        Status.DISPATCHED,
        Status.RETURN_REQUESTED,
        Status.SIGNED,
        Status.HANDLING,
        Status.WAITING,
    }
)
MOST_RETURNS = 2


def clock_of(status: str) -> Clock:
    """Whether the customer's clocks run, pause or have stopped in this status."""
    if status == Status.WAITING:
        return Clock.PAUSED
    return Clock.STOPPED if status in ENDED | ANSWERED else Clock.RUNS


_DESK = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
_LEAD = (Role.SUPERVISOR, Role.ADMIN)
_HAND = (Role.HANDLER, Role.SUPERVISOR, Role.ADMIN)
_ALL = (Role.AGENT, Role.HANDLER, Role.SUPERVISOR, Role.ADMIN)
_EVERY = tuple(Kind)
_LONG = (Kind.COMPLAINT, Kind.REQUEST, Kind.SUGGESTION, Kind.REPORT)
_SHORT = (Kind.REQUEST, Kind.ENQUIRY, Kind.SUGGESTION, Kind.PRAISE, Kind.REPORT)


@dataclass(frozen=True)
class Move:
    """One row of the table. `to` None: the status stays. `needs` are the fields a person fills.

    `at_desk`: where it leads instead when no department has the case, since none could go on with it.
    """

    code: str
    label: str
    key: str
    sources: frozenset[Status]
    to: Status | None
    roles: tuple[Role, ...]
    needs: tuple[str, ...]
    kinds: tuple[Kind, ...]
    main: bool  # drawn as the step that usually comes next
    at_desk: Status | None

    def ends(self, source: str) -> set[str]:
        """Every status that it may lead to from this one."""
        return {end for end in (self.to or source, self.at_desk) if end}


def _row(
    code: str,
    label: str,
    key: str,
    sources: Iterable[Status],
    to: Status | None,
    roles: tuple[Role, ...],
    needs: tuple[str, ...] = (),
    kinds: tuple[Kind, ...] = _EVERY,
    main: bool = False,
    at_desk: Status | None = None,
) -> Move:
    return Move(code, label, key, frozenset(sources), to, roles, needs, kinds, main, at_desk)


S = Status
FRESH = (S.REGISTERED, S.ACCEPTED, S.REOPENED)
# fmt: off
TABLE: tuple[Move, ...] = (
    _row("accept", N_("Accept"), "a", (S.REGISTERED,), S.ACCEPTED, _DESK, main=True),
    _row("decline", N_("Do not accept"), "x", (S.REGISTERED, S.ACCEPTED), S.REJECTED, _DESK,
         ("comment",)),
    _row("dispatch", N_("Dispatch"), "d", (S.ACCEPTED, S.REOPENED, S.RETURN_REQUESTED),
         S.DISPATCHED, _DESK, ("department",), _LONG, main=True),
    _row("answer_directly", N_("Answer directly"), "r", FRESH, S.ANSWERED_DIRECTLY, _DESK,
         ("reply",), main=True),
    _row("send_back", N_("Return to dispatcher"), "b", (S.DISPATCHED, S.SIGNED),
         S.RETURN_REQUESTED, _HAND, ("comment",), _LONG),
    _row("refuse_return", N_("Refuse the return"), "f", (S.RETURN_REQUESTED,), S.SIGNED, _DESK,
         ("comment",), _LONG),
    _row("sign", N_("Sign for it"), "s", (S.DISPATCHED,), S.SIGNED, _HAND, (), _LONG, main=True),
    _row("handle", N_("Start handling"), "g", (S.SIGNED,), S.HANDLING, _HAND, (), _LONG, main=True),
    _row("transfer", N_("Transfer"), "t", (S.DISPATCHED, S.SIGNED, S.HANDLING), S.DISPATCHED,
         _DESK, ("department", "comment"), _LONG),
    _row("hold", N_("Put on hold"), "h", (S.HANDLING,), S.WAITING, _ALL, ("comment", "until"),
         _LONG),
    _row("resume", N_("Resume"), "h", (S.WAITING,), S.HANDLING, _ALL, (), _LONG, main=True),
    _row("ask_extension", N_("Ask for more time"), "e", (S.HANDLING,), None, _HAND, ("comment",
         "until"), _LONG),
    _row("grant_extension", N_("Grant more time"), "y", (S.HANDLING,), None, _LEAD, (), _LONG),
    _row("refuse_extension", N_("Refuse more time"), "x", (S.HANDLING,), None, _LEAD,
         ("comment",), _LONG),
    _row("reply", N_("Reply to customer"), "r", (S.SIGNED, S.HANDLING), S.REPLIED, _HAND,
         ("reply",), _LONG, main=True),
    _row("review", N_("Review"), "v", (S.REPLIED, S.ANSWERED_DIRECTLY), S.REVIEW, _LEAD, (),
         (Kind.COMPLAINT, Kind.REPORT), main=True),
    _row("approve", N_("Approve for follow-up call"), "p", (S.REPLIED, S.REVIEW), S.CALLBACK,
         _LEAD, (), (Kind.COMPLAINT,), main=True),
    _row("approve", N_("Approve for follow-up call"), "p", (S.ANSWERED_DIRECTLY,), S.CALLBACK,
         _DESK, (), (Kind.COMPLAINT,), main=True),
    _row("rework", N_("Rework"), "w", (S.REPLIED, S.REVIEW, S.CALLBACK), S.HANDLING, _DESK,
         ("comment",), _LONG, at_desk=S.REOPENED),
    _row("rework", N_("Rework"), "w", (S.ANSWERED_DIRECTLY,), S.REOPENED, _DESK, ("comment",)),
    _row("close", P_("case", "Close"), "c", (S.CALLBACK,), S.CLOSED, _DESK, (), (Kind.COMPLAINT,),
         main=True),
    _row("close", P_("case", "Close"), "c", (S.REPLIED, S.ANSWERED_DIRECTLY, S.REVIEW), S.CLOSED, _ALL,
         (), _SHORT, main=True),
    _row("close", P_("case", "Close"), "c", (S.REGISTERED, S.ACCEPTED), S.CLOSED, _DESK, ("comment",),
         (Kind.SUGGESTION, Kind.PRAISE)),
    _row("reopen", N_("Reopen"), "o", (S.CLOSED,), S.REOPENED, _DESK, ("comment",)),
    _row("archive", N_("Archive"), "z", (S.CLOSED, S.REJECTED, S.WITHDRAWN, S.TRANSFERRED),
         S.ARCHIVED, _LEAD),
    _row("withdraw", N_("Withdraw"), "u", OPEN - ANSWERED, S.WITHDRAWN, (*_DESK, Role.CUSTOMER),
         ("comment",)),
    _row("merge", N_("Merge"), "m", OPEN, S.MERGED, _DESK, ("target",)),
    _row("unmerge", N_("Undo the merge"), "m", (S.MERGED,), None, _DESK, ("comment",)),
    _row("transfer_out", N_("Transfer outside"), "q", (*FRESH, S.RETURN_REQUESTED),
         S.TRANSFERRED, _LEAD, ("comment",)),
)
# fmt: on
NOT_YOURS = N_("Your role can't take this step. Ask a supervisor if it is needed.")
CODES = tuple(dict.fromkeys(move.code for move in TABLE))


def stage(status: str) -> str:
    """How far a ticket is in one word: new, waiting, done or going; it has a sign of its own."""
    return next((name for name, held in STAGES.items() if status in held), "going")


def move_for(code: str, status: str, kind: str) -> Move | None:
    """The row of the table for this move, status and kind, or None when there is none."""
    for move in TABLE:
        if move.code == code and status in move.sources and kind in move.kinds:
            return move
    return None


def may_make(move: Move, by: Actor) -> bool:
    """True when this role may make the move; the system may make every move."""
    return by.role is Role.SYSTEM or by.role in move.roles


def may_ever(code: str, by: Actor) -> bool:
    """Whether this role may take the step anywhere in the life of a ticket."""
    return any(may_make(move, by) for move in TABLE if move.code == code)


def require_right(code: str, by: Actor) -> None:
    """Raise NotAllowed for a step that this role takes nowhere: asked before anything is told of where
    the ticket stands."""
    if not may_ever(code, by):
        raise NotAllowed(NOT_YOURS)


def check_return(by: Actor, is_late: bool) -> None:
    """Raise Refused when the time to return a dispatch is over; a supervisor may still do it."""
    if is_late and by.role is Role.HANDLER:
        raise Refused(
            N_("The time to return it is over: please handle it, or ask a supervisor to return it.")
        )


def check(code: str, *, status: str, kind: str, returns: int, by: Actor) -> Move:
    """The row of the table, when the move is legal now for this person.

    Raises Refused for a move that is not in the table, NotAllowed for the wrong role.
    """
    move = move_for(code, status, kind)
    if move is None:
        raise Refused(
            N_("This step is not possible now: the ticket has moved on or was never there yet.")
        )
    if not may_make(move, by):
        raise NotAllowed(NOT_YOURS)
    if code == "send_back" and returns >= MOST_RETURNS:
        raise Refused(
            N_("It was returned twice already; this dispatch is final. Please handle it.")
        )
    return move


def moves(
    *, status: str, kind: str, returns: int, by: Actor, late_to_return: bool = False
) -> list[Move]:
    """The legal next moves for this person, in the order of the table: the buttons."""
    no_return = returns >= MOST_RETURNS or (late_to_return and by.role is Role.HANDLER)
    return [
        move
        for move in TABLE
        if status in move.sources
        and kind in move.kinds
        and may_make(move, by)
        and not (move.code == "send_back" and no_return)
    ]
