"""Who sits in which queue and who is paused: what we want is in our tables, and the exchange is made to
match. What it has of its own, and we never spoke of, is left alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from helpdesk.channels.phone.asterisk.ami import Message
from helpdesk.channels.phone.asterisk.reading import line_of

Action = tuple[str, dict[str, str]]


class Place(NamedTuple):
    """An agent's place in a queue, as we want it."""

    line: str
    name: str
    queue: str
    there: bool
    penalty: int


def adding(interface: str, place: Place, paused: str | None) -> Action:
    """The action that puts someone into a queue."""
    values = {"Queue": place.queue, "Interface": interface, "StateInterface": interface}
    values |= {"MemberName": place.name, "Penalty": str(place.penalty)}
    return "QueueAdd", values | ({"Paused": "true", "Reason": paused} if paused else {})


def pausing(interface: str, reason: str) -> Action:
    """The action that pauses someone in all queues, or ends the pause."""
    on = {"Paused": "true", "Reason": reason} if reason else {"Paused": "false"}
    return "QueuePause", {"Interface": interface, **on}


def amends(
    places: Iterable[Place],
    pauses: Mapping[str, str | None],
    queues: Iterable[Message],
    lines: str,
) -> list[Action]:
    """The actions after which the exchange has what we want; `pauses` by line, `queues` as it told
    of them, `lines`: how a line's telephone is named."""
    members = [each for each in queues if each.get("Event") == "QueueMember"]
    there = {(each["Queue"], line_of(each.get("Location", ""))): each for each in members}
    found: list[Action] = []
    for place in places:
        one, interface = there.get((place.queue, place.line)), lines.format(place.line)
        if place.there and one is None:
            found.append(adding(interface, place, pauses.get(place.line)))
        elif not place.there and one is not None and one.get("Membership") != "static":
            out = {"Queue": place.queue, "Interface": one["Location"]}
            found.append(("QueueRemove", out))
    return found + _pauses(pauses, members)


def _pauses(pauses: Mapping[str, str | None], members: Iterable[Message]) -> list[Action]:
    """Of those who are there in another way than we want."""
    odd = {}
    for each in members:
        reason = pauses.get(line_of(each.get("Location", "")))
        now = each.get("PausedReason", "") or "?" if each.get("Paused") == "1" else ""
        if reason is not None and reason != now:
            odd[each["Location"]] = reason
    return [pausing(interface, reason) for interface, reason in odd.items()]
