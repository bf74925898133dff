"""Signing in at real servers: XOAUTH2 at Dovecot, and ID before SELECT as NetEase wants it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.channels.email.fetching.fetcher import Fetcher, fetch_all_once
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.notify.mail.grants import MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from tests.help.consents import granted
from tests.help.mail_doors import connect, fresh, numbered, until
from tests.help.mailbed import Bed
from tests.help.mails import count, mail
from tests.help.token_server import TokenServer

# XOAUTH2 against the testbed's Dovecot, which checks each token's signature, user and age


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    server = TokenServer(lambda: "", life=3600)
    yield server
    server.shutdown()
    server.server_close()


def with_consent(bed: Bed, provider: TokenServer, **more: object) -> Mailbox:  # noqa: F811
    """A mailbox at Dovecot without a password; its provider gives tokens that Dovecot takes."""
    user = bed.user()
    provider.make = lambda: bed("token", user, "3600").strip()
    box = connect(bed, user, secret="")
    granted(box, provider.url, **more)
    return box


@pytest.mark.mailserver
def test_a_mailbox_is_fetched_by_consent_and_an_expired_token_is_renewed_once(
    app: Flask,
    bed: Bed,  # noqa: F811
    provider: TokenServer,
) -> None:
    """Dovecot refuses the expired token, the provider gives a new one, the mail is here."""
    user_box = with_consent(bed, provider)
    bed.deliver(user_box.name, numbered(1))
    assert fetch_all_once() == {user_box.name: 1}
    assert provider.asked == ["refresh_token"]
    stale = bed("token", user_box.name, "-60").strip()
    with transaction() as session:
        grant = session.get_one(MailGrant, user_box.id)
        grant.access_token = encryption.encrypted(stale)
        grant.expires_at = now().replace(year=now().year + 1)  # our clock thinks that it is good
    bed.deliver(user_box.name, numbered(2))
    assert fetch_all_once() == {user_box.name: 1}
    assert fetch_all_once() == {user_box.name: 0}
    assert provider.asked == ["refresh_token"] * 2
    assert fresh(user_box).last_error == ""


@pytest.mark.mailserver
def test_a_consent_that_ends_while_the_line_is_open_is_told_at_the_next_look(
    app: Flask,
    bed: Bed,  # noqa: F811
    provider: TokenServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within a look (a minute), not when the server cuts the line; mail waits over there."""
    provider.life = 60  # shorter than we renew ahead: each look asks the provider
    box = with_consent(bed, provider)
    monkeypatch.setattr("helpdesk.channels.email.fetching.fetcher.LOOK", 1.0)
    stop = threading.Event()
    thread = threading.Thread(target=Fetcher(app, stop).run, daemon=True)
    thread.start()
    over = select(Event.data).where(Event.name == "mailbox.consent_over")
    try:
        until(lambda: fresh(box).last_fetch is not None)
        provider.refusal = "invalid_grant"
        until(lambda: db.session.scalars(over).all() != [])
    finally:
        stop.set()
        thread.join(60)
    bed.deliver(box.name, mail())
    assert fresh(box).last_error.startswith("consent|")
    assert len(db.session.scalars(over).all()) == 1
    assert count(InboundMail) == 0


# ID


class Strict(socketserver.ThreadingTCPServer):
    """An IMAP server that lets nobody select a folder who has not said who he is (NetEase)."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, *, offers: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Lines)
        self.offers, self.heard = offers, []  # type: bool, list[str]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Lines(socketserver.StreamRequestHandler):
    server: Strict

    def handle(self) -> None:
        known = not self.server.offers
        self.say("* OK Coremail ready")
        while line := self.rfile.readline().decode().strip():
            tag, verb = line.split()[:2]
            self.server.heard.append(verb.upper())
            known = known or verb.upper() == "ID"
            if verb.upper() in ("SELECT", "EXAMINE") and not known:
                self.say(f"{tag} NO SELECT Unsafe Login. Please contact kefu@188.com for help")
                continue
            for told in self.answer(verb.upper()):
                self.say(f"* {told}")
            self.say(f"{tag} OK {verb} completed")

    def answer(self, verb: str) -> list[str]:
        offered = "CAPABILITY IMAP4rev1" + (" ID" if self.server.offers else "")
        return {
            "CAPABILITY": [offered],
            "ID": ['ID ("name" "Coremail Imap")'],
            "SELECT": ["0 EXISTS", "OK [UIDVALIDITY 7]", "OK [UIDNEXT 1]"],
            "UID": ["SEARCH"],
            "LOGOUT": ["BYE"],
        }.get(verb, [])

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.mark.parametrize("offers", [True, False])
def test_we_say_who_we_are_before_a_folder_is_opened_where_the_server_wants_it(
    app: Flask, offers: bool
) -> None:
    """After the login, before SELECT; never where it is not offered."""
    with Strict(offers=offers) as server:
        values = {"name": "netease", "address": "a@163.com", "host": "127.0.0.1", "tls": "none"}
        with transaction() as session:
            session.add(Mailbox(**values, port=server.server_address[1], user="a"))
        assert fetch_all_once() == {"netease": 0}
        server.shutdown()
    heard = server.heard
    if offers:
        assert heard.index("LOGIN") < heard.index("ID") < heard.index("SELECT")
    else:
        assert "ID" not in heard
