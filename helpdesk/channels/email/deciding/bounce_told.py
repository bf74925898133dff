"""Why a mail came back, in a sentence for people."""

from __future__ import annotations

from helpdesk.channels.email.reading.bounces import Failure
from helpdesk.core.i18n import N_, gettext

REASONS = {
    "unknown recipient": N_("The address does not exist."),
    "unknown domain": N_("The domain behind the @ of the address does not exist."),
    "moved": N_("The recipient has another address now."),
    "no mail": N_("This address does not take mail."),
    "suspended": N_("The recipient's mailbox is switched off."),
    "mailbox full": N_("The recipient's mailbox is full."),
    "filtered": N_("The recipient's server knows the address but refused this mail."),
    "spam or policy": N_("The recipient's server refused the mail by its own rules."),
    "too large": N_("The mail is too large for the recipient's server."),
    "no connection": N_("The recipient's server could not be reached in time."),
    "delayed": N_("It has not arrived yet; the mail server goes on trying."),
    "other": N_("The recipient's server refused the mail."),
}


def told(failure: Failure) -> str:
    """The recipient, why, the code if the server told one, and the server's own words."""
    code = f"({failure.status})" if failure.told and failure.status else ""
    sentence = gettext(REASONS.get(failure.reason, REASONS["other"]))
    return " ".join(filter(None, (failure.recipient, sentence, code, failure.diagnostic)))
