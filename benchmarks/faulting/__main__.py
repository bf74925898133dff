"""Faults under load, row by row of the plan: `python -m benchmarks.faulting [--rows 1000] [F1 F3]`.

Each row runs on SQLite and on a private PostgreSQL, in a process of its own. Exits 1 when anything
accepted was lost or doubled, a promise of the data (`flask doctor`) is broken, or a row was not run to
its end within --minutes: a whole run takes no longer than that, whatever happens in it.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.faulting.places import ROWS, run

HEAD = ("row", "database", "kills", "accepted", "lost", "doubled", "p50 s", "p99 s", "broken")
SERVERS_ONLY = ("F8", "F9")


def main() -> int:
    """Run what is asked for and print a table."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it started ends with it
    print("| " + " | ".join(HEAD) + " | |\n" + "|---" * (len(HEAD) + 1) + "|", flush=True)
    began, sound, cut = time.monotonic(), True, list[str]()
    for row, database, seed in _runs(asked):
        left = asked.minutes * 60 - (time.monotonic() - began)
        try:
            sound &= _show(run(row, database, asked.seconds, asked.rows, seed, max(left, 0)))
        except subprocess.TimeoutExpired:
            cut.append(f"{row} on {database}")
    print(f"\n{(time.monotonic() - began) / 60:.1f} of {asked.minutes:g} minutes")
    if cut:
        print("Not run to the end: " + ", ".join(cut))
    return 0 if sound and not cut else 1


def _runs(asked: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    """Every row with every database that it is about."""
    for row in asked.ids or ROWS:
        for database in asked.database:
            if database == "postgresql" or row not in SERVERS_ONLY:
                yield from ((row, database, seed) for seed in range(1, asked.seeds + 1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("ids", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; else all")
    parser.add_argument("--seconds", type=float, default=60, help="of load, for rows that last")
    parser.add_argument(
        "--rows", type=int, default=1000, help="mails or steps, for rows that count"
    )
    parser.add_argument("--minutes", type=float, default=60, help="for the whole run, at most")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each row")
    both = ("sqlite", "postgresql")
    parser.add_argument("--database", action="append", choices=both, help="else both")
    asked = parser.parse_args()
    asked.database = asked.database or both
    return asked


def _show(found: dict[str, Any]) -> bool:
    numbers = [found[name] for name in ("row", "database", "kills", "accepted", "lost", "doubled")]
    times = [f"{found['p50']:.1f}", f"{found['p99']:.1f}"]
    cells = [*numbers, *times, len(found["broken"]), found["note"]]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    for line in found["broken"]:
        print(line, file=sys.stderr)
    return not (found["lost"] or found["doubled"] or found["broken"])


if __name__ == "__main__":
    sys.exit(main())
