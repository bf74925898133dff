"""What promises are made about. A room that owes something registers its kind, as `on_alarm` does.

The clock itself knows neither tickets nor notices: it asks here whose a promise is, who is told of
it, and where the next due time is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import Select

from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Matter, Snapshot


class Subject(Protocol):
    """One thing of which something is owed; `due_at` keeps the next running promise's due time."""

    subject_kind: ClassVar[str]
    due_at: datetime | None

    @property
    def id(self) -> int: ...
    @property
    def cycle(self) -> int: ...
    @property
    def department_id(self) -> int | None: ...


class PolicySubject(Subject, Matter, Protocol):
    """A subject whose promises the policy names."""

    @property
    def received_at(self) -> datetime: ...
    @property
    def external_due_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Standing:
    """One subject, locked, as a step of a chain must know it."""

    id: int
    is_open: bool
    severity: str
    department_id: int | None
    due_at: datetime | None
    level: int  # the highest share of a promise that was reached before
    assignee_id: int | None = None
    issuer_id: int | None = None  # who ordered it: told of what is overdue beside the roles


class Kind(Protocol):
    """What the clock asks of one kind of subject."""

    recounts: bool  # whether its open promises are counted anew when a calendar is edited

    def lock(self, ids: Select[int], most: int | None = None) -> dict[int, Standing]:
        """These subjects, locked; one that somebody is changing now is left out: a verb holds it and
        may want its alarm, so waiting here could wait for ever.
        """

    def numbers(self, ids: Sequence[int]) -> dict[int, str]:
        """What they are called, by id."""

    def journal(self, row: Promise) -> tuple[str, dict[str, Any]]:
        """How a step of this promise is noted: the first part of the event's name, and what the event
        holds beside the step.
        """

    def keep_level(self, levels: Mapping[int, int]) -> None:
        """Keep the highest share that was reached, without a new version: no form becomes stale."""

    def keep_due(self, dues: Mapping[int, datetime | None]) -> None:
        """Keep the next due time, without a new version."""

    def reached(self, row: Promise, level: int, snapshot: Snapshot) -> None:
        """A step was taken: what follows beside the telling."""


_kinds: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    """Promises may be made about this kind of subject from now on."""
    _kinds[name] = kind


def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return _kinds
