"""The lines to servers that a page names, each over the guard of `outgoing`: IMAP, POP3, SMTP; and
how we sign in there with a token (XOAUTH2, the one mechanism that Google, Microsoft and Dovecot share)."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import Any

from imap_tools import BaseMailBox

from helpdesk.core.outgoing import connect

Token = Callable[[str], str]  # (a token that was refused, or '') -> a token to try
TIMEOUT = 60.0  # seconds for one step, where the caller names none


def _line(self: Any, timeout: float | None) -> socket.socket:
    """What IMAP and POP3 call for the line to their server."""
    return connect(self.host, self.port, timeout or TIMEOUT)


class _Imap(imaplib.IMAP4):
    _create_socket = _line


class _ImapTls(imaplib.IMAP4_SSL):
    ssl_context: ssl.SSLContext

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self.ssl_context.wrap_socket(_line(self, timeout), server_hostname=self.host)


class ImapBox(BaseMailBox):
    """imap_tools' mailbox. tls: tls (from the start), starttls (before it signs in) or none."""

    def __init__(self, host: str, port: int, tls: str, timeout: float) -> None:
        self._server, self._tls, self._timeout = (host, port), tls, timeout
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        context = ssl.create_default_context()
        if self._tls == "tls":
            return _ImapTls(*self._server, ssl_context=context, timeout=self._timeout)
        client = _Imap(*self._server, self._timeout)
        if self._tls == "starttls":
            client.starttls(context)
        return client


class Pop3(poplib.POP3):
    """POP3 without encryption, or before STLS."""

    _create_socket = _line


class Pop3Tls(poplib.POP3_SSL):
    """POP3 with TLS from the start."""

    context: ssl.SSLContext

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self.context.wrap_socket(_line(self, timeout), server_hostname=self.host)


class Smtp(smtplib.SMTP):
    """SMTP without encryption, or before STARTTLS."""

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        return connect(host, port, timeout or TIMEOUT)


class SmtpTls(smtplib.SMTP_SSL, Smtp):
    """SMTP with TLS from the start: SMTP_SSL wraps the line of the next class."""


def bearer_words(user: str, token: str) -> str:
    """What XOAUTH2 sends, before it is encoded in base 64."""
    return f"user={user}\1auth=Bearer {token}\1\1"


def sign_in_by(token: Token, sign_in: Callable[[str], object], refused: type[Exception]) -> None:
    """Sign in with a token, and once more with a new one when the server refuses the first."""
    first = token("")
    try:
        sign_in(first)
    except refused:
        sign_in(token(first))
