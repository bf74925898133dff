"""Which channels make up which call, and what is known of a call while it lasts. Pure.

The same event told twice gives the same (call, number): the number is made of what names an event there
(system, call, event, channel, member, time). A call is a Linkedid, through all its legs and transfers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.channels.phone.asterisk.ami import Message
from helpdesk.channels.phone.asterisk.reading import line_of, numbered

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
    gave_up: bool = False  # as the exchange says, also where only its time was up
    reason: str = ""
    channels: set[str] = field(default_factory=set)


class Tracker:
    """The calls of one exchange. `context` is where agents dial, `lines` are the extensions of our
    agents, `recordings` the address of the folder of recordings."""

    def __init__(
        self, provider: str, context: str, lines: Collection[str] = (), recordings: str = ""
    ) -> None:
        self.provider, self.context, self.recordings = provider, context, recordings
        self.lines = lines
        self.calls: dict[str, Live] = {}
        self.expected: dict[str, Mapping[str, str]] = {}  # calls that we ask for: to, ticket
        self.home: dict[str, str] = {}  # channel -> its call
        self.missed: dict[str, Told] = {}  # why is told when its channel is gone
        self.phones: dict[str, str] = {}

    def seat(self, channel: str, call_id: str) -> Live:
        """Know that this channel belongs to this call."""
        call = self.calls.setdefault(call_id, Live())
        call.channels.add(channel)
        self.home[channel] = call_id
        return call

    def forget(self, there: Collection[str]) -> None:
        """Let go of channels that the exchange no longer has."""
        for channel in self.home.keys() - set(there):
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

    def moved(self, message: Message, at: datetime) -> list[Told]:
        """A channel may change its call: legs of a consultation join the call that they were for."""
        channel, call_id = message.get("Uniqueid", ""), message.get("Linkedid", "")
        before = self.home.get(channel, call_id)
        if not call_id or before == call_id:
            return []
        said = self.end(channel, message, at)
        self.seat(channel, call_id)
        return said

    def _gone(self, channel: str) -> tuple[str, Live] | None:
        """Unseat; gives the call if this was its last channel."""
        call_id = self.home.pop(channel, "")
        call = self.calls.get(call_id)
        if call is None:
            return None
        call.channels.discard(channel)
        if call.channels:
            return None
        self.expected.pop(call_id, None)
        return call_id, self.calls.pop(call_id)

    def end(self, channel: str, message: Message, at: datetime) -> list[Told]:
        """A channel is gone; with its last one the call is over."""
        gone = self._gone(channel)
        if gone is None or not gone[1].told:
            return []
        call_id, call = gone
        said = self.left(call_id, call) if call.leaving else []
        return [*said, self.say("hungup", message, at, call_id=call_id, reason=call.reason)]

    def quiet(self, at: datetime) -> list[Told]:
        """Stays that were left a while ago, and nobody said why: the time was up."""
        due = [
            (call_id, call)
            for call_id, call in self.calls.items()
            if call.leaving and at - call.leaving[1] > NEXT_WORD
        ]
        return [told for call_id, call in due for told in self.left(call_id, call)]

    def left(self, call_id: str, call: Live, reason: str = "") -> list[Told]:
        """The stay that a call was leaving is left, for this reason; without one the caller gave up
        where the exchange said so, else the time was up."""
        assert call.leaving
        message, at = call.leaving
        gave_up, call.leaving, call.waits, call.gave_up = call.gave_up, None, "", False
        if gave_up and not reason:
            queue = message.get("Queue")
            return [self.say("abandoned", message, at, call_id=call_id, queue=queue)]
        return [self.say("left", message, at, call_id=call_id, reason=reason or "timeout")]

    def told(self, message: Message) -> Live | None:
        """The call of this message, when it is one that we tell of."""
        call = self.calls.get(message.get("Linkedid", ""))
        return call if call and call.told else None
