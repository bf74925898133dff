"""The journal of a load: every step and message, numbered in the order of time.

An event waits as one number (seconds, place of the ticket, code), so a million of them are sorted
in a second and fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from typing import Any

from benchmarks.load.lives import ANSWERED, BY_STEP, Life
from benchmarks.load.people import Colleague, one_of
from benchmarks.load.promises import when
from benchmarks.load.rows import World
from benchmarks.load.talk import talk_of

COLUMNS = ("seq", "at", "name", "ticket_id", "notice_id", "by_kind", "by_id", "by_name", "data")
CODES = 8  # bits: at most 256 happenings of one ticket, counted in their order
PLACES = 24  # bits: 16 million tickets
BY_HANDLER = ("sign", "handle", "hold", "send_back", "reply")
BY_LEAD = ("review", "approve", "archive", "transfer_out")
Happening = tuple[int, str, dict[str, Any]]


class Journal:
    """Collects what happened in all lives and hands it out in the order of time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._packed: list[int] = []
        self._kept: list[list[Happening]] = []

    def __len__(self) -> int:
        return len(self._packed)

    def note(self, life: Life) -> None:
        """Remember when each thing of the next life happened."""
        place = len(self._kept)
        happenings = self._happenings(life)
        self._kept.append(happenings)
        for code, (at, _name, _data) in enumerate(happenings):
            self._packed.append((at << (PLACES + CODES)) | (place << CODES) | code)

    def rows(
        self, lives: list[Life], first_ticket: int, first_seq: int
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of the journal."""
        self._packed.sort()
        for seq, packed in enumerate(self._packed, first_seq):
            place, code = (packed >> CODES) & ((1 << PLACES) - 1), packed & ((1 << CODES) - 1)
            at, name, data = self._kept[place][code]
            kind, by_id, by_name = self._by(lives[place], name)
            yield seq, when(at), name, first_ticket + place, None, kind, by_id, by_name, data

    def _happenings(self, life: Life) -> list[Happening]:
        opened = _opened(life.kind, life.channel, life.severity)
        found: list[Happening] = [(life.received, "ticket.opened", opened)]
        old = "registered"
        for step, at in life.steps:
            if step == "close" and "approve" in life.first:
                found.append((at, "callback.attempt", _called(life.score)))
            new = str(BY_STEP[step])
            to = life.department if step == "dispatch" else ""
            found.append((at, f"ticket.{step}", _moved(old, new, to)))
            old = new
        found += _said(life, self.world.now)
        return sorted(found, key=itemgetter(0))[: 1 << CODES]

    def _by(self, life: Life, name: str) -> tuple[str, int | None, str]:
        world, step = self.world, name.partition(".")[2]
        if step == "customer" or (step == "opened" and life.channel not in ("phone", "counter")):
            return "customer", None, world.customers[life.person].name
        who = self._colleague(life, step)
        return "agent", who.id, who.name

    def _colleague(self, life: Life, step: str) -> Colleague:
        staff = self.world.staff
        if step in BY_HANDLER or (step in ("staff", "note") and life.at("sign")):
            return one_of(staff.handlers[life.department], life.handler)
        if step in BY_LEAD:
            return one_of(staff.supervisors, life.desk)
        return one_of(staff.desk, life.desk + (step == "attempt"))


@cache
def _opened(kind: str, channel: str, severity: str) -> dict[str, Any]:
    facts = {"kind": kind, "channel": channel, "severity": severity}
    return {**facts, "queue": "dispatch", "rule": "", "reason": "[]"}


@cache
def _moved(old: str, new: str, to: str) -> dict[str, Any]:
    return {"old": old, "new": new} | ({"department": to, "from_department": ""} if to else {})


@cache
def _called(score: int) -> dict[str, Any]:
    solved = "yes" if score > 2 else "no"
    facts = {"contact": "reached", "resolved": solved, "score": score}
    return {**facts, "state": "reached", "attempts": 1}


def _said(life: Life, now: int) -> list[Happening]:
    """The messages after the first; an answer is part of its step."""
    answers = life.at(*ANSWERED)
    talk = list(talk_of(life, now))[1:]
    return [
        (at, f"message.{kind}", {}) for kind, at in talk if not (kind == "staff" and at == answers)
    ]
