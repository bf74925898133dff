"""Three weeks of real calls through POST /calls/events: `benchmarks/calls [--database URL] [--days N]`;
`benchmarks/calls year` and `pop`: see calls_year.py and calls_pop.py.

Counts, waits, service level and missed-call cases of each day are compared with a recount from the log
(benchmarks/calls_recount.py). Prints the events that one worker takes in a second; exits 1 when anything
differs. Times are moved so that the log ends a day ago.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from benchmarks import calls_pop, calls_year, real, sites
from benchmarks.calls_recount import Logged, by_day, missed_cases, read
from helpdesk import create_app, settings
from helpdesk.agents import tokens
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.agents.scopes import MOST_CALLS, Bounds
from helpdesk.calls import figures
from helpdesk.calls.models import Call, CallEvent, Interaction, Stay
from helpdesk.core.db import db, transaction
from helpdesk.core.migrating import upgrade
from helpdesk.seeds.defaults import seed_defaults

LOG = Path("data/calls_anonymous_bank/calls_1999-02-01_21.csv.gz")
LAST = datetime(1999, 2, 22)
BURST = datetime(1999, 2, 3)  # a day whose worst hour had 494 calls, 418 of them hung up


def main() -> int:
    """Send everything, compare everything, print the table."""
    asked = _arguments()
    if asked.what == "year":
        with ExitStack() as stack, _app(asked.database, stack).app_context() as context:
            return calls_year.measure(context.app, asked.days or 365, asked.a_day)
    if asked.what == "pop":
        return calls_pop.measure(asked.agents, asked.calls)
    log = asked.material / LOG
    if not log.exists():
        print(f"The real calls are not in {log}, so nothing was sent.")
        return 2
    later = datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    later -= timedelta(days=1)
    calls = list(read(log, later - LAST))
    if asked.days:
        first = BURST + (later - LAST)
        calls = [c for c in calls if first <= c.began < first + timedelta(days=asked.days)]
    with ExitStack() as stack:
        app = stack.enter_context(_app(asked.database, stack).app_context()).app
        events = sorted((each for call in calls for each in said(call)), key=lambda e: e["at"])
        _people(calls)
        rate, of_cpu = _send(app, events, asked.at_once)
        print(f"{len(calls)} calls, {len(events)} events in sets of {asked.at_once}:")
        print(f"{rate:.0f} events a second, {of_cpu:.0f} a second of the processor")
        return _report(calls)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", nargs="?", default="replay", choices=("replay", "year", "pop"))
    parser.add_argument("--a-day", type=int, default=1000, help="calls a day of the year")
    parser.add_argument("--agents", type=int, default=200, help="with their pages open, for pop")
    parser.add_argument("--calls", type=int, default=200, help="that ring, for pop")
    parser.add_argument("--database", default="", help="a PostgreSQL server, e.g. postgresql://...")
    parser.add_argument("--material", type=Path, default=real.SHARED, help="where it lies")
    parser.add_argument("--days", type=int, default=0, help="only so many, from the worst one on")
    parser.add_argument("--at-once", type=int, default=20, help="events of one request")
    return parser.parse_args()


def _app(server: str, stack: ExitStack) -> Flask:
    """The program in this process, on a fresh database."""
    folder = Path(tempfile.mkdtemp(prefix="calls-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    environ = {"HELPDESK_INSTANCE": str(folder), "HELPDESK_SECRET_KEY": "k" * 40}
    if server:
        environ["HELPDESK_DATABASE_URL"] = stack.enter_context(sites.database(server))
    app = create_app(settings.load(environ))
    with app.app_context():
        upgrade()
        seed_defaults()
        db.session.remove()
    return app


def _people(calls: Sequence[Logged]) -> None:
    names = sorted({call.agent for call in calls} - {""})
    with transaction() as session:
        session.add_all(Agent(email=_mail(name), name=name) for name in names)


def _mail(agent: str) -> str:
    return f"{agent.lower()}@bank.example"


def said(call: Logged) -> Iterator[dict[str, Any]]:
    """The call as a telephone system tells of it."""
    number = f"+97236{call.customer[1:]:0>6}" if call.customer else "anonymous"
    steps: list[tuple[str, datetime, dict[str, Any]]] = [
        ("ringing", call.began, {"from": number, "to": "+97235550000"})
    ]
    if call.stays:
        done = call.joined_at + timedelta(seconds=call.waited)
        agent = {"agent": _mail(call.agent)} if call.agent else {}
        steps.append(("queued", call.joined_at, {"queue": call.queue}))
        steps.append(
            ("answered", done, agent) if call.outcome == "AGENT" else ("abandoned", done, {})
        )
    steps.append(("hungup", call.ended, {}))
    for seq, (event, at, more) in enumerate(steps):
        known = {"provider": "bank", "call_id": call.name, "seq": seq, "event": event}
        yield known | more | {"at": at.replace(tzinfo=UTC).isoformat()}


def _send(app: Flask, events: Sequence[dict[str, Any]], size: int) -> tuple[float, float]:
    """All through the door, from one hand; gives events a second, and a second of the processor."""
    _row, text = tokens.add(
        "pbx", "agent", SYSTEM, bounds=Bounds(scopes=("calls",), rate=MOST_CALLS)
    )
    client, headers = app.test_client(), {"Authorization": f"Bearer {text}"}
    began, used = time.perf_counter(), time.process_time()
    for at in range(0, len(events), size):
        answer = client.post("/api/v1/calls/events", json=events[at : at + size], headers=headers)
        assert answer.status_code == 200, answer.text
    count, took = len(events), time.perf_counter() - began
    return count / took, count / (time.process_time() - used)


def _report(calls: list[Logged]) -> int:
    """The days as the program has them beside those of the log, and how many figures differ."""
    wanted, days = by_day(calls), _days(calls)
    names = ("calls", "offered", "answered", "in time", "abandoned", "short")
    names += ("wait of answered", "wait of abandoned")
    differing = 0
    print("day         " + " ".join(f"{name:>17}" for name in names) + "   service level")
    for day in sorted(wanted):
        told, counted = days[day], wanted[day]
        differing += sum(told[name] != counted[name] for name in names)
        served = counted["answered"] + counted["abandoned"] - counted["short"]
        level = f"{counted['in time'] / served:.1%}" if served else "no calls"
        print(f"{day}  " + " ".join(f"{told[name]:>17}" for name in names) + f"   {level:>13}")
    _queues(calls)
    cases = db.session.scalar(select(func.count()).where(Stay.opened)) or 0
    differing += cases != missed_cases(calls)
    print(f"missed-call cases: {cases}, of the log: {missed_cases(calls)}")
    without = select(func.count()).where(Interaction.ticket_id.is_(None))
    kept = db.session.scalar(select(func.count()).select_from(CallEvent))
    print(f"talks without a case: {db.session.scalar(without)}, events kept: {kept}")
    print(f"figures that differ: {differing}")
    return 1 if differing or db.session.scalar(without) else 0


def _queues(calls: Sequence[Logged]) -> None:
    """Each queue by every measure, over all days."""
    since = min(call.began for call in calls).replace(tzinfo=UTC)
    measures = [each for each in figures.DEFINITIONS if each.endswith(("level", "rate"))]
    print("queue       " + " ".join(f"{name:>17}" for name in (*measures, "asa", "given up after")))
    for code, told in sorted(figures.by_queue(since, since + timedelta(days=30)).items()):
        shares = (told.service_level, told.strict_level, told.lenient_level, told.abandon_rate)
        shown = ["no calls" if each is None else f"{each:.1%}" for each in shares]
        waits = [f"{each or 0:.1f} s" for each in (told.asa, told.time_to_abandon)]
        print(f"{code:<12}" + " ".join(f"{each:>17}" for each in (*shown, *waits)))
    print(f"still waiting: {figures.now_waiting() or 'nobody'}")


def _days(calls: Sequence[Logged]) -> dict[str, Counter[str]]:
    """What the program counts, by day."""
    since = min(call.began for call in calls).replace(hour=0, minute=0, second=0, tzinfo=UTC)
    until, day = since + timedelta(days=30), timedelta(days=1)
    found: dict[str, Counter[str]] = {}
    for at in (since + number * day for number in range(30)):
        in_day = (Call.started_at >= at, Call.started_at < at + day)
        count = db.session.scalar(select(func.count()).where(*in_day)) or 0
        found[f"{at:%Y-%m-%d}"] = Counter(calls=count)
    for (_queue, at), told in figures.by_interval(since, until, day).items():
        found[f"{at:%Y-%m-%d}"] += Counter(
            {
                "offered": told.offered,
                "answered": told.answered,
                "in time": told.in_time,
                "abandoned": told.abandoned,
                "short": told.short,
                "wait of answered": round(told.answered_wait),
                "wait of abandoned": round(told.abandoned_wait),
            }
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
