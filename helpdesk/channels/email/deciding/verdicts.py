"""The words for what became of a mail, and the ways in which working on one ends early."""

from __future__ import annotations

from typing import Any

from helpdesk.core.i18n import N_
from helpdesk.tickets.models import Ticket

OUTCOME_NAMES = {
    "held": N_("For you to decide"),
    "quarantined": N_("Could not be read"),
    "ticket": N_("Became a ticket"),
    "reply": N_("Joined a ticket"),
    "ignored": N_("Filed only"),
    "stored": N_("Not looked at yet"),
}
REASONS = {
    # held
    "stranger": N_("Possibly belongs to a ticket, but its sender is not known there."),
    "loop": N_("Too many mails, or the same one again and again, from this sender."),
    "too_large": N_("It is larger than we take."),
    "bulk": N_("A newsletter or a mailing list."),
    "claims_to_be_us": N_("Its sender has one of our own addresses, but we did not write it."),
    # quarantined
    "unreadable": N_("It can't be read as a mail."),
    "too_heavy": N_("Reading it took more time or memory than any honest mail does."),
    "no_sender": N_("It has no sender that could be answered."),
    "error": N_("It could not be worked on; the cause is noted beside it."),
    # ignored
    "bounce": N_("It says that a mail of ours could not be delivered."),
    "delayed": N_("It says that a mail of ours is late; the servers go on trying."),
    "delivered": N_("It says that a mail of ours was delivered."),
    "complaint": N_("A reader called our mail spam."),
    "away": N_("An automatic answer, such as out of office."),
    "own": N_("Our own mail came back."),
    "copy": N_("The same mail came to another of our mailboxes and is worked on there."),
    "set_aside": N_("A colleague set it aside."),
}
RULES = {
    "token": N_("It was sent to the reply address of the ticket."),
    "in_reply_to": N_("It answers a mail of ours."),
    "references": N_("Its thread contains a mail of ours."),
    "own_thread": N_("It answers an earlier mail of the customer's."),
    "subject": N_("The number stands in the subject, and the sender is the ticket's customer."),
    "claimed": N_("It names a case, but nothing proves that its sender belongs to it."),
    "new": N_("It names no ticket of ours."),
    "forward": N_("A forwarded mail begins a ticket of its own."),
    "too_late": N_("The ticket that it answers was closed too long ago."),
    "by_hand": N_("A colleague put it here."),
    "report": N_("A mail server reports about a mail of ours."),
}


class Verdict(Exception):
    """Working on a mail ends here: `outcome` and `reason`, perhaps because of a ticket."""

    outcome = "quarantined"
    why: dict[str, Any] | None = None  # where it would have gone

    def __init__(self, reason: str, ticket: Ticket | None = None, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.ticket, self.detail = reason, ticket, detail


class Quarantine(Verdict):
    """It can't be understood; a person looks at the raw mail."""


class Hold(Verdict):
    """It is understood, and a person decides what becomes of it."""

    outcome = "held"


class Ignore(Verdict):
    """It is filed, and nothing else happens."""

    outcome = "ignored"


class Settled(Exception):
    """Somebody else has worked on this mail meanwhile."""
