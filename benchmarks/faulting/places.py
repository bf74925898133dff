"""One row of the plan in a process and a database of its own.

`python -m benchmarks.faulting.places F3 sqlite --seconds 60 --rows 1000` prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from flask import Flask
from redis import Redis

from benchmarks.faulting import intake, outbox, restoring, timers, unlucky
from benchmarks.faulting.tally import Tally
from helpdesk import create_app, search, settings
from helpdesk.core.db import db
from helpdesk.seeds.defaults import seed_defaults
from tests.help import servers

ROOT = Path(__file__).parent.parent.parent
DURABLE = ("fsync=off", "synchronous_commit=on", "full_page_writes=on", "max_connections=200")


class Place:
    """The app on a fresh database, and what else a row needs."""

    def __init__(self, database: str, stack: ExitStack, seconds: float, rows: int) -> None:
        self.stack, self.seconds, self.rows = stack, seconds, rows
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        self.server = None
        url = f"sqlite:///{self.folder / 'faults.sqlite3'}"
        if database == "postgresql":
            self.server = stack.enter_context(servers.restartable(DURABLE))
            url = self.server.url
        self.app = _app(url, self.folder)

    def redis(self) -> str:
        """A private Redis."""
        return self.stack.enter_context(servers.redis())


def _app(url: str, folder: Path) -> Flask:
    known = {
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_SECRET_KEY": "a key for runs under faults only",
        "HELPDESK_INSTANCE": str(folder),
        "HELPDESK_LANGUAGE": "en",
    }
    app = create_app(settings.load(known))
    with app.app_context():
        db.create_all()
        with db.engine.begin() as connection:
            search.create(connection)
        seed_defaults()
    return app


def _stops(place: Place) -> Tally:
    url = place.redis()
    client = Redis(port=urlsplit(url).port or 0)
    return outbox.redis_stops(place.app, url, lambda: client.shutdown(nosave=True), place.rows)


def _restarts(place: Place) -> Tally:
    assert place.server is not None, "F8 needs PostgreSQL"
    every = max(1.0, place.seconds / 10)
    return intake.database_restarts(
        place.app, place.folder, place.server.restart, place.seconds, every
    )


ROWS: dict[str, Callable[[Place], Tally]] = {
    "F1": lambda p: intake.web_killed(p.app, p.folder, p.seconds, every=0.5),
    "F2": lambda p: outbox.killed(p.app, p.rows, every=0.5, kills=int(p.seconds * 2)),
    "F3": lambda p: timers.killed(p.app, p.rows, every=1.0, kills=int(p.seconds)),
    "F5": lambda p: outbox.redis_forgets(p.app, p.redis(), p.rows),
    "F6": _stops,
    "F7": lambda p: outbox.redis_is_full(p.app, p.redis(), p.rows),
    "F8": _restarts,
    "F9": lambda p: unlucky.forced(p.app, p.folder, p.seconds, p.rows),
    "F12": lambda p: timers.wrong_clocks(p.app, p.rows, skew=300 if p.seconds > 300 else 20),
    "F18": lambda p: timers.at_once(p.app, p.rows),
    "F19": lambda p: timers.after_twelve_hours(p.app, p.rows),
    "F27": lambda p: restoring.under_load(p.app, p.folder, p.rows),
}


def run(
    row: str, database: str, seconds: float, rows: int, seed: int = 1, within: float | None = None
) -> dict[str, Any]:
    """The tally of one row, run in a process of its own. Raises RuntimeError when it breaks off, and
    subprocess.TimeoutExpired when it has not ended `within` so many seconds.
    """
    command = [sys.executable, "-m", "benchmarks.faulting.places", row, database]
    sizes = ["--seconds", str(seconds), "--rows", str(rows), "--seed", str(seed)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        process = subprocess.Popen(
            [*command, *sizes], cwd=ROOT, env=kept, stdout=said, stderr=complained, text=True
        )
        try:
            failed = process.wait(within)
        finally:
            _end(process)
        lines, words = _read(said).splitlines(), _read(complained)
    if failed or not lines:
        raise RuntimeError(f"{row} on {database}: {words[-3000:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _end(process: subprocess.Popen[str]) -> None:
    """Let it end its servers and children, if it is still at work."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def main() -> None:
    """Run one row and print its tally."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("database", choices=("sqlite", "postgresql"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    random.seed(asked.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        place = Place(asked.database, stack, asked.seconds, asked.rows)
        with place.app.app_context():
            tally = ROWS[asked.row](place)
            times = {"p50": tally.share(50), "p99": tally.share(99)}
            print(json.dumps(vars(tally) | times | {"late": []}), flush=True)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main()
