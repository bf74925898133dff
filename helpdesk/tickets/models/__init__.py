"""Columns and relations of everything a ticket consists of; no rules live here."""

from helpdesk.notices.models import Notice
from helpdesk.setup.models import (
    CannedReply,
    Category,
    EscalationChain,
    LegalProfile,
    PolicyRow,
    PolicyVersion,
    RoutingRule,
)
from helpdesk.simulator.models import Simulated, Simulation
from helpdesk.tickets.models.callbacks import Callback, CallbackAttempt, Rating
from helpdesk.tickets.models.news import News
from helpdesk.tickets.models.promises import Escalation, Recount, Reminder, Response
from helpdesk.tickets.models.tickets import (
    Assist,
    Attachment,
    Extension,
    IdempotencyKey,
    Link,
    Merging,
    Message,
    Sending,
    Ticket,
)

__all__ = [
    "Assist",
    "Attachment",
    "Callback",
    "CallbackAttempt",
    "CannedReply",
    "Category",
    "Escalation",
    "EscalationChain",
    "Extension",
    "IdempotencyKey",
    "LegalProfile",
    "Link",
    "Merging",
    "Message",
    "News",
    "Notice",
    "PolicyRow",
    "PolicyVersion",
    "Rating",
    "Recount",
    "Reminder",
    "Response",
    "RoutingRule",
    "Sending",
    "Simulated",
    "Simulation",
    "Ticket",
]
