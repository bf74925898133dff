"""Several workers at once, and a new customer whom two of them meet first: nothing is set aside."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from helpdesk.channels.email import inbound, tickets
from helpdesk.channels.email.inbound import deliver, process_stored, take
from helpdesk.channels.email.keeping import Came
from helpdesk.channels.email.models import InboundMail
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.db import db, is_twin, transaction
from helpdesk.errors import Conflict
from helpdesk.tickets import intake
from helpdesk.tickets.models import Message, Ticket
from tests import factories as make
from tests.api.test_tickets_api import token
from tests.channels.mails import count, mail, our_id
from tests.channels.test_public_form import CASE
from tests.tickets.test_views_phone import CASE as SPOKEN

ADDRESS = "wang.fang@example.com"
LookFor = Callable[[object, object], intake._Look]


def known() -> Person:
    """Wang Fang, as another worker has just made her."""
    with transaction() as session:
        person = Person(name="王芳")
        person.addresses = [ContactAddress(kind="email", value=ADDRESS, normal=ADDRESS)]
        session.add(person)
    return person


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first look is taken before the other worker commits: it finds nobody. What follows, the
    unique row and its refusal, is the database's own."""
    looks: list[int] = []
    right = intake._look

    def look(session: object, given: object) -> intake._Look:
        found = right(session, given)  # type: ignore[arg-type]
        looks.append(found.person_id or 0)
        unseen = intake._Look(found.setup_version, found.seen_id, None)
        return unseen if len(looks) == 1 else found

    monkeypatch.setattr(intake, "_look", look)
    return looks


def fresh(row: InboundMail) -> InboundMail:
    return db.session.get_one(InboundMail, row.id, populate_existing=True)


def test_a_mail_whose_new_customer_another_worker_made_first_is_worked_on_again(
    app: Flask, late: list[int]
) -> None:
    """Row 4: a lost race is never the mail's fault, so it is never set aside for it."""
    person = known()
    row = deliver(mail())
    assert (row.outcome, row.reason, len(late)) == ("ticket", "", 2)
    assert db.session.get_one(Ticket, row.ticket_id).person_id == person.id
    assert (count(Person), count(Ticket), count(Message)) == (1, 1, 1)


def test_a_held_mail_that_is_approved_at_that_moment_becomes_its_ticket(
    app: Flask, client: FlaskClient, late: list[int]
) -> None:
    person = known()
    held = deliver(mail("news", List_Id="<news.example.com>", Precedence="bulk"))
    make.sign_in(client, make.agent())
    assert client.post(f"/mail/{held.id}/open").status_code == 303
    assert (fresh(held).outcome, len(late)) == ("ticket", 2)
    assert db.session.get_one(Ticket, held.ticket_id).person_id == person.id


@pytest.mark.parametrize("door", ["web", "phone", "api", "api with a key"])
def test_every_other_door_finds_the_customer_whom_somebody_made_first(
    app: Flask, client: FlaskClient, late: list[int], door: str
) -> None:
    person = known()
    if door == "web":
        assert client.post("/new", data=CASE | {"contact": ADDRESS}).status_code == 303
    elif door == "phone":
        make.sign_in(client, make.agent())
        form = SPOKEN | {"phone": "", "email": ADDRESS}
        assert client.post("/phone", data=form).status_code == 303
    else:
        key = {"Idempotency-Key": "k1"} if "key" in door else {}
        sent = {"kind": "complaint", "channel": "api", "subject": "冰箱", "body": "不制冷"}
        sent |= {"person": {"email": ADDRESS}}
        answer = client.post("/api/v1/tickets", json=sent, headers=token() | key)
        assert answer.status_code == 201, answer.get_data(as_text=True)
    assert len(late) == 2
    assert db.session.scalars(select(Ticket.person_id)).all() == [person.id]


def test_two_workers_who_both_looked_before_either_wrote_make_one_customer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL lets both in; on SQLite the second waits for the first, and there is no race."""
    for n in (1, 2):
        take(mail(f"nummer {n}", **{"Message-ID": f"<{n}@example.com>"}), Came(door="imap"))
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


def test_a_customer_who_is_changed_meanwhile_stops_no_mail(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail completes a customer's missing name while somebody else saves that customer."""
    with transaction() as session:
        person = Person(name="")
        person.addresses = [ContactAddress(kind="email", value=ADDRESS, normal=ADDRESS)]
        session.add(person)
    right, changes = intake.find_or_make, []

    def meanwhile(*given: object) -> Person:
        found = right(*given)  # type: ignore[arg-type]
        if not changes:
            changes.append(1)
            db.session.connection().exec_driver_sql("UPDATE person SET version = version + 1")
        return found

    monkeypatch.setattr(intake, "find_or_make", meanwhile)
    row = deliver(mail())
    assert (row.outcome, changes) == ("ticket", [1])
    assert db.session.get_one(Person, person.id, populate_existing=True).name == "王芳"


def twin() -> IntegrityError:
    """The database's own refusal of a second unique row."""
    known()
    with pytest.raises(IntegrityError) as refused:
        known()
    assert is_twin(refused.value)
    return refused.value


def test_a_race_that_is_lost_anywhere_else_is_run_again_and_a_fault_of_ours_is_shown(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 15: put back at first; what loses every race is no race, and a person sees it."""
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
            inbound.locked(ticket, ticket.version + 1)

    with pytest.raises(Conflict):
        tickets.retrying(work)
    assert runs == [1]
    assert deliver(mail(In_Reply_To=our_id(ticket))).outcome == "reply"
