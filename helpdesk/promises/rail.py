"""The rail: one mark for each promise that counts now, plain values for any template or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import NamedTuple

from helpdesk.clock import Limit, now, share_used
from helpdesk.core.i18n import duration, gettext, language, when
from helpdesk.promises.dues import Clock, Left, clock, left, promised
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.timing import pauses_of
from helpdesk.promises.words import AT_RISK, PROMISE_NAMES, STATE_NAMES, TICKING


class Mark(NamedTuple):
    """One mark of the promise rail. state: met, late, running, risk, breached, paused, pending,
    none (a window that is over).
    """

    promise: str
    label: str
    state: str
    share: float
    title: str
    word: str  # the state in one word
    due_at: datetime | None
    met_at: datetime | None
    left: Left | None = None
    limit: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a clock runs towards its due time, or beyond it."""
        return self.due_at is not None and self.state in TICKING

    @property
    def drawn(self) -> Mark:
        """The mark without what changes from second to second: what the rail draws."""
        return self if self.left is None else self._replace(left=None)

    @property
    def text(self) -> str:
        """The state in few words: what stands under the mark in the full rail."""
        if self.met_at is not None:
            late = self.state == "late"
            return gettext("%(at)s, late", at=when(self.met_at)) if late else when(self.met_at)
        due = self.due
        return due.words if due else self.title.removeprefix(f"{self.label}: ")

    @property
    def promised(self) -> str:
        """The promise as a sentence for the customer."""
        return promised(self.due_at, self.limit) if self.due_at else ""

    @property
    def short(self) -> str:
        """The same without the reason why a clock stands still, which its title tells."""
        due = self.due
        return due._replace(why="").words if due else self.text

    @property
    def due(self) -> Clock | None:
        """The clock of this mark while it runs."""
        if not self.is_open or self.due_at is None:
            return None
        return clock(self.due_at, self.state, self.left)


class Words(NamedTuple):
    """What the marks of every rail say in one language, looked up once and for all."""

    labels: dict[str, str]
    states: dict[str, str]
    still: dict[tuple[str, str], str]  # the titles of marks that name no time

    @classmethod
    @cache
    def of(cls, _language: str) -> Words:
        """The words of the language in force, which is `_language`."""
        labels = {code: gettext(name) for code, name in PROMISE_NAMES.items()}
        states = {code: gettext(name) for code, name in STATE_NAMES.items()}
        still = {
            (code, state): f"{label}: {gettext(STATE_NAMES[state])}"
            for code, label in labels.items()
            for state in ("paused", "pending")
        }
        return cls(labels, states, still)


def marks(
    rows: Iterable[Promise], snapshot: Snapshot, moment: datetime | None = None
) -> list[Mark]:
    """The rail: one mark per promise that counts now."""
    moment, words = moment or now(), Words.of(language())
    return [_mark(row, snapshot, moment, words) for row in rows]


def _mark(row: Promise, snapshot: Snapshot, moment: datetime, words: Words) -> Mark:
    state, share = state_of(row, snapshot, moment)
    label = words.labels[row.promise]
    return Mark(
        row.promise,
        label,
        state,
        share,
        words.still.get((row.promise, state)) or f"{label}: {_words(row, state, moment)}",
        words.states[state],
        row.due_at,
        row.met_at,
        left_of(row, snapshot, moment) if state in ("running", "risk") else None,
        row.limit,
    )


def left_of(row: Promise, snapshot: Snapshot, moment: datetime) -> Left | None:
    """What remains of the row's time in its own measure; None when it is over."""
    if row.due_at is None or row.due_at <= moment:
        return None
    return left(row.due_at, Limit.parse(row.limit), snapshot.calendars[row.calendar], moment)


def clock_of(row: Promise, snapshot: Snapshot, moment: datetime) -> Clock | None:
    """The due time of a row whose clock runs, as pages show it."""
    if row.due_at is None:
        return None
    state, _share = state_of(row, snapshot, moment)
    return clock(row.due_at, state, left_of(row, snapshot, moment))


def state_of(row: Promise, snapshot: Snapshot, moment: datetime) -> tuple[str, float]:
    """How a mark stands at this moment, and which share of its time is used."""
    if row.state == "met":
        return ("late" if row.verdict == "late" else "met"), 1.0
    if row.state == "paused":
        return "paused", 0.5
    if row.state not in ("running", "window") or not row.due_at or not row.started_at:
        return "pending", 0.0
    if row.state == "window" and moment >= row.due_at:
        return "none", 1.0
    if moment >= row.due_at:
        return "breached", 1.0
    share = share_used(
        row.started_at,
        row.due_at,
        moment,
        Limit.parse(row.limit),
        snapshot.calendars[row.calendar],
        pauses=pauses_of(row),
    )
    return ("risk" if share >= AT_RISK else "running"), round(min(share, 1.0), 2)


def _words(row: Promise, state: str, moment: datetime) -> str:
    """A mark that names a time in words, for the pointer and for screen readers."""
    if state == "met":
        return gettext("kept on %(at)s", at=when(row.met_at))
    if state == "late":
        return gettext("done late on %(at)s", at=when(row.met_at))
    if state == "none":
        return gettext("ended on %(at)s", at=when(row.due_at))
    if state == "breached" and row.due_at:
        return gettext("overdue by %(time)s", time=duration(moment - row.due_at))
    return gettext("due %(at)s", at=when(row.due_at))
