"""Telling a sender, once, that a mail was larger than we take; never a machine, nor who asks for quiet."""

from __future__ import annotations

from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import lazy_gettext
from helpdesk.customers import addresses
from helpdesk.notify.letters import Customer, to_customer
from helpdesk.notify.models import MAIL
from helpdesk.tickets.intake import guess_language
from helpdesk.web.http import settings


def tell_too_large(row: InboundMail, mail: ParsedMail) -> None:
    """One automatic mail about this mail, however often it is worked on."""
    try:
        sender = addresses.mail(mail.from_email)
    except BadInput:
        return
    known = settings()
    reader = Customer(
        medium=MAIL,
        address=sender,
        language=guess_language(mail.subject + mail.text[:500]),
        thread=f"mail-{row.id}",
        link=f"{known.base_url}/new",
        said={
            "automatic": mail.auto_submitted,
            "quiet": mail.quiet,
            "listed": mail.listed,
            "mailbox": row.mailbox,
        },
    )
    to_customer(
        -row.id,  # no event of a ticket: one letter for this mail
        reader,
        "too_large",
        lazy_gettext("Your mail is too large for us"),
        answers=mail.message_id,
        most=known.max_mail_bytes // 2**20,
    )
