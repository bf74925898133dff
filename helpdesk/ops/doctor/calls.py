"""What must hold of calls: they stand as was said of them, and nobody who talked or waited is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, exists, select

from helpdesk.agents.models import Agent
from helpdesk.agents.presence import Activity
from helpdesk.calls import attending, cases, lifecycle, missed
from helpdesk.calls.folded import values
from helpdesk.calls.models import Call, CallEvent, Interaction, PhoneQueue, Recording, Stay
from helpdesk.clock import now
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.ops.doctor.finding import Broken, check

LOOKED_AT = 1000  # the newest calls are folded again
GRACE = timedelta(minutes=1)


@check("calls", "each call stands as was said of it")
def as_said() -> Broken:
    """What stands of a call is what its events say, folded anew."""
    newest = select(Call).order_by(Call.id.desc()).limit(LOOKED_AT)
    return _odd(list(db.session.scalars(newest)))


def _odd(calls: list[Call]) -> Iterator[str]:
    ids = [call.id for call in calls]
    said: dict[int | None, list[CallEvent]] = {}
    for each in db.session.scalars(select(CallEvent).where(CallEvent.call_id.in_(ids))):
        said.setdefault(each.call_id, []).append(each)
    for call in calls:
        wanted = values(lifecycle.fold(said.get(call.id, [])).call)
        if any(getattr(call, name) != value for name, value in wanted.items()):
            yield f"{call.provider}/{call.external_id}"


@check("calls", "what telephones show is what their calls say")
def as_shown() -> Broken:
    """Nobody is kept from the next call by one that is over; the time to write up ends by its alarm."""
    rows = db.session.execute(select(Agent.id, Agent.name, Agent.activity)).all()
    seen = attending.of([row.id for row in rows])
    should = {row.id: seen.get(row.id, attending.IDLE).activity for row in rows}
    return [
        f"{row.name}: {row.activity}, not {should[row.id]}"
        for row in rows
        if row.activity not in (should[row.id], Activity.WRAP_UP)
    ]


@check("calls", "each talk, missed call and message has its case")
def with_cases() -> Broken:
    """Who talked, waited in vain or left a message has a case, or an alarm that will make one."""
    waits = exists().where(Alarm.kind == cases.ALARM, Alarm.subject_id == Call.id)
    old = Call.touched_at < now() - GRACE
    talks = select(Call.id).join(Interaction).where(Interaction.ticket_id.is_(None), old, ~waits)
    stays = select(Call.id).join(Stay).join(PhoneQueue).where(missed.missed(), old, ~waits)
    messages = select(Call.id).join(Recording).where(missed.left_word(), old, ~waits)
    return _of_others(talks.union(stays, messages).subquery())


def _of_others(found: Any) -> Select[int]:
    """Without those of blocked callers."""
    return select(Call.id).join(found, found.c.id == Call.id).where(~Call.blocked)


@check("calls", "each recording that is kept has its file, and no other has one")
def recordings() -> Broken:
    """What is kept has a file, whose bytes I8 asks for; what was deleted loses it within minutes."""
    kept, file = Recording.state == "kept", Recording.attachment_id.is_not(None)
    going = (Recording.state == "deleted") & file
    return select(Recording.id).where(kept != file, ~going)
