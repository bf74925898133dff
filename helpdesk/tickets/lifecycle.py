"""Status, Move and THE table: from which status a move leads where, who may, what must be filled.

Pure: no database, no Flask. The same table draws the buttons, refuses what is not in it, answers
/api/v1/meta and is printed by `flask lifecycle`.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.agents.rights import Actor, Role
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_, P_
from helpdesk.core.moves import Move, Table
from helpdesk.core.named import Named
from helpdesk.promises.words import Clock
from helpdesk.words import Kind


class Status(Named):
    """Where a ticket stands."""

    REGISTERED = "registered", N_("Registered")
    ACCEPTED = "accepted", N_("Accepted")
    DISPATCHED = "dispatched", N_("Dispatched")
    RETURN_REQUESTED = "return_requested", N_("Return requested")
    SIGNED = "signed", N_("Signed for")
    HANDLING = "handling", N_("Being handled")
    WAITING = "waiting", N_("On hold")
    REPLIED = "replied", N_("Replied")
    ANSWERED_DIRECTLY = "answered_directly", N_("Answered directly")
    REVIEW = "review", N_("Under review")
    CALLBACK = "callback", N_("Awaiting follow-up call")
    REOPENED = "reopened", N_("Reopened")
    CLOSED = "closed", N_("Closed")
    ARCHIVED = "archived", N_("Archived")
    REJECTED = "rejected", N_("Not accepted")
    WITHDRAWN = "withdrawn", N_("Withdrawn")
    MERGED = "merged", N_("Merged")
    TRANSFERRED = "transferred", N_("Transferred out")


STATUS_NAMES = Status.names()
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
class Stand:
    """What the table must know of a ticket. `late` when the time to return its dispatch is over."""

    status: str
    kind: str
    returns: int = 0
    late: bool = False


NOT_YOURS = N_("Your role can't take this step. Ask a supervisor if it is needed.")
FINAL = N_("It was returned twice already; this dispatch is final. Please handle it.")
LATE = N_("The time to return it is over: please handle it, or ask a supervisor to return it.")


def may_make(move: Move, by: Actor) -> bool:
    """True when this role may make the move; the system may make every move."""
    return by.role is Role.SYSTEM or by.role in move.roles


def _denied(move: Move, _stand: Stand, by: Actor) -> str:
    return "" if may_make(move, by) else NOT_YOURS


def _blocked(move: Move, stand: Stand, by: Actor) -> Refused | None:
    """A dispatch comes back at most twice, and late only by a supervisor's hand."""
    if move.code == "send_back" and stand.returns >= MOST_RETURNS:
        return Refused(FINAL)
    if move.code == "send_back" and stand.late and by.role is Role.HANDLER:
        return Refused(LATE)
    return None


S = Status
FRESH = (S.REGISTERED, S.ACCEPTED, S.REOPENED)
# fmt: off
TABLE = Table(
    (
        Move("accept", N_("Accept"), (S.REGISTERED,), S.ACCEPTED, _DESK, (), _EVERY, key="a",
             main=True),
        Move("decline", N_("Do not accept"), (S.REGISTERED, S.ACCEPTED), S.REJECTED, _DESK,
             ("comment",), _EVERY, key="x"),
        Move("dispatch", N_("Dispatch"), (S.ACCEPTED, S.REOPENED, S.RETURN_REQUESTED), S.DISPATCHED,
             _DESK, ("department",), _LONG, key="d", main=True),
        Move("answer_directly", N_("Answer directly"), FRESH, S.ANSWERED_DIRECTLY, _DESK,
             ("reply",), _EVERY, key="r", main=True),
        Move("send_back", N_("Return to dispatcher"), (S.DISPATCHED, S.SIGNED), S.RETURN_REQUESTED,
             _HAND, ("comment",), _LONG, key="b"),
        Move("refuse_return", N_("Refuse the return"), (S.RETURN_REQUESTED,), S.SIGNED, _DESK,
             ("comment",), _LONG, key="f"),
        Move("sign", N_("Sign for it"), (S.DISPATCHED,), S.SIGNED, _HAND, (), _LONG, key="s",
             main=True),
        Move("handle", N_("Start handling"), (S.SIGNED,), S.HANDLING, _HAND, (), _LONG, key="g",
             main=True),
        Move("transfer", N_("Transfer"), (S.DISPATCHED, S.SIGNED, S.HANDLING), S.DISPATCHED, _DESK,
             ("department", "comment"), _LONG, key="t"),
        Move("hold", N_("Put on hold"), (S.HANDLING,), S.WAITING, _ALL, ("comment", "until"), _LONG,
             key="h"),
        Move("resume", N_("Resume"), (S.WAITING,), S.HANDLING, _ALL, (), _LONG, key="h", main=True),
        Move("ask_extension", N_("Ask for more time"), (S.HANDLING,), None, _HAND, ("comment",
             "until"), _LONG, key="e"),
        Move("grant_extension", N_("Grant more time"), (S.HANDLING,), None, _LEAD, (), _LONG,
             key="y"),
        Move("refuse_extension", N_("Refuse more time"), (S.HANDLING,), None, _LEAD, ("comment",),
             _LONG, key="x"),
        Move("reply", N_("Reply to customer"), (S.SIGNED, S.HANDLING), S.REPLIED, _HAND, ("reply",),
             _LONG, key="r", main=True),
        Move("review", N_("Review"), (S.REPLIED, S.ANSWERED_DIRECTLY), S.REVIEW, _LEAD, (),
             (Kind.COMPLAINT, Kind.REPORT), key="v", main=True),
        Move("approve", N_("Approve for follow-up call"), (S.REPLIED, S.REVIEW), S.CALLBACK, _LEAD,
             (), (Kind.COMPLAINT,), key="p", main=True),
        Move("approve", N_("Approve for follow-up call"), (S.ANSWERED_DIRECTLY,), S.CALLBACK, _DESK,
             (), (Kind.COMPLAINT,), key="p", main=True),
        Move("rework", N_("Rework"), (S.REPLIED, S.REVIEW, S.CALLBACK), S.HANDLING, _DESK,
             ("comment",), _LONG, key="w", at_desk=S.REOPENED),
        Move("rework", N_("Rework"), (S.ANSWERED_DIRECTLY,), S.REOPENED, _DESK, ("comment",),
             _EVERY, key="w"),
        Move("close", P_("case", "Close"), (S.CALLBACK,), S.CLOSED, _DESK, (), (Kind.COMPLAINT,),
             key="c", main=True),
        Move("close", P_("case", "Close"), (S.REPLIED, S.ANSWERED_DIRECTLY, S.REVIEW), S.CLOSED,
             _ALL, (), _SHORT, key="c", main=True),
        Move("close", P_("case", "Close"), (S.REGISTERED, S.ACCEPTED), S.CLOSED, _DESK,
             ("comment",), (Kind.SUGGESTION, Kind.PRAISE), key="c"),
        Move("reopen", N_("Reopen"), (S.CLOSED,), S.REOPENED, _DESK, ("comment",), _EVERY, key="o"),
        Move("archive", N_("Archive"), (S.CLOSED, S.REJECTED, S.WITHDRAWN, S.TRANSFERRED),
             S.ARCHIVED, _LEAD, (), _EVERY, key="z"),
        Move("withdraw", N_("Withdraw"), OPEN - ANSWERED, S.WITHDRAWN, (*_DESK, Role.CUSTOMER),
             ("comment",), _EVERY, key="u"),
        Move("merge", N_("Merge"), OPEN, S.MERGED, _DESK, ("target",), _EVERY, key="m"),
        Move("unmerge", N_("Undo the merge"), (S.MERGED,), None, _DESK, ("comment",), _EVERY,
             key="m"),
        Move("transfer_out", N_("Transfer outside"), (*FRESH, S.RETURN_REQUESTED), S.TRANSFERRED,
             _LEAD, ("comment",), _EVERY, key="q"),
    ),
    gone=N_("This step is not possible now: the ticket has moved on or was never there yet."),
    denied=_denied,
    blocked=_blocked,
)
# fmt: on


def may_ever(code: str, by: Actor) -> bool:
    """Whether this role may take the step anywhere in the life of a ticket."""
    return any(may_make(move, by) for move in TABLE if move.code == code)


def goes_to_departments(kind: str) -> bool:
    """Whether a case of this kind is ever dispatched."""
    return TABLE.row("dispatch", Stand(Status.ACCEPTED, kind)) is not None
