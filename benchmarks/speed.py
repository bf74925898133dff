"""How fast it is beside the machine's bare limits: `python -m benchmarks.speed [--quick]`.

Measures opening, queue, ticket, search and statistics over HTTP, with 1 and with 8 clients, at 1,000
and at 100,000 tickets (20,000 open), on both profiles, and prints Markdown tables with the aims. The
servers are private and end with the run: about 15 minutes, `--quick` about 3. PostgreSQL waits for
the disk unless `--postgresql URL` names a server of your own (with the right to make databases).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from benchmarks import bare, sites
from benchmarks.cases import cases
from benchmarks.client import Call, Client, measure
from benchmarks.report import Result, print_report
from benchmarks.sites import ROOT, Site

SMALL, LARGE = 1_000, 100_000
OPENING = "/api/v1/tickets+"


@dataclass
class Plan:
    """How long, on how many tickets, with whom."""

    seconds: float = 8.0
    small: int = SMALL
    large: int = LARGE
    clients: tuple[int, ...] = (1, 8)
    seeds: Iterator[int] = field(default_factory=lambda: itertools.count(1))


def main() -> int:
    """Measure what was asked for, print as it goes, then the tables."""
    asked = _arguments()
    plan = Plan(1.5, SMALL, 20_000) if asked.quick else Plan(asked.seconds, SMALL, asked.tickets)
    found: list[Result] = []
    with ExitStack() as stack:
        if asked.only != "scaled":
            _measure_all(plan, found, lambda count: sites.embedded(count, count // 5))
        if asked.only != "embedded":
            server = asked.postgresql or stack.enter_context(sites.safe_postgresql())
            redis = asked.redis or stack.enter_context(sites.redis())
            make = lambda count: sites.scaled_out(server, redis, count, count // 5)  # noqa: E731
            _measure_all(plan, found, make)
    print_report(found, plan.small, plan.large)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="about 3 minutes, 20,000 tickets")
    parser.add_argument("--seconds", type=float, default=8.0, help="for each measurement")
    parser.add_argument("--tickets", type=int, default=LARGE)
    parser.add_argument("--only", choices=("embedded", "scaled"), default="")
    parser.add_argument("--postgresql", default=os.environ.get("BENCH_POSTGRESQL_URL", ""))
    parser.add_argument("--redis", default=os.environ.get("BENCH_REDIS_URL", ""))
    return parser.parse_args()


def _measure_all(plan: Plan, found: list[Result], make) -> None:  # type: ignore[no-untyped-def]
    """Every work at every size on one profile."""
    with make(0) as site:
        found.append(Result(site.name, 0, "memory at rest", 0, memory=_at_rest(site)))
        _opening(site, plan, 0, found)
        done = bare.outbox(site)
        _note(found, Result(site.name, 0, "outbox worked off afterwards", 0, done))
        _bare(site, plan, found)
    for size in (plan.small, plan.large):
        with make(size) as site:
            _pages(site, plan, size, found)
            if size == plan.large:
                _opening(site, plan, size, found)


def _at_rest(site: Site) -> float:
    """After each page was seen once by each worker."""
    for _ in range(8):
        client = site.browser()
        for path in ("/queue", "/statistics", "/api/v1/meta"):
            client.get(path)
        client.close()
    return site.memory()


def _bare(site: Site, plan: Plan, found: list[Result]) -> None:
    for clients in plan.clients:
        times = bare.hello(site, plan.seconds / 2, clients)
        _note(found, Result(site.name, 0, "bare: Flask says hello", clients, times))
        times = bare.inserts(site, plan.seconds / 2, clients)
        _note(found, Result(site.name, 0, "bare: the same rows inserted", clients, times))


def _opening(site: Site, plan: Plan, size: int, found: list[Result]) -> None:
    counted = _statements(site, [OPENING])
    for clients in plan.clients:
        samples = cases(next(plan.seeds))
        times = measure(site.api, map(_sending, samples), clients, plan.seconds, warm=16)
        _note(found, Result(site.name, size, "open", clients, times, statements=counted[OPENING]))


def _sending(case: dict[str, object]) -> Call:
    def call(client: Client) -> None:
        answer = client.post_json("/api/v1/tickets", case)
        if answer.status != 201:
            raise RuntimeError(f"Opening was answered with {answer.status}: {answer.text[:300]}")

    return call


def _pages(site: Site, plan: Plan, size: int, found: list[Result]) -> None:
    """Each page with 1 and with 8 clients; a page that is not there is left out."""
    works = _works(site)
    firsts = [paths[0] for paths in works.values()]
    counted = _statements(site, firsts)
    for name, paths in works.items():
        make = site.api if name.startswith("API") else site.browser
        first = make().get(paths[0])
        if first.status != 200:
            print(f"{site.name}: {name} is answered with {first.status} ({paths[0]})", flush=True)
            continue
        for clients in plan.clients:
            calls = itertools.cycle([_fetching(path) for path in paths])
            times = measure(make, calls, clients, plan.seconds, warm=2 * clients + len(paths))
            size_kb, count = len(first.body) / 1024, counted[paths[0]]
            _note(found, Result(site.name, size, name, clients, times, size_kb, count))


def _works(site: Site) -> dict[str, list[str]]:
    items = site.api().get("/api/v1/tickets?limit=50").json()["items"]
    subjects = list(dict.fromkeys(item["subject"] for item in items))[:12]
    phrases = [quote(f'"{subject}"') for subject in subjects]
    return {
        "queue page": ["/queue?view=all"],
        "ticket page, 20 messages": [f"/tickets/{site.long_talk}"],
        "search page": [f"/search?q={phrase}" for phrase in phrases],
        "statistics page": ["/statistics"],
        "API list of 50": ["/api/v1/tickets?limit=50&status=handling"],
        "API search": [f"/api/v1/tickets?limit=50&q={phrase}" for phrase in phrases],
        "API ticket, 20 messages": [f"/api/v1/tickets/{site.long_talk}"],
    }


def _fetching(path: str) -> Call:
    def call(client: Client) -> None:
        answer = client.get(path)
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered with {answer.status}: {answer.text[:300]}")

    return call


def _statements(site: Site, paths: list[str]) -> dict[str, int]:
    """SQL statements by page, counted by the program in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.statements", site.token, sites.ADMIN, *paths]
    done = subprocess.run(
        command, cwd=ROOT, env=site.environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    counted: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return counted


def _note(found: list[Result], result: Result) -> None:
    found.append(result)
    print(f"{datetime.now():%H:%M:%S}  {result.line}", flush=True)


if __name__ == "__main__":
    assert Path.cwd() == ROOT or str(ROOT) in sys.path, "Run it from the project's folder."
    sys.exit(main())
