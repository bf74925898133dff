"""Whether a colleague takes work: what they chose (presence, with the reason of a break), and what their
telephone shows of them (activity). One home for cases, mails and calls.

What is chosen during a call begins when the call is written up; until then it waits. Rows are changed
beside their version: a form that edits the colleague is not made stale by a call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.clock import now
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.errors import FILL, PICK, Refused, bad_fields
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.named import Named
from helpdesk.core.rows import among
from helpdesk.words import PRESENCES


class Activity(Named):
    """What a telephone shows of the colleague who has it; no call is theirs while it is IDLE."""

    IDLE = "idle", N_("No call")
    RINGING = "ringing", N_("Ringing")
    TALKING = "talking", N_("Talking")
    HOLD = "hold", N_("Caller on hold")
    OUTBOUND = "outbound", N_("Calling out")
    WRAP_UP = "wrap_up", N_("Writing up")


MISSED, UNREACHABLE = "missed", "unreachable"  # breaks that the system gives
BREAKS = {
    "short": N_("Short break"),
    "meal": N_("Meal"),
    "meeting": N_("Meeting"),
    "training": N_("Training"),
    "desk": N_("Work at the desk"),
    MISSED: N_("Two missed calls"),
    UNREACHABLE: N_("Page closed"),
}
CHOSEN_BREAKS = {code: BREAKS[code] for code in BREAKS if code not in (MISSED, UNREACHABLE)}
BREAK = "break"  # what is asked for; kept as busy, with its reason


def words(state: str, reason: str) -> str:
    """What a colleague chose, to be translated: why they are on a break where they are."""
    return BREAKS.get(reason) or PRESENCES[state]


class Standing(NamedTuple):
    """How a colleague stands: what they chose, why, since when (None: never anything), whether it waits
    for the end of a call, and what the telephone shows since when."""

    agent_id: int
    presence: str
    reason: str
    since: datetime | None
    waits: bool
    activity: str
    activity_at: datetime | None


Listener = Callable[[int], None]
_listeners: list[Listener] = []
STANDINGS = select(
    *(Agent.id, Agent.presence, Agent.presence_reason, Agent.presence_at, Agent.presence_waits),
    *(Agent.activity, Agent.activity_at),
)


def on_choice(listener: Listener) -> Listener:
    """Register what follows from a choice (the colleague's id), in its transaction."""
    _listeners.append(listener)
    return listener


def of(agent_id: int) -> Standing:
    """How this colleague stands now."""
    row = db.session.execute(STANDINGS.where(Agent.id == agent_id)).one()
    return Standing(*row)


def lock(agent_ids: Collection[int]) -> list[Standing]:
    """The same of several, who stay so until the transaction ends; in one order for all who ask."""
    db.session.flush()
    query = STANDINGS.where(among(Agent.id, agent_ids)).order_by(Agent.id).with_for_update(of=Agent)
    return [Standing(*row) for row in db.session.execute(query)]


def choose(agent: Agent, state: str, reason: str = "", *, by: Actor) -> Standing:
    """Ready, busy, away, or a break, which needs one of CHOSEN_BREAKS as its reason.

    Raises Refused for a state that there is not, BadInput for a break without a reason.
    """
    state, reason = _read(state, reason)
    with transaction():
        [before] = lock([agent.id])
        chosen = put(before, state, reason, by)
        _note(agent, chosen)
        for listener in _listeners:
            listener(agent.id)
    return chosen


def _read(state: str, reason: str) -> tuple[str, str]:
    if state not in (*PRESENCES, BREAK):
        raise Refused(PICK)
    if state != BREAK:
        return state, ""
    if reason not in CHOSEN_BREAKS:
        raise bad_fields(reason=PICK if reason else FILL)
    return "busy", reason


def _note(agent: Agent, chosen: Standing) -> None:
    """The row that the caller holds says the same."""
    values: dict[str, object] = {"presence": chosen.presence, "presence_reason": chosen.reason}
    values |= {"presence_at": chosen.since, "presence_waits": chosen.waits, "seen_at": now()}
    for name, value in values.items():
        set_committed_value(agent, name, value)


def put(before: Standing, state: str, reason: str, by: Actor) -> Standing:
    """This is chosen for a colleague whose row is locked. A break begins after the call that lasts."""
    at = now()
    waits = state != "ready" and before.activity not in (Activity.IDLE, Activity.RINGING)
    chosen = before._replace(presence=state, reason=reason, since=at, waits=waits)
    if (state, reason) == (before.presence, before.reason) and before.since is not None:
        chosen = before
    values: dict[str, object] = {"presence": state, "presence_reason": reason}
    values |= {"presence_at": chosen.since, "presence_waits": chosen.waits}
    mine = update(Agent).where(Agent.id == before.agent_id)
    change_rows(mine.values(values if by == SYSTEM else values | {"seen_at": at}))
    if chosen != before:
        _record(before, chosen, by)
    return chosen


def show(before: Standing, activity: Activity, at: datetime, call_id: int | None) -> Standing:
    """The telephone of a colleague, whose row is locked, shows this since then. Where the call is over,
    what was chosen meanwhile begins."""
    after = before._replace(activity=str(activity), activity_at=at)
    if after == before or activity == before.activity == Activity.IDLE:
        return before
    if activity == Activity.IDLE and before.waits:
        after = after._replace(since=now(), waits=False)
    values: dict[str, object] = {"activity": after.activity, "activity_at": after.activity_at}
    values |= {"presence_at": after.since, "presence_waits": after.waits}
    change_rows(update(Agent).where(Agent.id == before.agent_id).values(values))
    told: dict[str, Any] = {"old": before.activity, "new": after.activity, "call": call_id}
    record("agent.activity", by=SYSTEM, agent=before.agent_id, **told)
    if before.waits and not after.waits:
        _record(before, after, SYSTEM)
    return after


def _record(before: Standing, after: Standing, by: Actor) -> None:
    record(
        "agent.presence",
        by=by,
        agent=after.agent_id,
        old=[before.presence, before.reason],
        new=[after.presence, after.reason],
        waits=after.waits,
    )
