"""Due times against an independent judge: `python -m benchmarks.oracle [--count 100000] [--seed 1]`.

Prints how many promises were compared and by how much they differ in all; fails unless it is 0 s.
The development packages are needed: a second source of Chinese workdays stands behind the judge.
"""

from __future__ import annotations

import argparse
from collections import Counter
from time import perf_counter

from tests.help.clock_cases import cases, difference


def main() -> int:
    """Compare and print; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began, seconds, wrong = perf_counter(), 0, 0
    zones: Counter[str] = Counter()
    for case in cases(asked.count, asked.seed):
        apart = difference(case)
        zones[case.calendar.zone] += 1
        if apart:
            wrong, seconds = wrong + 1, seconds + apart
            print(f"differs by {apart} s: {case}", flush=True)
    print(", ".join(f"{zone} {count:,}" for zone, count in zones.most_common()))
    print(
        f"{asked.count:,} promises compared in {perf_counter() - began:.0f} s (seed {asked.seed}): "
        f"{wrong} differ, difference {seconds} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
