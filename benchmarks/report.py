"""The tables of the speed benchmark: figures, aims, other programs' figures, bare limits."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from benchmarks.client import Times

# work, clients: (aim in words, limit, whether more is better)
AIMS = {
    ("open", 1): ("150 /s", 150.0, True),
    ("open", 8): ("300 /s", 300.0, True),
    ("queue page", 1): ("15 ms", 15.0, False),
    ("ticket page, 20 messages", 1): ("15 ms", 15.0, False),
    ("search page", 1): ("20 ms", 20.0, False),
    ("API search", 1): ("20 ms", 20.0, False),
    ("statistics page", 1): ("100 ms", 100.0, False),
}
MEMORY_AIM, GROWTH_AIM = 150, 1.3
# The best of three other programs, measured with the same work at 100,000 tickets on such a machine.
OTHERS = {
    ("open", 1): "28 /s (django-helpdesk)",
    ("open", 8): "54 /s (django-helpdesk)",
    ("queue page", 1): "221 ms (Roundup)",
    ("queue page", 8): "848 ms (Roundup)",
    ("ticket page, 20 messages", 1): "150 ms (django-helpdesk)",
    ("ticket page, 20 messages", 8): "684 ms (django-helpdesk)",
    ("search page", 1): "272 ms (Roundup)",
    ("search page", 8): "718 ms (Roundup)",
    ("statistics page", 1): "137 ms (RT)",
    ("API list of 50", 1): "54 ms (RT)",
    ("API list of 50", 8): "233 ms (RT)",
    ("memory at rest", 0): "86 MB (Roundup)",
}


@dataclass
class Result:
    """One measurement. `clients` 0: a figure without requests."""

    site: str
    tickets: int
    work: str
    clients: int
    times: Times = field(default_factory=Times)
    kb: float = 0.0
    statements: int = 0
    memory: float = 0.0

    @property
    def is_rate(self) -> bool:
        """Whether more is better."""
        return self.work == "open" or self.work.startswith(("bare", "outbox"))

    @property
    def figure(self) -> str:
        """The figure that the aim speaks of."""
        if self.memory:
            return f"{self.memory:.0f} MB"
        return f"{self.times.rate:.0f} /s" if self.is_rate else f"{self.times.p50:.1f} ms"

    @property
    def line(self) -> str:
        """One line for the terminal."""
        return (
            f"{self.site:<10} {self.tickets:>7,} tickets  {self.work:<30} {self.clients} clients  "
            f"{self.times.rate:>7.1f} /s  p50 {self.times.p50:>7.2f}  p95 {self.times.p95:>7.2f} ms"
        )

    @property
    def verdict(self) -> str:
        """kept or missed, '' without an aim."""
        if self.memory:
            return "kept" if self.memory <= MEMORY_AIM else "missed"
        aim = AIMS.get((self.work, self.clients))
        if aim is None:
            return ""
        kept = self.times.rate >= aim[1] if aim[2] else self.times.p50 <= aim[1]
        return "kept" if kept else "missed"


def print_report(found: list[Result], small: int, large: int) -> None:
    """Print everything as Markdown."""
    print(f"\n{date.today():%Y-%m-%d}, {machine()}\n")
    for site in dict.fromkeys(result.site for result in found):
        print(f"### {site}\n")
        print(
            "| work | clients | tickets | result | p50 / p95 ms | SQL | kB | aim | | others' best |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for result in found:
            if result.site == site:
                print(_row(result))
        print("\n" + "\n".join(_growth(found, site, small, large)) + "\n")


def _row(result: Result) -> str:
    times = result.times
    aim = AIMS.get((result.work, result.clients), ("",))[0]
    cells = [
        result.work,
        str(result.clients or ""),
        f"{result.tickets:,}",
        result.figure,
        f"{times.p50:.1f} / {times.p95:.1f}" if times.each else "",
        str(result.statements or ""),
        f"{result.kb:.0f}" if result.kb else "",
        aim if not result.memory else f"{MEMORY_AIM} MB",
        result.verdict,
        OTHERS.get((result.work, result.clients), ""),
    ]
    return "| " + " | ".join(cells) + " |"


def _growth(found: list[Result], site: str, small: int, large: int) -> list[str]:
    """How much slower each page is with many tickets."""
    medians = {
        (r.work, r.tickets): r.times.p50
        for r in found
        if r.site == site and r.clients == 1 and r.times.each
    }
    lines = [
        f"Median at {large:,} tickets against {small:,} (aim for the queue page: {GROWTH_AIM}):"
    ]
    for work, tickets in medians:
        if tickets == large and (work, small) in medians:
            lines.append(f"- {work}: {medians[work, large] / medians[work, small]:.2f}")
    return lines


def machine() -> str:
    """Cores, memory and versions of this machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{os.cpu_count()} cores, {pages / 2**30:.0f} GiB, Python {platform.python_version()}"


def milliseconds(work: Callable[[], Any]) -> float:
    """Processor time of this process while it does this."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


def loop() -> int:
    """A fixed piece of work, by which two runs can be compared."""
    return sum(len(str(n)) for n in range(20_000))
