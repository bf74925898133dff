"""A malware scanner's word on each file: infected ones are locked, and "not scanned" is said."""

from __future__ import annotations

import socketserver
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk import files
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.notify.mail import mime
from helpdesk.notify.models import Envelope
from helpdesk.settings import SettingsError, load, settings
from helpdesk.tickets import actions, scanning, tracking
from helpdesk.tickets.models import Attachment, Ticket
from tests.help import factories as make
from tests.help.calls import token

EVIL = b"EICAR-LIKE"


class Clamd(socketserver.ThreadingTCPServer):
    """Speaks INSTREAM; `says` overrules what it finds."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.says = b""
        self.asked = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def setting(self) -> str:
        return f"clamd:127.0.0.1:{self.server_address[1]}"


class _Talk(socketserver.StreamRequestHandler):
    server: Clamd

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        self.server.asked += 1
        found = b"stream: Eicar FOUND\0" if EVIL in content else b"stream: OK\0"
        self.wfile.write(self.server.says or found)


@pytest.fixture
def use(app: Flask) -> Iterator[object]:
    """Sets HELPDESK_SCANNER."""
    before = app.extensions["helpdesk_settings"]

    def chosen(text: str) -> None:
        app.extensions["helpdesk_settings"] = replace(before, scanner=text)

    yield chosen
    app.extensions["helpdesk_settings"] = before


@pytest.fixture
def clamd(use: object) -> Iterator[Clamd]:
    made = Clamd()
    use(made.setting)  # type: ignore[operator]
    yield made
    made.shutdown()
    made.server_close()


def with_file(content: bytes, name: str = "a.txt") -> tuple[Ticket, Attachment]:
    stored = files.store(content, name, "text/plain")
    ticket = make.ticket(files=(stored,))
    return ticket, db.session.scalars(select(Attachment).where(Attachment.key == stored.key)).one()


def again(row: Attachment) -> Attachment:
    return db.session.get_one(Attachment, row.id, populate_existing=True)


def follow(client: FlaskClient, ticket: Ticket) -> str:
    code = tracking.secret(ticket, settings().secret_key)
    client.post("/track", data={"number": ticket.number, "code": code})
    return f"/track/{ticket.number}"


def test_without_a_scanner_pages_say_not_scanned_and_files_are_given(client: FlaskClient) -> None:
    ticket, row = with_file(b"hello")
    assert (actions.scan_due(), scanning.state(row)) == (0, "not_scanned")
    assert (
        "not scanned" in client.get(follow(client, ticket), headers={"Accept-Language": "en"}).text
    )
    make.sign_in(client, make.agent())
    assert "not scanned" in client.get(f"/tickets/{ticket.number}").text
    assert client.get(f"/files/{row.key}").status_code == 200


def test_the_api_says_of_each_file_whether_it_was_scanned(
    client: FlaskClient, use: object, clamd: Clamd
) -> None:
    ticket, _row = with_file(EVIL)

    def told() -> list[dict[str, object]]:
        body = client.get(f"/api/v1/tickets/{ticket.number}", headers=token()).json
        assert body is not None
        found: list[dict[str, object]] = body["files"]
        return found

    assert [(each["name"], each["scan"]) for each in told()] == [("a.txt", "not_scanned")]
    actions.scan_due()
    db.session.expire_all()
    assert [each["scan"] for each in told()] == ["infected"]


def test_a_clean_file_is_given_and_says_nothing(client: FlaskClient, clamd: Clamd) -> None:
    ticket, row = with_file(b"hello")
    assert actions.scan_due() == 1
    assert scanning.state(again(row)) == "clean"
    make.sign_in(client, make.agent())
    assert "not scanned" not in client.get(f"/tickets/{ticket.number}").text
    assert client.get(f"/files/{row.key}").data == b"hello"
    assert (actions.scan_due(), clamd.asked) == (0, 1)


def test_an_infected_file_is_locked_for_everybody_and_told(
    client: FlaskClient, clamd: Clamd
) -> None:
    ticket, row = with_file(EVIL * 30_000)
    actions.scan_due()
    page = follow(client, ticket)
    assert client.get(f"{page}/files/{row.key}?anyway=1").status_code in (403, 404)
    make.sign_in(client, make.agent())
    for query in ("", "?anyway=1"):
        refused = client.get(f"/files/{row.key}{query}")
        assert (refused.status_code, EVIL in refused.data) == (403, False)
    assert "infected, locked" in client.get(f"/tickets/{ticket.number}").text
    told = db.session.scalars(select(Event).where(Event.name == "file.infected")).one()
    assert (told.ticket_id, told.data["file"]) == (ticket.id, "a.txt")
    assert "found something in a.txt" in client.get(f"/tickets/{ticket.number}/history").text


def test_an_infected_file_goes_out_with_no_letter(app: Flask, clamd: Clamd) -> None:
    ticket = make.ticket()
    sent = tuple(files.store(each, "a.txt", "text/plain") for each in (EVIL, b"good"))
    message = actions.send_message(ticket, by=make.agent().actor, body="here", files=sent)
    for row in db.session.scalars(select(Attachment)):
        row.public = True
    db.session.commit()
    actions.scan_due()
    letter = Envelope(message_ref=message.id)
    assert [each.size for each in mime._files(letter)] == [4]


def test_a_file_without_a_verdict_is_given_after_a_warning_and_asked_about_again(
    client: FlaskClient, clamd: Clamd
) -> None:
    _ticket, row = with_file(b"hello")
    clamd.says = b"INSTREAM size limit exceeded. ERROR\0"
    with moved_to(now()) as tick:
        assert (actions.scan_due(), actions.scan_due(), clamd.asked) == (0, 0, 1)
        make.sign_in(client, make.agent(language="en"))
        warned = client.get(f"/files/{row.key}")
        assert warned.status_code == 409
        assert "has not been scanned for malware yet" in warned.text
        assert f'href="/files/{row.key}?anyway=1"' in warned.text
        assert client.get(f"/files/{row.key}?anyway=1").data == b"hello"
        clamd.says = b""
        tick(61)
        assert (actions.scan_due(), clamd.asked) == (1, 2)
    assert client.get(f"/files/{row.key}").status_code == 200


def test_a_scanner_that_is_away_is_told_by_readyz(client: FlaskClient, use: object) -> None:
    use("clamd:127.0.0.1:1")  # type: ignore[operator]
    _ticket, row = with_file(b"hello")
    assert actions.scan_due() == 0
    assert client.get("/readyz").json["checks"]["scanner"]["ok"]  # type: ignore[index]
    row.at = now() - timedelta(minutes=11)
    db.session.commit()
    assert "malware scanner" in client.get("/readyz").json["checks"]["scanner"]["problem"]  # type: ignore[index]


@pytest.mark.parametrize(("code", "state"), [(0, "clean"), (1, "infected"), (2, "not_scanned")])
def test_a_command_says_it_by_its_exit_code(
    use: object, tmp_path: Path, code: int, state: str
) -> None:
    script = tmp_path / "scan.py"
    script.write_text(
        f"import sys; assert open(sys.argv[1], 'rb').read() == b'x'; sys.exit({code})"
    )
    use(f"command:{sys.executable} {script}")  # type: ignore[operator]
    _ticket, row = with_file(b"x")
    actions.scan_due()
    assert scanning.state(again(row)) == state


@pytest.mark.parametrize(
    "odd", ["clamd", "clamd:", "clamd:host", "command:", "http://x", "/usr/bin/x"]
)
def test_an_odd_scanner_refuses_to_start(tmp_path: Path, odd: str) -> None:
    with pytest.raises(SettingsError, match="HELPDESK_SCANNER"):
        load({"HELPDESK_INSTANCE": str(tmp_path), "HELPDESK_SCANNER": odd})


def test_bytes_of_attachments_leave_by_doors_that_ask_the_scanner() -> None:
    """A new door that gives files away has to ask, too."""
    root = Path(files.__file__).parent.parent
    givers = {
        str(path.relative_to(root)): path.read_text(encoding="utf8")
        for path in root.rglob("*.py")
        if "files.answer(" in path.read_text(encoding="utf8")
        or "files.open_file(" in path.read_text(encoding="utf8")
    }
    raw_mail = {
        "channels/email/deciding/pages.py",
        "channels/email/keeping.py",
    }  # read by the mail reader only
    for name, words in givers.items():
        asks = ("scanning.require_given(", "hearing.heard(", "INFECTED")  # a recording is heard so
        assert name in raw_mail or any(each in words for each in asks), name
