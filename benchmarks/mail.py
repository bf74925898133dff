"""How fast mail comes in: `benchmarks/mail [--mails N] [--doors smtp imap] [--databases sqlite postgresql]`.

For each door (`flask mail serve`, IMAP from a Dovecot of its own), database and number of processes:
mails per second from the first hand-over until the last row stands on an agent's screen, then the
95th percentile from "250" to the row at 240 mails a minute, and the memory of the processes that work
on mails. --only memory brings --mails of them to one process; --only parser reads the fixtures beside
the project; --only cpu says what each part of a mail's way costs. Everything is private and ends with
the run; 1 when an aim was missed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles

from benchmarks import mail_cpu, sites
from benchmarks.clocks_site import Figure
from benchmarks.mail_score import all_mails, read
from benchmarks.mail_site import Place, place
from benchmarks.report import machine
from tests.help import mailbed

FIXTURES = Path(__file__).parent.parent.parent / "shared/fixtures/email"
PER_MINUTE = 240  # at which the delay is taken: above the aim of 200
FIRST = 50  # mails after which memory is read first: everything is loaded then
SHARES = {"rate": 200 / 60, "delay": 10.0, "parser": 300.0, "growth": 20.0}


def main() -> int:
    """Measure what was asked for and print as it goes; 1 when an aim was missed."""
    given = _arguments()
    print(machine(), flush=True)
    missed = 0
    with ExitStack() as stack:
        for figure in _figures(given, stack):
            print(figure.line, flush=True)
            missed += figure.kept is False
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--only", nargs="+", choices=("parser", "ingest", "memory", "cpu"))
    parser.add_argument("--doors", nargs="+", choices=("smtp", "imap"), default=["smtp", "imap"])
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"),
                        default=["sqlite", "postgresql"])  # fmt: skip
    parser.add_argument("--workers", nargs="+", type=int, choices=(1, 2), default=[1, 2])
    given = parser.parse_args()
    given.only = given.only or ["parser", "ingest"]
    return given


def _figures(given: argparse.Namespace, stack: ExitStack) -> Iterator[Figure]:
    if "parser" in given.only:
        yield from _parser()
    if "cpu" in given.only:
        for database in given.databases:
            yield from mail_cpu.measure("private" if database == "postgresql" else "")
    if not {"ingest", "memory"} & set(given.only):
        return
    bed = _bed(stack) if "imap" in given.doors else None
    doors = [door for door in given.doors if door == "smtp" or bed is not None]
    urls = {"sqlite": ""}
    if "postgresql" in given.databases:
        urls["postgresql"] = stack.enter_context(sites.safe_postgresql())
    for database in given.databases:
        for door in doors:
            if "ingest" in given.only:
                for workers in given.workers:
                    with place(door, workers, urls[database], bed) as here:
                        yield from _ingest(
                            here, given.mails, f"{door}, {database}, {workers} at work"
                        )
            if "memory" in given.only:
                with place(door, 1, urls[database], bed) as here:
                    yield from _memory(here, given.mails, f"{door}, {database}")


def _bed(stack: ExitStack) -> mailbed.Bed | None:
    try:
        return stack.enter_context(mailbed.running())
    except mailbed.Missing as missing:
        print(f"IMAP is left out: {missing}", flush=True)
        return None


def _ingest(here: Place, mails: int, what: str) -> Iterator[Figure]:
    """All at once, then evenly."""
    began = time.monotonic()
    burst = range(mails)
    here.post.burst(burst)
    kept = max(here.post.accepted.values())
    _all_seen(here, burst)
    last = max(here.screen.seen[number] for number in burst)
    yield Figure(f"{what}: accepted", mails / (kept - began), "mails/s")
    yield Figure(f"{what}: on the screen", mails / (last - began), "mails/s", SHARES["rate"])
    evenly = range(mails, mails + min(mails, 120))
    here.post.pace(evenly, PER_MINUTE)
    _all_seen(here, evenly)
    delays = [here.screen.seen[n] - here.post.accepted[n] for n in evenly]
    late = quantiles(delays, n=20, method="inclusive")[-1]
    yield Figure(f"{what}: 250 to row, p95", late, "s", SHARES["delay"], less=True)
    yield Figure(f"{what}: memory", here.memory(), "MB")


def _memory(here: Place, mails: int, what: str) -> Iterator[Figure]:
    first = range(min(FIRST, mails))
    here.post.burst(first)
    _all_seen(here, first)
    before = here.memory()
    rest = range(len(first), mails)
    here.post.burst(rest)
    _all_seen(here, rest)
    after = here.memory()
    yield Figure(f"{what}: memory after {len(first)} mails", before, "MB")
    yield Figure(f"{what}: memory after {mails} mails", after, "MB")
    growth = 100 * (after - before) / before
    yield Figure(f"{what}: growth", growth, "%", SHARES["growth"], less=True)


def _all_seen(here: Place, numbers: range) -> None:
    """Raises RuntimeError when a mail never comes onto the screen: it would be lost."""
    if not here.screen.wait(numbers, within=120 + len(numbers)):
        missing = [number for number in numbers if number not in here.screen.seen]
        raise RuntimeError(f"{len(missing)} of {len(numbers)} never came: {missing[:5]}")


def _parser() -> Iterator[Figure]:
    """CPU time, so that other work on the machine hardly shows; the best of three."""
    if not FIXTURES.exists():
        print("The parser is left out: there are no fixtures beside the project.", flush=True)
        return
    paths = all_mails(FIXTURES)
    for path in paths:
        read(path)  # what is loaded late is loaded now
    best = min(_seconds(paths) for _round in range(3))
    yield Figure("parser, all fixtures, one core", len(paths) / best, "mails/s", SHARES["parser"])


def _seconds(paths: list[Path]) -> float:
    began = time.process_time()
    for path in paths:
        read(path)
    return time.process_time() - began


if __name__ == "__main__":
    raise SystemExit(main())
