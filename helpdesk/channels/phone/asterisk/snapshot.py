"""What the exchange has now, against what our tables hold: what is missing is told, and what is over
is ended. Pure.

Numbers of these events are made of what they say, so a second look says nothing new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.calls.words import LASTING, LOST
from helpdesk.channels.phone.asterisk.ami import Message
from helpdesk.channels.phone.asterisk.reading import DIALLING, SPYING, line_of, numbered, shown
from helpdesk.channels.phone.asterisk.tracking import Told, Tracker


@dataclass(frozen=True)
class Held:
    """What our tables hold of a call: where it stands, where it waits, the lines that talk."""

    state: str
    out: bool = False
    queue: str = ""
    lines: frozenset[str] = frozenset()

    @property
    def lasts(self) -> bool:
        """Whether it goes on, for all that we know."""
        return self.state in LASTING


def calls_of(channels: Iterable[Message]) -> dict[str, list[Message]]:
    """The channels that are there, by the call that they belong to."""
    found: dict[str, list[Message]] = defaultdict(list)
    for each in channels:
        if each.get("Event") == "CoreShowChannel":
            found[each.get("Linkedid", "")].append(each)
    return found


@dataclass
class Snapshot:
    """One look at the exchange, at one moment."""

    by: Tracker
    channels: Sequence[Message]
    queues: Sequence[Message]
    at: datetime

    def told(self, held: Mapping[str, Held]) -> list[Told]:
        """What is to be handed in; the tracker knows from now on which channels are there."""
        calls = calls_of(self.channels)
        entries = {
            each["Uniqueid"]: each for each in self.queues if each.get("Event") == "QueueEntry"
        }
        self.by.forget({each["Uniqueid"] for legs in calls.values() for each in legs})
        said: list[Told] = []
        for call_id, legs in calls.items():
            entry = next((entries[e["Uniqueid"]] for e in legs if e["Uniqueid"] in entries), None)
            said += self._call(call_id, legs, entry, held.get(call_id))
        return said

    def over(self, held: Mapping[str, Held], but: Iterable[str] = ()) -> list[Told]:
        """The ends of calls that last in our tables and that the exchange does not have."""
        there = {*calls_of(self.channels), *but}
        gone = [call_id for call_id, each in held.items() if each.lasts and call_id not in there]
        return ended(self.by.provider, gone, self.at)

    def _call(
        self, call_id: str, legs: list[Message], entry: Message | None, known: Held | None
    ) -> list[Told]:
        first = next((each for each in legs if each["Uniqueid"] == call_id), None)
        ours = known is not None or entry is not None or self._is_ours(call_id, first)
        for each in legs:
            call = self.by.seat(each["Uniqueid"], call_id)
        if not ours:
            return []
        call.told, call.out = True, known.out if known else call_id.startswith(DIALLING)
        call.line = line_of(first["Channel"]) if first and call.out else call.line
        call.waits = entry["Queue"] if entry else ""
        said = [] if known and known.lasts else [self._came(call_id, first or legs[0], known)]
        if entry and (known is None or known.queue != entry["Queue"]):
            said.append(self._waits(call_id, entry))
        return said + self._talks(call_id, legs, first, known or Held(""))

    def _is_ours(self, call_id: str, first: Message | None) -> bool:
        """From the outside, or dialled by us; not between two desks."""
        if first is None or call_id.startswith((SPYING, DIALLING)):
            return call_id.startswith(DIALLING)
        inside = first.get("Context") == self.by.context
        return not inside and line_of(first.get("Channel", "")) not in self.by.lines

    def _came(self, call_id: str, leg: Message, known: Held | None) -> Told:
        """That it is there. One that was ended by mistake goes on from now."""
        hours, minutes, seconds = map(int, leg.get("Duration", "0:0:0").split(":"))
        lasts = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        number = shown(leg.get("CallerIDNum", ""))
        if known is not None:
            return self._say("ringing", call_id, self.at, self.at.isoformat())
        if call_id.startswith(DIALLING):
            to = self.by.expected.get(call_id, {}).get("to", "") or number
            more = {"from": "", "to": to, "direction": "out"}
        else:
            more = {"from": number, "to": ""}
        return self._say("ringing", call_id, self.at - lasts, call_id) | more

    def _waits(self, call_id: str, entry: Message) -> Told:
        since = self.at - timedelta(seconds=int(entry.get("Wait") or 0))
        number = shown(entry.get("CallerIDNum", ""))
        more = {"queue": entry["Queue"], "from": number}
        return self._say("queued", call_id, since, entry["Uniqueid"], entry["Queue"]) | more

    def _talks(
        self, call_id: str, legs: list[Message], first: Message | None, known: Held
    ) -> list[Told]:
        """Who talks with the caller now; whose telephone is not in the call any more does not."""
        bridge = (first or {}).get("BridgeId", "")
        bridged = [each for each in legs if bridge and each.get("BridgeId") == bridge]
        there = {line_of(each["Channel"]): each for each in bridged if len(bridged) > 1}
        said = [
            self._say("answered", call_id, self.at, each["Uniqueid"]) | {"agent": line}
            for line, each in there.items()
            if line in self.by.lines and line not in known.lines
        ]
        lines = {line_of(each["Channel"]) for each in legs}
        gone = (line for line in known.lines if line not in lines)
        stamp = self.at.isoformat()
        return said + [
            self._say("wrapped", call_id, self.at, line, stamp) | {"agent": line} for line in gone
        ]

    def _say(self, event: str, call_id: str, at: datetime, *names: str) -> Told:
        return _told(self.by.provider, event, call_id, at, "snapshot", *names)


def ended(provider: str, call_ids: Iterable[str], at: datetime) -> list[Told]:
    """The ends of calls that nobody has seen ending."""
    stamp = at.isoformat()
    return [
        _told(provider, "hungup", each, at, LOST, stamp) | {"reason": LOST} for each in call_ids
    ]


def _told(provider: str, event: str, call_id: str, at: datetime, *names: str) -> dict[str, Any]:
    known = {"provider": provider, "call_id": call_id, "event": event, "at": at}
    return known | {"seq": numbered(event, call_id, *names)}
