"""What promises are made about. A room that owes something registers its kind, as `on_alarm` does.

The clock itself knows neither tickets nor notices: it asks here whose a promise is, who is told of
it, and where the next due time is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import ColumnElement, Select, select

from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.rows import change_many
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

    received_at: datetime
    external_due_at: datetime | None


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


def _nothing(_taken: Sequence[tuple[Promise, int]], _snapshot: Snapshot) -> None:
    """Nothing follows steps beside the telling."""


@dataclass(frozen=True)
class SubjectKind:
    """One kind of subject: what of its rows the clock reads and keeps, and what follows steps.

    `ended` are the states in which nothing is owed any more; `severity` and `told` (assignee_id or
    issuer_id) are read for a step; `level` names the column that keeps the highest share; `journal`
    says how a step is noted: the first part of the event's name, and what it holds beside the step.
    """

    model: Any
    ended: Collection[str]
    severity: ColumnElement[str]
    told: str
    level: str
    journal: Callable[[Promise], tuple[str, dict[str, Any]]]
    reached: Callable[[Sequence[tuple[Promise, int]], Snapshot], None] = _nothing
    recounts: bool = True  # whether its open promises are counted anew when a calendar is edited
    touched: bool = True  # whether a step is a change of the subject

    def lock(self, ids: Select[int], most: int | None = None) -> dict[int, Standing]:
        """These subjects, locked; one that somebody is changing now is left out: a verb holds it and
        may want its alarm, so waiting here could wait for ever.
        """
        table = self.model.__table__
        kept = (table.c[name] for name in ("id", "department_id", "due_at", self.told))
        is_open = table.c.status.not_in(self.ended).label("is_open")
        level = table.c[self.level].label("level")
        query = select(*kept, is_open, level, self.severity.label("severity"))
        query = query.where(table.c.id.in_(ids)).order_by(table.c.id).limit(most)
        rows = db.session.execute(query.with_for_update(skip_locked=True)).mappings()
        return {row["id"]: Standing(**row) for row in rows}

    def numbers(self, ids: Sequence[int]) -> dict[int, str]:
        """What they are called, by id."""
        query = select(self.model.id, self.model.number).where(self.model.id.in_(ids))
        return {row.id: row.number or "" for row in db.session.execute(query)}

    def keep_level(self, levels: Mapping[int, int]) -> None:
        """Keep the highest share that was reached, without a new version: no form becomes stale."""
        moment = {"updated_at": now()} if self.touched else {}
        self._keep(self.level, levels, **moment)

    def keep_due(self, dues: Mapping[int, datetime | None]) -> None:
        """Keep the next due time, without a new version."""
        self._keep("due_at", dues)

    def _keep(self, column: str, values: Mapping[int, Any], **same: Any) -> None:
        rows = [{"id": i, column: value, **same} for i, value in sorted(values.items())]
        change_many(self.model.__table__, rows)


_kinds: dict[str, SubjectKind] = {}


def register(kind: SubjectKind) -> None:
    """Promises may be made about this kind of subject from now on."""
    _kinds[kind.model.subject_kind] = kind


def kinds() -> Mapping[str, SubjectKind]:
    """Every kind by its name."""
    return _kinds
