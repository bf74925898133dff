"""What the clocks cost: `python -m benchmarks.clocks [--only due ...] [--postgresql [URL]]`.

Prints one line per figure with its aim, and fails when an aim is missed. A further measurement is
one module `clocks_NAME.py` with a function measure(asked) that yields figures, and its line in
MEASURES. Databases are private and gone afterwards; without --postgresql SQLite is measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from benchmarks import clocks_alarms, clocks_due, clocks_recompute, clocks_together
from benchmarks.clocks_site import Asked, Figure
from benchmarks.report import machine

MEASURES: dict[str, Callable[[Asked], Iterable[Figure]]] = {
    "alarms": clocks_alarms.measure,
    "due": clocks_due.measure,
    "recompute": clocks_recompute.measure,
    "together": clocks_together.measure,
}


def main() -> int:
    """Measure what was asked for and print as it goes; 1 when an aim was missed."""
    given = _arguments()
    asked = Asked(postgresql=given.postgresql)
    print(f"{machine()}, {asked.profile}", flush=True)
    missed = 0
    for name in given.only or MEASURES:
        for figure in MEASURES[name](asked):
            print(figure.line, flush=True)
            missed += figure.kept is False
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=MEASURES)
    parser.add_argument("--postgresql", nargs="?", const="private", default="", metavar="URL")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
