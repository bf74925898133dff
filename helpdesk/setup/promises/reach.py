"""How many open cases a changed policy is about; who keeps cases registers how they are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from helpdesk.promises.policy import Terms

Counter = Callable[[Sequence[Terms]], int]
_counters: list[Counter] = []


def counts_cases(counter: Counter) -> Counter:
    """Register how many open cases these rows would promise something else: `@counts_cases`."""
    _counters.append(counter)
    return counter


def open_cases(lines: Sequence[Terms]) -> int:
    """Open cases that these rows would promise something else than the edition in force."""
    return sum(count(lines) for count in _counters)
