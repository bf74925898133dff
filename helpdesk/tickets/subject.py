"""Tickets as the clock of promises sees them: locked, told of, marked. See helpdesk.promises.subjects."""

from __future__ import annotations

from typing import Any

from helpdesk.clock import now
from helpdesk.core.alarms import set_alarm
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.subjects import SubjectKind, register
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Ticket

FORCED_SIGNING = "forced_signing"  # the alarm that signs for a department (tickets.timers)
SIGNING_CHAIN = "signing"


def _journal(row: Promise) -> tuple[str, dict[str, Any]]:
    """A step of a ticket's promise is "promise.warned" or "promise.breached"."""
    return "promise", {"promise": row.promise, "response": row.id}


def _sign(row: Promise, level: int, snapshot: Snapshot) -> None:
    """Not signed by the last step of the signing chain: it is signed for the department."""
    last = max((step.at for step in snapshot.chains.get(SIGNING_CHAIN, ())), default=0)
    if (row.promise, row.chain) == ("sign", SIGNING_CHAIN) and level >= last:
        set_alarm(FORCED_SIGNING, row.subject_id, now())


register(
    SubjectKind(
        Ticket,
        ended=ENDED,
        severity=Ticket.__table__.c.severity,
        told="assignee_id",
        level="escalation",
        journal=_journal,
        reached=_sign,
    )
)
