"""How recordings stand on the page of their call, and on that of their case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import Call, Interaction, Recording, Stay
from helpdesk.calls.queries import hearable_by, visible_to
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import N_, gettext, when
from helpdesk.tickets.models import Ticket

STATES = {
    "waiting": N_("Recorded; the recording is being fetched"),
    "kept": N_("Recorded"),
    "failed": N_("Recorded; the recording could not be fetched"),
    "deleted": N_("Recorded; the recording has been deleted"),
    "unwanted": N_("Recorded; the recording is not kept"),
}
PROBLEMS = {
    "cut": N_("the file ended too early"),
    "declined": N_("the caller did not want it"),
    "elsewhere": N_("the server sends us to another address"),
    "expired": N_("the queue’s days of keeping are over"),
    "forbidden": N_("its address is not allowed"),
    "missing": N_("there is no such file"),
    "no_room": N_("files can’t be stored now"),
    "not_sound": N_("the file is no sound"),
    "refused": N_("the server refuses to give it"),
    "slow": N_("the server took too long"),
    "too_large": N_("the file is too large"),
    "unannounced": N_("the queue does not announce recording, and the caller did not agree"),
    "unreachable": N_("the server can’t be reached"),
}
MOST_CALLS = 20


class Shown(NamedTuple):
    """One recording for one reader; `hearable`: there is a file, and the reader may hear it."""

    row: Recording
    hearable: bool
    gaps: Sequence[tuple[timedelta, timedelta | None]]

    @property
    def title(self) -> str:
        """What it is, and how it stands."""
        message = self.row.voicemail and self.row.state == "kept"
        return gettext("Message of the caller") if message else gettext(STATES[self.row.state])

    @property
    def remarks(self) -> list[str]:
        """How long it is, where it was paused, and what is wrong with it."""
        row, told = self.row, []
        if row.seconds is not None:
            told.append(_clock(timedelta(seconds=row.seconds)))
        if row.problem:
            told.append(gettext(PROBLEMS.get(row.problem, row.problem)))
        if row.state == "waiting" and row.tries and row.next_at:
            told.append(gettext("next try %(at)s", at=when(row.next_at)))
        return [*told, *map(_gap, self.gaps if row.state == "kept" else ())]


def _gap(gap: tuple[timedelta, timedelta | None]) -> str:
    began, ended = gap
    if ended is None:
        return gettext("paused from %(begin)s of the call", begin=_clock(began))
    told = {"begin": _clock(began), "end": _clock(ended)}
    return gettext("paused from %(begin)s to %(end)s of the call", **told)


def _clock(length: timedelta) -> str:
    """Minutes and seconds, as players show them."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


class Spoken(NamedTuple):
    """A call of a case: its talks (when, who, score) and recordings."""

    call: Call
    talks: Sequence[Any]
    recordings: Sequence[Shown]


def of_calls(calls: Sequence[Call], who: Actor) -> list[Shown]:
    """The recordings of these calls, the oldest first."""
    query = select(Recording, hearable_by(who)).join(Call).order_by(Recording.at, Recording.id)
    found = db.session.execute(query.where(Recording.call_id.in_([each.id for each in calls])))
    rows = [(row, bool(may) and row.state == "kept") for row, may in found]
    by_id = {each.id: each for each in calls}
    return [Shown(row, may, list(_gaps(by_id[row.call_id]))) for row, may in rows]


def _gaps(call: Call) -> Iterator[tuple[timedelta, timedelta | None]]:
    """From when to when of it the recording was paused, as the telephone system has done it."""
    asked = (PhoneCommand.verb == "record_pause", PhoneCommand.provider == call.provider)
    then = PhoneCommand.asked_at.between(call.started_at, call.ended_at or now())
    query = select(PhoneCommand).where(*asked, then, PhoneCommand.state == "done")
    began: datetime | None = None
    for each in db.session.scalars(query.order_by(PhoneCommand.id)):
        if each.data.get("call") != call.external_id:
            continue
        if each.data.get("on"):
            began = began or each.done_at
        elif began:
            yield began - call.started_at, (each.done_at or began) - call.started_at
            began = None
    if began:
        yield began - call.started_at, None


def of_case(ticket: Ticket, who: Actor) -> list[Spoken]:
    """The calls of this case that `who` may know of, the newest first."""
    ids = [
        select(each.call_id).where(each.ticket_id == ticket.id)
        for each in (Interaction, Stay, Recording)
    ]
    query = select(Call).where(Call.id.in_(ids[0].union(*ids[1:])), visible_to(who))
    calls = db.session.scalars(query.order_by(Call.id.desc()).limit(MOST_CALLS)).all()
    recordings, talks = of_calls(calls, who), _talks(calls)
    return [
        Spoken(
            call,
            [each for each in talks if each.call_id == call.id],
            [each for each in recordings if each.row.call_id == call.id],
        )
        for call in calls
    ]


def _talks(calls: Sequence[Call]) -> Sequence[Any]:
    query = select(
        *(Interaction.call_id, Interaction.began_at, Interaction.ended_at, Interaction.score),
        Agent.name.label("agent"),
    ).outerjoin(Agent, Agent.id == Interaction.agent_id)
    query = query.where(Interaction.call_id.in_([each.id for each in calls]))
    return db.session.execute(query.order_by(Interaction.began_at)).all()
