"""What a call is folded into: the rows of its tables as plain values, and how each of them moves. Pure.

Rows are named by the number (seq) of the event that began them, and by the names of their columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk.calls.words import State, StayState


@dataclass
class Whole:
    """The call itself, by the names of its columns."""

    direction: str = "in"
    state: str = State.RINGING
    caller: str = ""
    called: str = ""
    number: str = ""
    named: bool = False
    topic: str = ""
    consent: bool | None = None
    language: str = ""
    about: str = ""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""


@dataclass
class Stayed:
    """A stay in a queue."""

    seq: int
    queue: str
    joined_at: datetime
    state: str = StayState.WAITING
    ended_at: datetime | None = None
    waited: float | None = None
    agent_id: int | None = None
    reason: str = ""

    def end(self, state: StayState, at: datetime, reason: str = "") -> None:
        """The waiting is over; a later word moves it only forward."""
        if RANK[state] > RANK[self.state]:
            self.state, self.ended_at, self.reason = state, at, reason
            self.waited = max((at - self.joined_at).total_seconds(), 0.0)


RANK: dict[str, int] = {state: place for place, state in enumerate(StayState)}


@dataclass
class Rang:
    """A telephone that rang."""

    seq: int
    agent_id: int | None
    queue: str
    offered_at: datetime
    state: str = "ringing"
    ended_at: datetime | None = None
    reason: str = ""

    def end(self, state: str, at: datetime, reason: str = "") -> None:
        """It rings no more."""
        self.state, self.ended_at, self.reason = state, at, reason


@dataclass
class Talked:
    """A talk of one agent."""

    seq: int
    agent_id: int | None
    queue: str
    began_at: datetime
    ended_at: datetime | None = None
    held: float = 0.0
    held_at: datetime | None = None
    transferred: bool = False
    wrapped_at: datetime | None = None
    score: int | None = None

    def hold(self, at: datetime) -> None:
        """On hold from now."""
        self.held_at = self.held_at or at

    def resume(self, at: datetime) -> None:
        """No longer; a word too many is none."""
        if self.held_at:
            self.held += (at - self.held_at).total_seconds()
            self.held_at = None

    def end(self, at: datetime, transferred: bool = False) -> None:
        """The talk is over, whatever is left of it to be written down."""
        self.resume(at)
        self.ended_at, self.transferred = at, transferred


@dataclass
class Recorded:
    """A recording that is to be had."""

    seq: int
    agent_id: int | None
    queue: str
    url: str
    at: datetime
    voicemail: bool = False


@dataclass
class Folded:
    """A call and all that hangs on it."""

    call: Whole = field(default_factory=Whole)
    stays: list[Stayed] = field(default_factory=list)
    legs: list[Rang] = field(default_factory=list)
    talks: list[Talked] = field(default_factory=list)
    recordings: list[Recorded] = field(default_factory=list)

    @property
    def waiting(self) -> Stayed | None:
        """The stay in which the caller waits now."""
        last = self.stays[-1] if self.stays else None
        return last if last and last.state == StayState.WAITING else None

    def talking(self, agent_id: int | None = None) -> Talked | None:
        """The agent's talk that lasts, or the newest that does."""
        lasting = [each for each in reversed(self.talks) if each.ended_at is None]
        mine = [each for each in lasting if agent_id in (None, each.agent_id)]
        return next(iter(mine), None)

    def ringing(self, agent_id: int | None) -> Rang | None:
        """The telephone of this agent that rings now."""
        rings = (each for each in reversed(self.legs) if each.ended_at is None)
        return next((each for each in rings if each.agent_id == agent_id), None)


def values(row: Any) -> dict[str, Any]:
    """A part of what was folded, by the names of its columns."""
    return dict(vars(row))
