"""Whose turn it is in a queue, and who may take the call: the one home of these rules. Pure.

Waiting counts more for a customer of a higher level, so nobody waits for ever: when a VIP is answered, who
waits has waited at most `most_times` as long. Who is asked widens with the waiting, by STEPS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.agents.skills import lacking
from helpdesk.clock import WorkCalendar, opens_at
from helpdesk.words import LEVELS

STEPS = (0, 20, 40)  # seconds of waiting after which further colleagues are asked
FIRST = 15  # seconds for which it rings first at the agent of the caller's open case
HOURS, EMERGENCY, OFF = "hours", "emergency", "off"  # why a queue is closed


@dataclass(frozen=True)
class Claim:
    """What a caller brings: how much a second of their waiting counts, the extension that is to ring
    first, and the skills that are wanted, the most needed first."""

    weight: float = 1.0
    first: str = ""
    wanted: tuple[str, ...] = ()

    def counts(self, waited: float) -> float:
        """What so many seconds of waiting count: the caller with the most is next."""
        return waited * self.weight

    def penalty(self, skills: Collection[str]) -> int:
        """At which step somebody with these skills is asked: 0 is at once."""
        return penalty(skills, self.wanted)


def weight(level: str, most_times: int) -> float:
    """How much a second counts for a customer of this level: from 1 to `most_times` for the highest."""
    levels = list(LEVELS)
    place = levels.index(level) if level in levels else 0
    return float(most_times ** (place / (len(levels) - 1)))


def penalty(skills: Collection[str], wanted: Sequence[str]) -> int:
    """At which step somebody with these skills is asked, as telephone systems call it."""
    return min(lacking(skills, wanted), len(STEPS) - 1)


def step(waited: float, penalties: Iterable[int]) -> int:
    """The highest penalty that is asked after so many seconds; a step that nobody has is passed at
    once. `penalties`: of those who are there."""
    return max(sum(waited >= each for each in STEPS) - 1, min(penalties, default=0))


def wanted(asked: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """Those of the skills that somebody has at all, each once: what nobody can is not waited for."""
    return tuple(each for each in dict.fromkeys(asked) if each in known)


@dataclass(frozen=True)
class Closed:
    """Why a queue takes no calls, and until when, where that is known."""

    why: str
    until: datetime | None = None


def closed(
    at: datetime, active: bool, closed_until: datetime | None, calendar: WorkCalendar | None
) -> Closed | None:
    """Why a queue takes no calls at this moment; None where it does. It opens by itself."""
    if not active:
        return Closed(OFF)
    by_hand = closed_until if closed_until and closed_until > at else None
    begins = opens_at(by_hand or at, calendar) if calendar else by_hand or at
    if by_hand:
        return Closed(EMERGENCY, begins)
    return Closed(HOURS, begins) if begins > at else None
