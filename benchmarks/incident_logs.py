"""Two public incident logs as one kind of thing: a case with what happened to it, and when.

ServiceNow   one line per change of a record: state, group, times in days/months/years
Volvo        one line per change of status: status + sub-status, who, when (BPI Challenge 2013)

Both are read from gzip files that lie beside the project and are never copied into it.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
FILES = {
    "servicenow": "incident_log_servicenow/incident_event_log_dev.csv.gz",
    "volvo": "incident_log_volvo/bpic2013_incidents_dev.csv.gz",
}
SEVERITY = {"1": "S1", "2": "S2", "3": "S3", "4": "S4"}
WAITING = ("Awaiting", "Accepted+Wait")
WORKING = ("Active", "Accepted+In Progress", "Accepted+Assigned")
QUEUED = ("Queued", "New")
SOLVED = ("Resolved", "Completed+Resolved", "Completed+In Call")
CLOSED = ("Closed", "Completed+Closed")


@dataclass(frozen=True)
class Happening:
    """One line of a log: the state that the case is in from then on, and the group that has it."""

    at: datetime
    state: str
    group: str = ""


@dataclass
class Incident:
    """One case of a log, its happenings in the order of time."""

    log: str
    number: str
    severity: str
    opened: datetime
    happenings: list[Happening] = field(default_factory=list)


def meaning(state: str) -> str:
    """queued, working, waiting, solved, closed; '' for a state that means nothing to us."""
    for word, states in (
        ("waiting", WAITING),
        ("working", WORKING),
        ("queued", QUEUED),
        ("solved", SOLVED),
        ("closed", CLOSED),
    ):
        if state.startswith(states):
            return word
    return ""


def read(log: str, path: Path | None = None) -> Iterator[Incident]:
    """Every case of a log, as it comes; `path` is a .csv or .csv.gz of the same columns."""
    file = path or SHARED / FILES[log]
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="") as lines:  # type: ignore[operator]
        yield from (_service_now if log == "servicenow" else _volvo)(csv.DictReader(lines))


def _service_now(rows: Iterable[dict[str, str]]) -> Iterator[Incident]:
    for number, group in groupby(rows, key=lambda row: row["number"]):
        lines = list(group)
        severity = SEVERITY.get(lines[0]["priority"], "S3")
        incident = Incident("servicenow", number, severity, _day_first(lines[0]["opened_at"]))
        for row in lines:
            at = _day_first(row["sys_updated_at"])
            if meaning(row["incident_state"]) == "closed":
                at = max(at, _day_first(row["closed_at"]))
            happening = Happening(at, row["incident_state"], row["assignment_group"].strip("?"))
            incident.happenings.append(happening)
        yield _in_order(incident)


def _volvo(rows: Iterable[dict[str, str]]) -> Iterator[Incident]:
    for number, group in groupby(rows, key=lambda row: row["caseid"]):
        happenings = [
            Happening(datetime.fromisoformat(row["end_timestamp"]).replace(tzinfo=UTC), row["task"])
            for row in group
        ]
        first = min(one.at for one in happenings)
        yield _in_order(Incident("volvo", number, "S3", first, happenings))


def _day_first(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def _in_order(incident: Incident) -> Incident:
    """Lines sorted by time, none before the opening."""
    incident.happenings.sort(key=lambda one: one.at)
    incident.happenings = [
        Happening(max(one.at, incident.opened), one.state, one.group) for one in incident.happenings
    ]
    return incident


def moved(incident: Incident, to: datetime) -> Incident:
    """The same life, opened at another moment: all distances stay."""
    shift: timedelta = to - incident.opened
    happenings = [Happening(one.at + shift, one.state, one.group) for one in incident.happenings]
    return Incident(incident.log, incident.number, incident.severity, to, happenings)
