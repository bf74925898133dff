"""What a check tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Executable

from helpdesk.core.db import db

SHOWN = 5
Broken = Iterable[object] | Executable  # what breaks a promise, or the query that finds it


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


@dataclass(frozen=True)
class Check:
    """A promise that is looked at when it is called; `ask` gives everything that breaks it."""

    id: str
    promise: str
    notable: bool
    ask: Callable[[], Broken]

    def __call__(self) -> Finding:
        """What breaks the promise is counted, and only five of it are kept."""
        found = self.ask()
        rest = iter(db.session.scalars(found) if isinstance(found, Executable) else found)
        shown = [str(thing) for thing in islice(rest, SHOWN)]
        broken = len(shown) + sum(1 for _ in rest)
        return Finding(self.id, self.promise, broken, tuple(shown), self.notable)


def check(
    id: str, promise: str, *, notable: bool = False
) -> Callable[[Callable[[], Broken]], Check]:
    """Make a check of the function below: it gives everything that breaks the promise."""
    return partial(Check, id, promise, notable)
