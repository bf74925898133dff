"""Mails out, through a real SMTP server: once each, in the reader's language, never a bomb."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import Delivery, deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify.envelopes import MOST_AUTOMATIC
from helpdesk.notify.models import Envelope
from helpdesk.promises.models import Promise
from helpdesk.settings import settings
from helpdesk.tickets import actions, mail_ids
from helpdesk.tickets.models import Message
from tests.help import factories as make
from tests.help.smtp_sink import Sink


def states() -> list[str]:
    return list(db.session.scalars(select(Envelope.state).order_by(Envelope.id)))


def test_the_receipt_has_number_promise_and_link_and_none_of_the_customers_words(
    sink: Sink,
) -> None:
    ticket = make.ticket(subject="SECRET WORDS", body="MORE SECRET WORDS", language="en")
    deliver_due()
    [mail] = sink.taken
    text = mail.get_content()
    assert mail["To"] == "wang.fang@example.com"
    assert ticket.number in mail["Subject"]
    assert f"/track/{ticket.number}/" in text
    assert "at the latest" in text
    assert "SECRET" not in text + mail["Subject"]


def test_a_mail_speaks_the_customers_language_not_the_agents(sink: Sink) -> None:
    """The customer's language decides, whoever triggers the mail."""
    make.ticket(language="zh_Hans")
    make.ticket(language="en", person=Asker(email="lee@example.com"))
    deliver_due()
    chinese, english = sink.taken
    assert "您好" in chinese.get_content()
    assert "Hello" in english.get_content()


def test_automatic_mails_say_so_and_answers_do_not(sink: Sink) -> None:
    ticket = make.ticket()
    actions.send_message(ticket, by=make.agent().actor, body="我们正在处理。")
    deliver_due()
    receipt, answer = sink.taken
    assert receipt["Auto-Submitted"] == "auto-generated"
    assert answer["Auto-Submitted"] is None
    assert "我们正在处理。" in answer.get_body(("plain",)).get_content()


def test_an_answer_goes_into_the_thread_of_the_customers_mail(sink: Sink) -> None:
    ticket = make.ticket(channel="email", message_id="<their@example.com>")
    actions.send_message(ticket, by=make.agent().actor, body="x")
    deliver_due()
    answer = sink.taken[-1]
    assert answer["In-Reply-To"] == "<their@example.com>"
    assert mail_ids.ticket_of([answer["Message-ID"]], settings().secret_key).id == ticket.id


def test_internal_notes_never_leave_the_house(sink: Sink) -> None:
    ticket = make.ticket()
    actions.note(ticket, by=make.agent().actor, body="CANARY")
    actions.accept(ticket, by=make.agent("Li Na").actor, comment="CANARY")
    deliver_due()
    assert all("CANARY" not in str(mail) for mail in sink.taken)


def test_line_breaks_in_a_subject_make_no_header(sink: Sink) -> None:
    ticket = make.ticket()
    with transaction():
        db.session.get_one(type(ticket), ticket.id).subject = "x\r\nBcc: victim@example.org"
    actions.send_message(ticket, by=make.agent().actor, body="y")
    deliver_due()
    assert all(mail["Bcc"] is None for mail in sink.taken)


def test_a_machine_gets_no_receipt(sink: Sink) -> None:
    make.ticket(channel="email", mail={"automatic": True})
    deliver_due()
    assert sink.taken == []


def test_nobody_can_be_bombed_through_the_form(sink: Sink) -> None:
    for n in range(MOST_AUTOMATIC + 5):
        make.ticket(subject=f"nr {n}", person=Asker(email="victim@example.org"))
    deliver_due(limit=500)
    assert len(sink.taken) == MOST_AUTOMATIC
    assert states().count("failed") == 5


def test_a_refused_address_is_seen_and_not_tried_again(sink: Sink) -> None:
    sink.refuse["wang.fang@example.com"] = "550 no such user"
    make.ticket()
    deliver_due()
    row = db.session.scalars(select(Envelope)).one()
    assert (row.state, row.next_at) == ("failed", None)
    assert "550" in row.error
    assert db.session.scalar(select(Delivery.state)) == "done"


def test_without_a_mail_server_letters_are_kept_to_be_read(app: Flask) -> None:
    make.ticket()
    deliver_due()
    assert states() == ["kept"]


def test_a_delivery_that_runs_twice_sends_once(sink: Sink) -> None:
    make.ticket()
    deliver_due()
    with transaction() as session:
        for row in session.scalars(select(Delivery)):
            row.state, row.tries = "waiting", 0
    deliver_due()
    assert len(sink.taken) == 1


def test_a_missed_promise_is_told_by_mail_to_the_roles_of_the_chain(sink: Sink) -> None:
    """Who is told follows the chain, each step once."""
    lead = make.agent("Zhao Lei", leads=True)
    supervisor = make.agent("Chen Jie", "supervisor")
    make.agent("Li Na")
    make.ticket(severity="S2", person=Asker(phone="13900001111"))
    with moved_to(now() + timedelta(minutes=31)):
        alarms.ring_all()
        alarms.ring_all()
        deliver_due(limit=500)
    told = [(m["To"], m["Subject"]) for m in sink.taken if m["Subject"].startswith("Overdue")]
    assert {to for to, _subject in told} == {lead.email, supervisor.email}
    assert len(told) == 2
    assert (
        db.session.scalar(select(Promise.verdict).where(Promise.promise == "acknowledge"))
        == "missed"
    )


def test_closing_asks_the_customer_how_we_did(sink: Sink) -> None:
    """Closing triggers a satisfaction request."""
    agent = make.agent()
    ticket = make.ticket(kind="enquiry", language="en")
    actions.answer_directly(ticket, by=agent.actor, body="Yes, we do.")
    actions.close(ticket, by=agent.actor)
    deliver_due()
    assert [m["Subject"] for m in sink.taken][-1].startswith("How did we do?")


def test_a_customer_without_mail_gets_none(sink: Sink) -> None:
    make.ticket(person=Asker(phone="13900001111"))
    deliver_due()
    assert sink.taken == []
    assert db.session.scalar(select(Message.id)) is not None
