"""Which columns a load writes, table by table, in the order of its tuples."""

from __future__ import annotations

from helpdesk.core.alarms import Alarm
from helpdesk.core.db import Model
from helpdesk.promises.models import Escalation, Promise
from helpdesk.tickets.models import Callback, CallbackAttempt, Message, Rating, Ticket

TICKET = (
    "id", "number", "kind", "status", "severity", "channel", "external_id", "subject", "language",
    "category_id", "place", "person_id", "department_id", "queue", "assignee_id", "offer_reason",
    "route_rule", "route_reason", "confidential", "anonymous", "facts", "cycle", "returns", "urges",
    "escalation", "merged_into_id", "received_at", "registered_at", "waiting_since", "due_at",
    "hold_reason", "hold_until", "replied_at", "closed_at", "updated_at", "track_salt", "version",
    "contact_kind", "contact", "contact_extension", "contact_name", "contact_proven_at",
    "contact_proven_by", "contact_others", "reply_to", "settled",
)  # fmt: skip
MESSAGE = (
    "id", "ticket_id", "kind", "public", "channel", "author", "agent_id", "body", "quoted", "html",
    "language", "data", "at",
)  # fmt: skip
PROMISE = (
    "id", "subject_kind", "subject_id", "promise", "cycle", "part", "position", "state", "verdict", "owner",
    "owner_department_id", "owner_name", "limit", "chain", "calendar",
    "calendar_version", "policy_version", "started_at", "due_at", "provisional", "paused_at",
    "pauses", "warned_at", "level", "met_at", "taken", "met_by", "done", "bound", "profile",
)  # fmt: skip
ALARM = ("kind", "subject_id", "cycle", "level", "due_at", "tries", "parked")
ESCALATION = ("subject_kind", "subject_id", "ticket_id", "level", "cycle", "told", "due_at", "at")
CALLBACK = ("id", "ticket_id", "cycle", "state", "next_at", "attempts", "created_at")
ATTEMPT = ("callback_id", "contact", "resolved", "words", "by_name", "by_id", "at")
RATING = (
    "ticket_id", "cycle", "source", "result", "attitude", "speed", "resolved", "reason", "words",
    "at",
)  # fmt: skip
TABLES: dict[type[Model], tuple[str, ...]] = {
    Ticket: TICKET, Message: MESSAGE, Promise: PROMISE, Alarm: ALARM, Escalation: ESCALATION,
    Callback: CALLBACK, CallbackAttempt: ATTEMPT, Rating: RATING,
}  # fmt: skip
