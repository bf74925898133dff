"""A day's plan for one queue, and what becomes of one half hour when agents are moved between queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import NamedTuple

from helpdesk.calls.models import PhoneQueue
from helpdesk.calls.staffing import erlang, expected
from helpdesk.calls.staffing.erlang import Demand, Served
from helpdesk.calls.staffing.expected import STEP, Habits

FEW = 0.05  # calls in a half hour: nobody is needed for so few


class Half(NamedTuple):
    """A half hour of a queue: what comes, how many agents are needed, what so many and what one fewer
    make of it; `patient`: the same where callers give up (None: unknown after how long)."""

    at: time
    demand: Demand
    agents: int
    served: Served
    fewer: Served
    patient: Served | None


def day_plan(queue: PhoneQueue, day: date, target: float, more: int) -> list[Half]:
    """The half hours of this day in which calls are expected; `more` agents than are needed."""
    habits = expected.habits(day).get(queue.code, Habits())
    found = []
    for at, calls in expected.calls(day).get(queue.code, {}).items():
        if calls >= FEW:
            found.append(_half(queue, at, Demand(calls, habits.handling), habits, target, more))
    return found


def _half(
    queue: PhoneQueue, at: time, demand: Demand, habits: Habits, target: float, more: int
) -> Half:
    agents = max(erlang.needed(demand, target, queue.threshold) + more, 1)
    impatient = Demand(demand.calls, demand.handling, demand.seconds, habits.patience)
    return Half(
        at,
        demand,
        agents,
        erlang.served(demand, agents, queue.threshold),
        erlang.served(demand, agents - 1, queue.threshold),
        erlang.served(impatient, agents, queue.threshold) if habits.patience else None,
    )


class Tried(NamedTuple):
    """A queue in one half hour with so many agents, of whom `needed` would be enough."""

    queue: PhoneQueue
    demand: Demand
    needed: int
    agents: int
    served: Served


def what_if(
    queues: Sequence[PhoneQueue], day: date, at: time, target: float, given: Mapping[str, int]
) -> list[Tried]:
    """All queues in one half hour, with the agents `given` by the queue's code, else those needed."""
    calls, habits = expected.calls(day), expected.habits(day)
    tried = []
    for queue in queues:
        coming, mine = calls.get(queue.code, {}).get(at, 0.0), habits.get(queue.code, Habits())
        demand = Demand(coming, mine.handling, STEP.total_seconds(), mine.patience)
        needed = erlang.needed(demand, target, queue.threshold)
        agents = max(given.get(queue.code, needed), 0)
        served = erlang.served(demand, agents, queue.threshold)
        tried.append(Tried(queue, demand, needed, agents, served))
    return tried
