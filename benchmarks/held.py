"""`python -m benchmarks.held [--count N] [--role all|live] [--only KIND ...]`: callers who hold connections.

Starts a private server (embedded, or a live process) on this machine, lets N callers hold a connection of
each kind, and asks /healthz twenty times meanwhile by fresh connections. The first answer, while the server
still deals with what all of them said at once, stands apart. Fails when one of the twenty took over a second.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.help import installations
from tests.help.browsers import Browser
from tests.help.holding import KINDS, health, held, open_ones, signed_in
from tests.help.servers import Server, environment, served

MOST = 1.0  # seconds for an answer
LARGE = "vendor/echarts-6.1.0/echarts.common.min.js"
SIGNED_IN = "upgrade with a sign-in"


def main(arguments: list[str]) -> int:
    """Measure; returns the exit status."""
    asked = _asked(arguments)
    with server(asked.role) as (running, cookies):
        kinds = said(running, cookies)
        print(f"| {asked.count} held | first answer ms | median ms | slowest ms | still open |")
        print("|---|---|---|---|---|")
        worst = [line(running, kind, kinds[kind], asked.count) for kind in asked.only or kinds]
    return int(max(worst) > MOST)


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.held")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--role", choices=("all", "live"), default="all")
    parser.add_argument("--only", nargs="*", choices=[*KINDS, SIGNED_IN])
    return parser.parse_args(arguments)


@contextmanager
def server(role: str) -> Iterator[tuple[Server, str]]:
    """A private server, and the cookies of a colleague who is signed in there."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-held-") as folder:
        environ = environment(Path(folder), PAGES_EACH="1000")
        installations.ready(Path(folder))
        command = [sys.executable, "-m", "gunicorn", "wsgi:app"]
        shape, log = {"HELPDESK_ROLE": role}, Path(folder) / "server.log"
        with served(command, environ | shape, log) as running:
            yield running, Browser(running, "li.na@example.com").cookies


def said(running: Server, cookies: str) -> dict[str, tuple[str, str]]:
    """What each kind of caller says at once, and then every second."""
    found = re.search(r"/static/\w+/", running.get("/").read().decode())
    assert found is not None
    large = found.group() + LARGE
    kinds = {kind: (first.replace("{large}", large), more) for kind, (first, more) in KINDS.items()}
    return kinds | {SIGNED_IN: (signed_in(cookies), "")}


def line(running: Server, kind: str, words: tuple[str, str], count: int) -> float:
    """Print one line; returns the slowest answer while they were held."""
    with held(running.url, count, *words) as sockets:
        began = time.monotonic()
        health(running.url, 1, 0)
        first = time.monotonic() - began
        times = sorted(health(running.url, 20))
        print(
            f"| {kind} | {first * 1000:.0f} | {times[10] * 1000:.0f} | {times[-1] * 1000:.0f}"
            f" | {len(open_ones(sockets))} |",
            flush=True,
        )
    time.sleep(1)
    return times[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
