"""Notices as the clock of promises sees them: locked, told of, marked. See helpdesk.promises.subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from helpdesk.core.db import db
from helpdesk.notices.lifecycle import ENDED, Level, State
from helpdesk.notices.models import Notice
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.subjects import Standing, register

TABLE: Any = Notice.__table__
COLUMNS = ("id", "status", "level", "department_id", "issuer_id", "level_reached", "due_at")
LEVEL = (
    update(TABLE)
    .where(TABLE.c.id == bindparam("notice"))
    .values(level_reached=bindparam("reached"))
)
DUE = update(TABLE).where(TABLE.c.id == bindparam("notice")).values(due_at=bindparam("due"))


class Notices:
    """What the clock asks of notices."""

    recounts = False  # a notice keeps the days that it named, whatever a calendar says later

    def lock(self, ids: Select[int], most: int | None = None) -> dict[int, Standing]:
        """These notices, locked, without those that somebody is changing now."""
        query = select(*(TABLE.c[name] for name in COLUMNS)).where(TABLE.c.id.in_(ids))
        query = query.order_by(TABLE.c.id).limit(most).with_for_update(skip_locked=True)
        return {row.id: self._standing(row) for row in db.session.execute(query)}

    def _standing(self, row: Any) -> Standing:
        return Standing(
            id=row.id,
            is_open=State(row.status) not in ENDED,
            severity="S2" if row.level == Level.MAJOR else "S3",
            department_id=row.department_id,
            due_at=row.due_at,
            level=row.level_reached,
            issuer_id=row.issuer_id,
        )

    def numbers(self, ids: Sequence[int]) -> dict[int, str]:
        """The numbers of these notices."""
        rows = db.session.execute(select(Notice.id, Notice.number).where(Notice.id.in_(ids)))
        return {row.id: row.number or "" for row in rows}

    def journal(self, row: Promise) -> tuple[str, dict[str, Any]]:
        """A step of a notice's chain is "notice.warned" or "notice.breached"."""
        return "notice", {"step": row.promise, "round": row.cycle}

    def keep_level(self, levels: Mapping[int, int]) -> None:
        """Keep the highest share; no form becomes stale."""
        rows = [{"notice": i, "reached": at} for i, at in sorted(levels.items())]
        db.session.connection().execute(LEVEL, rows)

    def keep_due(self, dues: Mapping[int, datetime | None]) -> None:
        """Keep the next due time."""
        if dues:
            rows = [{"notice": i, "due": due} for i, due in sorted(dues.items())]
            db.session.connection().execute(DUE, rows)

    def reached(self, row: Promise, level: int, snapshot: Snapshot) -> None:
        """Nothing follows beside the telling."""


register(Notice.subject_kind, Notices())
