"""How many open cases a changed policy is about, told before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.core.db import db
from helpdesk.promises.policy import Terms
from helpdesk.setup import in_force
from helpdesk.setup.promises.actions import counts_cases
from helpdesk.tickets.models import Ticket


@counts_cases
def open_cases(lines: Sequence[Terms]) -> int:
    """Open cases that these rows would promise something else than the edition in force.

    They keep what they were given; a further round, dispatch or a corrected severity asks anew.
    """
    now = in_force.current()
    then = replace(now, policy=tuple(lines))
    columns = (Ticket.severity, Ticket.kind, Ticket.channel, Ticket.category_id)
    groups = db.session.execute(
        select(*columns, func.count().label("number"))
        .where(Ticket.closed_at.is_(None))
        .group_by(*columns)
    )
    return sum(row.number for row in groups if _promised(row, now) != _promised(row, then))


def _promised(case: Any, snapshot: in_force.Setup) -> dict[str, tuple[str, str, str]]:
    rows = promises.applicable(case, snapshot)
    return {name: (row.limit, row.owner, row.chain) for name, row in rows.items()}
