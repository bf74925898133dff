"""Tickets as the clock of promises sees them: locked, told of, marked. See helpdesk.promises.subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from helpdesk.clock import now
from helpdesk.core.alarms import set_alarm
from helpdesk.core.db import db
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.subjects import Standing, register
from helpdesk.tickets.lifecycle import ENDED, Status
from helpdesk.tickets.models import Ticket

FORCED_SIGNING = "forced_signing"  # the alarm that signs for a department (tickets.timers)
SIGNING_CHAIN = "signing"
TABLE: Any = Ticket.__table__
COLUMNS = ("id", "status", "severity", "department_id", "assignee_id", "escalation", "due_at")
LEVEL = (
    update(TABLE)
    .where(TABLE.c.id == bindparam("ticket"))
    .values(escalation=bindparam("reached"), updated_at=bindparam("moment"))
)
DUE = update(TABLE).where(TABLE.c.id == bindparam("ticket")).values(due_at=bindparam("due"))


class Tickets:
    """What the clock asks of tickets."""

    recounts = True

    def lock(self, ids: Select[int], most: int | None = None) -> dict[int, Standing]:
        """These tickets, locked, without those that somebody is changing now."""
        query = select(*(TABLE.c[name] for name in COLUMNS)).where(TABLE.c.id.in_(ids))
        query = query.order_by(TABLE.c.id).limit(most).with_for_update(skip_locked=True)
        return {row.id: self._standing(row) for row in db.session.execute(query)}

    def _standing(self, row: Any) -> Standing:
        return Standing(
            id=row.id,
            is_open=Status(row.status) not in ENDED,
            severity=row.severity,
            department_id=row.department_id,
            due_at=row.due_at,
            level=row.escalation,
            assignee_id=row.assignee_id,
        )

    def numbers(self, ids: Sequence[int]) -> dict[int, str]:
        """The numbers of these tickets."""
        rows = db.session.execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids)))
        return {row.id: row.number for row in rows}

    def journal(self, row: Promise) -> tuple[str, dict[str, Any]]:
        """A step of a ticket's promise is "promise.warned" or "promise.breached"."""
        return "promise", {"promise": row.promise, "response": row.id}

    def keep_level(self, levels: Mapping[int, int]) -> None:
        """Keep the highest share; the ticket has changed, but no form becomes stale."""
        moment = now()
        rows = [{"ticket": i, "reached": at, "moment": moment} for i, at in sorted(levels.items())]
        db.session.connection().execute(LEVEL, rows)

    def keep_due(self, dues: Mapping[int, datetime | None]) -> None:
        """Keep the next due time."""
        if dues:
            rows = [{"ticket": i, "due": due} for i, due in sorted(dues.items())]
            db.session.connection().execute(DUE, rows)

    def reached(self, row: Promise, level: int, snapshot: Snapshot) -> None:
        """Not signed by the last step of the signing chain: it is signed for the department."""
        last = max((step.at for step in snapshot.chains.get(SIGNING_CHAIN, ())), default=0)
        if (row.promise, row.chain) == ("sign", SIGNING_CHAIN) and level >= last:
            set_alarm(FORCED_SIGNING, row.subject_id, now())


register(Ticket.subject_kind, Tickets())
