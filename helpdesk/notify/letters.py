"""One letter before it is written down, and the one way to write to a colleague.

Who reads it decides how it goes out: a letter to a colleague is internal, so no cap on automatic
mail ever holds it back; nobody from outside can set off a flood of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from flask import render_template
from flask_babel.speaklater import LazyString

from helpdesk.events import Event
from helpdesk.i18n import in_language
from helpdesk.notify.envelopes import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.web import settings


class Reader(Protocol):
    """Whoever works here and can be written to."""

    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Desk:
    """The mailbox of a department, which reads like a colleague."""

    email: str
    language: str


def to_colleague(
    noted: Event,
    reader: Reader,
    purpose: str,
    subject: str | LazyString,
    *,
    thread: str,
    path: str,
    **values: object,
) -> None:
    """Write mail/PURPOSE.txt to one colleague, in the reader's language, with a link to `path`.

    Its Message-ID comes from the event and the reader, so a second try is the same mail.
    """
    known = settings()
    part = f"s{noted.seq}r{crc32(reader.email.encode()):x}"
    with in_language(reader.language):
        title = str(subject)
        body = render_template(
            f"mail/{purpose}.txt", reader=reader, link=f"{known.base_url}/{path}", **values
        )
    send(
        Letter(
            internal=True,
            event_seq=noted.seq,
            purpose=purpose,
            recipient=reader.email,
            subject=title,
            body=body.strip() + "\n",
            message_id=mail_ids.mail_id(thread, part, known.secret_key, known.mail_host),
            ticket_id=noted.ticket_id,
            notice_id=noted.notice_id,
        )
    )
