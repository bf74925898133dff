"""Telling a sender, once, that a mail was larger than we take; never a machine, nor who asks for quiet."""

from __future__ import annotations

from flask import render_template

from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.parser import ParsedMail
from helpdesk.customers import addresses
from helpdesk.errors import BadInput
from helpdesk.i18n import gettext, in_language
from helpdesk.notify.envelopes import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.tickets.intake import guess_language
from helpdesk.web import company_in, settings


def tell_too_large(row: InboundMail, mail: ParsedMail) -> None:
    """One automatic mail about this mail, however often it is worked on."""
    try:
        to = addresses.mail(mail.from_email)
    except BadInput:
        return
    if mail.auto_submitted or mail.quiet or mail.listed:
        return
    known, language = settings(), guess_language(mail.subject + mail.text[:500])
    with in_language(language):
        subject = gettext("Your mail is too large for us")
        body = render_template(
            "mail/too_large.txt",
            company=company_in(language),
            most=known.max_mail_bytes // 2**20,
            link=f"{known.base_url}/new",
        )
    number, host = f"mail-{row.id}", known.mail_from.rpartition("@")[2]
    letter = Letter(
        internal=False,
        event_seq=-row.id,  # no event of a ticket: one letter for this mail
        purpose="too_large",
        recipient=to,
        subject=subject,
        body=body.strip() + "\n",
        mailbox=row.mailbox,
        message_id=mail_ids.mail_id(number, "large", known.secret_key, host),
        in_reply_to=f"<{mail.message_id}>" if mail.message_id else "",
    )
    send(letter)
