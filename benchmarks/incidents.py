"""Real incidents through our verbs, at their real times: `python -m benchmarks.incidents`.

Each line of two public logs becomes the moves that lead to its state; the clock stands at the line's
own moment, and alarms ring when they are due between two lines. Prints what was made and refused,
what came of the promises, and what `flask doctor` says of it. Exits 1 when anything is broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from benchmarks import incident_logs, incident_report
from benchmarks.incident_logs import Happening, Incident, meaning
from helpdesk import create_app, search, settings
from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms, options
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import HelpdeskError
from helpdesk.customers.people import Asker
from helpdesk.ops import doctor
from helpdesk.seeds.defaults import seed_defaults
from helpdesk.tickets import actions
from helpdesk.tickets.intake import Intake, open_ticket
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Ticket

DESK = Actor(kind="token", id=1, name="Replay", role=Role.SUPERVISOR, language="en")
UNITS = 8
LONGEST_HOLD = timedelta(days=89)
TO_WORK = {
    Status.REGISTERED: "accept",
    Status.ACCEPTED: "dispatch",
    Status.REOPENED: "dispatch",
    Status.DISPATCHED: "sign",
    Status.RETURN_REQUESTED: "refuse_return",
    Status.SIGNED: "handle",
    Status.WAITING: "resume",
    Status.REPLIED: "rework",
    Status.CLOSED: "reopen",
}
WITH_UNIT = (Status.DISPATCHED, Status.SIGNED, Status.HANDLING)
HOME = {  # which statuses stand for what a log says
    "queued": (Status.REGISTERED, Status.ACCEPTED, Status.DISPATCHED, Status.REOPENED),
    "working": (Status.HANDLING,),
    "waiting": (Status.WAITING,),
    "solved": (Status.REPLIED,),
    "closed": (Status.CLOSED,),
}


def next_move(status: str, goal: str) -> str | None:
    """The move that leads on from a status towards what the log says; None when it is there."""
    here = Status(status)
    if here in HOME[goal] or (goal == "queued" and here is Status.SIGNED):
        return None
    if goal == "queued":
        return {Status.HANDLING: "transfer"}.get(here) or TO_WORK.get(here)
    if goal == "waiting" and here is Status.HANDLING:
        return "hold"
    if goal in ("solved", "closed") and here is Status.HANDLING:
        return "reply"
    if goal == "closed" and here is Status.REPLIED:
        return "close"
    return TO_WORK.get(here)


class Replay:
    """Drives incidents and counts what happens."""

    def __init__(self, units: list[int]) -> None:
        self.units = units
        self.tickets: dict[tuple[str, str], int] = {}
        self.groups: dict[int, str] = {}
        self.made: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        self.unknown: Counter[str] = Counter()
        self.goals: dict[int, str] = {}

    def run(self, incidents: list[Incident]) -> datetime:
        """All lines of all incidents in the order of time; returns the moment of the last one."""
        lines = sorted(
            (
                (one.at, n, m, one)
                for n, i in enumerate(incidents)
                for m, one in enumerate(i.happenings)
            ),
            key=lambda line: line[:3],
        )
        for at, place, _line, happening in lines:
            ring_until(at)
            with moved_to(at):
                self._live(incidents[place], happening)
        return lines[-1][0] if lines else now()

    def _live(self, incident: Incident, happening: Happening) -> None:
        key = (incident.log, incident.number)
        if key not in self.tickets:
            self.tickets[key] = self._open(incident)
        ticket_id, goal = self.tickets[key], meaning(happening.state)
        if not goal:
            self.unknown[happening.state] += 1
            return
        self.goals[ticket_id] = goal
        for _ in range(8):
            if not self._step(ticket_id, goal, happening.group):
                break

    def _open(self, incident: Incident) -> int:
        channel = "phone" if incident.log == "servicenow" else "api"
        case = Intake(
            channel=channel,
            kind="request",
            subject=f"Incident {incident.number}",
            body=f"Incident {incident.number} of the log {incident.log}.",
            severity=incident.severity,
            language="en",
            external_id=f"{incident.log}-{incident.number}",
            received_at=incident.opened,
            person=Asker(name=f"Caller {incident.number}"),
        )
        self.made["open"] += 1
        return open_ticket(case, DESK).ticket.id

    def _step(self, ticket_id: int, goal: str, group: str) -> bool:
        """One move towards the goal; False when it is reached or the move was refused."""
        ticket = db.session.get_one(Ticket, ticket_id, populate_existing=True)
        code = next_move(ticket.status, goal) or self._handed_over(ticket, group)
        if code is None:
            return False
        try:
            getattr(actions, code)(ticket, by=DESK, **self._given(code, ticket, group))
        except HelpdeskError as error:
            db.session.rollback()
            self.refused[code, str(error)] += 1
            return False
        self.made[code] += 1
        return True

    def _handed_over(self, ticket: Ticket, group: str) -> str | None:
        """transfer, when the log names another group than the one that has it."""
        if not group or self.groups.get(ticket.id) == group or ticket.status not in WITH_UNIT:
            return None
        if self._unit(group) == ticket.department_id:
            self.groups[ticket.id] = group
            return None
        return "transfer"

    def _given(self, code: str, ticket: Ticket, group: str) -> dict[str, Any]:
        if code in ("dispatch", "transfer"):
            self.groups[ticket.id] = group
            unit = self._unit(group)
            if unit == ticket.department_id and code == "transfer":
                unit = self.units[(self.units.index(unit) + 1) % UNITS]
            return {"department_id": unit, "comment": "as in the log"}
        if code == "hold":
            return {"until": now() + LONGEST_HOLD, "comment": "as in the log"}
        if code == "reply":
            return {"body": "It is solved."}
        return {"comment": "as in the log"}

    def _unit(self, group: str) -> int:
        return self.units[int(group or 0) % UNITS]

    def odd_ends(self) -> Counter[str]:
        """Tickets that do not stand where the log left them, as 'waiting: handling'."""
        found: Counter[str] = Counter()
        for id_, status in db.session.execute(select(Ticket.id, Ticket.status)):
            goal = self.goals.get(id_)
            if goal and next_move(status, goal) is not None:
                found[f"{goal}: {status}"] += 1
        return found


def ring_until(moment: datetime) -> None:
    """Ring every alarm at the moment at which it is due, up to this one."""
    while (due := alarms.next_thing()) is not None and due <= moment:
        with moved_to(due):
            alarms.ring_due()


@contextmanager
def program() -> Iterator[Flask]:
    """The program on a database of its own that is thrown away."""
    with TemporaryDirectory(prefix="helpdesk-incidents-") as folder:
        app = create_app(
            settings.load(
                {
                    "HELPDESK_DATABASE_URL": f"sqlite:///{folder}/incidents.sqlite3",
                    "HELPDESK_SECRET_KEY": "k" * 40,
                    "HELPDESK_INSTANCE": folder,
                }
            )
        )
        with app.app_context():
            event.listen(db.engine, "checkout", _without_waiting)
            db.create_all()
            with db.engine.begin() as connection:
                search.create(connection)
            seed_defaults()
            yield app
            db.session.remove()
            db.engine.dispose()


def _without_waiting(connection: Any, *_rest: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # nothing of it is kept


def departments() -> list[int]:
    """Eight departments for the groups of the logs."""
    with transaction() as session:
        rows = [
            Department(code=f"group-{n}", name_zh=f"小组 {n}", name_en=f"Group {n}")
            for n in range(UNITS)
        ]
        session.add_all(rows)
        session.flush()
        options.changed()
    return [row.id for row in rows]


def main() -> int:
    """Drive, print, report."""
    asked = _arguments()
    incidents = [
        incident
        for log in ("servicenow", "volvo")
        for incident in islice(incident_logs.read(log), asked.tickets // 2)
    ]
    began = time.perf_counter()
    with program():
        replay = Replay(departments())
        last = replay.run(incidents)
        seconds = time.perf_counter() - began
        with moved_to(last + timedelta(seconds=1)):
            broken = _print(replay, seconds)
            if asked.report:
                sample = sorted(
                    random.Random(1).sample(sorted(replay.goals), min(50, len(replay.goals)))
                )
                asked.report.write_text(incident_report.text_of(sample), encoding="utf-8")
    return int(broken > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tickets", type=int, default=2000, help="half from each log")
    parser.add_argument("--report", type=Path, help="a file for 50 tickets, row by row")
    return parser.parse_args()


def _print(replay: Replay, seconds: float) -> int:
    """The figures; returns how many invariants are broken."""
    moves = sum(replay.made.values())
    print(f"tickets {len(replay.tickets)}, moves {moves} ({moves / seconds:.0f} per second)")
    for code, count in replay.made.most_common():
        print(f"  {code:<16}{count:>7}")
    print(f"refused {sum(replay.refused.values())}")
    for (code, reason), count in replay.refused.most_common():
        print(f"  {code:<16}{count:>7}  {reason}")
    print(f"lines without a meaning: {dict(replay.unknown) or 'none'}")
    print(f"not where the log left them: {dict(replay.odd_ends()) or 'none'}")
    for line in incident_report.kept_by_severity():
        print(line)
    findings = [check() for check in doctor.DATA]
    for finding in findings:
        print(finding.line)
    illegal = sum(finding.broken for finding in findings if finding.id == "I5")
    print(f"illegal states {illegal}")
    return sum(not finding.ok for finding in findings)


if __name__ == "__main__":
    sys.exit(main())
