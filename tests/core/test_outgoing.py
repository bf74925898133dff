"""A page names a server; we connect only where whoever runs the program lets us."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.channels.email.boxes import actions
from helpdesk.channels.email.fetching.problems import PROBLEMS
from helpdesk.core import outgoing
from helpdesk.core.db import transaction
from helpdesk.notify.mail import connections, oauth, smtp
from helpdesk.notify.mail.grants import MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.settings import SettingsError, load
from tests.help import factories as make


@pytest.fixture
def networks(app: Flask) -> Iterator[object]:
    """Sets HELPDESK_MAIL_NETWORKS."""
    before = app.extensions["helpdesk_settings"]

    def allow(text: str) -> None:
        known = load({"HELPDESK_INSTANCE": str(before.instance), "HELPDESK_MAIL_NETWORKS": text})
        app.extensions["helpdesk_settings"] = replace(before, mail_networks=known.mail_networks)

    allow("")
    yield allow
    app.extensions["helpdesk_settings"] = before


class Listener:
    """A server that notes who connects, and says what it is told to."""

    def __init__(self, says: bytes = b"", drips: bool = False) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.came, self.says, self.drips = self.socket.getsockname()[1], 0, says, drips
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self.socket.accept()
            except OSError:
                return
            self.came += 1
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with closing(line):
            try:
                line.sendall(self.says)
                while self.drips:
                    line.sendall(b"a")
                    time.sleep(0.2)
            except OSError:
                return


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


ONLY_PRIVATE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "::1", "0.0.0.0",
    "::", "::ffff:127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "fe80::1",
    "fd00::1", "100.64.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:10.0.0.1", "224.0.0.1",
    "255.255.255.255", "",
)  # fmt: skip


@pytest.mark.parametrize("host", ONLY_PRIVATE)
@pytest.mark.parametrize("port", [25, 993])
def test_no_private_address_is_reached_however_it_is_written(
    networks: object, host: str, port: int
) -> None:
    with pytest.raises((outgoing.NotAllowedThere, socket.gaierror)):
        outgoing.connect(host, port, 1)


@pytest.mark.parametrize("port", [22, 80, 443, 6379, 5432, 8080])
def test_a_public_address_is_reached_on_ports_of_mail_only(networks: object, port: int) -> None:
    with pytest.raises(outgoing.NotAllowedThere):
        outgoing.connect("198.41.0.4", port, 1)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "may"),
    [
        ("", "198.41.0.4", 993, True),
        ("127.0.0.1", "127.0.0.1", 993, True),
        ("127.0.0.1", "127.0.0.1", 6379, False),
        ("127.0.0.1:6379", "127.0.0.1", 6379, True),
        ("127.0.0.1:6379", "127.0.0.1", 993, False),
        ("127.0.0.0/8:*", "127.9.9.9", 1, True),
        ("10.0.0.0/8, 192.168.1.5:1143", "10.1.2.3", 587, True),
        ("10.0.0.0/8, 192.168.1.5:1143", "192.168.1.5", 1143, True),
        ("10.0.0.0/8, 192.168.1.5:1143", "192.168.1.6", 1143, False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 25, True),
        ("[fd00::/8]:143 fd11::1", "fd22::1", 143, True),
        ("[fd00::/8]:143", "fd22::1", 993, False),
        ("fd00::/8", "fd22::1", 993, True),
        ("198.41.0.4:8025", "198.41.0.4", 8025, True),
    ],
)
def test_whoever_runs_the_program_allows_networks_and_ports(
    networks: object, allowed: str, host: str, port: int, may: bool
) -> None:
    networks(allowed)  # type: ignore[operator]
    address = ip_address(host)
    assert outgoing.may(address, port, outgoing.MAIL_PORTS) is may


@pytest.mark.parametrize(
    "odd", ["10.0.0.0/99", "mail.example.com", "10.0.0.1:imap", "10.0.0.1:1:2"]
)
def test_an_odd_network_refuses_to_start(tmp_path: Path, odd: str) -> None:
    with pytest.raises(SettingsError, match="HELPDESK_MAIL_NETWORKS"):
        load({"HELPDESK_INSTANCE": str(tmp_path), "HELPDESK_MAIL_NETWORKS": odd})


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    networks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, 1, 6, "", (ip, 993)) for ip in ("198.41.0.4", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_m: found)
    with pytest.raises(outgoing.NotAllowedThere):
        outgoing.connect("mail.example.com", 993, 1)


def test_what_was_checked_is_what_is_reached(
    networks: object, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that says a public address first and a private one then is asked once."""
    asked = []

    def resolve(host: str, port: int, **_more: object) -> list[object]:
        asked.append(host)
        ip = "198.41.0.4" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, 1, 6, "", (ip, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(outgoing, "MAIL_PORTS", frozenset({listener.port}))
    with pytest.raises(OSError):
        outgoing.connect("rebinds.example.com", listener.port, 0.2, frozenset({listener.port}))
    assert (len(asked), listener.came) == (1, 0)


def box(**more: object) -> Mailbox:
    values = {
        "name": "odd", "address": "a@example.com", "kind": "imap", "host": "127.0.0.1",
        "user": "a", "secret": "", "tls": "none",
    }  # fmt: skip
    with transaction() as session:
        made = Mailbox(**(values | more))
        session.add(made)
    return made


def tried(made: Mailbox) -> list[tuple[bool, str, str]]:
    return list(actions.try_out(make.agent(role="admin").actor, made.id))


@pytest.mark.parametrize("kind", ["imap", "pop3"])
@pytest.mark.parametrize("tls", ["none", "tls", "starttls"])
def test_an_administrators_test_reaches_no_port_that_was_not_allowed(
    networks: object, listener: Listener, kind: str, tls: str
) -> None:
    made = box(
        kind=kind, port=listener.port, tls=tls, smtp_host="localhost", smtp_port=listener.port,
        smtp_tls=tls,
    )  # fmt: skip
    for fine, sentence, _words in tried(made):
        assert not fine
        assert "HELPDESK_MAIL_NETWORKS" in sentence
    assert listener.came == 0


def test_with_its_network_allowed_the_same_server_is_reached(
    networks: object, listener: Listener
) -> None:
    networks("127.0.0.1:*")  # type: ignore[operator]
    tried(box(port=listener.port))
    assert listener.came == 1


def test_a_server_that_drips_is_left_after_seconds(
    networks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks("127.0.0.1:*")  # type: ignore[operator]
    monkeypatch.setattr(actions, "PATIENCE", 1)
    slow = Listener(drips=True)
    made = box(port=slow.port, smtp_host="127.0.0.1", smtp_port=slow.port, smtp_tls="none")
    began = time.monotonic()
    found = tried(made)
    assert time.monotonic() - began < 8
    assert [sentence for _fine, sentence, _w in found] == [PROBLEMS["slow"]] * 2
    slow.socket.close()


def test_both_ways_of_the_test_end_within_ten_seconds() -> None:
    assert actions.PATIENCE * 2 <= 10


def test_a_page_can_not_lead_the_sign_in_to_our_own_network(
    networks: object, listener: Listener
) -> None:
    grant = MailGrant(
        authority="own", client_id="a", token_url=f"http://127.0.0.1:{listener.port}/token"
    )
    with pytest.raises(oauth.NoToken, match="HELPDESK_MAIL_NETWORKS"):
        oauth.redeemed(grant, "http://localhost/", "code", "v" * 50)
    assert listener.came == 0


def test_letters_take_the_same_way_and_the_programs_own_server_is_trusted(
    networks: object, listener: Listener
) -> None:
    named = smtp.Server("127.0.0.1", listener.port, "none")
    with pytest.raises(outgoing.NotAllowedThere), smtp.connected(named):
        pass
    own = smtp.server_of(f"smtp://127.0.0.1:{listener.port}")
    with pytest.raises(OSError), smtp.connected(own):  # noqa: PT012
        pass
    assert listener.came == 1


def test_nothing_else_opens_connections() -> None:
    """Every door to another machine is in these files; a new one has to go through the guard."""
    root = Path(outgoing.__file__).parent.parent
    openers = (
        "smtplib.SMTP(", "smtplib.SMTP_SSL(", "imaplib.IMAP4(", "imaplib.IMAP4_SSL(", "poplib.POP3(",
        "poplib.POP3_SSL(", "create_connection(", "urlopen(", "requests.get(", "requests.post(",
        " MailBox(", "http.client", "OAuth2Session(", "socket.socket(",
    )  # fmt: skip
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if any(word in path.read_text(encoding="utf8") for word in openers)
    }
    # HELPDESK_SCANNER, HELPDESK_PHONE_ADDRESS and HELPDESK_RECORDING_HOSTS, never a page
    by_the_operator = {
        "files/scanner.py",
        "channels/phone/asterisk/ami.py",
        "calls/recordings/fetching.py",
    }
    assert found - by_the_operator == {"core/outgoing.py", "notify/mail/web.py"}


def test_doors_are_made_of_guarded_lines() -> None:
    assert issubclass(connections.SmtpTls, connections.Smtp)
    assert connections.SmtpTls.__mro__.index(connections.Smtp) < connections.SmtpTls.__mro__.index(
        smtplib.SMTP
    )
