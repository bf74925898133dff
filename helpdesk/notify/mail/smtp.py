"""Hands one mail for one address to a mail server, and tells exactly how that ended."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from functools import partial
from urllib.parse import unquote, urlsplit

from helpdesk.notify.mail import connections
from helpdesk.notify.media import Ended

TIMEOUT = 30  # seconds for one step
KINDS: dict[tuple[bool, bool], type[smtplib.SMTP]] = {
    (False, False): connections.Smtp,
    (True, False): connections.SmtpTls,
    (False, True): smtplib.SMTP,
    (True, True): smtplib.SMTP_SSL,
}
DEADLINE = 180  # seconds for all of it: a server that drips one byte a second holds nobody longer


@dataclass(frozen=True)
class Server:
    """A mail server to send through. tls: tls, starttls, none, offered (STARTTLS when offered).

    `secret` is the user's password, or what gives tokens in its place.
    """

    host: str
    port: int
    tls: str = "offered"
    user: str = ""
    secret: str | connections.Token = field(default="", compare=False)
    ours: bool = False  # named by whoever runs the program, not on a page


def server_of(url: str) -> Server:
    """smtp://user:password@host:port, or smtps://..."""
    parts = urlsplit(url)
    safe = parts.scheme == "smtps"
    return Server(
        parts.hostname or "localhost",
        parts.port or (465 if safe else 25),
        "tls" if safe else "offered",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        ours=True,
    )


def hand_over(
    server: Server,
    sender: str,
    recipient: str,
    message: EmailMessage,
    copies: Sequence[str] = (),
) -> Ended:
    """Send it, with copies to these addresses. One that the server refuses for a copy is told in
    the words of a mail that was sent. Never raises for anything that a server or a network can do."""
    raw = message.as_bytes(policy=ON_THE_WIRE)
    handed = threading.Event()
    try:
        with connected(server) as connection:
            return _converse(connection, sender, (recipient, *copies), raw, handed)
    except (OSError, smtplib.SMTPException) as error:
        words = error_words(error)
        return Ended("uncertain" if handed.is_set() else "unreachable", words)


@contextmanager
def connected(server: Server) -> Iterator[smtplib.SMTP]:
    """A connection that is signed in, and cut at DEADLINE. Raises OSError or SMTPException."""
    kind = KINDS[server.tls == "tls", server.ours]
    connection = kind(timeout=TIMEOUT)
    if isinstance(connection, smtplib.SMTP_SSL):
        connection.context = ssl.create_default_context()
    watch = threading.Timer(DEADLINE, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection._host = server.host  # type: ignore[attr-defined]  # the name in its certificate
        code, words = connection.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        _sign_in(connection, server)
        yield connection
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        assert connection.sock is not None
        connection.sock.shutdown(socket.SHUT_RDWR)


def _sign_in(connection: smtplib.SMTP, server: Server) -> None:
    connection.ehlo_or_helo_if_needed()
    offered = server.tls == "offered" and connection.has_extn("starttls")
    if server.tls == "starttls" or offered:
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    if not isinstance(server.secret, str):
        bear = partial(_bear, connection, server.user)
        connections.sign_in_by(server.secret, bear, smtplib.SMTPAuthenticationError)
    elif server.user:
        connection.login(server.user, server.secret)


def _bear(connection: smtplib.SMTP, user: str, token: str) -> None:
    """XOAUTH2; a refusal is first explained in a challenge, which wants an empty answer."""
    said = connections.bearer_words(user, token)
    connection.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")


def _converse(
    connection: smtplib.SMTP,
    sender: str,
    to: tuple[str, ...],
    raw: bytes,
    handed: threading.Event,
) -> Ended:
    for step, address in ((connection.mail, sender), (connection.rcpt, to[0])):
        code, words = step(address)
        if code not in (250, 251):
            return _refused(code, words)
    answers = [(each, *connection.rcpt(each)) for each in to[1:]]
    refused = [f"{each}: {_text(code, said)}" for each, code, said in answers if code > 251]
    code, words = connection.docmd("DATA")
    if code != 354:
        return _refused(code, words)
    handed.set()  # from here on nobody can know, until the server says so
    connection.send(re.sub(rb"(?m)^\.", b"..", raw) + (b"" if raw.endswith(b"\r\n") else b"\r\n"))
    connection.send(b".\r\n")
    code, words = connection.getreply()
    return Ended("sent", "; ".join(refused)[:500]) if 200 <= code < 300 else _refused(code, words)


def _refused(code: int, words: bytes) -> Ended:
    if code < 400 or code == 421:  # it closes for all: nothing is wrong with this mail
        return Ended("unreachable", _text(code, words))
    return Ended("retry" if code < 500 else "failed", _text(code, words))


def _text(code: int, words: bytes) -> str:
    return f"{code} {words.decode('utf8', 'replace')}"[:500]


def error_words(error: BaseException) -> str:
    """One line that says what went wrong, as the server or the system put it."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return _text(error.smtp_code, words if isinstance(words, bytes) else words.encode())
    return (str(error) or type(error).__name__)[:500]
