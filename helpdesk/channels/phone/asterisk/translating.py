"""What Asterisk tells of channels, queues and members -> the words that every provider uses. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from helpdesk.channels.phone.asterisk import dialplan
from helpdesk.channels.phone.asterisk.ami import Message
from helpdesk.channels.phone.asterisk.reading import (
    CAUSES,
    DIALLING,
    PHONES,
    RANG_OUT,
    SPYING,
    UNREACHED,
    line_of,
    moment,
    shown,
)
from helpdesk.channels.phone.asterisk.tracking import Live, Told, Tracker


def hear(by: Tracker, message: Message, now: datetime) -> list[Told]:
    """The events that this message is, to be handed in; `now` counts where it bears no time."""
    at = moment(message, now)
    said = by.quiet(at)
    said += by.moved(message, at)
    step = STEPS.get(message.get("Event", ""))
    return said + (step(by, message, at) if step else [])


# What happens


def _channel(by: Tracker, message: Message, at: datetime) -> list[Told]:
    channel, call_id = message.get("Uniqueid", ""), message.get("Linkedid", "")
    call = by.seat(channel, call_id)
    if channel != call_id or call_id.startswith(SPYING):
        return []
    line, number = by.agent(message.get("Channel", "")), message.get("Exten", "")
    if call_id.startswith(DIALLING):
        wanted = by.expected.get(call_id, {})
        call.dials, call.line = wanted.get("to", ""), line
        return _goes_out(by, call, message, at, wanted.get("ticket", ""))
    if message.get("ChannelStateDesc") != "Ring":
        return []
    if message.get("Context") == by.context:
        call.dials, call.line = number, line
        return []
    call.told = True
    parties = {"from": shown(message.get("CallerIDNum", "")), "to": shown(number)}
    return [by.say("ringing", message, at) | parties]


def _goes_out(
    by: Tracker, call: Live, message: Message, at: datetime, ticket: str = ""
) -> list[Told]:
    call.told = call.out = True
    parties = {"from": call.line, "to": shown(call.dials)}
    more = {"direction": "out", "ticket": ticket, "agent": call.line}
    return [by.say("ringing", message, at, **more) | parties]


def _dials(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """The first channel calls another one: an agent, or from an agent's telephone the outside."""
    call = by.calls.get(message.get("Linkedid", ""))
    if call is None or message.get("Uniqueid") != message.get("Linkedid"):
        return []
    there = line_of(message.get("DestChannel", ""))
    outside = there not in by.lines and there != call.dials
    if call.dials and call.line and not call.told and outside and shown(call.dials):
        return _goes_out(by, call, message, at)
    if not call.told or call.out or call.waits or there not in by.lines:
        return []
    return [by.say("offered", message, at, agent=there)]


def _dialled(by: Tracker, message: Message, at: datetime) -> list[Told]:
    call, status = by.told(message), message.get("DialStatus", "")
    if call is None or message.get("Uniqueid") != message.get("Linkedid"):
        return []
    if call.waits:
        return []  # a queue tells itself whom it calls
    agent = call.line if call.out else by.agent(message.get("DestChannel", ""))
    if status == "ANSWER":
        call.reason = ""
        return [by.say("answered", message, at, agent=agent)]
    if call.out:
        call.reason = UNREACHED.get(status, RANG_OUT)
    elif status != "CANCEL":
        _miss(by, message, at, agent)
    return []


def _miss(by: Tracker, message: Message, at: datetime, agent: str) -> None:
    told = by.say("missed", message, at, agent=agent)
    by.missed.setdefault(message.get("DestUniqueid", ""), told)


def _joins(by: Tracker, message: Message, at: datetime) -> list[Told]:
    call = by.calls.setdefault(message["Linkedid"], Live())
    if call.leaving and call.leaving[0]["Queue"] == message["Queue"] == call.waits:
        call.leaving, call.gave_up = None, False  # the dialplan has asked for advice meanwhile
        return []
    said = by.left(message["Linkedid"], call, "moved") if call.leaving else []
    call.told, call.waits = True, message["Queue"]
    caller = shown(message.get("CallerIDNum", ""))
    more = {} if call.out else {"from": caller}
    return [*said, by.say("queued", message, at, queue=message["Queue"], **more)]


def _offers(by: Tracker, message: Message, at: datetime) -> list[Told]:
    agent = by.agent(message.get("Interface", ""))
    return [by.say("offered", message, at, agent=agent, queue=message.get("Queue"))]


def _not_taken(by: Tracker, message: Message, at: datetime) -> list[Told]:
    _miss(by, message, at, by.agent(message.get("Interface", "")))
    return []


def _connects(by: Tracker, message: Message, at: datetime) -> list[Told]:
    call = by.told(message)
    if call:
        call.waits, call.leaving, call.gave_up = "", None, False
    agent = by.agent(message.get("Interface", ""))
    return [by.say("answered", message, at, agent=agent, queue=message.get("Queue"))]


def _completes(by: Tracker, message: Message, at: datetime) -> list[Told]:
    if message.get("Reason") == "transfer":
        return []  # the transfer itself says who has the call now
    agent = by.agent(message.get("Interface", ""))
    return [by.say("wrapped", message, at, agent=agent, queue=message.get("Queue"))]


def _gives_up(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """Said also where the time was up: the dialplan says so a moment later, or lets them wait on."""
    call = by.told(message)
    if call is None or not call.waits:
        return [by.say("abandoned", message, at, queue=message.get("Queue"))]
    call.leaving, call.gave_up = (message, at), True
    return []


def _leaves(by: Tracker, message: Message, at: datetime) -> list[Told]:
    call = by.told(message)
    if call and call.waits and not call.leaving:
        call.leaving = (message, at)
    return []


def _holds(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """On the agent's channel; a caller who puts us on hold is none of it."""
    call, agent = by.told(message), by.agent(message.get("Channel", ""))
    first = message.get("Uniqueid") == message.get("Linkedid")
    if call is None or (not agent and first != call.out):
        return []
    word = "held" if message["Event"] == "Hold" else "resumed"
    return [by.say(word, message, at, agent=agent)]


def _hands_on(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """Blindly: where it rings and who takes it is told by what follows."""
    call_id = message.get("TransfereeLinkedid") or message.get("TransfererLinkedid", "")
    to = message.get("Extension", "")
    more = {"call_id": call_id, "agent": by.agent(message.get("TransfererChannel", ""))}
    if to not in by.lines:
        more["to"] = shown(to)
    return _transfer(by, message, at, more)


def _hands_over(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """After a consultation: whoever was consulted has it now."""
    call_id = message.get("TransfereeLinkedid") or message.get("OrigTransfererLinkedid", "")
    there = message.get("TransferTargetChannel") or message.get("SecondTransfererChannel", "")
    more = {"call_id": call_id, "agent": by.agent(message.get("OrigTransfererChannel", ""))}
    more |= {"target": by.agent(there)} if by.agent(there) else {"to": shown(line_of(there))}
    return _transfer(by, message, at, more)


def _transfer(by: Tracker, message: Message, at: datetime, more: dict[str, str]) -> list[Told]:
    call = by.calls.get(more["call_id"])
    if message.get("Result") != "Success" or call is None or not call.told:
        return []
    return [by.say("transferred", message, at, **more)]


def _hangs_up(by: Tracker, message: Message, at: datetime) -> list[Told]:
    channel, said = message.get("Uniqueid", ""), []
    missed = by.missed.pop(channel, None)
    if missed:
        said = [missed | {"reason": CAUSES.get(message.get("Cause", ""), RANG_OUT)}]
    call = by.calls.get(by.home.get(channel, ""))
    if call and call.out and channel == message.get("Linkedid") and not call.reason:
        call.reason = CAUSES.get(message.get("Cause", ""), "")
    return said + by.end(channel, message, at)


def _phone(by: Tracker, message: Message, at: datetime) -> list[Told]:
    """The state of a member's telephone, once for all its queues."""
    agent = by.agent(message.get("Interface", ""))
    status = PHONES.get(message.get("Status", ""), "")
    if not agent or not status or by.phones.get(agent) == status:
        return []
    by.phones[agent] = status
    return [by.say("agent", message, at, agent=agent, status=status)]


Step = Callable[[Tracker, Message, datetime], list[Told]]
STEPS: dict[str, Step] = {
    "Newchannel": _channel,
    "DialBegin": _dials,
    "DialEnd": _dialled,
    "QueueCallerJoin": _joins,
    "AgentCalled": _offers,
    "AgentRingNoAnswer": _not_taken,
    "AgentConnect": _connects,
    "AgentComplete": _completes,
    "QueueCallerAbandon": _gives_up,
    "QueueCallerLeave": _leaves,
    "Hold": _holds,
    "Unhold": _holds,
    "BlindTransfer": _hands_on,
    "AttendedTransfer": _hands_over,
    "Hangup": _hangs_up,
    "QueueMemberStatus": _phone,
    "UserEvent": dialplan.said,
}
