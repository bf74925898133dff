"""Several workers at once, and a new customer whom two of them meet first: nothing is set aside."""

from __future__ import annotations

import contextlib
import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk.channels.email.deciding import inbound, into_tickets
from helpdesk.channels.email.deciding.inbound import deliver, process_stored, take
from helpdesk.channels.email.keeping import Came
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core.db import db, is_twin, transaction
from helpdesk.core.errors import Conflict
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.tickets import intake, whose
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.mails import count, mail, our_id
from tests.help.statements import counted

ADDRESS = "wang.fang@example.com"
SERVER = "mx.example.net"


def known() -> Person:
    """Wang Fang, who has proven her address."""
    with transaction() as session:
        person = Person(name="王芳")
        row = ContactAddress(kind="email", value=ADDRESS, normal=ADDRESS)
        row.proven_at, row.proven_by = now(), "dmarc"
        person.addresses = [row]
        session.add(person)
    return person


def proven(body: str = "冰箱还是不制冷。", **headers: str) -> bytes:
    """A mail of hers that our mail server vouches for."""
    result = f"Authentication-Results: {SERVER}; dmarc=pass header.from=example.com\r\n"
    return result.encode() + mail(body, **headers)


@pytest.fixture
def box(app: Flask) -> None:
    """Our mailbox, whose server says what it has proven."""
    with transaction() as session:
        session.add(
            Mailbox(name="support", address="support@example.net", kind="smtp", proof_by=SERVER)
        )


def fresh(row: InboundMail) -> InboundMail:
    return db.session.get_one(InboundMail, row.id, populate_existing=True)


def test_two_workers_with_proven_mails_of_a_new_customer_make_one_customer(
    app: Flask, box: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On both databases the second waits for the first, and then finds whom it has made."""
    for n in (1, 2):
        take(proven(f"nummer {n}", **{"Message-ID": f"<{n}@example.com>"}), Came("support", "imap"))
    both, right = threading.Barrier(2), intake._look

    def look(session: object, given: object) -> intake._Look:
        found = right(session, given)  # type: ignore[arg-type]
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)
        return found

    monkeypatch.setattr(intake, "_look", look)

    def work() -> None:
        with app.app_context():
            process_stored(limit=1)
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert set(db.session.scalars(select(InboundMail.outcome))) == {"ticket"}
    assert (count(Person), count(Ticket)) == (1, 2)


def test_a_customer_who_is_changed_meanwhile_stops_no_mail_and_is_not_touched_by_it(
    app: Flask, box: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody saves that customer while a proven mail of theirs opens a case."""
    person, right = known(), whose.whose

    def meanwhile(*given: object) -> Person | None:
        found = right(*given)  # type: ignore[arg-type]
        db.session.connection().exec_driver_sql("UPDATE person SET version = version + 1")
        return found

    monkeypatch.setattr(whose, "whose", meanwhile)
    row = deliver(proven(From=f"Somebody <{ADDRESS}>"))
    assert row.outcome == "ticket"
    assert db.session.get_one(Ticket, row.ticket_id).person_id == person.id
    assert db.session.get_one(Person, person.id, populate_existing=True).name == "王芳"


def twin() -> IntegrityError:
    """The database's own refusal of a second unique row."""
    with pytest.raises(IntegrityError) as refused, transaction() as session:
        person = Person(name="王芳")
        person.addresses = [
            ContactAddress(kind="email", value=ADDRESS, normal=ADDRESS) for _ in range(2)
        ]
        session.add(person)
    assert is_twin(refused.value)
    return refused.value


def test_a_race_that_is_lost_anywhere_else_is_run_again_and_a_fault_of_ours_is_shown(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put back at first; what loses every race is no race, and a person sees it."""
    error = twin()

    def lost(*_: object) -> None:
        raise error

    monkeypatch.setattr(inbound, "_make", lost)
    row = deliver(mail())
    assert (row.outcome, row.tries) == ("stored", 1)
    for _ in range(inbound.MOST_TRIES):
        process_stored()
    assert (fresh(row).outcome, fresh(row).reason) == ("quarantined", "error")


def test_what_a_person_changed_meanwhile_still_is_a_conflict_for_a_person(app: Flask) -> None:
    """Only the database's own overtaking is run again, never a form that has grown old."""
    ticket = make.ticket()
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        with transaction():
            into_tickets.locked(ticket, ticket.version + 1)

    with pytest.raises(Conflict):
        into_tickets.retrying(work)
    assert runs == [1]
    assert deliver(mail(In_Reply_To=our_id(ticket))).outcome == "reply"


def test_what_holds_for_all_mails_of_a_set_is_read_once(app: Flask) -> None:
    """Settings and our own addresses, however many mails wait; the next set reads them anew."""
    for n in range(4):
        text = f"From: c{n}@example.com\nSubject: nr {n}\nMessage-ID: <{n}@x>\n\nIt broke.\n"
        take(text.encode(), Came("support", "smtp"))
    with counted() as statements:
        assert process_stored() == 4
    asked = [" ".join(each.split()) for each in map(str, statements)]
    assert asked.count("SELECT mailbox.address FROM mailbox") == 1
    assert len([each for each in asked if each.startswith("SELECT option.name")]) == 1
    assert set(db.session.scalars(select(InboundMail.outcome))) == {"ticket"}
