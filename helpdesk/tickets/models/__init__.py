"""Columns and relations of everything a ticket consists of; no rules live here."""

from helpdesk.tickets.models.callbacks import Callback, CallbackAttempt, Rating
from helpdesk.tickets.models.news import News
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
