"""What happened to one call, as a time line in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from helpdesk.calls.advice import STEPS
from helpdesk.calls.models import Call
from helpdesk.calls.opening import about
from helpdesk.calls.queries import Parts
from helpdesk.calls.recordings.showing import STATES
from helpdesk.calls.words import LOST, StayState
from helpdesk.clock import now
from helpdesk.core.i18n import N_, duration, gettext, language

NOBODY = N_("an unknown telephone")
REASON_NAMES = {  # why a stay was left, and why a telephone was not answered
    "timeout": N_("time was up"),
    "empty": N_("nobody was there"),
    "callback": N_("asked to be called back"),
    "moved": N_("moved to another queue"),
    "closed": N_("the queue was closed"),
    LOST: N_("lost by the telephone system"),
    "busy": N_("busy"),
    "no answer": N_("no answer"),
    "unavailable": N_("not connected"),
    "declined": N_("declined"),
}


class Entry(NamedTuple):
    """One line: when, what, the icon's name, and a remark below it."""

    at: datetime
    text: str
    icon: str
    remark: str = ""


def time_line(call: Call, parts: Parts, queues: Mapping[str, str]) -> list[Entry]:
    """All that happened to the call, in the order of time; `queues` are their names by code."""
    told = [
        *_call(call),
        *_stays(parts, queues),
        *_legs(parts),
        *_talks(parts),
        *_recordings(parts),
    ]
    return sorted(told, key=lambda each: each.at)


def reason(word: str) -> str:
    """A provider's word for why, in the reader's words where it is one that we know."""
    return gettext(REASON_NAMES[word]) if word in REASON_NAMES else word


def _call(call: Call) -> Iterator[Entry]:
    out = call.direction == "out"
    began = gettext("The call went out") if out else gettext("The call came in")
    topic = about(call.topic, language())
    yield Entry(call.started_at, began, "phone-outgoing" if out else "phone-incoming", topic)
    if call.blocked:
        yield Entry(call.started_at, gettext("The number is blocked: no case"), "phone-off")
    if call.ended_at:
        yield Entry(call.ended_at, gettext("The call ended"), "phone-off", reason(call.reason))


def _stays(parts: Parts, queues: Mapping[str, str]) -> Iterator[Entry]:
    for each in parts.stays:
        name = queues.get(each.queue, each.queue)
        joined = gettext("Began to wait in the queue %(queue)s", queue=name)
        yield Entry(each.joined_at, joined, "hourglass")
        yield from _steps(each)
        if each.ended_at and each.state != StayState.ANSWERED:  # a talk tells of that
            ended = gettext(
                "%(state)s after %(time)s",
                state=gettext(StayState(each.state).label),
                time=duration(each.waited),
            )
            yield Entry(each.ended_at, ended, "door-exit", reason(each.reason))


def _steps(stay: Any) -> Iterator[Entry]:
    """Where the queue wants skills: when colleagues with fewer of them were asked as well."""
    if not stay.wanted:
        return
    waits = (stay.ended_at or now()) - stay.joined_at
    for after in (timedelta(seconds=each) for each in STEPS[1:]):
        if waits > after:
            widened = gettext("Colleagues with fewer of the skills are asked as well")
            yield Entry(stay.joined_at + after, widened, "users", stay.wanted)


def _legs(parts: Parts) -> Iterator[Entry]:
    for each in parts.legs:
        who = _who(each)
        yield Entry(each.offered_at, gettext("Rang at %(who)s", who=who), "bell")
        if each.state == "missed":
            missed = gettext("%(who)s did not answer", who=who)
            yield Entry(each.ended_at, missed, "phone-off", reason(each.reason))


def _talks(parts: Parts) -> Iterator[Entry]:
    for each in parts.talks:
        who = _who(each)
        yield Entry(each.began_at, gettext("%(who)s talks", who=who), "phone-call")
        if each.ended_at:
            length = duration(each.ended_at - each.began_at)
            yield Entry(each.ended_at, _ended(each, who, length), "phone-off", _held(each))
        if each.wrapped_at:
            yield Entry(each.wrapped_at, gettext("%(who)s is done with it", who=who), "check")


def _ended(talk: Any, who: str, length: str) -> str:
    if talk.transferred:
        return gettext("%(who)s handed the call on after %(time)s", who=who, time=length)
    return gettext("The talk with %(who)s ended after %(time)s", who=who, time=length)


def _held(talk: Any) -> str:
    parts = []
    if talk.held:
        held = duration(timedelta(seconds=talk.held))
        parts.append(gettext("On hold for %(time)s", time=held))
    if talk.score is not None:
        parts.append(gettext("Judged by the caller: %(score)s of 5", score=talk.score))
    return " · ".join(parts)


def _recordings(parts: Parts) -> Iterator[Entry]:
    for each in parts.recordings:
        yield Entry(each.at, gettext(STATES[each.state]), "microphone")


def _who(row: Any) -> str:
    return str(row.agent or gettext(NOBODY))
