"""Who asks for no automatic answer gets none, and is a person in everything else (cases 09 and 11)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.mails import case, mail, our_id

OUTLOOK = "09-outlook-suppress-header"
GROUP = "11-google-group"


def asked_by(email: str, status: str = "") -> Ticket:
    """A case of this address, standing as it is asked for."""
    ticket = make.ticket(person=Asker(email=email), channel="email")
    if status:
        with transaction() as session:
            known = session.get_one(Ticket, ticket.id)
            known.status = status
            if status == "closed":
                known.closed_at = now()
    return ticket


def status_of(ticket: Ticket) -> str:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True).status


def purposes() -> list[str]:
    deliver_due(limit=500)
    return sorted(db.session.scalars(select(Envelope.purpose)))


@pytest.fixture
def haichuan(app: Flask) -> None:
    with transaction() as session:
        session.add(Mailbox(name="support", address="support@haichuan.example", kind="smtp"))


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("control-closed.eml", "james.okafor@example.com"),
        ("reply-on-closed.eml", "james.okafor@example.com"),
        ("m365-redirect-reply.eml", "sarah.whitfield@example.com"),
    ],
)
def test_case_09_the_answer_to_a_closed_case_reopens_it(
    app: Flask, shared: Path, name: str, email: str
) -> None:
    ticket = asked_by(email, "closed")
    row = deliver(case(shared, f"{OUTLOOK}/{name}", ticket))
    assert (row.outcome, row.ticket_id) == ("reply", ticket.id)
    assert status_of(ticket) != "closed"


def test_case_09_the_answer_to_a_held_case_resumes_it(app: Flask, shared: Path) -> None:
    ticket = asked_by("kenji.mori@example.com")
    boss = make.agent("Chen Jie", "supervisor").actor
    team = make.department()
    handler = make.agent("Gao Feng", "handler", department=team).actor
    actions.accept(ticket, by=boss)
    actions.dispatch(ticket, by=boss, department_id=team.id)
    actions.sign(ticket, by=handler)
    actions.handle(ticket, by=handler)
    actions.hold(ticket, by=boss, comment="serial number", until=now() + timedelta(days=3))
    assert status_of(ticket) == "waiting"
    deliver(case(shared, f"{OUTLOOK}/reply-on-hold.eml", ticket))
    assert status_of(ticket) != "waiting"


def test_case_09_a_mail_that_a_rule_of_microsoft_passed_on_is_a_case(
    app: Flask, shared: Path
) -> None:
    row = deliver(case(shared, f"{OUTLOOK}/m365-redirect-new.eml"))
    assert (row.outcome, row.automatic, row.from_email) == ("ticket", False, "dora@client2.example")
    assert purposes() == [], "no receipt: the mark asks for none"


@pytest.mark.parametrize("value", ["DR", "RN, NRN", "All", "OOF"])
def test_no_value_of_the_header_makes_a_machine(app: Flask, value: str) -> None:
    ticket = asked_by("wang.fang@example.com", "closed")
    raw = mail("再看一下", In_Reply_To=our_id(ticket), **{"X-Auto-Response-Suppress": value})
    assert deliver(raw).automatic is False
    assert status_of(ticket) != "closed"


def test_who_asks_for_quiet_gets_answers_of_people_and_nothing_automatic(app: Flask) -> None:
    quiet = deliver(mail("我的灯坏了", **{"X-Auto-Response-Suppress": "All"}))
    other = deliver(mail("门坏了", From="li.na@example.com"))
    boss = make.agent("Chen Jie", "supervisor").actor
    for row in (quiet, other):
        with transaction() as session:
            session.get_one(Ticket, row.ticket_id).kind = "enquiry"
        ticket = db.session.get_one(Ticket, row.ticket_id)
        actions.answer_directly(ticket, by=boss, body="明天上门。")
        actions.close(ticket, by=boss)
    deliver_due(limit=500)
    sent = select(Envelope.ticket_id, Envelope.purpose).order_by(Envelope.id)
    found = [(row.ticket_id, row.purpose) for row in db.session.execute(sent)]
    assert [purpose for number, purpose in found if number == quiet.ticket_id] == ["answer"]
    of_other = sorted(purpose for number, purpose in found if number == other.ticket_id)
    assert of_other == ["answer", "receipt", "survey"]


@pytest.mark.parametrize("name", ["input.eml", "v1-rewritten-from.eml"])
def test_case_11_what_our_own_group_passes_on_is_a_case_of_who_wrote_it(
    haichuan: None, shared: Path, name: str
) -> None:
    row = deliver(case(shared, f"{GROUP}/{name}"))
    ticket = db.session.get_one(Ticket, row.ticket_id, options=[joinedload(Ticket.person)])
    assert (row.outcome, row.automatic, row.from_email) == ("ticket", False, "erik@client3.example")
    assert (ticket.person.name, ticket.channel) == ("Erik Olsen", "email")
    deliver_due()
    receipt = db.session.scalars(select(Envelope)).one()
    assert (receipt.purpose, receipt.recipient) == ("receipt", "erik@client3.example")


def test_case_11_without_a_mailbox_the_name_of_the_pipe_tells_which_list_is_ours(
    app: Flask, shared: Path
) -> None:
    assert deliver(case(shared, f"{GROUP}/input.eml")).outcome == "ticket"
    held = deliver(case(shared, f"{GROUP}/v1-rewritten-from.eml"), mailbox="sales")
    assert (held.outcome, held.reason) == ("held", "bulk")


def test_case_11_an_answer_through_the_group_joins_and_counts_as_a_persons(
    haichuan: None, shared: Path
) -> None:
    ticket = asked_by("maria.lindqvist@example.com", "closed")
    row = deliver(case(shared, f"{GROUP}/v2-reply.eml", ticket))
    assert (row.outcome, row.ticket_id, row.automatic) == ("reply", ticket.id, False)
    assert status_of(ticket) != "closed"
    newest = select(Message).where(Message.kind == "customer").order_by(Message.id.desc())
    assert db.session.scalars(newest).first().data["automatic"] is False


def test_case_11_v3_a_mail_of_fastmail_is_a_case_with_a_receipt(app: Flask) -> None:
    row = deliver(mail("我的灯坏了", **{"Feedback-ID": "i0a1b2c3:Fastmail"}))
    assert (row.outcome, row.automatic) == ("ticket", False)
    assert purposes() == ["receipt"]


def test_what_a_list_says_who_wrote_lets_nobody_into_a_case(haichuan: None, shared: Path) -> None:
    """X-Original-From and Reply-To are words that anybody can write."""
    ticket = asked_by("erik@client3.example")
    raw = case(shared, f"{GROUP}/v1-rewritten-from.eml")
    row = deliver(
        raw.replace(b"Precedence:", f"In-Reply-To: {our_id(ticket)}\nPrecedence:".encode())
    )
    assert (row.outcome, row.reason, row.ticket_id) == ("held", "stranger", ticket.id)


@pytest.mark.parametrize(
    "headers",
    [
        {"List-Id": "<news.shop.example>", "List-Unsubscribe": "<https://shop.example/u>"},
        {"List-Unsubscribe": "<mailto:u@shop.example>", "Precedence": "bulk"},
        {"List-Id": "<dev.lists.example>", "List-Post": "<mailto:dev@lists.example>"},
    ],
)
def test_newsletters_and_lists_of_others_wait_for_a_person(
    haichuan: None, headers: dict[str, str]
) -> None:
    row = deliver(mail("offers", From="news@shop.example", **headers))
    assert (row.outcome, row.reason) == ("held", "bulk")


@pytest.mark.parametrize(
    "headers",
    [
        {"List-Post": "<mailto:support@haichuan.example>", "Precedence": "list"},
        {"List-Id": "Support <support.haichuan.example>"},
        {"X-BeenThere": "support@haichuan.example", "List-Id": "x <s.lists.example>"},
        {"Mailing-List": "list service@haichuan.example; contact service+owners@haichuan.example"},
    ],
)
def test_each_way_in_which_a_group_names_itself_is_known(
    haichuan: None, headers: dict[str, str]
) -> None:
    assert deliver(mail("我的灯坏了", **headers)).outcome == "ticket"
    assert purposes() == ["receipt"], "the list asks for quiet, not its writer"


def test_an_absence_note_through_the_group_stays_an_absence_note(haichuan: None) -> None:
    headers = {"List-Id": "<support.haichuan.example>", "Auto-Submitted": "auto-replied"}
    assert deliver(mail("I am away", **headers)).reason == "away"


def test_persons_who_ask_for_quiet_do_not_use_up_the_share_of_machines(app: Flask) -> None:
    deliver(mail("eins", Precedence="bulk"))
    machine = InboundMail.automatic.is_(True)
    assert db.session.scalars(select(InboundMail).where(machine)).all() == []
