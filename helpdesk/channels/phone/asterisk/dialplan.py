"""The words that an exchange's own dialplan says (UserEvent): choices, recordings, how a queue ended. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from helpdesk.calls.fields import IN_FOLDER, SPOOL
from helpdesk.channels.phone.asterisk.ami import Message
from helpdesk.channels.phone.asterisk.reading import LEFT_BY, TURNED_AWAY
from helpdesk.channels.phone.asterisk.tracking import Live, Told, Tracker


def said(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """What one of its own words tells of a call."""
    told = WORDS.get(message.get("UserEvent", ""))
    call = by.told(message)
    return told(by, call, message, at) if told and call else []


def _chose(by: Tracker, _call: Live, message: Message, at: datetime) -> list[Told]:
    choice = message.get("Topic") or message.get("Choice", "")
    return [by.say("menu", message, at, choice=choice)] if choice else []


def _recorded(by: Tracker, _call: Live, message: Message, at: datetime) -> list[Told]:
    name, reason = message.get("File", ""), message.get("Reason", "")
    if not by.recordings or not IN_FOLDER.fullmatch(name):
        return []
    url = f"{by.recordings}{'' if by.recordings == SPOOL else '/'}{name}"
    queue = message.get("For", "")
    return [by.say("recorded", message, at, recording_url=url, queue=queue, reason=reason)]


def _result(by: Tracker, call: Live, message: Message, at: datetime) -> list[Told]:
    """How the queue ended, for a caller whom nobody answered."""
    status = message.get("Status", "")
    reason = LEFT_BY.get(status)
    if reason and call.leaving:
        return by.left(message["Linkedid"], call, reason)
    if status in TURNED_AWAY and not call.waits:
        return _turned_away(by, message, at, message.get("Queue", ""), str(reason))
    return []


def _turned_away(
    by: Tracker, message: Message, at: datetime, queue: str, reason: str
) -> list[Told]:
    joined = by.say("queued", message, at, queue=queue)
    return [joined, by.say("left", message, at, queue=queue, reason=reason)]


def _wants_a_call(by: Tracker, call: Live, message: Message, at: datetime) -> list[Told]:
    """Asked for in the menu or while waiting; who was turned away is called back anyway."""
    if message.get("Reason") in LEFT_BY:
        return []
    if call.leaving:
        return by.left(message["Linkedid"], call, "callback")
    return _turned_away(by, message, at, message.get("Queue") or "callback", "callback")


def _judged(by: Tracker, _call: Live, message: Message, at: datetime) -> list[Told]:
    score = message.get("Score", "")
    if score not in {"1", "2", "3", "4", "5"}:
        return []
    agent = by.agent(message.get("Agent", ""))
    return [by.say("surveyed", message, at, score=int(score), agent=agent)]


WORDS: dict[str, Callable[[Tracker, Live, Message, datetime], list[Told]]] = {
    "IvrChoice": _chose,
    "Recording": _recorded,
    "QueueResult": _result,
    "CallbackRequested": _wants_a_call,
    "SurveyScore": _judged,
}
