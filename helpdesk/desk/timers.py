"""Alarms that run a verb: kind of alarm -> check -> verb. (Promises: see helpdesk.promises.escalation.)"""

from __future__ import annotations

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, on_alarm
from helpdesk.core.db import db
from helpdesk.core.i18n import N_
from helpdesk.tickets import actions, holds
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.subject import FORCED_SIGNING

SENTENCES = {
    "until": N_("The time on hold is over."),
    "cap": N_("The longest time on hold is over: the clocks run again."),
}


@on_alarm(holds.ALARM)
def end_hold(ring: Ring) -> None:
    """The time of waiting is over, or as long as it may be: the clocks run again."""
    ticket = db.session.get(Ticket, ring.subject_id, populate_existing=True)
    if ticket is not None and ticket.status == Status.WAITING:
        why = holds.over(ticket, now())
        actions.resume(ticket, by=SYSTEM, comment=SENTENCES[why], because=why)


@on_alarm(FORCED_SIGNING)
def sign_for_department(ring: Ring) -> None:
    """The department has not signed until the end of its chain: it counts as received."""
    ticket = db.session.get(Ticket, ring.subject_id, populate_existing=True)
    if ticket is not None and ticket.status == Status.DISPATCHED:
        actions.sign(ticket, by=SYSTEM, comment=N_("Not signed in time: it counts as received."))
