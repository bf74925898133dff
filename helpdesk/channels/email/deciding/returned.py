"""What comes back to us by itself: delivery reports and out-of-office answers.

A report becomes a note on the ticket whose mail failed, with the code; it opens nothing, reopens
nothing and is no reply. An out-of-office answer leaves a small mark, nothing more.
"""

from __future__ import annotations

from typing import NoReturn

from helpdesk.agents.rights import SYSTEM
from helpdesk.channels.email.deciding.landing import Landing
from helpdesk.channels.email.deciding.verdicts import Ignore
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.bounce_failures import Failure
from helpdesk.channels.email.reading.bounces import Report
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.i18n import N_, gettext, in_language
from helpdesk.notify import failures
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket

MOST_WORDS = 500


def file_report(row: InboundMail, report: Report) -> NoReturn:
    """Note on our own mail what the report says about it. Raises Ignore: that is all it does."""
    reason = {"failed": "bounce", "delayed": "delayed", "delivered": "delivered"}.get(
        report.kind, "complaint"
    )
    sent = failures.reported(report.original_id, [each.recipient for each in report.failures])
    ticket = db.session.get(Ticket, sent.ticket_id) if sent and sent.ticket_id else None
    if sent is not None and reason == "bounce":
        _note(row, report, sent, ticket)
    raise Ignore(reason, ticket, "; ".join(_lines(report)))


def _note(row: InboundMail, report: Report, sent: Envelope, ticket: Ticket | None) -> None:
    """Once for each report, whatever is killed in between: the row is the witness."""
    with transaction():
        fresh = locked(row)
        if fresh.why.get("noted"):
            return
        fresh.why = {"rule": "report", "header": "Message-ID", "match": sent.message_id, "noted": 1}
        code = next((f.status for f in report.failures if f.status), "")
        if not _is_about_copies(report, sent):
            failures.mark_bounced(sent, "; ".join(_lines(report)) or code)
        if ticket is not None:
            actions.note(ticket, by=SYSTEM, body=_words(report, sent))


def _is_about_copies(report: Report, sent: Envelope) -> bool:
    """Whether only copies came back: the answer itself has arrived."""
    failed = {each.recipient.lower() for each in report.failures}
    return bool(failed) and failed <= set(sent.copies)


def _words(report: Report, sent: Envelope) -> str:
    copies = [each.recipient for each in report.failures] if _is_about_copies(report, sent) else []
    with in_language(settings().language):
        first = gettext(
            "Our mail “%(subject)s” could not be delivered to %(to)s.",
            subject=sent.subject,
            to=", ".join(copies) or sent.recipient,
        )
    return "\n".join([first, *_lines(report)])


def _lines(report: Report) -> list[str]:
    """One line for each recipient: address, plain words, code, the server's own words."""
    with in_language(settings().language):
        return [told(each)[:400] for each in report.failures[:10]]


def file_away(row: InboundMail, mail: ParsedMail, found: Landing) -> NoReturn:
    """An automatic answer: a mark on the ticket that it names. Raises Ignore."""
    if found.ticket is not None:
        with transaction():
            fresh = locked(row)
            if not fresh.why.get("noted"):
                fresh.why = found.why() | {"noted": 1}
                actions.note(found.ticket, by=SYSTEM, body=_away(mail))
    raise Ignore("away", found.ticket)


def _away(mail: ParsedMail) -> str:
    with in_language(settings().language):
        first = gettext("Automatic answer from %(sender)s:", sender=mail.from_email)
    return f"{first}\n{(mail.reply_text or mail.text or mail.subject)[:MOST_WORDS]}"


SENTENCES = {
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
    sentence = gettext(SENTENCES.get(failure.reason, SENTENCES["other"]))
    return " ".join(filter(None, (failure.recipient, sentence, code, failure.diagnostic)))
