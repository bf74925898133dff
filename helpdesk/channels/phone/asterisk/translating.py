"""What Asterisk tells of channels, queues and members -> the words that every provider uses. Pure.

The same event told twice gives the same (call, number): the number is made of what names an event there
(system, call, event, channel, member, time). A call is a Linkedid, through all its legs and transfers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.channels.phone.asterisk.ami import Message
from helpdesk.channels.phone.asterisk.reading import (
    CAUSES,
    DIALLING,
    LEFT_BY,
    PHONES,
    RANG_OUT,
    SPYING,
    TURNED_AWAY,
    UNREACHED,
    line_of,
    moment,
    numbered,
    shown,
)

Told = dict[str, Any]
NEXT_WORD = timedelta(seconds=1)  # within it comes why a queue was left


@dataclass
class Live:
    """What is known of a call while it lasts."""

    told: bool = False  # it is a call of ours, and not one between two desks
    out: bool = False
    line: str = ""  # the agent's who dials
    dials: str = ""
    waits: str = ""  # the queue that it waits in
    leaving: tuple[Message, datetime] | None = None  # the queue, and why is not said yet
    reason: str = ""
    channels: set[str] = field(default_factory=set)


class Translator:
    """hear() each message; what it gives is to be handed in. `context` is where agents dial, `lines`
    are the extensions of our agents, `recordings` the address of the folder of recordings."""

    def __init__(
        self, provider: str, context: str, lines: Collection[str] = (), recordings: str = ""
    ) -> None:
        self.provider, self.context, self.recordings = provider, context, recordings
        self.lines = lines
        self.calls: dict[str, Live] = {}
        self.expected: dict[str, Mapping[str, str]] = {}  # calls that we ask for: to, ticket
        self._home: dict[str, str] = {}  # channel -> its call
        self._missed: dict[str, Told] = {}  # why is told when its channel is gone
        self._phones: dict[str, str] = {}

    def hear(self, message: Message, now: datetime) -> list[Told]:
        """The events that this one is; `now` counts where it bears no time."""
        at = moment(message, now)
        said = self._over(at)
        said += self._moved(message, at)
        step = STEPS.get(message.get("Event", ""))
        return said + (step(self, message, at) if step else [])

    def quiet(self, now: datetime) -> list[Told]:
        """What can be told because nothing more came."""
        return self._over(now)

    def seat(self, channel: str, call_id: str) -> Live:
        """Know that this channel belongs to this call."""
        call = self.calls.setdefault(call_id, Live())
        call.channels.add(channel)
        self._home[channel] = call_id
        return call

    def forget(self, there: Collection[str]) -> None:
        """Let go of channels that the exchange no longer has."""
        for channel in self._home.keys() - set(there):
            self._gone(channel)

    def say(self, event: str, message: Message, at: datetime, **more: Any) -> Told:
        """One event of ours that this message is."""
        call_id = more.pop("call_id", message.get("Linkedid", ""))
        names = ("SystemName", "Event", "Uniqueid", "Interface", "DestUniqueid")
        known = {"provider": self.provider, "call_id": call_id, "event": event, "at": at}
        key = [message.get(name, "") for name in names]
        number = numbered(event, call_id, *key, str(at.timestamp()))
        return {**known, "seq": number, **{name: one for name, one in more.items() if one}}

    def agent(self, name: str) -> str:
        """The line of a channel or member, if it is one of our agents'."""
        line = line_of(name)
        return line if line in self.lines else ""

    # What keeps the state

    def _moved(self, message: Message, at: datetime) -> list[Told]:
        """A channel may change its call: legs of a consultation join the call that they were for."""
        channel, call_id = message.get("Uniqueid", ""), message.get("Linkedid", "")
        before = self._home.get(channel, call_id)
        if not call_id or before == call_id:
            return []
        said = self._end(channel, message, at)
        self.seat(channel, call_id)
        return said

    def _gone(self, channel: str) -> tuple[str, Live] | None:
        """Unseat; gives the call if this was its last channel."""
        call_id = self._home.pop(channel, "")
        call = self.calls.get(call_id)
        if call is None:
            return None
        call.channels.discard(channel)
        if call.channels:
            return None
        self.expected.pop(call_id, None)
        return call_id, self.calls.pop(call_id)

    def _end(self, channel: str, message: Message, at: datetime) -> list[Told]:
        gone = self._gone(channel)
        if gone is None or not gone[1].told:
            return []
        call_id, call = gone
        said = self._left(call_id, call) if call.leaving else []
        return [*said, self.say("hungup", message, at, call_id=call_id, reason=call.reason)]

    def _over(self, at: datetime) -> list[Told]:
        """Stays that were left a while ago, and nobody said why: the time was up."""
        due = [
            (call_id, call)
            for call_id, call in self.calls.items()
            if call.leaving and at - call.leaving[1] > NEXT_WORD
        ]
        return [told for call_id, call in due for told in self._left(call_id, call)]

    def _left(self, call_id: str, call: Live, reason: str = "timeout") -> list[Told]:
        assert call.leaving
        message, at = call.leaving
        call.leaving, call.waits = None, ""
        return [self.say("left", message, at, call_id=call_id, reason=reason)]

    def _told(self, message: Message) -> Live | None:
        call = self.calls.get(message.get("Linkedid", ""))
        return call if call and call.told else None

    # What happens

    def _channel(self, message: Message, at: datetime) -> list[Told]:
        channel, call_id = message.get("Uniqueid", ""), message.get("Linkedid", "")
        call = self.seat(channel, call_id)
        if channel != call_id or call_id.startswith(SPYING):
            return []
        line, number = self.agent(message.get("Channel", "")), message.get("Exten", "")
        if call_id.startswith(DIALLING):
            wanted = self.expected.get(call_id, {})
            call.dials, call.line = wanted.get("to", ""), line
            return self._goes_out(call, message, at, wanted.get("ticket", ""))
        if message.get("ChannelStateDesc") != "Ring":
            return []
        if message.get("Context") == self.context:
            call.dials, call.line = number, line
            return []
        call.told = True
        parties = {"from": shown(message.get("CallerIDNum", "")), "to": shown(number)}
        return [self.say("ringing", message, at) | parties]

    def _goes_out(self, call: Live, message: Message, at: datetime, ticket: str = "") -> list[Told]:
        call.told = call.out = True
        parties = {"from": call.line, "to": shown(call.dials)}
        more = {"direction": "out", "ticket": ticket, "agent": call.line}
        return [self.say("ringing", message, at, **more) | parties]

    def _dials(self, message: Message, at: datetime) -> list[Told]:
        """The first channel calls another one: an agent, or from an agent's telephone the outside."""
        call = self.calls.get(message.get("Linkedid", ""))
        if call is None or message.get("Uniqueid") != message.get("Linkedid"):
            return []
        there = line_of(message.get("DestChannel", ""))
        outside = there not in self.lines and there != call.dials
        if call.dials and call.line and not call.told and outside and shown(call.dials):
            return self._goes_out(call, message, at)
        if not call.told or call.out or call.waits or there not in self.lines:
            return []
        return [self.say("offered", message, at, agent=there)]

    def _dialled(self, message: Message, at: datetime) -> list[Told]:
        call, status = self._told(message), message.get("DialStatus", "")
        if call is None or message.get("Uniqueid") != message.get("Linkedid"):
            return []
        if call.waits:
            return []  # a queue tells itself whom it calls
        agent = call.line if call.out else self.agent(message.get("DestChannel", ""))
        if status == "ANSWER":
            call.reason = ""
            return [self.say("answered", message, at, agent=agent)]
        if call.out:
            call.reason = UNREACHED.get(status, RANG_OUT)
        elif status != "CANCEL":
            self._miss(message, at, agent)
        return []

    def _miss(self, message: Message, at: datetime, agent: str) -> None:
        told = self.say("missed", message, at, agent=agent)
        self._missed.setdefault(message.get("DestUniqueid", ""), told)

    def _joins(self, message: Message, at: datetime) -> list[Told]:
        call = self.calls.setdefault(message["Linkedid"], Live())
        said = self._left(message["Linkedid"], call, "moved") if call.leaving else []
        call.told, call.waits = True, message["Queue"]
        caller = shown(message.get("CallerIDNum", ""))
        more = {} if call.out else {"from": caller}
        return [*said, self.say("queued", message, at, queue=message["Queue"], **more)]

    def _offers(self, message: Message, at: datetime) -> list[Told]:
        agent = self.agent(message.get("Interface", ""))
        return [self.say("offered", message, at, agent=agent, queue=message.get("Queue"))]

    def _not_taken(self, message: Message, at: datetime) -> list[Told]:
        self._miss(message, at, self.agent(message.get("Interface", "")))
        return []

    def _connects(self, message: Message, at: datetime) -> list[Told]:
        call = self._told(message)
        if call:
            call.waits, call.leaving = "", None
        agent = self.agent(message.get("Interface", ""))
        return [self.say("answered", message, at, agent=agent, queue=message.get("Queue"))]

    def _completes(self, message: Message, at: datetime) -> list[Told]:
        if message.get("Reason") == "transfer":
            return []  # the transfer itself says who has the call now
        agent = self.agent(message.get("Interface", ""))
        return [self.say("wrapped", message, at, agent=agent, queue=message.get("Queue"))]

    def _gives_up(self, message: Message, at: datetime) -> list[Told]:
        call = self._told(message)
        if call:
            call.waits = ""
        return [self.say("abandoned", message, at, queue=message.get("Queue"))]

    def _leaves(self, message: Message, at: datetime) -> list[Told]:
        call = self._told(message)
        if call and call.waits:
            call.leaving = (message, at)
        return []

    def _holds(self, message: Message, at: datetime) -> list[Told]:
        """On the agent's channel; a caller who puts us on hold is none of it."""
        call, agent = self._told(message), self.agent(message.get("Channel", ""))
        first = message.get("Uniqueid") == message.get("Linkedid")
        if call is None or (not agent and first != call.out):
            return []
        word = "held" if message["Event"] == "Hold" else "resumed"
        return [self.say(word, message, at, agent=agent)]

    def _hands_on(self, message: Message, at: datetime) -> list[Told]:
        """Blindly: where it rings and who takes it is told by what follows."""
        call_id = message.get("TransfereeLinkedid") or message.get("TransfererLinkedid", "")
        to = message.get("Extension", "")
        more = {"call_id": call_id, "agent": self.agent(message.get("TransfererChannel", ""))}
        if to not in self.lines:
            more["to"] = shown(to)
        return self._transfer(message, at, more)

    def _hands_over(self, message: Message, at: datetime) -> list[Told]:
        """After a consultation: whoever was consulted has it now."""
        call_id = message.get("TransfereeLinkedid") or message.get("OrigTransfererLinkedid", "")
        there = message.get("TransferTargetChannel") or message.get("SecondTransfererChannel", "")
        more = {"call_id": call_id, "agent": self.agent(message.get("OrigTransfererChannel", ""))}
        more |= (
            {"target": self.agent(there)} if self.agent(there) else {"to": shown(line_of(there))}
        )
        return self._transfer(message, at, more)

    def _transfer(self, message: Message, at: datetime, more: dict[str, str]) -> list[Told]:
        call = self.calls.get(more["call_id"])
        if message.get("Result") != "Success" or call is None or not call.told:
            return []
        return [self.say("transferred", message, at, **more)]

    def _hangs_up(self, message: Message, at: datetime) -> list[Told]:
        channel, said = message.get("Uniqueid", ""), []
        missed = self._missed.pop(channel, None)
        if missed:
            said = [missed | {"reason": CAUSES.get(message.get("Cause", ""), RANG_OUT)}]
        call = self.calls.get(self._home.get(channel, ""))
        if call and call.out and channel == message.get("Linkedid") and not call.reason:
            call.reason = CAUSES.get(message.get("Cause", ""), "")
        return said + self._end(channel, message, at)

    def _phone(self, message: Message, at: datetime) -> list[Told]:
        """The state of a member's telephone, once for all its queues."""
        agent = self.agent(message.get("Interface", ""))
        status = PHONES.get(message.get("Status", ""), "")
        if not agent or not status or self._phones.get(agent) == status:
            return []
        self._phones[agent] = status
        return [self.say("agent", message, at, agent=agent, status=status)]

    # What the dialplan says

    def _own_word(self, message: Message, at: datetime) -> list[Told]:
        said = WORDS.get(message.get("UserEvent", ""))
        call = self._told(message)
        return said(self, call, message, at) if said and call else []

    def _chose(self, _call: Live, message: Message, at: datetime) -> list[Told]:
        choice = message.get("Topic") or message.get("Choice", "")
        return [self.say("menu", message, at, choice=choice)] if choice else []

    def _recorded(self, _call: Live, message: Message, at: datetime) -> list[Told]:
        name = message.get("File", "")
        if not self.recordings or not re.fullmatch(r"[\w+.-]+", name):
            return []
        return [self.say("recorded", message, at, recording_url=f"{self.recordings}/{name}")]

    def _result(self, call: Live, message: Message, at: datetime) -> list[Told]:
        """How the queue ended, for a caller whom nobody answered."""
        status = message.get("Status", "")
        reason = LEFT_BY.get(status)
        if reason and call.leaving:
            return self._left(message["Linkedid"], call, reason)
        if status in TURNED_AWAY and not call.waits:
            return self._turned_away(message, at, message.get("Queue", ""), str(reason))
        return []

    def _turned_away(self, message: Message, at: datetime, queue: str, reason: str) -> list[Told]:
        joined = self.say("queued", message, at, queue=queue)
        return [joined, self.say("left", message, at, queue=queue, reason=reason)]

    def _wants_a_call(self, call: Live, message: Message, at: datetime) -> list[Told]:
        """Asked for in the menu or while waiting; who was turned away is called back anyway."""
        if message.get("Reason") in LEFT_BY:
            return []
        if call.leaving:
            return self._left(message["Linkedid"], call, "callback")
        return self._turned_away(message, at, message.get("Queue") or "callback", "callback")

    def _judged(self, _call: Live, message: Message, at: datetime) -> list[Told]:
        score = message.get("Score", "")
        if score not in {"1", "2", "3", "4", "5"}:
            return []
        agent = self.agent(message.get("Agent", ""))
        return [self.say("surveyed", message, at, score=int(score), agent=agent)]


Step = Callable[[Translator, Message, datetime], list[Told]]
STEPS: dict[str, Step] = {
    "Newchannel": Translator._channel,
    "DialBegin": Translator._dials,
    "DialEnd": Translator._dialled,
    "QueueCallerJoin": Translator._joins,
    "AgentCalled": Translator._offers,
    "AgentRingNoAnswer": Translator._not_taken,
    "AgentConnect": Translator._connects,
    "AgentComplete": Translator._completes,
    "QueueCallerAbandon": Translator._gives_up,
    "QueueCallerLeave": Translator._leaves,
    "Hold": Translator._holds,
    "Unhold": Translator._holds,
    "BlindTransfer": Translator._hands_on,
    "AttendedTransfer": Translator._hands_over,
    "Hangup": Translator._hangs_up,
    "QueueMemberStatus": Translator._phone,
    "UserEvent": Translator._own_word,
}
WORDS: dict[str, Callable[[Translator, Live, Message, datetime], list[Told]]] = {
    "IvrChoice": Translator._chose,
    "Recording": Translator._recorded,
    "QueueResult": Translator._result,
    "CallbackRequested": Translator._wants_a_call,
    "SurveyScore": Translator._judged,
}
