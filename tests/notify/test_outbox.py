"""What becomes of a mail that we send: each state, each fault of a mail server, nothing lost."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify import envelopes
from helpdesk.notify.envelopes import send_due
from helpdesk.notify.mail import smtp
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.smtp_sink import Sink


def answered() -> tuple[Ticket, Envelope]:
    """A ticket without a receipt, and the mail with our answer, tried once."""
    ticket = make.ticket(channel="email", mail={"automatic": True})
    actions.send_message(ticket, by=make.agent().actor, body="我们正在处理。")
    deliver_due()
    answer = select(Envelope).where(Envelope.purpose == "answer")
    return ticket, db.session.scalars(answer).one()


def fresh(row: Envelope) -> Envelope:
    return db.session.get_one(Envelope, row.id, populate_existing=True)


def mark(row: Envelope) -> str:
    """What its message shows."""
    message = db.session.get_one(Message, row.message_ref, populate_existing=True)
    return str(message.data.get("mailed", {}).get("state", ""))


def test_a_sent_mail_says_so_on_its_message(sink: Sink) -> None:
    _ticket, row = answered()
    assert (row.state, row.next_at, mark(row)) == ("sent", None, "sent")
    assert row.sent_at is not None


def test_a_refused_answer_is_red_at_once_and_can_be_sent_again(
    sink: Sink, client: FlaskClient
) -> None:
    """fail@ is shown red at once, with the server's words and a button."""
    sink.refuse["wang.fang@example.com"] = "550 5.1.1 no such user"
    ticket, row = answered()
    assert (row.state, row.next_at, mark(row)) == ("failed", None, "failed")
    assert db.session.scalar(select(Event.seq).where(Event.name == "mail.lost")) is not None
    make.sign_in(client, make.agent("Li Na"))
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "no such user" in page and f"/mail/sent/{row.id}/again" in page
    assert "no such user" in client.get("/mail/sent?state=lost").get_data(as_text=True)
    sink.refuse.clear()
    client.post(f"/mail/sent/{row.id}/again")
    send_due()
    assert (fresh(row).state, mark(row)) == ("sent", "sent")
    client.post(f"/mail/sent/{row.id}/again")
    send_due()
    answers = [each for each in sink.taken if each["To"] == "wang.fang@example.com"]
    assert [each["Message-ID"] for each in answers] == [row.message_id]


def test_a_greylisting_server_gets_it_on_the_third_try_with_one_message_id(sink: Sink) -> None:
    """defer@; after 1, then 5 minutes."""
    sink.refuse["wang.fang@example.com"] = "451 4.7.1 try again"
    with moved_to(now()) as tick:
        _ticket, row = answered()
        assert (row.state, row.tries) == ("retry", 1)
        tick(59)
        send_due()
        assert fresh(row).tries == 1
        tick(2)
        send_due()
        assert fresh(row).tries == 2
        sink.refuse.clear()
        tick(301)
        send_due()
    assert (fresh(row).state, fresh(row).tries) == ("sent", 3)
    assert [each["Message-ID"] for each in sink.taken] == [row.message_id]


def test_the_pauses_grow_to_an_hour_and_end_after_a_day(sink: Sink) -> None:
    """The retry schedule is kept: 1, 5, 15, 60 minutes, then hourly, 24 hours in all."""
    sink.refuse["wang.fang@example.com"] = "450 later"
    pauses = []
    with moved_to(now()) as tick:
        _ticket, row = answered()
        while fresh(row).state == "retry":
            pause = fresh(row).next_at - now()
            pauses.append(round(pause.total_seconds() / 60))
            tick(pause.total_seconds() + 1)
            send_due()
    assert pauses[:6] == [1, 5, 15, 60, 60, 60]
    assert sum(pauses) in range(24 * 60, 25 * 60 + 1)
    assert (fresh(row).state, mark(row)) == ("failed", "failed")


@pytest.mark.parametrize("where", ["drop", "silent"])
def test_a_line_that_breaks_after_the_mail_is_sent_twice_at_most(
    sink: Sink, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """drop@ and a time-out after DATA leave it uncertain; then a person decides."""
    monkeypatch.setattr(smtp, "TIMEOUT", 2)
    sink.after_data = where
    with moved_to(now()) as tick:
        _ticket, row = answered()
        assert (row.state, row.doubts) == ("uncertain", 1)
        tick(600)
        send_due()
        tick(86400)
        send_due()
    assert (fresh(row).state, fresh(row).next_at, mark(row)) == ("uncertain", None, "uncertain")
    assert [each["Message-ID"] for each in sink.taken] == [row.message_id] * 2


@pytest.mark.parametrize(("answer", "state"), [("451 full", "retry"), ("554 spam", "failed")])
def test_a_refusal_after_the_mail_counts_like_one_before(
    sink: Sink, answer: str, state: str
) -> None:
    sink.after_data = answer
    _ticket, row = answered()
    assert row.state == state
    assert answer in row.error


def test_a_process_that_dies_while_sending_leaves_a_doubt_not_a_loss(sink: Sink) -> None:
    """kill -9 between the mail server's answer and our note: sent once more under the same name."""
    _ticket, row = answered()
    with transaction() as session:
        known = session.get_one(Envelope, row.id)
        known.state, known.next_at, known.sent_at = "sending", now() - timedelta(seconds=1), None
    send_due()
    assert fresh(row).state == "uncertain"
    with moved_to(now() + envelopes.SECOND_TRY + timedelta(seconds=1)):
        send_due()
    assert fresh(row).state == "sent"
    assert {each["Message-ID"] for each in sink.taken} == {row.message_id}


def test_after_an_hour_without_a_server_all_letters_go_out_within_minutes(
    app: Flask, sink: Sink
) -> None:
    """No answer is lost, and one mail a minute asks for all."""
    before = app.extensions["helpdesk_settings"]
    app.extensions["helpdesk_settings"] = replace(before, smtp_url="smtp://127.0.0.1:1")
    with moved_to(now()) as tick:
        for n in range(5):
            make.ticket(subject=f"nr {n}", person=Asker(email=f"p{n}@example.com"))
        deliver_due()
        for _minute in range(60):
            tick(61)
            send_due()
        app.extensions["helpdesk_settings"] = before
        tick(61)
        send_due()
    states = set(db.session.scalars(select(Envelope.state)))
    assert (states, len(sink.taken)) == ({"sent"}, 5)


def test_one_bad_recipient_does_not_stop_the_rest(sink: Sink) -> None:
    """zammad#2133."""
    sink.refuse["p1@example.com"] = "550 gone"
    for n in range(3):
        make.ticket(subject=f"nr {n}", person=Asker(email=f"p{n}@example.com"))
    deliver_due()
    states = db.session.scalars(select(Envelope.state).order_by(Envelope.recipient)).all()
    assert states == ["sent", "failed", "sent"]


def test_a_server_that_drips_its_answer_holds_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte at a time keeps every single step alive; the whole conversation ends."""
    monkeypatch.setattr(smtp, "DEADLINE", 2)
    stop = threading.Event()

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while not stop.wait(0.2):
                try:
                    self.request.sendall(b"2")
                except OSError:
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        before = app.extensions["helpdesk_settings"]
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        app.extensions["helpdesk_settings"] = replace(before, smtp_url=url)
        try:
            _ticket, row = answered()
        finally:
            app.extensions["helpdesk_settings"] = before
            stop.set()
            server.shutdown()
    assert row.state == "retry"


def test_two_senders_at_once_send_one_mail(app: Flask, sink: Sink) -> None:
    _ticket, row = answered()
    sink.taken.clear()
    with transaction() as session:
        known = session.get_one(Envelope, row.id)
        known.state, known.next_at, known.sent_at = "queued", now(), None

    def run() -> None:
        with app.app_context():
            send_due()
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.taken) == 1


def test_the_author_of_a_lost_answer_is_told_without_its_words(sink: Sink) -> None:
    """A failed answer notifies the colleague, and that mail's own failure tells nobody."""
    sink.refuse["wang.fang@example.com"] = "550 5.1.1 no such user"
    ticket, row = answered()
    deliver_due()
    [told] = sink.taken
    assert told["To"] == "zhang.wei@example.com"
    assert ticket.number in told["Subject"]
    assert "no such user" in told.get_content() and "我们正在处理" not in told.get_content()
    assert told["Auto-Submitted"] == "auto-generated"
    assert fresh(row).state == "failed"
