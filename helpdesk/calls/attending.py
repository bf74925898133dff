"""What a colleague's telephone does, read from the calls; and what follows from it: who is paused in the
telephone system, the time to write up, the break after two missed calls.

settle() reads all of it anew with the colleague's row locked, so late and doubled events lead to the same.
A pause is told to the telephone system only of who has chosen a state here once: others are left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.agents import presence
from helpdesk.agents.models import Agent
from helpdesk.agents.presence import MISSED, UNREACHABLE, Activity, Standing
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import commands
from helpdesk.calls.models import Call, Interaction, Leg, PhoneLine, PhoneQueue
from helpdesk.calls.words import WRAP_UP
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, after_ringing, attempt, on_alarm, set_alarm
from helpdesk.core.db import change_rows, db, locked, lost_race
from helpdesk.core.events import record
from helpdesk.core.rows import among
from helpdesk.tickets import queue

log = logging.getLogger(__name__)
ALARM = "call.wrap_up"
AGAIN = "call.telephone"
RETRY = timedelta(seconds=5)
LONGEST = timedelta(hours=12)  # what began earlier was never ended
PAUSES = {"busy": "busy", "away": "off"}  # reasons of who is not ready, and gave none
IN_A_ROW = 2


class Seen(NamedTuple):
    """What a telephone does now, since when, for which call and talk. `wraps`: no further call until
    this one is written up, at the latest at `until`."""

    activity: Activity = Activity.IDLE
    since: datetime | None = None
    call_id: int | None = None
    talk_id: int | None = None
    wraps: bool = False
    until: datetime | None = None


IDLE = Seen()


def follow(session: Session, call_ids: Sequence[int]) -> None:
    """These calls have changed: bring those who have a part in them up to date. Should that not be
    possible just now, the events are kept all the same, and an alarm tries again."""
    since = now() - LONGEST
    rang = select(Leg.agent_id).where(among(Leg.call_id, call_ids), Leg.offered_at > since)
    talked = select(Interaction.agent_id).where(
        among(Interaction.call_id, call_ids), Interaction.began_at > since
    )
    ids = [id_ for id_ in session.scalars(rang.union(talked)) if id_]
    if not ids:
        return
    try:
        with attempt(session):
            settle(ids)
    except Exception as error:
        if lost_race(error):
            raise  # all of it is done again
        log.exception("The telephones of %s are not up to date; it is tried again.", ids)
        for id_ in ids:
            set_alarm(AGAIN, id_, now() + RETRY)


@on_alarm(AGAIN)
def again(ring: Ring) -> None:
    """What could not be done when the events came."""
    settle([ring.subject_id])


@presence.on_choice
def chosen(agent_id: int) -> None:
    """The telephone system is told of a choice as well."""
    settle([agent_id])


def settle(agent_ids: Collection[int]) -> None:
    """Bring what is kept of these colleagues together with their calls, in the open transaction."""
    standings = presence.lock(agent_ids)
    seen = of(agent_ids)
    for standing in standings:
        one = seen.get(standing.agent_id, IDLE)
        standing = presence.show(standing, one.activity, one.since or now(), one.call_id)
        if one.activity == Activity.WRAP_UP and one.talk_id and one.until:
            set_alarm(ALARM, one.talk_id, one.until)
        if standing.presence == "ready" and _missed_two(standing):
            standing = presence.put(standing, "busy", MISSED, SYSTEM)
        _pause(standing, one)


def of(agent_ids: Collection[int]) -> dict[int, Seen]:
    """What the telephones of these colleagues do; who has no call is left out. Two statements."""
    at = now()
    found: dict[int, Seen] = {}
    for row in db.session.execute(_rings(agent_ids, at)):
        activity = Activity.OUTBOUND if row.direction == "out" else Activity.RINGING
        found[row.agent_id] = Seen(activity, row.offered_at, row.call_id)
    for row in db.session.execute(_talks(agent_ids, at)):
        one = _talk(row, at)
        if one is not None and (row.agent_id not in found or row.ended_at is None):
            found[row.agent_id] = one
    return found


def _talk(row: Any, at: datetime) -> Seen | None:
    """A talk that lasts, or what is left of it to be written down; None where that is over."""
    if row.ended_at is None:
        activity = Activity.OUTBOUND if row.direction == "out" else Activity.TALKING
        activity, since = (Activity.HOLD, row.held_at) if row.held_at else (activity, row.began_at)
        wraps = row.wrap_up > 0 and row.saved_at is None
        return Seen(activity, since, row.call_id, row.id, wraps)
    until = row.ended_at + timedelta(seconds=row.wrap_up)
    if row.saved_at is not None or until <= at:
        return None
    return Seen(Activity.WRAP_UP, row.ended_at, row.call_id, row.id, True, until)


def _rings(agent_ids: Collection[int], at: datetime) -> Any:
    """Telephones that ring, the one that began last at the end."""
    query = select(Leg.agent_id, Leg.call_id, Leg.offered_at, Call.direction)
    query = query.select_from(Leg).join(Call)
    ringing = Leg.ended_at.is_(None), Leg.offered_at > at - LONGEST, Call.ended_at.is_(None)
    return query.where(among(Leg.agent_id, agent_ids), *ringing).order_by(Leg.offered_at, Leg.id)


def _talks(agent_ids: Collection[int], at: datetime) -> Any:
    """Talks that last or may be to be written up; those that last stand at the end, the last one last."""
    wrap_up = func.coalesce(PhoneQueue.wrap_up, 0).label("wrap_up")
    query = select(
        *(Interaction.agent_id, Interaction.id, Interaction.call_id, Interaction.began_at),
        *(Interaction.ended_at, Interaction.held_at, Interaction.saved_at, Call.direction, wrap_up),
    )
    query = query.select_from(Interaction).join(Call)
    query = query.outerjoin(PhoneQueue, PhoneQueue.id == Interaction.queue_id)
    recent = among(Interaction.agent_id, agent_ids), Interaction.began_at > at - LONGEST
    lasts = Interaction.ended_at.is_(None)
    query = query.where(*recent, or_(lasts, _to_write_up()))
    return query.order_by(lasts, Interaction.began_at, Interaction.id)


def _to_write_up() -> ColumnElement[bool]:
    return and_(Interaction.saved_at.is_(None), PhoneQueue.wrap_up > 0)


def _missed_two(standing: Standing) -> bool:
    """Whether the last calls that rang here since this colleague became ready were missed, each."""
    since = standing.since or now() - LONGEST
    rang = Leg.agent_id == standing.agent_id, Leg.offered_at >= since
    query = select(Leg.state).where(*rang, Leg.state.in_(("missed", "answered")))
    last = db.session.scalars(query.order_by(Leg.offered_at.desc(), Leg.id.desc()).limit(IN_A_ROW))
    return list(last) == ["missed"] * IN_A_ROW


def _pause(standing: Standing, seen: Seen) -> None:
    """The telephone system shows what stands here, where it is one that we speak to."""
    reason = WRAP_UP if seen.wraps else ""
    if standing.presence != "ready":
        reason = standing.reason or PAUSES[standing.presence]
    if standing.since is None:
        return
    line = db.session.get(PhoneLine, standing.agent_id, populate_existing=True)
    if line is not None and line.paused != reason:
        commands.pause(db.session.get_one(Agent, standing.agent_id), reason, None)


_WATCHED = (
    select(Agent.id, Agent.seen_at)
    .join(PhoneLine, PhoneLine.agent_id == Agent.id)
    .where(Agent.active, Agent.presence == "ready", Agent.activity == Activity.IDLE)
    .where(Agent.presence_at.is_not(None), Agent.seen_at.is_not(None))
)


def attended() -> ColumnElement[bool]:
    """The condition that a colleague's page is open, and that they chose a state: they answer and end
    their calls themselves."""
    return Agent.presence_at.is_not(None) & (Agent.seen_at > now() - queue.PRESENT_FOR)


def _next_unseen() -> datetime | None:
    first: datetime | None = db.session.scalar(
        _WATCHED.with_only_columns(func.min(Agent.seen_at), maintain_column_froms=True)
    )
    return first + queue.PRESENT_FOR if first else None


@after_ringing(_next_unseen)
def notice_unseen() -> int:
    """Who closed the page is called no more, and comes back with it: nobody rings an empty desk."""
    late = _WATCHED.where(Agent.seen_at <= now() - queue.PRESENT_FOR)
    ids = [row.id for row in db.session.execute(late)]
    for standing in presence.lock(ids) if ids else ():
        _pause(presence.put(standing, "busy", UNREACHABLE, SYSTEM), IDLE)
    return len(ids)


@on_alarm(ALARM)
def time_is_up(ring: Ring) -> None:
    """Nobody wrote it up in time: the next call may come; the form can still be filled."""
    found = db.session.get(Interaction, ring.subject_id)
    if found is None:
        return
    talk = locked(found)
    if talk.agent_id is None:
        return
    if talk.saved_at is None:
        change_rows(update(Interaction).where(Interaction.id == talk.id).values(saved_at=now()))
        record("call.not_written_up", by=SYSTEM, call=talk.call_id, agent=talk.agent_id)
    settle([talk.agent_id])
