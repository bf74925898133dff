"""What our own tables hold of the exchange's calls, members and commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import or_, select

from helpdesk.agents.models import Agent
from helpdesk.calls.exchange_models import PhoneCommand, PhoneMember
from helpdesk.calls.models import Call, CallEvent, Interaction, PhoneLine, PhoneQueue, Stay
from helpdesk.channels.phone.asterisk.members import Place
from helpdesk.channels.phone.asterisk.reading import DIALLING
from helpdesk.channels.phone.asterisk.snapshot import Held
from helpdesk.channels.phone.asterisk.tracking import Told
from helpdesk.clock import now
from helpdesk.core.db import db

SAME = timedelta(seconds=2)  # one thing told with whole seconds, and told to the microsecond
LONGEST_CALL = timedelta(hours=12)


def lines() -> frozenset[str]:
    """The extensions of our agents."""
    return frozenset(db.session.scalars(select(PhoneLine.extension)))


def of(provider: str, there: Collection[str] = ()) -> dict[str, Held]:
    """What is held of the calls that last, and of those that the exchange has."""
    open_ = or_(Call.ended_at.is_(None), Call.external_id.in_(list(there)))
    query = select(Call.id, Call.external_id, Call.state, Call.direction)
    calls = db.session.execute(query.where(Call.provider == provider, open_)).all()
    ids = [each.id for each in calls]
    talks = (
        select(Interaction.call_id, PhoneLine.extension)
        .join(PhoneLine, PhoneLine.agent_id == Interaction.agent_id)
        .where(Interaction.call_id.in_(ids), Interaction.ended_at.is_(None))
    )
    waits = (
        select(Stay.call_id, PhoneQueue.code)
        .join(PhoneQueue, PhoneQueue.id == Stay.queue_id)
        .where(Stay.call_id.in_(ids), Stay.state == "waiting")
    )
    talking: dict[int, set[str]] = defaultdict(set)
    for id_, line in db.session.execute(talks):
        talking[id_].add(line)
    queues = {row.call_id: row.code for row in db.session.execute(waits)}
    return {
        row.external_id: Held(
            row.state, row.direction == "out", queues.get(row.id, ""), frozenset(talking[row.id])
        )
        for row in calls
    }


def not_heard(provider: str, said: list[Told]) -> list[Told]:
    """Those of these events that nobody has told yet, with a more exact time."""
    names = {each["call_id"] for each in said}
    query = select(CallEvent.external_id, CallEvent.event, CallEvent.at)
    of_them = CallEvent.provider == provider, CallEvent.external_id.in_(names)
    known = db.session.execute(query.where(*of_them)).all()
    return [
        each
        for each in said
        if not any(
            row.external_id == each["call_id"]
            and row.event == each["event"]
            and (row.event == "ringing" or abs(row.at - each["at"]) < SAME)
            for row in known
        )
    ]


def dialled(provider: str) -> dict[str, Mapping[str, str]]:
    """The calls that we asked for lately: their channel -> number and case."""
    since = now() - LONGEST_CALL
    query = select(PhoneCommand.id, PhoneCommand.data).where(
        PhoneCommand.provider == provider,
        PhoneCommand.verb == "originate",
        PhoneCommand.state != "failed",
        PhoneCommand.asked_at > since,
    )
    return {f"{DIALLING}{row.id}": row.data for row in db.session.execute(query)}


def places() -> list[Place]:
    """Who is to sit in which queue."""
    query = (
        select(
            PhoneLine.extension,
            Agent.name,
            PhoneMember.queue,
            PhoneMember.there,
            PhoneMember.penalty,
        )
        .join(PhoneMember, PhoneMember.agent_id == PhoneLine.agent_id)
        .join(Agent, Agent.id == PhoneLine.agent_id)
    )
    return [Place(*row) for row in db.session.execute(query)]


def pauses() -> dict[str, str | None]:
    """Why each line gets no calls; "" where it does, None where nobody has said."""
    return {row.extension: row.paused for row in db.session.scalars(select(PhoneLine))}
