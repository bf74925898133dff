"""What people ask of the telephone system: a row each, carried out by the process that is connected.

The row is the truth, and Redis only wakes. Whoever shows a button asks the row for what came of it:
state done or failed, and in `reason` a word (busy, no answer, unavailable ...) or the system's own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, require
from helpdesk.calls.exchange_models import PhoneCommand, PhoneMember
from helpdesk.calls.fields import ONE_LINE, is_one_line, number
from helpdesk.calls.models import Call, PhoneLine
from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.db import after_commit, change_rows, db, own_insert, transaction
from helpdesk.core.errors import PICK, BadInput
from helpdesk.core.i18n import N_
from helpdesk.settings import settings

TOO_LATE = timedelta(seconds=15)  # nobody wants to be connected after that
WAKING = "helpdesk:phone:{}"
NO_LINE = N_("No telephone is set up for this person.")
NO_EXCHANGE = N_("No telephone system is connected.")
NOT_TO_DIAL = N_("Please give a number to dial: 3 to 15 digits.")
SPIES = ("listen", "whisper", "barge")


def line_of(agent: Agent) -> str:
    """The extension of an agent. Raises BadInput where none is set up."""
    line = db.session.get(PhoneLine, agent.id)
    if line is None:
        raise BadInput(NO_LINE)
    return line.extension


def ask(verb: str, by: Agent | None, provider: str = "", **values: Any) -> PhoneCommand:
    """Write down that this is wanted, and wake who carries it out; `by` is None for the program itself.
    Raises NotAllowed for who uses no telephone here, BadInput for a line break."""
    require(by.actor if by else SYSTEM, "call.use")
    phone = settings().phone
    name = provider or (phone.name if phone else "")
    if not name:
        raise BadInput(NO_EXCHANGE)
    if not all(map(is_one_line, values.values())):
        raise BadInput(ONE_LINE)
    given = {key: value for key, value in values.items() if value not in (None, "")}
    with transaction() as session:
        row = PhoneCommand(provider=name, verb=verb, data=given, agent_id=by.id if by else None)
        session.add(row)
        session.flush()
        after_commit(lambda: _wake(name))
    return row


def _wake(provider: str) -> None:
    name = WAKING.format(provider)
    jobs.with_redis(lambda client: (client.lpush(name, 1), client.expire(name, 5)))


def _to_dial(text: str) -> str:
    """The number as the exchange gets it. Raises BadInput for what is none."""
    wanted = number(text)
    if not wanted:
        raise BadInput(NOT_TO_DIAL)
    abroad = text.strip().startswith("+") and not wanted.startswith("+")
    return f"+{wanted}" if abroad else wanted


def originate(by: Agent, to: str, ticket: str = "") -> PhoneCommand:
    """Ring the agent, then the number; the call is on that case (its number)."""
    return ask("originate", by, to=_to_dial(to), line=line_of(by), ticket=ticket)


def answer(by: Agent, call: Call) -> PhoneCommand:
    """Take the call that rings at the agent."""
    return _in_call("answer", by, call)


def decline(by: Agent, call: Call) -> PhoneCommand:
    """Let it ring elsewhere."""
    return _in_call("decline", by, call)


def hangup(by: Agent, call: Call) -> PhoneCommand:
    """End the agent's part of the call."""
    return _in_call("hangup", by, call)


def hold(by: Agent, call: Call, on: bool = True) -> PhoneCommand:
    """Let the other party wait, or talk again."""
    return _in_call("hold" if on else "unhold", by, call)


def transfer(by: Agent, call: Call, to: str, attended: bool = False) -> PhoneCommand:
    """Hand the call on to an extension or number: at once, or after talking with them first."""
    verb = "transfer_attended" if attended else "transfer_blind"
    return _in_call(verb, by, call, to=_to_dial(to))


def record_pause(by: Agent, call: Call, on: bool = True) -> PhoneCommand:
    """Keep what is said now out of the recording, or in it again."""
    return _in_call("record_pause", by, call, on=on)


def spy(by: Agent, agent: Agent, how: str) -> PhoneCommand:
    """Listen to an agent's talk, whisper to the agent, or join in. Raises NotAllowed for who may not."""
    require(by.actor, "call.spy")
    if how not in SPIES:
        raise BadInput(PICK)
    return ask("spy", by, line=line_of(by), to=line_of(agent), how=how)


def _in_call(verb: str, by: Agent, call: Call, **more: Any) -> PhoneCommand:
    given = {"call": call.external_id, "line": line_of(by), **more}
    return ask(verb, by, provider=call.provider, **given)


def member(agent: Agent, queue: str, there: bool, by: Agent | None, penalty: int = 0) -> None:
    """Put an agent into a queue or take them out; the row stays, and is carried out again whenever the
    telephone system has begun anew. Raises NotAllowed for a colleague's place, of who leads nobody."""
    _may_for(by, agent)
    line = line_of(agent)
    with transaction():
        keep_member(agent.id, queue, there, penalty)
        ask("member_add" if there else "member_remove", by, line=line, queue=queue, penalty=penalty)


def keep_member(agent_id: int, queue: str, there: bool, penalty: int | None = None) -> int:
    """The row of that, for who asks the telephone system in another way; gives the penalty, which stays
    as it was when none is given. Must be called inside transaction()."""
    held = db.session.get(PhoneMember, (agent_id, queue), populate_existing=True)
    cost = penalty if penalty is not None else held.penalty if held else 0
    row = {"agent_id": agent_id, "queue": queue, "there": there, "penalty": cost}
    into = own_insert(PhoneMember.__table__).values(row)
    db.session.execute(into.on_conflict_do_update(index_elements=["agent_id", "queue"], set_=row))
    return cost


def pause(agent: Agent, reason: str | None, by: Agent | None) -> None:
    """No calls for this agent, in any queue, because of `reason`; None or "": calls again. Raises
    NotAllowed for a colleague's telephone, of who leads nobody."""
    _may_for(by, agent)
    with transaction():
        line = line_of(agent)
        mine = PhoneLine.agent_id == agent.id
        change_rows(update(PhoneLine).where(mine).values(paused=reason or ""))
        if settings().phone is not None:
            ask("member_pause", by, line=line, reason=reason or "")


def _may_for(by: Agent | None, agent: Agent) -> None:
    if by is not None and by.id != agent.id:
        require(by.actor, "call.lead")


def wanted(provider: str) -> bool:
    """Whether anything waits to be carried out, or was taken and never told of."""
    open_ = PhoneCommand.state.in_(("waiting", "taken")), PhoneCommand.provider == provider
    return db.session.scalar(select(PhoneCommand.id).where(*open_).limit(1)) is not None


def take_next(provider: str, fence: int) -> PhoneCommand | None:
    """The oldest that waits, now this holder's to carry out. One that waited too long failed; what
    an earlier holder took and never told of is not done again, because it may have happened."""
    waiting = (PhoneCommand.provider == provider) & (PhoneCommand.state == "waiting")
    at = now()
    late = waiting & (PhoneCommand.asked_at < at - TOO_LATE)
    stale = (PhoneCommand.provider == provider) & (PhoneCommand.state == "taken")
    _fail(late, "too late")
    _fail(stale & (PhoneCommand.fence != fence), "interrupted")
    first = select(PhoneCommand.id).where(waiting).order_by(PhoneCommand.id).limit(1)
    id_ = db.session.scalar(first)
    mine = update(PhoneCommand).where(PhoneCommand.id == id_, waiting)
    if id_ is None or not change_rows(mine.values(state="taken", fence=fence)).rowcount:
        return None
    return db.session.get(PhoneCommand, id_, populate_existing=True)


def _fail(which: Any, reason: str) -> None:
    ended = {"state": "failed", "reason": reason, "done_at": now()}
    change_rows(update(PhoneCommand).where(which).values(ended))


def finish(id_: int, reason: str = "", failed: bool = False) -> None:
    """What came of it. The first word counts."""
    with transaction():
        open_ = PhoneCommand.state.in_(("waiting", "taken"))
        ended = {"state": "failed" if failed else "done", "reason": reason, "done_at": now()}
        change_rows(update(PhoneCommand).where(PhoneCommand.id == id_, open_).values(ended))
