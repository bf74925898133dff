"""From a row of the outbox to the mail as it goes out."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import groupby
from typing import Any, cast

from flask import render_template
from sqlalchemy import select

from helpdesk import files
from helpdesk.core.db import db
from helpdesk.files.scanner import INFECTED
from helpdesk.notify import optouts
from helpdesk.notify.mail.mailboxes import by_name
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.web.http import company_in

MOST_ATTACHED = 10 * 1024 * 1024  # bytes; more is fetched by the link in the mail
QUOTED = ">"


def sender_of(row: Envelope) -> str:
    """Our address that this mail comes from."""
    box = by_name(row.mailbox)
    return box.address if box is not None else settings().mail_from


def message_of(row: Envelope) -> EmailMessage:
    """Our address, the ticket's thread, the marks of automatic mail (RFC 3834), the files."""
    message = EmailMessage()
    message["From"] = Address(_name(row), addr_spec=sender_of(row))
    message["To"] = _one_line(row.recipient)
    if row.copies:
        message["Cc"] = ", ".join(map(_one_line, row.copies))
    if row.reply_to:
        message["Reply-To"] = _one_line(row.reply_to)
    message["Subject"] = _one_line(row.subject)
    message["Date"] = format_datetime(row.made_at)
    message["Message-ID"] = row.message_id
    if row.in_reply_to:
        message["In-Reply-To"] = _one_line(row.in_reply_to)
        message["References"] = _one_line(" ".join(row.thread) or row.in_reply_to)
    if row.automatic:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    if row.optional:
        message["List-Unsubscribe"] = f"<{optouts.url(row.event_seq)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _group(message, row)
    message.set_content(row.body)
    if row.purpose == "answer":
        _dress(message, row)
    return message


def _group(message: EmailMessage, row: Envelope) -> None:
    """For Outlook. The receipt repeats nothing of what was submitted, so it names no topic."""
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    if ticket is None:
        return
    first = select(Message.data).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    known = (db.session.scalar(first) or {}).get("thread_index")
    message["Thread-Index"] = thread_index(
        ticket.number, ticket.registered_at, row.made_at, row.id, known
    )
    if row.purpose != "receipt":
        message["Thread-Topic"] = _one_line(ticket.subject)


def _name(row: Envelope) -> str:
    box = by_name(row.mailbox)
    return _one_line((box.sender_name if box else "") or company_in(settings().language))


def _dress(message: EmailMessage, row: Envelope) -> None:
    """The same words as HTML, and the files that a colleague sent along: pictures in the page, the
    others behind it, as long as a mail can carry them."""
    found = _files(row)
    pictures = [each for each in found if each.mime in files.INLINE]
    host, language = sender_of(row).rpartition("@")[2], _language(row)
    shown = [(f"f{each.id}@{host}", _one_line(each.name)) for each in pictures]
    message.add_alternative(html_of(row.body, language, shown), subtype="html")
    page = cast(list[EmailMessage], message.get_payload())[1]
    for each, (cid, _called) in zip(pictures, shown, strict=True):
        page.add_related(*_content(each), cid=f"<{cid}>", **_named(each), disposition="inline")
    for each in found:
        if each not in pictures:
            message.add_attachment(*_content(each), **_named(each))


def _language(row: Envelope) -> str:
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    return ticket.language if ticket else settings().language


def _files(row: Envelope) -> Sequence[Attachment]:
    if row.message_ref is None:
        return ()
    query = select(Attachment).where(
        Attachment.message_id == row.message_ref, Attachment.public, Attachment.scan != INFECTED
    )
    found = db.session.scalars(query.order_by(Attachment.id)).all()
    return found if sum(each.size for each in found) <= MOST_ATTACHED else ()


def _content(file: Attachment) -> tuple[bytes, str, str]:
    main, _slash, sub = file.mime.partition("/")
    with files.open_file(file.key) as stored:
        return stored.read(), main or "application", sub or "octet-stream"


def _named(file: Attachment) -> dict[str, Any]:
    return {"filename": _one_line(file.name)}


def _one_line(text: str) -> str:
    """Header values never carry a line break (ASVS V1.3.11)."""
    return " ".join("".join(" " if ord(c) < 32 else c for c in text).split())


def html_of(text: str, language: str, pictures: Sequence[tuple[str, str]] = ()) -> str:
    """The text as a page: paragraphs, what stands behind > as a quotation, and pictures by Content-ID
    and name."""
    blocks = [
        (
            quoted,
            _paragraphs([line.removeprefix(QUOTED).strip() if quoted else line for line in lines]),
        )
        for quoted, lines in groupby(text.strip().split("\n"), _is_quoted)
    ]
    return render_template(
        "mail/page.html", blocks=blocks, pictures=pictures, language=language.replace("_", "-")
    )


def _is_quoted(line: str) -> bool:
    return line.startswith(QUOTED)


def _paragraphs(lines: Sequence[str]) -> list[list[str]]:
    """The lines, cut where one is empty."""
    parts = groupby(lines, lambda line: bool(line.strip()))
    return [list(each) for is_text, each in parts if is_text]


ROOT, CHILD = 22, 5
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
FAR = 1 << 49  # of a FILETIME: beyond 1.7 years the difference is told more coarsely
COARSE = 0x80


def thread_index(number: str, begun: datetime, at: datetime, mail: int, theirs: object = "") -> str:
    """The header for one mail about the ticket with this number."""
    root = _theirs(theirs) or _root(number, begun)
    return base64.b64encode(root + _child(begun, at, mail)).decode()


def _theirs(given: object) -> bytes:
    try:
        found = base64.b64decode(str(given), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found[:ROOT] if len(found) >= ROOT and found[0] == 1 else b""


def _root(number: str, begun: datetime) -> bytes:
    guid = hashlib.sha256(f"thread:{number}".encode()).digest()[:16]
    return b"\x01" + (_filetime(begun) >> 16).to_bytes(6, "big")[1:] + guid


def _child(begun: datetime, at: datetime, mail: int) -> bytes:
    """The time since the beginning in 31 bits, and what keeps two mails of one moment apart."""
    passed = max(0, _filetime(at) - _filetime(begun))
    top, shift = (COARSE, 23) if passed >= FAR else (0, 18)
    told = min(passed >> shift, 0x7FFFFFFF).to_bytes(4, "big")
    return bytes([told[0] | top]) + told[1:] + bytes([mail & 0xFF])


def _filetime(at: datetime) -> int:
    """Tenths of a microsecond since 1601."""
    return int((at - EPOCH).total_seconds() * 10_000_000)
