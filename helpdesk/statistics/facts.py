"""What one case adds to the kept sums. Pure: what it tells goes in, numbers come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpdesk.promises.verdicts import RANKS
from helpdesk.statistics.measures import promises_of

STEPS, SECONDS = "steps", "seconds"  # sums of times: by what took them, then by the second
DAY, MONTH = "d", "m"
LEVELS = {DAY: 10, MONTH: 7}  # so much of a date names the span
MOMENT = ("", "")  # the span of what holds now
KEPT = (RANKS["on_time"], RANKS["late"])
Span = tuple[str, str]
Key = tuple[str, str, str, str, str]  # that of a row of the sums: by, key, level, first, last
Row = Sequence[Any]  # promise, day on which it fell due ('' not yet), rank, seconds taken
Numbers = dict[Span, Counter[str]]


def rows(told: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, int]]]:
    """Which numbers a case adds to which rows of the sums."""
    for level in LEVELS:
        for span, numbers in added(told, level).items():
            plain = {name: number for name, number in numbers.items() if "@" not in name}
            for by, key in {"": "", **told["groups"]}.items():
                yield (by, key, level, *span), plain
            for name in numbers.keys() - plain.keys():
                code, _at, taken = name.partition("@")
                step = step_of(int(taken))
                yield (STEPS, code, level, *span), {str(step): numbers[name]}
                yield (SECONDS, f"{code} {step}", level, *span), {taken: numbers[name]}


def added(told: Mapping[str, Any], level: str) -> Numbers:
    """The numbers that a case adds to each day (or month, by its first day).

    A promise with several rounds counts once in a stretch of time, by the worst round in it. So
    beside what each day has of it alone there is what two days have together: for a case that was
    late on Monday and on Friday, one fewer in all stretches that hold both.
    """
    found: Numbers = defaultdict(Counter)
    if not told:
        return found
    came = cut(told["received"], level)
    found[came, came].update(told["marks"])
    if told["closed"]:
        gone = cut(told["closed"], level)
        found[gone, gone]["closed.closed"] += 1
    if level == DAY:
        found[MOMENT].update(told["now"])
    of_received = promises_of("kept")
    promises = defaultdict(list)
    for row in told["rows"]:
        promises[row[0]].append(row)
    for promise, rows in promises.items():
        if promise in of_received:
            found[came, came].update(_judged(f"received:{promise}", rows))
        for span, numbers in _rounds(f"due:{promise}", rows, level):
            found[span].update(numbers)
    return found


def cut(day: str, level: str) -> str:
    """The day itself, or the first one of its month."""
    return (day[: LEVELS[level]] + "-01")[:10]


def _rounds(code: str, rows: Sequence[Row], level: str) -> Iterator[tuple[Span, Mapping[str, int]]]:
    by_day: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row[1]:
            by_day[cut(row[1], level)].append(row)
    days = sorted(by_day)
    if len(days) == 1:  # nearly always
        yield (days[0], days[0]), _judged(code, by_day[days[0]])
        return
    for i, first in enumerate(days):
        for j in range(i, len(days)):
            numbers: Counter[str] = Counter()
            for begin, end, sign in ((i, j, 1), (i + 1, j, -1), (i, j - 1, -1), (i + 1, j - 1, 1)):
                within = [row for day in days[begin : end + 1] for row in by_day[day]]
                add(numbers, _judged(code, within), sign)
            yield (first, days[j]), numbers


def _judged(code: str, rows: Sequence[Row]) -> dict[str, int]:
    """These rows as one: the worst rank, the time of all; code@seconds is the time itself."""
    rank = max((row[2] for row in rows), default=0)
    if not rank:
        return {}
    times = [row[3] for row in rows if row[3] is not None]
    if rank not in KEPT or not times:
        return {f"{code}:{rank}": 1}
    taken = sum(times)
    return {f"{code}:{rank}": 1, f"{code}:taken": taken, f"{code}:timed": 1, f"{code}@{taken}": 1}


def add(numbers: Counter[str], more: Mapping[str, int], sign: int = 1) -> None:
    """Add `more` to the numbers, or with -1 take it away; what becomes nothing is dropped."""
    for name, number in more.items():
        if total := numbers.get(name, 0) + sign * number:
            numbers[name] = total
        else:
            numbers.pop(name, None)


def step_of(taken: int) -> int:
    """The least time of the same length that begins with the same two digits: 3,640 s are of 3,600."""
    wide: int = 10 ** max(len(str(taken)) - 2, 0)
    return taken // wide * wide
