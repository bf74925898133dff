"""What becomes of each ticket: its steps with their times, up to the end or up to now. Pure.

How long it takes is drawn from three lognormals, as measured on a public incident log: a third is
done within the hour, a fifth within a day, the rest takes a week in the median.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

from helpdesk.tickets.lifecycle import Status
from helpdesk.words import Kind

HOUR = 3600
SPANS = ((35, 0.22, 1.23), (20, 9.9, 1.5), (45, 164.0, 1.25))  # per cent, median hours, ln sd
LONGEST = 120 * 24 * HOUR
KINDS = (
    ("complaint", 55),
    ("request", 20),
    ("enquiry", 15),
    ("suggestion", 4),
    ("praise", 3),
    ("report", 3),
)
CHANNELS = (
    ("phone", 45), ("web", 22), ("email", 15), ("chat", 8), ("api", 3),
    ("counter", 3), ("letter", 1), ("transfer", 1), ("media", 2),
)  # fmt: skip
SEVERITIES = {
    "complaint": (("S1", 1), ("S2", 4), ("S3", 92), ("S4", 3)),
    "request": (("S2", 2), ("S3", 98)),
    "report": (("S2", 100),),
}
LIGHT = (("S4", 100),)
ENDS = (
    ("closed", 78),
    ("archived", 15),
    ("withdrawn", 3),
    ("rejected", 2),
    ("merged", 1),
    ("transferred", 1),
)
BY_STEP = {
    "accept": Status.ACCEPTED, "dispatch": Status.DISPATCHED, "sign": Status.SIGNED,
    "handle": Status.HANDLING, "hold": Status.WAITING, "send_back": Status.RETURN_REQUESTED,
    "reply": Status.REPLIED, "answer_directly": Status.ANSWERED_DIRECTLY, "review": Status.REVIEW,
    "approve": Status.CALLBACK, "close": Status.CLOSED, "reopen": Status.REOPENED,
    "archive": Status.ARCHIVED, "decline": Status.REJECTED, "withdraw": Status.WITHDRAWN,
    "merge": Status.MERGED, "transfer_out": Status.TRANSFERRED,
}  # fmt: skip
# step, its share of the whole time at most, minutes after the step before it on average
USUAL = (
    ("accept", 0.06, 25), ("dispatch", 0.06, 15), ("sign", 0.12, 70), ("handle", 0.04, 20),
)  # fmt: skip
STUCK = 0.4  # of the open ones wait for an early step
ANSWERED = ("reply", "answer_directly")


@dataclass(slots=True)
class Life:
    """One ticket from its arrival on; times are whole seconds since 1970."""

    received: int
    kind: str
    channel: str
    severity: str
    language: str
    category: str
    department: str
    person: int
    subject: str
    product: str
    place: str
    status: str = "registered"
    ended: int | None = None
    steps: list[tuple[str, int]] = field(default_factory=list)
    messages: int = 2
    desk: int = 0  # which agent of the desk, which handler of the department
    handler: int = 0
    merged_into: int | None = None  # the place of the ticket that stays
    said: int | None = None  # our first words to the customer
    score: int = 0
    first: dict[str, int] = field(default_factory=dict)  # when each step was taken first

    def at(self, *steps: str) -> int | None:
        """When one of these steps was taken, if one was; the first name counts most."""
        for step in steps:
            if step in self.first:
                return self.first[step]
        return None

    @property
    def cycle(self) -> int:
        """2 after it was reopened."""
        return 1 + ("reopen" in self.first)


def pick(chance: Random, weighed: tuple[tuple[str, int], ...]) -> str:
    """One of the names, by weight."""
    names, weights = _columns(weighed)
    return chance.choices(names, cum_weights=weights)[0]


@cache
def _columns(weighed: tuple[tuple[str, int], ...]) -> tuple[list[str], list[int]]:
    return [name for name, _weight in weighed], list(
        accumulate(weight for _name, weight in weighed)
    )


def duration(chance: Random) -> int:
    """Seconds from arrival to the end."""
    _share, median, spread = chance.choices(SPANS, [s for s, _m, _d in SPANS])[0]
    hours = median * math.exp(chance.gauss(0, spread))
    return int(min(max(hours * HOUR, 900), LONGEST))


def live(life: Life, ends: int, now: int, is_open: bool, chance: Random) -> None:
    """Fill in the steps of a life that would end at `ends`; an open one has come as far as `now`."""
    ends = _not_yet(life.received, ends, now, chance) if is_open else min(ends, now - 60)
    ends = max(ends, life.received + 1)
    steps = _whole(life, ends, chance)
    if is_open:
        reached = chance.randrange(5) if chance.random() < STUCK else len(steps)
        life.steps = [(step, at) for step, at in steps[:reached] if at <= now]
        _turn_aside(life, now, chance)
    else:
        life.steps = _ending(life, steps, ends, now, chance)
        life.ended = ends
    if life.steps:
        life.status = BY_STEP[life.steps[-1][0]]
    life.first = dict(reversed(life.steps))
    life.said = _first_words(life, now, chance)


def _not_yet(received: int, ends: int, now: int, chance: Random) -> int:
    """An end that lies ahead; half of the open ones are somewhere in the middle of their way."""
    if chance.random() < 0.5:
        ends = received + int((now - received) / chance.uniform(0.3, 0.99))
    return max(ends, now + 300)


def _whole(life: Life, ends: int, chance: Random) -> list[tuple[str, int]]:
    """Every step to a regular end."""
    whole, at = ends - life.received, life.received
    if life.kind in (Kind.ENQUIRY, Kind.PRAISE):
        accept = at + int(min(whole * 0.3, chance.expovariate(1 / (20 * 60))))
        return [
            ("accept", accept),
            ("answer_directly", accept + (ends - accept) // 2),
            ("close", ends),
        ]
    steps = []
    for step, share, minutes in USUAL:
        at += int(min(whole * share, chance.expovariate(1 / (minutes * 60))))
        steps.append((step, at))
    steps.append(("reply", max(at, life.received + int(whole * 0.8))))
    if life.kind == Kind.COMPLAINT:
        if chance.random() < 0.2:
            steps.append(("review", life.received + int(whole * 0.85)))
        steps.append(("approve", life.received + int(whole * 0.9)))
    return [*steps, ("close", ends)]


def _turn_aside(life: Life, now: int, chance: Random) -> None:
    """Some open ones wait, were sent back, or were closed and reopened."""
    last, at = life.steps[-1] if life.steps else ("", life.received)
    turn = chance.random()
    if last == "handle" and turn < 0.25:
        life.steps.append(("hold", at + (now - at) // 2))
    elif last == "handle" and turn < 0.3:
        _reopen(life, now)
    elif last in ("dispatch", "sign") and turn < 0.1:
        life.steps.append(("send_back", at + (now - at) // 2))


def _reopen(life: Life, now: int) -> None:
    at, left = life.steps[-1][1], now - life.steps[-1][1]
    names = ["reply", "approve", "close"] if life.kind == Kind.COMPLAINT else ["reply", "close"]
    steps = [(name, at + left * n // 5) for n, name in enumerate(names, 1)]
    life.steps += [*steps, ("reopen", at + left * 4 // 5)]


def _ending(
    life: Life, steps: list[tuple[str, int]], ends: int, now: int, chance: Random
) -> list[tuple[str, int]]:
    end = pick(chance, ENDS)
    if end == "archived" and now - ends > 10 * 24 * HOUR:
        return [*steps, ("archive", ends + 7 * 24 * HOUR)]
    if end == "rejected":
        return [steps[0], ("decline", ends)]
    if end == "transferred":
        return [steps[0], ("transfer_out", ends)]
    if end == "merged" and life.merged_into is not None:
        return [steps[0], ("merge", ends)]
    if end == "withdrawn":
        return [*steps[: chance.choice((1, 2)) if len(steps) > 3 else 1], ("withdraw", ends)]
    return steps


def _first_words(life: Life, now: int, chance: Random) -> int | None:
    """We say something before the answer where there are messages enough for both."""
    handled, answered = life.at("handle"), life.at(*ANSWERED)
    if handled is None or life.messages < (3 if answered else 2):
        return answered
    until = answered or min(now, handled + 4 * HOUR)
    said = handled + int(min((until - handled) * 0.5, chance.expovariate(1 / (90 * 60))))
    held = life.at("hold")
    return min(said, held) if held else said


def draw_life(received: int, chance: Random, **facts: Any) -> Life:
    """A new life with its kind, channel and severity drawn."""
    kind = pick(chance, KINDS)
    return Life(
        received=received,
        kind=kind,
        channel=pick(chance, CHANNELS),
        severity=pick(chance, SEVERITIES.get(kind, LIGHT)),
        score=chance.choices((5, 4, 3, 2, 1), (38, 34, 15, 8, 5))[0],
        **facts,
    )
