"""The built-in receiver: SMTP and LMTP on one port, for a mail server in front of it.

It answers 250 only after the commit, and 451 while the database or the disk takes nothing, so that
the other server keeps the mail. It relays nothing: every recipient is one of ours.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from flask import Flask
from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import take
from helpdesk.channels.email.keeping import Came
from helpdesk.core.db import db
from helpdesk.notify.mail.mailboxes import Mailbox, without_plus
from helpdesk.settings import settings_of

log = logging.getLogger(__name__)
KEPT = "250 2.6.0 Kept"
LATER = "451 4.3.0 It can't be stored now, please come again"
MOST_RECIPIENTS = 100
_RETURN_PATH = re.compile(rb"^return-path:", re.IGNORECASE | re.MULTILINE)


@contextmanager
def receiving(app: Flask, host: str, port: int) -> Iterator[tuple[str, int]]:
    """Receive in a thread until the end of the block; yields the address that was taken. Port 0
    takes a free one.

    Raises OSError when the port is taken.
    """
    loop, handler = asyncio.new_event_loop(), _Handler(app)
    limit = settings_of(app).max_mail_bytes

    def conversation() -> SMTP:
        return _Receiver(
            handler,
            data_size_limit=limit,
            enable_SMTPUTF8=True,
            hostname="helpdesk",
            ident="helpdesk",
            timeout=300,
            loop=loop,
        )

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        opening = loop.create_server(conversation, host, port)
        server = asyncio.run_coroutine_threadsafe(opening, loop).result()
        yield server.sockets[0].getsockname()[:2]
        loop.call_soon_threadsafe(server.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


class _Receiver(SMTP):
    """SMTP that also understands LHLO, after which each recipient gets an answer (RFC 2033)."""

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        """Begin an LMTP conversation."""
        await self.smtp_EHLO(hostname)
        if self.session is not None:
            self.session.by_lmtp = True  # type: ignore[attr-defined]


class _Handler:
    def __init__(self, app: Flask) -> None:
        self.app = app

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Every address is ours, up to a number."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep it for every mailbox that it is for; the answer comes after the last commit."""
        lmtp = getattr(session, "by_lmtp", False)
        raw, to = cast(bytes, envelope.content or b""), list(envelope.rcpt_tos)
        answers = await asyncio.to_thread(self._keep, raw, envelope.mail_from, to, lmtp)
        if lmtp:
            return "\r\n".join(answers)
        return KEPT if set(answers) == {KEPT} else LATER

    def _keep(self, raw: bytes, sender: str | None, to: list[str], lmtp: bool) -> list[str]:
        """One answer for each recipient."""
        if not _RETURN_PATH.search(raw[: raw.find(b"\r\n\r\n")]):
            raw = b"Return-Path: <%s>\r\n" % (sender or "").encode() + raw
        with self.app.app_context():
            try:
                return [self._keep_for(raw, address, lmtp) for address in to]
            finally:
                db.session.remove()

    def _keep_for(self, raw: bytes, address: str, lmtp: bool) -> str:
        try:
            take(raw, Came(mailbox_of(address), "lmtp" if lmtp else "smtp", "", address[:254]))
        except Exception as error:
            log.error("A mail could not be stored: %s", error)
            db.session.rollback()
            return LATER
        return KEPT


def mailbox_of(address: str) -> str:
    """The name of the mailbox that has this address, whatever stands behind its plus."""
    known = (address.lower(), without_plus(address.lower()))
    wanted = select(Mailbox.name).where(Mailbox.address.in_(known))
    return db.session.scalar(wanted.order_by(Mailbox.id).limit(1)) or "support"
