"""Everybody in To and Cc is shown to colleagues, and answered only on purpose (case 13)."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.core.outbox import deliver_due
from helpdesk.notify import optouts
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.actions import How
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.mails import bounce, case, mail, our_id, proofs, said
from tests.help.smtp_sink import Sink

BOB, BOSS = "bob@client.example", "boss@client.example"


@pytest.fixture
def shared_case(app: Flask, shared: Path) -> Ticket:
    """Case 13 in a mailbox whose address is known."""
    with transaction() as session:
        session.add(Mailbox(name="support", address="support@haichuan.example", kind="smtp"))
    row = deliver(case(shared, "13-others-in-to/input.eml"))
    return db.session.get_one(Ticket, row.ticket_id)


def boss() -> Actor:
    known = db.session.scalar(select(Agent).where(Agent.name == "Chen Jie"))
    return (known or make.agent("Chen Jie", "supervisor")).actor


def answer(
    ticket: Ticket, *cc: str, by: Actor | None = None, words: str = "我们明天上门。"
) -> Envelope:
    actions.send_message(ticket, by=by or boss(), body=words, how=How(cc=cc))
    deliver_due(limit=500)
    sent = select(Envelope).where(Envelope.purpose == "answer")
    return db.session.scalars(sent.order_by(Envelope.id.desc())).first()  # type: ignore[return-value]


def test_case_13_the_page_shows_whom_the_mail_addressed_and_offers_them_unticked(
    shared_case: Ticket, client: FlaskClient
) -> None:
    make.sign_in(client, make.agent("Zhao Min", "supervisor"))
    page = client.get(f"/tickets/{shared_case.number}").text
    assert "Colleague bob@client.example, Boss boss@client.example" in " ".join(page.split())
    for address in (BOB, BOSS):
        (box,) = [each for each in page.split("<input") if f'value="{address}"' in each]
        assert 'type="checkbox" name="cc"' in box and "checked" not in box.partition(">")[0]
    assert 'value="support@haichuan.example"' not in page, "no mailbox of ours"


def test_case_13_an_answer_goes_to_the_sender_alone_unless_somebody_is_ticked(
    sink: Sink, shared_case: Ticket
) -> None:
    assert (answer(shared_case).copies, sink.taken[-1]["Cc"]) == ([], None)


def test_case_13_who_is_ticked_is_recorded_on_the_message(
    shared_case: Ticket, client: FlaskClient
) -> None:
    make.sign_in(client, make.agent("Zhao Min", "supervisor"))
    form = {"mode": "message", "body": "明天上门。", "cc": [BOB, BOSS]}
    assert client.post(f"/tickets/{shared_case.number}/messages", data=form).status_code == 303
    kept = db.session.scalars(select(Message).where(Message.kind == "staff")).one()
    assert kept.data["cc"] == [BOB, BOSS]
    assert f"{BOB}, {BOSS}" in client.get(f"/tickets/{shared_case.number}").text


def test_case_13_who_is_ticked_gets_the_same_letter_as_a_copy(
    sink: Sink, shared_case: Ticket
) -> None:
    row = answer(shared_case, BOSS)
    assert (row.recipient, row.copies, row.state) == ("ann@client.example", [BOSS], "sent")
    assert sink.taken[-1]["Cc"] == BOSS
    assert "/track" not in row.body and "/track" in answer(shared_case, words="再见。").body
    assert BOSS in sink.reached[-2] and "ann@client.example" in sink.reached[-2]


def test_who_got_a_copy_may_write_back_as_themselves_and_is_not_the_customer(
    sink: Sink, shared_case: Ticket
) -> None:
    signed = {"In_Reply_To": our_id(shared_case), "To": "support@haichuan.example"}
    stranger = deliver(mail("Me?", From=f"Boss <{BOSS}>", **signed))
    assert (stranger.outcome, stranger.reason) == ("held", "stranger"), "nobody wrote to them yet"
    answer(shared_case, BOSS)
    before = proofs(shared_case.person_id)
    row = deliver(mail("Thursday.", From=f"Boss <{BOSS}>", **signed | {"Message-ID": "<2@x>"}))
    assert (row.outcome, row.ticket_id) == ("reply", shared_case.id)
    said_last = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert (said_last.author, said_last.body) == ("Boss", "Thursday.")
    again = db.session.get_one(Ticket, shared_case.id, populate_existing=True)
    assert (again.reply_to, again.contact) == ("ann@client.example", "ann@client.example")
    assert proofs(shared_case.person_id) == before, "their answer proves nothing of the customer"
    colleague = deliver(mail("I?", From=f"Bob <{BOB}>", **signed | {"Message-ID": "<3@x>"}))
    assert (colleague.outcome, colleague.reason) == ("held", "stranger"), "he got no copy"


@pytest.mark.parametrize("address", ["eve@evil.example", "support@haichuan.example", ""])
def test_only_people_whom_the_case_s_mails_name_can_be_ticked(
    shared_case: Ticket, address: str
) -> None:
    with pytest.raises(BadInput):
        answer(shared_case, address)


def test_who_may_not_know_the_customer_neither_sees_nor_copies_them(
    shared_case: Ticket, client: FlaskClient
) -> None:
    quality = make.department()
    handler = make.agent("Li Na", "handler", quality, leads=True)
    with transaction() as session:
        ticket = session.get_one(Ticket, shared_case.id)
        ticket.confidential, ticket.department_id, ticket.status = True, quality.id, "handling"
    make.sign_in(client, handler)
    page = client.get(f"/tickets/{shared_case.number}")
    assert page.status_code == 200 and BOB not in page.text
    with pytest.raises(BadInput):
        answer(db.session.get_one(Ticket, shared_case.id), BOB, by=handler.actor)


def test_a_mailbox_that_became_ours_and_who_opted_out_get_no_copy(
    sink: Sink, shared_case: Ticket
) -> None:
    with transaction() as session:
        session.add(Mailbox(name="bob", address=BOB, kind="smtp"))
    optouts.opt_out(BOSS)
    assert answer(shared_case, BOB, BOSS).copies == []


def test_a_copy_that_is_refused_or_comes_back_leaves_the_answer_as_delivered(
    sink: Sink, shared_case: Ticket
) -> None:
    sink.refuse[BOB] = "550 no such user"
    row = answer(shared_case, BOB, BOSS)
    assert row.state == "sent" and row.error.startswith(f"{BOB}: 550")
    deliver(bounce(row.message_id, BOSS))
    again = db.session.get_one(Envelope, row.id, populate_existing=True)
    assert again.state == "sent"
    assert any(
        "could not be delivered to boss@client.example" in each for each in said(shared_case)
    )


def test_programs_and_the_sender_are_nobody_to_answer(app: Flask) -> None:
    row = deliver(mail("灯坏了", Cc="noreply@shop.example, wang.fang@example.com, li@a.example"))
    first = select(Message.data).where(Message.ticket_id == row.ticket_id)
    named = [address for address, _name in db.session.scalars(first).one()["others"]]
    assert "li@a.example" in named
    assert not {"noreply@shop.example", "wang.fang@example.com"} & set(named)


def test_a_draft_that_was_taken_back_keeps_who_was_ticked(
    shared_case: Ticket, client: FlaskClient
) -> None:
    writer = make.agent("Zhao Min", "supervisor")
    make.sign_in(client, writer)
    form = {"mode": "message", "body": "明天上门。", "cc": [BOB]}
    client.post(f"/tickets/{shared_case.number}/messages", data=form)
    kept = db.session.scalars(select(Message).where(Message.kind == "staff")).one()
    client.post(f"/tickets/{shared_case.number}/messages/{kept.id}/unsend")
    page = client.get(f"/tickets/{shared_case.number}").text
    (box,) = [each for each in page.split("<input") if f'value="{BOB}"' in each]
    assert "checked" in box.partition(">")[0]
