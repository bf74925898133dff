"""Raw mails for tests."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import func, select

from helpdesk.core.db import db
from helpdesk.customers.models import ContactAddress
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Message, Ticket


def mail(body: str = "冰箱还是不制冷。", charset: str = "utf-8", **headers: str) -> bytes:
    """A mail of Wang Fang about her fridge; In_Reply_To=... sets a header, '' leaves one out."""
    message = EmailMessage()
    given = {
        "From": "王芳 <wang.fang@example.com>",
        "To": "support@example.net",
        "Subject": "冰箱修了三次",
        "Message-ID": "<1@example.com>",
    } | headers
    for name, value in given.items():
        if value:
            message[name.replace("_", "-")] = value
    message.set_content(body, charset=charset)
    return message.as_bytes()


def case(shared: Path, name: str, answers: Ticket | None = None) -> bytes:
    """An input of the cases beside the project, byte for byte; one that answers a mail of ours
    answers this ticket's instead."""
    raw = (shared / "cases" / name).read_bytes()
    if answers is None:
        return raw
    head, blank, body = raw.partition(b"\n\n")
    lines = [
        f"In-Reply-To: {our_id(answers)}".encode() if line.startswith(b"In-Reply-To:") else line
        for line in head.split(b"\n")
    ]
    return b"\n".join(lines) + blank + body


def our_id(ticket: Ticket, part: str = "e1") -> str:
    """A Message-ID that we have put on a mail about this ticket."""
    return mail_ids.mail_id(ticket.number, part, settings().secret_key, "localhost")


def bounce(
    message_id: str, recipient: str, status: str = "5.1.1", whole: EmailMessage | None = None
) -> bytes:
    """A delivery report in the form of RFC 3464; with the `whole` mail, where the server sends it."""
    kind = "text/rfc822-headers" if whole is None else "message/rfc822"
    returned = (
        f"Message-ID: {message_id}\nSubject: what we wrote\n" if whole is None else str(whole)
    )
    return f"""From: MAILER-DAEMON@mx.example.com
To: helpdesk@localhost
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {recipient}
Action: {"failed" if status.startswith("5") else "delayed"}
Status: {status}
Diagnostic-Code: smtp; 550 {status} user unknown

--b
Content-Type: {kind}

{returned}
--b--
""".encode()


def count(model: type) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def said(ticket: Ticket) -> list[str]:
    """All words on a ticket, notes too, in their order."""
    query = select(Message.body).where(Message.ticket_id == ticket.id).order_by(Message.id)
    return list(db.session.scalars(query))


def proofs(person_id: int) -> dict[str, str]:
    rows = select(ContactAddress.normal, ContactAddress.proven_by).where(
        ContactAddress.person_id == person_id
    )
    return dict(tuple(row) for row in db.session.execute(rows))


def report(status_fields: str, returned: str = "Message-ID: <77@desk.example>\r\n\r\nold") -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Returned\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example\r\n\r\n{status_fields}\r\n"
        f"--x\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\n--x--\r\n"
    ).encode()
