"""What so many agents make of so many calls: the formulas of A. K. Erlang (1917), and with callers who give
up that of C. Palm (1946), known as Erlang A. Pure.

Calls come by chance at one rate within an interval, and each keeps an agent for a time that is exponential.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

LEAST = 1e-12  # a state that is less likely than that tells nothing any more
MOST_AGENTS = 5000


@dataclass(frozen=True)
class Demand:
    """The calls of an interval of `seconds`: how many, and the seconds for which one keeps an agent.
    `patience`: the mean seconds after which a caller gives up; None: nobody ever does."""

    calls: float
    handling: float
    seconds: float = 1800.0
    patience: float | None = None

    @property
    def load(self) -> float:
        """In erlangs: how many agents talk on average where nobody waits or gives up."""
        return self.calls * self.handling / self.seconds


@dataclass(frozen=True)
class Served:
    """Shares of all calls (0 to 1): answered within the threshold, given up. `wait`: mean seconds until
    the answer; None where the queue grows without end."""

    level: float
    wait: float | None
    lost: float = 0.0


def blocked(load: float, agents: int) -> float:
    """Erlang B: the share of calls that find all agents busy where nobody may wait."""
    share = 1.0
    for each in range(1, agents + 1):
        share = load * share / (each + load * share)
    return share


def waits(load: float, agents: int) -> float:
    """Erlang C: the share of calls that must wait, where nobody gives up."""
    if agents <= load:
        return 1.0
    share = blocked(load, agents)
    return share / (1 - load / agents * (1 - share))


def served(demand: Demand, agents: int, threshold: float) -> Served:
    """What so many agents make of it; threshold in seconds."""
    if demand.load == 0:
        return Served(1.0, 0.0)
    if agents == 0:
        return Served(0.0, None, 0.0 if demand.patience is None else 1.0)
    if demand.patience is not None:
        return _with_patience(demand, demand.patience, agents, threshold)
    if agents <= demand.load:
        return Served(0.0, None)
    waiting, spare = waits(demand.load, agents), agents - demand.load
    late = waiting * math.exp(-spare * threshold / demand.handling)
    return Served(1 - late, waiting * demand.handling / spare)


def needed(demand: Demand, target: float, threshold: float) -> int:
    """The least number of agents by which this share of the calls is answered within the threshold;
    MOST_AGENTS where not even so many are enough."""
    if demand.load == 0:
        return 0
    numbers = range(MOST_AGENTS)
    return bisect_left(numbers, target, lo=1, key=lambda n: served(demand, n, threshold).level)


def _with_patience(demand: Demand, patience: float, agents: int, threshold: float) -> Served:
    """Of a caller before whom j others wait, the wait is a sum of exponential times whose rates grow by
    1 / patience, so exp(-wait / patience) has the beta distribution (agents' rate * patience, j + 1)."""
    chances = _chances(demand, patience, agents)
    free, queued = sum(chances[:agents]), chances[agents:]
    rate = agents / demand.handling * patience
    soon = waited = 0.0
    for chance, (stays, in_time, sooner) in zip(
        queued, _waits(rate, threshold / patience), strict=False
    ):
        soon += chance * stays * in_time
        waited += chance * stays * sooner * patience
    lost = sum(j * chance for j, chance in enumerate(queued)) * demand.seconds
    lost = min(lost / patience / demand.calls, 1.0)
    return Served(free + soon, waited / (1 - lost) if lost < 1 else None, lost)


def _chances(demand: Demand, patience: float, agents: int) -> list[float]:
    """How likely it is that 0, 1, 2 ... callers are there: they balance where as many come as leave.
    In logarithms, since a large room has states of no likelihood that a float can hold."""
    comes, leaves = demand.calls / demand.seconds, 1 / demand.handling
    found = [0.0]
    for there in range(1, agents + 1):
        found.append(found[-1] + math.log(comes / (there * leaves)))
    highest = max(found)
    for j in count(1):
        leave = agents * leaves + j / patience
        found.append(found[-1] + math.log(comes / leave))
        highest = max(highest, found[-1])
        if comes < leave and found[-1] < highest + math.log(LEAST):
            break
    weights = [math.exp(each - highest) for each in found]
    whole = math.fsum(weights)
    return [each / whole for each in weights]


def _waits(rate: float, threshold: float) -> Iterator[tuple[float, float, float]]:
    """With j = 0, 1, 2 ... before: the share that stays until the answer; of those, the share that is
    answered within the threshold, and the mean wait. Times in units of the patience."""
    left = math.exp(-threshold)
    term = math.exp(-threshold * (rate + 1))  # of the finite sum of the incomplete beta function
    late = wait = 0.0
    for j in count():
        late += term
        wait += 1 / (rate + 1 + j)
        yield rate / (rate + 1 + j), max(1 - late, 0.0), wait
        term *= (rate + 1 + j) / (j + 1) * (1 - left)
