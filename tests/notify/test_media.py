"""A further way out is one module: text messages through a gateway, as docs/adding-a-channel.md has it."""

from __future__ import annotations

import importlib.util
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.i18n import company_zone
from helpdesk.core.outbox import Delivery, deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify import media
from helpdesk.notify.envelopes import MOST_AUTOMATIC, send_due
from helpdesk.notify.models import MAIL, Envelope
from helpdesk.settings import Settings
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message, Ticket
from helpdesk.words import CHANNELS
from tests.help import factories as make
from tests.help.smtp_sink import Sink

PAGE = Path(__file__).parents[2] / "docs/adding-a-channel.md"
PHONE = "13900002007"


class Gateway(ThreadingHTTPServer):
    """Sends a text for each id that it has not seen. `answers` are the next ones: a status, or
    'cut' (the text goes out, and then the line breaks)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.asked: list[str] = []  # the id of each request
        self.phones: dict[str, dict[str, str]] = {}  # what arrived, by its id
        self.answers: list[int | str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.phones.values()]


class _Taking(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(sent["id"])
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer in (200, "cut"):
            self.server.phones.setdefault(sent["id"], sent)
        if answer == "cut":
            return
        self.send_response(int(answer))
        self.end_headers()
        self.wfile.write(b"so it is")

    def log_message(self, *_given: object) -> None:
        """Nothing on the terminal."""


@dataclass(frozen=True)
class WithGateway(Settings):
    """The settings with the one that the page adds."""

    text_gateway: str = field(default="", kw_only=True)


def example() -> str:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf8"), re.DOTALL)[1]


@pytest.fixture
def gateway(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The page's medium is there, and its gateway answers."""
    monkeypatch.setitem(CHANNELS, "sms", "Text message")
    monkeypatch.setitem(media.MEDIA, "sms", media.MEDIA[MAIL])  # and away again
    file = tmp_path / "text.py"
    file.write_text(example(), "utf8")
    spec = importlib.util.spec_from_file_location("text", file)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    server = Gateway()
    known = app.extensions["helpdesk_settings"]
    told: dict[str, Any] = {each.name: getattr(known, each.name) for each in fields(known)}
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    monkeypatch.setitem(app.extensions, "helpdesk_settings", WithGateway(**told, text_gateway=url))
    yield server
    server.shutdown()
    server.server_close()


def texted(**more: Any) -> Ticket:
    """A case that came as a text message."""
    return make.ticket(channel="sms", person=Asker(phone=PHONE), language="en", **more)


def answered(words: str = "We come tomorrow.") -> Ticket:
    """A case whose receipt is out, and then the words of a colleague, tried once."""
    ticket = texted()
    deliver_due()
    actions.send_message(ticket, by=make.agent().actor, body=words)
    deliver_due()
    return ticket


def newest(purpose: str) -> Envelope:
    query = select(Envelope).where(Envelope.purpose == purpose).order_by(Envelope.id.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).first()  # type: ignore[return-value]


def test_an_agents_answer_goes_out_the_way_that_the_case_came(gateway: Gateway) -> None:
    ticket = answered()
    receipt, answer = gateway.phones.values()
    assert receipt["text"].startswith(f"We have your case [{ticket.number}]\nhttp")
    assert answer["text"].startswith("We come tomorrow.\nhttp")
    assert {receipt["to"], answer["to"]} == {ticket.contact}
    row = newest("answer")
    assert (row.medium, row.state, row.automatic) == ("sms", "sent", False)
    message = db.session.get_one(Message, row.message_ref, populate_existing=True)
    assert message.data["mailed"]["state"] == "sent"


def test_the_medium_is_one_file_and_three_lines_elsewhere() -> None:
    """Its table in the page, without the one of the channel's door."""
    table = PAGE.read_text("utf8").partition("## The way out")[2]
    files = re.findall(r"^\| `([\w/.]+\.\w+)` \|", table, re.M)
    assert len(files) == 4 and len(example().splitlines()) < 60


def test_what_the_gateway_refuses_for_now_is_tried_again_and_arrives_once(gateway: Gateway) -> None:
    with moved_to(now()) as tick:
        gateway.answers = [200, 503, 503]
        answered()
        row = newest("answer")
        assert (row.state, row.refused) == ("retry", True)
        for minutes in (1, 5):
            tick(minutes * 60 + 1)
            send_due()
        assert (newest("answer").state, newest("answer").tries) == ("sent", 3)
    assert len(gateway.asked) == 4 and len(gateway.texts) == 2


def test_a_line_that_breaks_after_the_text_was_taken_makes_no_second_text(gateway: Gateway) -> None:
    with moved_to(now()) as tick:
        gateway.answers = [200, "cut"]
        answered()
        assert newest("answer").state == "retry"
        tick(61)
        send_due()
        assert newest("answer").state == "sent"
    assert gateway.asked[1] == gateway.asked[2] and len(gateway.texts) == 2


def test_an_event_that_is_delivered_twice_sends_one_text(gateway: Gateway) -> None:
    answered()
    with transaction() as session:
        for row in session.scalars(select(Delivery)):
            row.state, row.next_at = "waiting", now()
    deliver_due()
    assert len(gateway.asked) == 2


def test_a_text_that_is_refused_for_good_is_told_to_its_author_by_mail(gateway: Gateway) -> None:
    gateway.answers = [200, 400]
    answered()
    deliver_due()
    assert (newest("answer").state, newest("answer").error) == ("failed", "so it is")
    assert (newest("lost").medium, newest("lost").state) == ("email", "kept")


def test_a_closed_gateway_is_asked_by_one_text_and_holds_no_mail_back(
    gateway: Gateway, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved_to(now()) as tick:
        for n in range(3):
            gateway.answers.append("cut")
            texted(subject=f"nr {n}", body=f"words {n}")
            deliver_due()
        gateway.phones.clear()
        gateway.asked.clear()
        gateway.answers = ["cut"]
        make.ticket(subject="by mail", person=Asker(email="wang@example.com"))
        deliver_due()
        tick(61)
        send_due()
        assert (len(gateway.asked), len(sink.taken)) == (1, 1)
        tick(61)
        send_due()
    assert len(gateway.texts) == 3


def test_without_a_gateway_the_text_is_kept_to_be_read(app: Flask, gateway: Gateway) -> None:
    known = app.extensions["helpdesk_settings"]
    object.__setattr__(known, "text_gateway", "")
    answered()
    assert (newest("answer").state, gateway.asked) == ("kept", [])


def test_an_address_has_so_many_automatic_texts_in_an_hour_and_a_person_any_number(
    gateway: Gateway,
) -> None:
    with moved_to(datetime(2026, 3, 2, 2, 1, tzinfo=now().tzinfo)):
        for n in range(MOST_AUTOMATIC + 2):
            ticket = texted(subject=f"nr {n}", body=f"words {n}")
            deliver_due()
        assert newest("receipt").error == "limit" and len(gateway.texts) == MOST_AUTOMATIC
        actions.send_message(ticket, by=make.agent().actor, body="A person's words.")
        deliver_due()
    assert gateway.texts[-1].startswith("A person's words.")


def test_what_no_case_needs_rings_nobody_at_night(gateway: Gateway, client: FlaskClient) -> None:
    """An answer does: its author knows how late it is."""
    night = datetime(2026, 3, 2, 23, 30, tzinfo=company_zone())
    with moved_to(night) as tick:
        ticket = texted(kind="enquiry")
        actions.answer_directly(ticket, by=make.SUPERVISOR, body="Yes, we do.")
        actions.close(ticket, by=make.SUPERVISOR)
        deliver_due()
        assert [text.partition("\n")[0] for text in gateway.texts][1:] == ["Yes, we do."]
        survey = newest("survey")
        assert (survey.state, survey.error) == ("queued", "night")
        assert survey.next_at == night.replace(day=3, hour=8, minute=0)
        make.sign_in(client, make.agent(role="supervisor"))
        assert "it would ring at night" in client.get("/mail/sent").text
        tick(timedelta(hours=8, minutes=31).total_seconds())
        send_due()
        assert newest("survey").state == "sent"


def test_the_page_says_how_the_answer_goes_before_it_is_written(
    gateway: Gateway, client: FlaskClient
) -> None:
    ticket = texted()
    make.sign_in(client, make.agent(role="supervisor"))
    page = client.get(f"/tickets/{ticket.number}").text
    assert f"by text message to {ticket.contact}" in page
    assert "no mail, only on the tracking page" not in page


def test_a_case_without_a_number_is_answered_by_mail(gateway: Gateway, sink: Sink) -> None:
    make.ticket(channel="sms", person=Asker(email="wang@example.com"))
    deliver_due()
    assert (len(sink.taken), gateway.asked) == (1, [])


def test_a_letter_whose_medium_is_gone_fails_with_the_reason(gateway: Gateway) -> None:
    gateway.answers = [503]
    texted()
    with moved_to(now()) as tick:
        deliver_due()
        media.MEDIA.pop("sms")
        tick(61)
        send_due()
    assert newest("receipt").state == "failed" and "not set up" in newest("receipt").error
