"""A mail's From is a claim: what joins a case, what proves an address, and where answers go."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.deciding.review import open_ticket
from helpdesk.channels.email.models import InboundMail
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.customers.people import Asker
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.desk import dialogs, get
from tests.help.mails import mail, our_id, proofs

GRETA = "greta@home.example"
SERVER = "mx.example.net"


def passed(sender: str, **headers: str) -> bytes:
    """A mail whose sender our mail server has proven."""
    domain = headers.pop("domain", sender.rpartition("@")[2])
    line = f"Authentication-Results: {SERVER}; dmarc=pass header.from={domain}\r\n"
    return line.encode() + mail(From=sender, **headers)


@pytest.fixture(autouse=True)
def box(app: Flask) -> Mailbox:
    """Our mailbox, whose server says what it has proven."""
    with transaction() as session:
        made = Mailbox(
            name="support", address="support@haichuan.example", kind="smtp", proof_by=SERVER
        )
        session.add(made)
    return made


def ticket_of(row: InboundMail) -> Ticket:
    query = select(Ticket).where(Ticket.id == row.ticket_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def recipients(ticket: Ticket) -> list[str]:
    deliver_due()
    query = select(Envelope.recipient).where(Envelope.ticket_id == ticket.id)
    return list(db.session.scalars(query.order_by(Envelope.id)))


def test_a_customer_with_two_addresses_is_answered_at_the_one_that_wrote(shared: Path) -> None:
    """Case 21-second-address."""
    first = make.ticket(person=Asker(name="Greta", email="greta@work.example"))
    with transaction():
        person = db.session.get_one(Person, first.person_id)
        person.addresses.append(
            ContactAddress(kind="email", value=GRETA, normal=GRETA, proven_by="link")
        )
    raw = (shared / "cases/21-second-address/input.eml").read_bytes()
    line = f"Authentication-Results: {SERVER}; dmarc=pass header.from=home.example\r\n"
    ticket = ticket_of(deliver(line.encode() + raw))
    assert ticket.person_id == first.person_id
    actions.send_message(ticket, by=make.agent().actor, body="Here it is.")
    assert recipients(ticket) == [GRETA, GRETA]


@pytest.mark.parametrize(
    ("file", "customer", "sender"),
    [
        ("input.eml", "zhaomin@kehu.example", "noreply@shop-partner.example"),
        ("v1-form-own-domain.eml", "liu@kehu.example", "web@haichuan.example"),
        ("v2-form-other-person.eml", "sun@kehu.example", "form@builder.example"),
    ],
)
@pytest.mark.parametrize("proven", [False, True])
def test_a_contact_form_is_answered_at_its_reply_to_which_the_desk_sees(
    client: FlaskClient, shared: Path, file: str, customer: str, sender: str, proven: bool
) -> None:
    """Case 12-contact-form-reply-to: input, v1-form-own-domain, v2-form-other-person."""
    raw = (shared / "cases/12-contact-form-reply-to" / file).read_bytes()
    if proven:
        domain = sender.rpartition("@")[2]
        result = f"Authentication-Results: {SERVER}; dmarc=pass header.from={domain}\r\n"
        raw = result.encode() + raw
    ticket = ticket_of(deliver(raw))
    assert (ticket.contact, ticket.reply_to) == (sender, customer)
    assert proofs(ticket.person_id) == {customer: ""}, "the site proves nobody else's address"
    actions.send_message(ticket, by=make.agent().actor, body="We come tomorrow.")
    assert set(recipients(ticket)) == {customer}
    make.sign_in(client, make.agent("Li Na"))
    page = get(client, f"/tickets/{ticket.number}") + dialogs(client, ticket)
    assert sender in page and f"by mail at {customer}" in page
    assert "not the address it came from" in page


def test_who_fills_in_a_form_gets_the_receipt_unless_a_machine_says_to_be_one(app: Flask) -> None:
    """Case 12-contact-form-reply-to: From is noreply@, and the words are a person's."""
    given = {"From": "noreply@shop.example", "Reply_To": "zhao@kehu.example"}
    assert recipients(ticket_of(deliver(mail(**given)))) == ["zhao@kehu.example"]
    marks = {"Auto-Submitted": "auto-generated", "Message-ID": "<2@x>"}
    assert recipients(ticket_of(deliver(mail("Backup done", **given, **marks)))) == []


def test_the_people_of_one_contact_form_are_not_one_customer(app: Flask) -> None:
    """Case 12-contact-form-reply-to: also when the form's own address is proven."""
    whose = set()
    for name in ("zhao", "liu", "sun"):
        given = {"Reply_To": f"{name}@kehu.example", "Message-ID": f"<{name}@x>"}
        row = deliver(passed("form@builder.example", body=name, **given))
        whose.add(ticket_of(row).person_id)
    assert len(whose) == 3


def test_of_several_reply_to_addresses_the_first_is_answered_and_all_are_offered(
    client: FlaskClient,
) -> None:
    given = {"Reply_To": "support@haichuan.example, a@kehu.example, B <b@kehu.example>"}
    ticket = ticket_of(deliver(mail(From="form@builder.example", **given)))
    assert ticket.reply_to == "a@kehu.example", "our own address is no customer's"
    offered = actions.reply_choices(ticket)
    assert offered == ["a@kehu.example", "form@builder.example", "b@kehu.example"]


def test_on_a_mail_that_joins_reply_to_and_x_original_from_are_shown_and_never_used(
    client: FlaskClient,
) -> None:
    ticket = ticket_of(deliver(passed(GRETA, **{"Message-ID": "<g@x>"})))
    more = {"Reply_To": "mallory@evil.example", "X_Original_From": "eve@evil.example"}
    row = deliver(mail("And?", From=GRETA, In_Reply_To=our_id(ticket), **more))
    assert (row.outcome, ticket_of(row).reply_to) == ("reply", GRETA)
    assert set(proofs(ticket.person_id)) == {GRETA}
    make.sign_in(client, make.agent())
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "mallory@evil.example" in page and "eve@evil.example" in page
    assert "mallory@evil.example" not in actions.reply_choices(ticket_of(row))


def test_the_added_address_of_a_visitor_joins_nothing(client: FlaskClient, shared: Path) -> None:
    """Case 22-form-takes-over-number, step 4 with v1.eml, also when his own address is proven."""
    hers = make.ticket(person=Asker(name="Vera Tang", phone="138 0000 9911"), channel="phone")
    form = {"subject": "x", "body": "y", "kind": "complaint", "contact": "mallory2@evil.example"}
    client.post("/new", data=form | {"phone": "+86 138-0000-9911"})
    raw = (shared / "cases/22-form-takes-over-number/v1.eml").read_bytes()
    raw = raw.replace(b"2026-000125", hers.number.encode())
    result = f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\n".encode()
    for each in (raw, result + raw.replace(b"<v1-", b"<v2-")):
        row = deliver(each)
        assert (row.outcome, row.why["number"]) == ("ticket", hers.number)
        assert row.ticket_id != hers.id
    assert len(db.session.scalars(select(Message).where(Message.ticket_id == hers.id)).all()) == 1


@pytest.mark.parametrize(
    "result",
    [
        "",
        "dmarc=fail header.from=home.example",
        "dmarc=none",
        "dmarc=pass header.from=evil.example",
        "spf=pass smtp.mailfrom=greta@home.example",
    ],
)
def test_a_mail_from_a_known_address_without_proof_joins_nothing_and_tells_what_it_names(
    client: FlaskClient, result: str
) -> None:
    """By the number in the subject, whatever another domain's proof says."""
    ticket = ticket_of(deliver(passed(GRETA)))
    head = f"Authentication-Results: {SERVER}; {result}\r\n".encode() if result else b""
    given = {"Subject": f"withdraw [{ticket.number}]", "Message-ID": "<forged@x>"}
    row = deliver(head + mail("I withdraw", From=GRETA, **given))
    assert (row.outcome, row.why["rule"]) == ("ticket", "claimed")
    claimed = ticket_of(row)
    assert claimed.id != ticket.id and claimed.person_id != ticket.person_id
    make.sign_in(client, make.agent())
    page = client.get(f"/tickets/{claimed.number}").get_data(as_text=True)
    assert "It names another case" in page and f"/tickets/{ticket.number}" in page


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
def test_a_forged_reference_to_the_customer_s_own_mail_joins_nothing(
    app: Flask, header: str
) -> None:
    """Whoever was in Cc knows its Message-ID."""
    ticket = ticket_of(deliver(passed(GRETA, **{"Message-ID": "<own@home.example>"})))
    given = {header: "<own@home.example>", "Message-ID": "<forged@x>"}
    row = deliver(mail("I withdraw", From=GRETA, **given))
    assert (row.outcome, row.why["number"]) == ("ticket", ticket.number)
    proven = deliver(passed(GRETA, body="More", **given | {"Message-ID": "<second@x>"}))
    assert (proven.outcome, proven.ticket_id) == ("reply", ticket.id)


def test_a_signed_reply_from_the_address_that_we_wrote_to_joins_and_proves_it(app: Flask) -> None:
    ticket = ticket_of(deliver(mail(From=GRETA)))
    assert (ticket.contact_proven_by, proofs(ticket.person_id)) == ("", {GRETA: ""})
    row = deliver(mail("More", From=GRETA, In_Reply_To=our_id(ticket)))
    assert (row.outcome, row.ticket_id) == ("reply", ticket.id)
    assert ticket_of(row).contact_proven_by == "token"
    assert proofs(ticket.person_id) == {GRETA: "token"}


def test_a_machine_s_reply_proves_nothing(app: Flask) -> None:
    ticket = ticket_of(deliver(mail(From=GRETA)))
    deliver(
        mail("On holiday", From=GRETA, In_Reply_To=our_id(ticket), Auto_Submitted="auto-replied")
    )
    assert proofs(ticket.person_id) == {GRETA: ""}


def test_a_signed_reply_from_elsewhere_waits_for_a_colleague_and_proves_nothing(
    app: Flask,
) -> None:
    ticket = ticket_of(deliver(mail(From=GRETA)))
    for raw in (
        mail("me", From="eve@evil.example", In_Reply_To=our_id(ticket)),
        passed("eve@evil.example", body="me too", In_Reply_To=our_id(ticket)),
    ):
        row = deliver(raw)
        assert (row.outcome, row.reason) == ("held", "stranger")
    assert proofs(ticket.person_id) == {GRETA: ""}


def test_what_a_colleague_let_in_once_does_not_let_forged_mails_in(app: Flask) -> None:
    ticket = ticket_of(deliver(mail(From=GRETA)))
    row = deliver(mail("me", From="eve@work.example", In_Reply_To=our_id(ticket)))
    from helpdesk.channels.email.deciding.review import accept_reply

    accept_reply(make.agent().actor, row.id)
    by_number = {"Subject": f"x [{ticket.number}]", "Message-ID": "<forged@x>"}
    assert deliver(mail("no", From="eve@work.example", **by_number)).outcome == "ticket"
    signed = {"In_Reply_To": our_id(ticket), "Message-ID": "<signed@x>"}
    assert deliver(mail("yes", From="eve@work.example", **signed)).outcome == "reply"


def test_proven_mails_of_one_address_are_one_customer_s_and_claimed_ones_are_not(
    app: Flask,
) -> None:
    first = ticket_of(deliver(passed(GRETA)))
    second = ticket_of(deliver(passed(GRETA, body="Again", **{"Message-ID": "<2@x>"})))
    claimed = ticket_of(deliver(mail("Me too", From=f"Greta <{GRETA}>", **{"Message-ID": "<3@x>"})))
    assert (first.contact_proven_by, second.person_id) == ("dmarc", first.person_id)
    assert claimed.person_id != first.person_id
    assert db.session.get_one(Person, claimed.person_id).claimed


def test_a_colleague_who_opens_a_held_mail_proves_nothing_by_that(app: Flask) -> None:
    head = b"Precedence: bulk\r\nList-Unsubscribe: <mailto:x@y.example>\r\n"
    row = deliver(head + mail("News", From=GRETA))
    assert row.outcome == "held"
    ticket = open_ticket(make.agent().actor, row.id)
    assert ticket.contact_proven_by == ""


def test_a_proven_answer_to_a_form_s_case_proves_the_address_typed_there(
    client: FlaskClient,
) -> None:
    form = {"subject": "x", "body": "y", "kind": "complaint", "contact": GRETA}
    client.post("/new", data=form)
    ticket = db.session.scalars(select(Ticket)).one()
    row = deliver(passed(GRETA, Subject=f"more [{ticket.number}]"))
    assert (row.outcome, ticket_of(row).contact_proven_by) == ("reply", "dmarc")
