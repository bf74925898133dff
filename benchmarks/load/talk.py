"""The order of a conversation: who speaks when. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.load.lives import ANSWERED, Life


def talk_of(life: Life, now: int) -> Iterable[tuple[str, int]]:
    """(kind, when) of each message: the case, our first words, the answer, and talk between."""
    answered = life.at(*ANSWERED)
    fixed = [("customer", life.received)]
    ours = {at for at in (life.said, answered) if at is not None}
    fixed += [("staff", at) for at in sorted(ours)]
    last = life.ended or now
    more = max(0, life.messages - len(fixed))
    step = max(1, (last - life.received) // (more + 1))
    between = [_between(life, n, life.received + step * (n + 1)) for n in range(more)]
    return sorted([*fixed, *between], key=lambda each: each[1])


def _between(life: Life, number: int, at: int) -> tuple[str, int]:
    """A note, the customer's words, ours in turn; but ours never before our first words."""
    kind = ("note", "customer", "staff")[number % 3]
    too_early = life.said is None or at < life.said
    return ("note" if kind == "staff" and too_early else kind), at
