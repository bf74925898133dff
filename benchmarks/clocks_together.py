"""Twenty thousand promises, each of a case of its own, whose step falls due at one moment.

First one timer process rings them all, then the same rows are written by bare executemany, then two
timer processes ring as many again while one of them is killed (-9) every second.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update

from benchmarks.clocks_alarms import plan, settle
from benchmarks.clocks_site import Asked, Figure
from benchmarks.faulting.nursery import killing, nursery, timers
from benchmarks.faulting.timers import timers_too
from helpdesk.clock import now
from helpdesk.core import background
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.promises.models import Escalation, Promise, Reminder
from helpdesk.promises.words import ALARM
from helpdesk.tickets.models import Ticket

COUNT = 20_000
SET = 1_000  # rows in one transaction of the bare limit
AIM = 10.0
KILLS = 5
PATIENCE = 300.0
ALONE, KILLED = 90, 91  # mark the promises of each run
AGAIN = 1_000  # what is added to a unique key where the rows are written once more


def measure(asked: Asked, count: int = COUNT) -> Iterator[Figure]:
    """One timer process, the bare limit, and two of which one is killed again and again."""
    with asked.site(tickets=count, open_=count) as app:
        settle()
        mine = plan([now()] * count, ALONE)
        yield from _alone(mine)
        yield Figure("together: the same rows by bare executemany", _bare(), "s")
        mine = plan([now()] * count, KILLED)
        with nursery(app, timers, timers_too) as family, killing(family, 1.0, KILLS):
            _wait(mine)
        yield from _steps(f"killed {family.kills} times", mine)


def _alone(mine: set[int]) -> Iterator[Figure]:
    began, cpu, theirs = time.monotonic(), time.process_time(), backends()
    while (pause := background.ring_round()) <= background.BREATH:
        time.sleep(pause)
    seconds = time.monotonic() - began
    used, theirs = time.process_time() - cpu, backends() - theirs
    yield from _steps("alone", mine)
    yield Figure("together, alone: until all are taken and told", seconds, "s", AIM, less=True)
    yield Figure("together, alone: CPU of the timer process", used * 1000 / len(mine), "ms each")
    yield Figure("together, alone: CPU of PostgreSQL", theirs * 1000 / len(mine), "ms each")


def backends() -> float:
    """Seconds of CPU that PostgreSQL's processes of this database have used; 0 on SQLite."""
    if db.engine.dialect.name == "sqlite":
        return 0.0
    mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    pids = db.session.scalars(text(f"{mine} AND backend_type = 'client backend'")).all()
    db.session.rollback()
    stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(each) for stat in stats for each in stat[11:13]) / os.sysconf("SC_CLK_TCK")


def _steps(how: str, mine: set[int]) -> Iterator[Figure]:
    """Each promise has its step once, in the chain's rows and in the journal."""
    db.session.rollback()
    noted = select(Event.data).where(Event.name == "promise.warned")
    times = Counter(data["response"] for data in db.session.scalars(noted))
    taken = set(db.session.scalars(select(Escalation.promise_id)))
    told = taken & set(times)
    twice = sum(times[each] - 1 for each in mine & set(times))
    yield Figure(f"together, {how}: steps lost", len(mine - told), "steps", 0, True)
    yield Figure(f"together, {how}: steps taken twice", twice, "steps", 0, True)


def _wait(mine: set[int]) -> None:
    """Return when none of these has its first step before it."""
    waiting = select(func.count()).where(Alarm.kind == ALARM, Alarm.due_at <= now())
    end = time.monotonic() + PATIENCE
    while db.session.scalar(waiting) and time.monotonic() < end:
        db.session.rollback()
        time.sleep(0.2)


def _bare() -> float:
    """Write what the run wrote once more, in sets: the seconds that this database needs for it."""
    by_promise = select(Promise.id, Promise.subject_id).where(Promise.part == ALONE)
    about = [{"p": row.id, "t": row.subject_id} for row in db.session.execute(by_promise)]
    added = [
        (Escalation, _copies(Escalation, Escalation.promise_id.in_(ids(ALONE)), cycle=AGAIN)),
        (Reminder, _copies(Reminder, Reminder.promise_id.in_(ids(ALONE)), cycle=AGAIN)),
        (Event, _copies(Event, Event.name == "promise.warned", seq=10_000_000)),
        (Alarm, _copies(Alarm, Alarm.subject_id.in_(ids(ALONE)), cycle=AGAIN)),
    ]
    changed: list[Any] = [
        update(Promise.__table__).where(Promise.id == bindparam("p")).values(level=51),
        update(Ticket.__table__).where(Ticket.id == bindparam("t")).values(escalation=51),
        delete(Alarm.__table__).where(Alarm.subject_id == bindparam("p"), Alarm.cycle == 1),
    ]
    began = time.monotonic()
    for start in range(0, len(about), SET):
        with db.engine.begin() as connection:
            for kind, rows in added:
                if part := rows[start : start + SET]:
                    connection.execute(insert(kind.__table__), part)
            for statement in changed:
                connection.execute(statement, about[start : start + SET])
    return time.monotonic() - began


def _copies(kind: Any, which: Any, **raised: int) -> list[dict[str, Any]]:
    """These rows with one column raised, so that they are new."""
    rows = [dict(row) for row in db.session.execute(select(kind.__table__).where(which)).mappings()]
    db.session.rollback()
    kept = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    return [row | {name: row[name] + more for name, more in raised.items()} for row in kept]


def ids(part: int) -> Any:
    """The promises of one run."""
    return select(Promise.id).where(Promise.part == part)
