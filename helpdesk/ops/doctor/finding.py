"""What a check tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One promise, and how often it is broken. `notable` only wants to be known: it breaks nothing.

    `id` is that of the invariant (I1 to I9), or a word for what is checked.
    """

    id: str
    promise: str
    broken: int = 0
    examples: Sequence[str] = ()
    notable: bool = False

    @property
    def ok(self) -> bool:
        """Whether the promise holds."""
        return self.notable or not self.broken

    @property
    def state(self) -> str:
        """ok, note or BROKEN."""
        return "BROKEN" if not self.ok else "note" if self.broken else "ok"

    @property
    def name(self) -> str:
        """The finding by id and sentence."""
        return f"{self.id} {self.promise}"

    @property
    def line(self) -> str:
        """The finding as one line of the report."""
        which = f" ({', '.join(self.examples)})" if self.broken and self.examples else ""
        return f"{self.state:<7}{self.broken:>6}  {self.id:<12} {self.promise}{which}"

    def as_data(self) -> dict[str, Any]:
        """The finding for machines."""
        return {
            "id": self.id,
            "promise": self.promise,
            "state": self.state.lower(),
            "broken": self.broken,
            "examples": list(self.examples),
        }


def found(id: str, promise: str, broken: Iterable[object], *, notable: bool = False) -> Finding:
    """A finding from everything that breaks the promise; it is counted, and only five are kept."""
    rest = iter(broken)
    shown = [str(thing) for thing in islice(rest, SHOWN)]
    return Finding(id, promise, len(shown) + sum(1 for _ in rest), tuple(shown), notable)
