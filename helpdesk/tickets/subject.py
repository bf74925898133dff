"""Tickets as the clock of promises sees them: locked, told of, marked. See helpdesk.promises.subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpdesk.clock import now
from helpdesk.core.alarms import alarm_row, clear_alarms, set_alarms
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


def _sign(taken: Sequence[tuple[Promise, int]], snapshot: Snapshot) -> None:
    """Not signed by the last step of the signing chain: it is signed for the department."""
    last = max((step.at for step in snapshot.chains.get(SIGNING_CHAIN, ())), default=0)
    due = [row for row, level in taken if level >= last]
    unsigned = {r.subject_id for r in due if (r.promise, r.chain) == ("sign", SIGNING_CHAIN)}
    clear_alarms(FORCED_SIGNING, list(unsigned))
    set_alarms([alarm_row(FORCED_SIGNING, each, now()) for each in unsigned])


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
