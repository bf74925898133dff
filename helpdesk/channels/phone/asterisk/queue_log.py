"""What the exchange wrote of its queues while nobody listened: whole seconds, but nothing is missing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from helpdesk.channels.phone.asterisk.reading import line_of, numbered, shown
from helpdesk.channels.phone.asterisk.tracking import Told

MOST = 5_000_000  # bytes that are read from its end
LEFT = {"EXITWITHTIMEOUT": "timeout", "EXITWITHKEY": "timeout", "EXITEMPTY": "empty"}


class Line(NamedTuple):
    """One line: when, of which call and queue, by whom, what, and what else it says."""

    at: datetime
    call_id: str
    queue: str
    agent: str
    event: str
    more: list[str]


def read(path: str, since: datetime, until: datetime) -> list[Line]:
    """The lines of that time. Raises OSError where the file can't be read."""
    with Path(path).open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - MOST, 0))
        text = file.read().decode("utf8", "replace")
    lines = filter(None, (_line(each) for each in text.splitlines()))
    first = since.replace(microsecond=0)
    return [each for each in lines if first <= each.at <= until]


def _line(text: str) -> Line | None:
    seconds, *parts = text.split("|")
    if len(parts) < 4 or not seconds.partition(".")[0].isdecimal():
        return None
    at = datetime.fromtimestamp(float(seconds), UTC)
    return Line(at, parts[0], parts[1], parts[2], parts[3], parts[4:])


def told(
    lines: Collection[Line],
    provider: str,
    since: datetime,
    agents: Mapping[str, str],
    there: Collection[str],
) -> list[Told]:
    """What these lines say. `agents`: members' names -> lines; `there`: the calls that last. A line's
    second may have begun before `since`, but it happened after it."""
    found: list[Told] = []
    for line in lines:
        for event, more in _words(line, agents, there):
            number = numbered(event, line.call_id, "queue_log", str(line.at), line.queue)
            known = {"provider": provider, "call_id": line.call_id, "seq": number}
            known |= {"event": event, "at": max(line.at, since), **more}
            found.append({k: v for k, v in known.items() if v or k in ("from", "to")})
    return found


def _words(
    line: Line, agents: Mapping[str, str], there: Collection[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    agent = agents.get(line.agent) or agents.get(line_of(line.agent), "")
    here = {"queue": line.queue, "agent": agent}
    if line.event == "ENTERQUEUE":
        caller = shown(line.more[1] if len(line.more) > 1 else "")
        yield "ringing", {"from": caller, "to": ""}
        yield "queued", {"queue": line.queue}
    elif line.event == "CONNECT":
        yield "answered", here
    elif line.event == "ABANDON":
        yield "abandoned", {"queue": line.queue}
    elif line.event in LEFT:
        yield "left", {"queue": line.queue, "reason": LEFT[line.event]}
    elif line.event in ("COMPLETEAGENT", "COMPLETECALLER"):
        yield "wrapped", here
        if line.call_id not in there:
            yield "hungup", {}
    elif line.event in ("BLINDTRANSFER", "ATTENDEDTRANSFER"):
        yield "transferred", {"agent": agent}
