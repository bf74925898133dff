"""POP3: by UIDL, kept first, deleted only when the mailbox is set so."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.channels.email.fetching import rounds
from helpdesk.channels.email.fetching.fetcher import fetch_all_once
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.notify.mail.mailboxes import Mailbox
from tests.help.consents import granted
from tests.help.mails import count, mail
from tests.help.token_server import TokenServer


class PopServer(socketserver.ThreadingTCPServer):
    """A small real POP3 server: `mails` are UIDL -> bytes; `broken` UIDLs can't be read."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.bearer = ""  # the token that is taken instead of a password
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Talk(socketserver.StreamRequestHandler):
    server: PopServer

    def handle(self) -> None:
        self.say(b"+OK")
        uids, gone = list(self.server.mails), []
        while words := self.rfile.readline().split():
            verb, number = words[0].upper(), words[1:2]
            uid = uids[int(number[0]) - 1] if number and number[0].isdigit() else ""
            if verb == b"PASS" and words[1] != b"secret":
                self.say(b"-ERR wrong password")
            elif verb == b"AUTH":
                self.bear()
            elif verb == b"UIDL":
                self.lines([b"%d %s" % (n, u.encode()) for n, u in enumerate(uids, 1)])
            elif verb == b"LIST":
                self.say(b"+OK %s %d" % (number[0], len(self.server.mails[uid])))
            elif verb in (b"RETR", b"TOP") and uid in self.server.broken:
                self.say(b"-ERR it is broken")
            elif verb in (b"RETR", b"TOP"):
                self.lines(self.server.mails[uid].rstrip(b"\n").split(b"\n"))
            elif verb == b"DELE":
                gone.append(uid)
                self.say(b"+OK")
            else:
                self.say(b"+OK")
                if verb == b"QUIT":
                    for each in gone:
                        self.server.mails.pop(each)
                    return

    def bear(self) -> None:
        """XOAUTH2 in two steps; a refusal is explained in a challenge first, as Gmail does."""
        self.say(b"+ ")
        said = base64.b64decode(self.rfile.readline()).decode()
        if said == f"user=pop\1auth=Bearer {self.server.bearer}\1\1":
            self.say(b"+OK")
            return
        self.say(b"+ " + base64.b64encode(b'{"status":"400"}'))
        self.say(b"-ERR refused" if self.rfile.readline() == b"\r\n" else b"+OK")

    def lines(self, found: list[bytes]) -> None:
        self.say(b"+OK")
        for line in found:
            self.say(b"." + line if line.startswith(b".") else line)
        self.say(b".")

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@pytest.fixture
def server() -> Iterator[PopServer]:
    with PopServer() as running:
        yield running
        running.shutdown()


def connect(server: PopServer, **more: object) -> Mailbox:
    values = {
        "name": "pop",
        "address": "pop@example.net",
        "kind": "pop3",
        "host": "127.0.0.1",
        "port": server.server_address[1],
        "tls": "none",
        "user": "pop",
        "secret": encryption.encrypted("secret"),
    }
    with transaction() as session:
        box = Mailbox(**(values | more))
        session.add(box)
    return box


def test_each_uidl_is_fetched_once_and_left_on_the_server(app: Flask, server: PopServer) -> None:
    connect(server)
    server.mails = {"a": mail("eins"), "b": mail("zwei", **{"Message-ID": "<2@example.com>"})}
    assert fetch_all_once() == {"pop": 2}
    assert fetch_all_once() == {"pop": 0}
    assert len(server.mails) == 2


def test_a_kept_mail_is_deleted_when_the_mailbox_says_so(app: Flask, server: PopServer) -> None:
    connect(server, done_folder="delete")
    server.mails = {"a": mail()}
    fetch_all_once()
    assert server.mails == {}
    assert count(InboundMail) == 1


def test_a_mail_of_which_only_the_beginning_is_kept_is_never_deleted(
    app: Flask, server: PopServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 1: the rest of a too large mail is on the server only, now and at the next look."""
    connect(server, done_folder="delete")
    monkeypatch.setattr(rounds, "settings", lambda: Small())
    server.mails = {"a": mail("gross " * 100_000)}
    fetch_all_once()
    fetch_all_once()
    assert list(server.mails) == ["a"]
    assert db.session.scalars(select(InboundMail.cut)).one()


class Small:
    max_mail_bytes = 10_000


def test_a_mail_that_cannot_be_fetched_stops_no_other(app: Flask, server: PopServer) -> None:
    """zammad#2754: it is named on the mailbox; the next one goes through."""
    box = connect(server)
    server.mails, server.broken = {"a": mail("eins"), "b": mail("zwei")}, {"a"}
    assert fetch_all_once() == {"pop": 1}
    known = db.session.get_one(Mailbox, box.id, populate_existing=True)
    assert known.last_error.startswith("mail|UIDL a")
    server.broken.clear()
    assert fetch_all_once() == {"pop": 1}
    assert db.session.get_one(Mailbox, box.id, populate_existing=True).last_error == ""


def test_a_wrong_password_is_told_as_such(app: Flask, server: PopServer) -> None:
    box = connect(server, secret=encryption.encrypted("wrong"))
    fetch_all_once()
    known = db.session.get_one(Mailbox, box.id, populate_existing=True)
    assert known.last_error.startswith("login|")


def test_a_stored_password_is_not_readable_in_the_database(app: Flask, server: PopServer) -> None:
    connect(server)
    stored = db.session.scalar(select(Mailbox.secret))
    assert "secret" not in stored
    assert encryption.decrypted(stored) == "secret"


def test_the_token_of_a_consent_signs_in_and_a_refused_one_is_renewed_once(
    app: Flask,
    server: PopServer,
    provider: TokenServer,  # noqa: F811
) -> None:
    """POP3 signs in with it as well."""
    box = connect(server, secret="")
    year = now().replace(year=now().year + 1)
    granted(box, provider.url, access_token=encryption.encrypted("stale"), expires_at=year)
    server.mails, server.bearer = {"a": mail("eins")}, "access"
    assert fetch_all_once() == {"pop": 1}
    assert provider.asked == ["refresh_token"]
    server.bearer = "neither"
    assert "error_proto" in str(fetch_all_once()["pop"])
    assert provider.asked == ["refresh_token"] * 2
