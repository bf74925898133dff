"""What somebody only says never becomes who they are; a colleague's click or a proof does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk import promises
from helpdesk.agents import tokens
from helpdesk.agents.rights import SYSTEM
from helpdesk.agents.scopes import INTAKE, Bounds
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from helpdesk.core.outbox import deliver_due
from helpdesk.customers import addresses, people
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.customers.people import Asker
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import actions, tracking
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.calls import token
from tests.help.desk import dispatched

VERA = {"name": "Vera Tang", "phone": "138 0000 9911"}
FORM = {
    "subject": "My fridge",
    "body": "It does not cool.",
    "kind": "complaint",
    "category": "quality.appliance.fridge",
    "name": "Mallory",
}


def vera(client: FlaskClient, **more: str) -> Ticket:
    """A caller's case, as the telephone's program sends it."""
    case = {
        "kind": "complaint",
        "channel": "phone",
        "subject": "Vera's salary slip",
        "body": "Where is it?",
        "category": "quality.appliance.fridge",
        "person": VERA | more,
    }
    answer = client.post("/api/v1/tickets", json=case, headers=token())
    assert answer.status_code == 201
    return newest()


def newest() -> Ticket:
    """The ticket that was opened last."""
    query = select(Ticket).order_by(Ticket.id.desc()).limit(1)
    query = query.options(joinedload(Ticket.person)).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def visit(client: FlaskClient, **form: str) -> tuple[Ticket, str]:
    """What a visitor sends, and the page that they see then."""
    answer = client.post(
        "/new", data=FORM | form, headers={"Accept-Language": "en"}, follow_redirects=True
    )
    assert answer.status_code == 200
    return newest(), answer.get_data(as_text=True)


def known(person_id: int) -> list[tuple[str, str]]:
    """The addresses of a person."""
    rows = select(ContactAddress.normal, ContactAddress.proven_by).where(
        ContactAddress.person_id == person_id
    )
    return sorted((normal, by) for normal, by in db.session.execute(rows))


def mailed_to() -> list[str]:
    """Who got mails, in their order."""
    deliver_due()
    return list(db.session.scalars(select(Envelope.recipient).order_by(Envelope.id)))


CLAIMS = [
    {"contact": "mallory@evil.example", "phone": "+86 138-0000-9911"},
    {"contact": "13800009911", "phone": ""},
    {"contact": "+86 138 0000 9911", "phone": "139 7777 7777"},
    {"contact": "vera@home.example", "phone": "139 7777 7777"},
    {"contact": "vera@home.example", "phone": "13800009911"},
    {"contact": "139 7777 7777", "phone": "vera@home.example"},
]


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("name", ["Mallory", "", "Vera Tang"])
def test_a_public_form_shows_and_changes_nothing_of_a_known_customer(
    client: FlaskClient, claim: dict[str, str], name: str
) -> None:
    """Case 22-form-takes-over-number, with the victim's mail, number, or both."""
    hers = vera(client, email="vera@home.example")
    before = known(hers.person_id)
    ticket, page = visit(client, name=name, **claim)
    assert ticket.person_id != hers.person_id
    assert known(hers.person_id) == before
    assert name == "Vera Tang" or "Vera" not in page
    assert db.session.scalars(select(Message.author).order_by(Message.id.desc())).first() == name
    assert (ticket.repeat_of_id, ticket.severity) == (None, "S3")
    typed = {people.read(people.kind_of(text), text).normal for text in claim.values() if text}
    assert {normal for normal, _by in known(ticket.person_id)} == typed
    assert {by for _normal, by in known(ticket.person_id)} == {""}


def test_the_answer_to_the_known_customer_goes_nowhere_near_the_visitor(
    client: FlaskClient,
) -> None:
    """Case 22-form-takes-over-number, steps 1 to 3."""
    hers = vera(client)
    visit(client, contact="mallory@evil.example", phone="+86 138-0000-9911")
    actions.send_message(hers, by=make.agent().actor, body="Your slip of 9,400 yuan")
    assert set(mailed_to()) == {"mallory@evil.example"}  # the receipt of the visitor's own case
    assert not db.session.scalars(select(Envelope).where(Envelope.ticket_id == hers.id)).all()


def test_the_file_of_case_22_is_the_one_that_is_played_here(shared: Path) -> None:
    steps = (shared / "cases/22-form-takes-over-number/input.txt").read_text("utf-8")
    for part in ("Vera Tang", "138 0000 9911", "mallory@evil.example", "+86 138-0000-9911"):
        assert part in steps


def test_a_known_level_routes_no_claimed_case(client: FlaskClient) -> None:
    vip = make.ticket(by=make.agent().actor, person=Asker(phone="13800009911", level="vip"))
    make.rule("vips first", make.department(), level="vip")
    ticket, _page = visit(client, contact="13800009911")
    assert ticket.route_rule == ""
    assert vip.person_id != ticket.person_id


def test_a_second_number_is_never_dropped_and_a_wrong_one_is_named_where_it_stands(
    client: FlaskClient,
) -> None:
    ticket, _page = visit(client, contact="13812345678", phone="010-87654321")
    assert [n for n, _by in known(ticket.person_id)] == ["+861087654321", "+8613812345678"]
    wrong = client.post(
        "/new",
        data=FORM | {"contact": "a@example.com", "phone": "139"},
        headers={"Accept-Language": "en"},
    ).get_data(as_text=True)
    assert re.search(r'id="phone-error"|name="phone"[^>]*aria-invalid', wrong)
    assert not re.search(r'name="contact"[^>]*aria-invalid', wrong)


def test_the_desk_sees_where_the_case_came_from_and_whose_it_may_be(client: FlaskClient) -> None:
    hers = vera(client)
    ticket, _page = visit(client, contact="13800009911")
    make.sign_in(client, make.agent())
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "Web form: 138 0000 9911" in page and "claimed, not proven" in page
    assert "Says to be somebody whose address one known person has" in page
    assert f'value="{hers.person_id}"' in page and "It is Vera Tang" in page
    assert "Somebody else" in page and "may be the same matter, time 2" in page


def test_a_click_links_the_case_counts_the_repeat_and_is_undone_by_another(
    client: FlaskClient,
) -> None:
    hers, agent = vera(client), make.agent()
    ticket, _page = visit(client, contact="13800009911", phone="mallory@evil.example")
    own, before = ticket.person_id, known(hers.person_id)
    make.sign_in(client, agent)
    sent = {"person": str(hers.person_id), "version": ticket.version}
    assert client.post(f"/tickets/{ticket.number}/asker", data=sent).status_code == 303
    linked = newest()
    assert (linked.person_id, linked.repeat_of_id) == (hers.person_id, hers.id)
    assert (linked.severity, linked.contact_proven_by) == ("S2", "colleague")
    assert known(hers.person_id) == [("+8613800009911", "colleague")]
    assert linked.reply_to == "mallory@evil.example", "answers go on where the case came from"
    actions.link_person(linked, by=agent.actor, person_id=None)
    again = newest()
    assert (again.person_id, again.repeat_of_id, again.severity) == (own, None, "S3")
    assert (again.contact_proven_by, known(hers.person_id)) == ("", before)
    names = [event.name for event in _journal(again)]
    assert names.count("ticket.linked") == 2


def _journal(ticket: Ticket) -> list:
    from helpdesk.tickets import queries

    return list(queries.history(ticket))


def test_the_further_addresses_go_along_only_when_the_colleague_says_so(
    client: FlaskClient,
) -> None:
    hers, agent = vera(client), make.agent()
    ticket, _page = visit(client, contact="13800009911", phone="vera@home.example")
    actions.link_person(ticket, by=agent.actor, person_id=hers.person_id, with_addresses=True)
    assert ("vera@home.example", "colleague") in known(hers.person_id)
    actions.link_person(newest(), by=agent.actor, person_id=None)
    assert [normal for normal, _by in known(hers.person_id)] == ["+8613800009911"]


def test_three_people_on_one_number_are_all_offered_and_nobody_is_guessed(
    client: FlaskClient,
) -> None:
    for name in ("Chen Mei", "Xu Gang", "Xu Lan"):
        vera(client, name=name, phone="0571-60001111")
    ticket, _page = visit(client, contact="057160001111", name="")
    make.sign_in(client, make.agent())
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "Says to be somebody whose address 3 known people have" in page
    assert all(f"It is {name}" in page for name in ("Chen Mei", "Xu Gang", "Xu Lan"))
    assert db.session.query(Person).count() == 4


def test_somebody_else_is_an_answer_too_and_ends_the_question(client: FlaskClient) -> None:
    vera(client)
    ticket, _page = visit(client, contact="13800009911")
    own = ticket.person_id
    make.sign_in(client, make.agent())
    client.post(f"/tickets/{ticket.number}/asker", data={"person": ""})
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "Says to be" not in page
    assert newest().person_id == own
    anew = client.get(f"/tickets/{ticket.number}?asker=1").get_data(as_text=True)
    assert "It is Vera Tang" in anew


def test_a_known_customer_without_a_shared_address_is_found_by_words_and_picked(
    client: FlaskClient,
) -> None:
    hers = vera(client)
    ticket, _page = visit(client, contact="new@kehu.example", phone="")
    deliver_due()
    make.sign_in(client, make.agent())
    page = client.get(f"/tickets/{ticket.number}?asker=1").get_data(as_text=True)
    assert "It is Vera Tang" not in page and "Another known customer" in page
    assert f"/tickets/{ticket.number}/askers" in page
    found = client.get(f"/tickets/{ticket.number}/askers?q=Vera").get_data(as_text=True)
    assert "It is Vera Tang" in found and f'value="{hers.person_id}"' in found
    nobody = client.get(f"/tickets/{ticket.number}/askers?q=zzz").get_data(as_text=True)
    assert "Nobody is known by “zzz”." in nobody
    sent = {"person": str(hers.person_id), "version": ticket.version}
    assert client.post(f"/tickets/{ticket.number}/asker", data=sent).status_code == 303
    assert newest().person_id == hers.person_id


def test_who_may_link_nobody_looks_for_nobody(client: FlaskClient) -> None:
    vera(client)
    ticket, _page = visit(client, contact="new@kehu.example", phone="")
    make.sign_in(client, make.agent(role="auditor"))
    assert client.get(f"/tickets/{ticket.number}/askers?q=vera").status_code == 403


def test_a_department_links_nobody_and_a_stale_page_links_nobody(client: FlaskClient) -> None:
    hers = vera(client)
    ticket, _page = visit(client, contact="13800009911")
    handler = make.agent("Li Na", "handler", make.department())
    with pytest.raises(NotAllowed):
        actions.link_person(ticket, by=handler.actor, person_id=hers.person_id)
    with pytest.raises(Conflict):
        actions.link_person(ticket, by=make.agent().actor, person_id=hers.person_id, version=999)
    assert newest().person_id == ticket.person_id


@pytest.mark.parametrize("confidential", [False, True])
def test_a_department_is_not_told_who_else_has_the_address_of_a_case(
    client: FlaskClient, confidential: bool
) -> None:
    vera(client, email="vera@home.example")
    sealed = {"confidential": "y"} if confidential else {}
    ticket, _page = visit(client, contact="13800009911", phone="vera@home.example", **sealed)
    assert ticket.confidential is confidential
    dispatched(ticket, make.department().id)
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    shown = client.get(f"/tickets/{ticket.number}")
    assert shown.status_code == 200 and "It does not cool." in shown.text
    assert "Vera" not in shown.text
    assert ("Mallory" in shown.text) is not confidential


def test_the_receipt_s_link_proves_the_address_by_a_button_and_once(client: FlaskClient) -> None:
    ticket, _page = visit(client, contact="greta@home.example")
    deliver_due()
    body = db.session.scalars(select(Envelope.body)).one()
    path = re.search(r"/confirm/\S+", body)
    assert path
    assert "greta@home.example" in client.get(path[0]).get_data(as_text=True)
    assert newest().contact_proven_by == "", "a program that follows links proves nothing"
    for _time in range(2):
        assert client.post(path[0]).status_code == 200
    assert newest().contact_proven_by == "link"
    assert known(ticket.person_id) == [("greta@home.example", "link")]
    assert [event.name for event in _journal(newest())].count("ticket.proven") == 1
    forged = path[0][:-1] + ("y" if path[0].endswith("x") else "x")
    assert client.get(forged).status_code == 404


def test_a_proven_address_leads_to_the_one_customer_who_has_proven_it(client: FlaskClient) -> None:
    first = make.ticket(channel="email", person=Asker(name="Greta", email="greta@home.example"))
    ticket, page = visit(client, contact="greta@home.example")
    assert ticket.person_id != first.person_id
    assert "Greta" not in page
    actions.prove(ticket, "greta@home.example", "link", by=make.CUSTOMER)
    assert newest().person_id == first.person_id
    assert newest().repeat_of_id == first.id


def test_a_file_that_was_found_to_be_somebody_s_is_offered_no_more(client: FlaskClient) -> None:
    """One customer stays one: for the next call, and for the next proven mail."""
    first = make.ticket(channel="email", person=Asker(name="Greta", email="greta@home.example"))
    ticket, _page = visit(client, contact="greta@home.example")
    assert len(people.find("greta@home.example")) == 2
    actions.prove(ticket, "greta@home.example", "link", by=make.CUSTOMER)
    assert [person.id for person in people.find("greta@home.example")] == [first.person_id]
    third = make.ticket(channel="email", person=Asker(name="G", email="greta@home.example"))
    assert third.person_id == first.person_id
    actions.link_person(newest_of(ticket), by=make.agent().actor, person_id=None)
    assert len(people.find("greta@home.example")) == 2


def newest_of(ticket: Ticket) -> Ticket:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True)


def test_a_link_of_the_mail_to_one_address_proves_no_other(client: FlaskClient) -> None:
    ticket, _page = visit(client, contact="mallory@evil.example", phone="13800009911")
    actions.prove(ticket, ticket.reply_to, "link", by=make.CUSTOMER)
    assert known(ticket.person_id) == [("+8613800009911", ""), ("mallory@evil.example", "link")]
    code = tracking.confirmation(newest(), settings().secret_key)
    ticket = newest()
    ticket.reply_to = "vera@home.example"
    assert tracking.confirmation(ticket, settings().secret_key) != code
    db.session.rollback()


def test_answers_go_to_another_address_only_by_a_colleague_and_only_to_a_known_one(
    client: FlaskClient,
) -> None:
    agent = make.agent()
    ticket, _page = visit(client, contact="greta@home.example", phone="greta@work.example")
    with pytest.raises(BadInput):
        actions.answer_at(ticket, by=agent.actor, address="mallory@evil.example")
    actions.answer_at(ticket, by=agent.actor, address="greta@work.example")
    actions.send_message(newest(), by=agent.actor, body="Hello")
    assert mailed_to()[-1] == "greta@work.example"
    make.sign_in(client, agent)
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "by mail at greta@work.example" in page and "not the address it came from" in page
    sent = {"address": "greta@home.example"}
    assert client.post(f"/tickets/{ticket.number}/reply-to", data=sent).status_code == 303
    assert newest().reply_to == "greta@home.example"


def test_no_mail_goes_out_where_none_was_given(client: FlaskClient) -> None:
    ticket, _page = visit(client, contact="13800009911")
    actions.send_message(ticket, by=make.agent().actor, body="Hello")
    assert mailed_to() == []


def test_no_recipient_is_looked_up_at_a_person() -> None:
    """The case keeps its address: nothing asks the customer's file where a mail goes."""
    root = Path(people.__file__).parent.parent
    for path in root.rglob("*.py"):
        text = path.read_text("utf-8")
        assert '.first("email")' not in text and ".first('email')" not in text, path
        if path.is_relative_to(root / "notify"):
            assert "ticket.person" not in text, path
    for name in ("mail", "public"):
        for path in (root / "templates" / name).rglob("*"):
            assert "ticket.person" not in path.read_text("utf-8"), path


def test_the_search_for_people_ranks_the_proven_first_and_marks_claims(
    client: FlaskClient, app: Flask
) -> None:
    visit(client, contact="13800009911", name="Vera Tang")
    vera(client)
    deliver_due()
    make.sign_in(client, make.agent())
    page = client.get("/customers?q=Vera").get_data(as_text=True)
    hers, claimed = db.session.scalars(select(Person).order_by(Person.claimed)).all()
    assert page.index(f"/customers/{hers.id}") < page.index(f"/customers/{claimed.id}")
    assert "says so with one case, not confirmed" in page and "(claimed)" in page


@pytest.mark.parametrize("name", ["", VERA["name"]])
def test_a_program_that_only_files_learns_nothing_of_whom_it_names(
    client: FlaskClient, name: str
) -> None:
    """It hands on what strangers typed (a shop's form, text messages): claimed as on our own form."""
    hers = vera(client)
    text = tokens.add("shop", "agent", SYSTEM, None, Bounds(scopes=(INTAKE,)))[1]
    case = {"kind": "complaint", "subject": "Mine", "body": "Now.", "person": VERA | {"name": name}}
    answer = client.post(
        "/api/v1/tickets", json=case, headers={"Authorization": f"Bearer {text}"}
    ).json
    assert hers.person_id and answer["person"] == {"name": name}
    assert newest().person.claimed and not newest().settled


def test_a_program_that_only_files_reads_nothing_of_her_when_a_colleague_links_the_case(
    client: FlaskClient,
) -> None:
    hers = vera(client)
    text = tokens.add("shop", "agent", SYSTEM, None, Bounds(scopes=(INTAKE,)))[1]
    headers = {"Authorization": f"Bearer {text}"}
    case = {"kind": "complaint", "subject": "Mine", "body": "Now.", "person": VERA | {"name": "V"}}
    number = client.post("/api/v1/tickets", json=case, headers=headers).json["number"]
    boss = make.agent("Chen Jie", "supervisor").actor
    actions.link_person(newest(), by=boss, person_id=hers.person_id)
    told = client.get(f"/api/v1/tickets/{number}", headers=headers).json
    assert told["person"] == {"name": "V"}


@pytest.mark.parametrize(
    "text",
    ["a@x.test,b@y.test", "a@x.test;b@y.test", "a@x.test.", "a@.test", "a@b@x.test", "<a@x.test>"],
)
def test_several_addresses_in_one_field_are_none(client: FlaskClient, text: str) -> None:
    with pytest.raises(BadInput):
        addresses.mail(text)


HOME, WORK = "greta@home.example", "greta@work.example"


def claimed(**more: Any) -> Ticket:
    """A case of somebody who only says who they are."""
    person = more.pop("person", None) or Asker(name="Mallory", email=HOME)
    return make.ticket(person=person, proof="", **more)


def customer(*addresses: tuple[str, str, str], name: str = "Greta Ohm") -> int:
    """A known person with these addresses: kind, address, and what has proven it."""
    with transaction() as session:
        person = Person(name=name, language="en")
        session.add(person)
        session.flush()
        for kind, normal, proven in addresses:
            row = ContactAddress(person_id=person.id, kind=kind, value=normal, normal=normal)
            row.proven_by, row.proven_at = proven, now() if proven else None
            session.add(row)
    return person.id


def test_mails_go_to_the_case_s_own_addresses_and_to_mail_that_its_customer_has_proven(
    app: Flask,
) -> None:
    """Not to a number, and not to an address that is only claimed."""
    ticket = claimed()
    hers = customer(
        ("email", WORK, "token"),
        ("email", "old@x.example", ""),
        ("phone", "+8613800009911", "link"),
    )
    assert actions.reply_choices(ticket) == [HOME]
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=hers)
    assert actions.reply_choices(newest()) == [HOME, WORK]
    called = make.ticket(person=Asker(name="G", phone="13800009912"), proof="", subject="Call")
    assert actions.reply_choices(called) == [], "a number is no place for mails"


def test_an_answer_that_goes_where_it_went_before_is_no_change(app: Flask) -> None:
    ticket = claimed()
    for address, times in ((HOME, 0), (f" {HOME.upper()} ", 0)):
        actions.answer_at(ticket, by=make.SUPERVISOR, address=address)
        names = [event.name for event in _journal(newest())]
        assert names.count("ticket.reply_to") == times


def test_the_same_click_twice_is_one_and_who_is_it_anyway_is_settled_by_it(app: Flask) -> None:
    ticket = claimed()
    for _time in range(2):
        actions.link_person(ticket, by=make.SUPERVISOR, person_id=ticket.person_id)
        assert newest().settled
        assert [event.name for event in _journal(newest())].count("ticket.linked") == 1
    other = customer(("email", WORK, "token"))
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=other)
    assert newest().person_id == other


def test_a_click_proves_the_address_that_it_came_from_and_no_further_one(app: Flask) -> None:
    hers = customer(("email", HOME, ""), ("email", "third@x.example", ""))
    ticket = claimed(person=Asker(name="M", email=HOME, further=(WORK,)))
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=hers)
    assert known(hers) == [(HOME, "colleague"), ("third@x.example", "")]
    assert not db.session.get_one(Person, hers, populate_existing=True).claimed


def test_a_click_on_somebody_without_that_address_proves_nothing(app: Flask) -> None:
    ticket, hers = claimed(), customer(("email", WORK, "token"))
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=hers)
    assert (newest().contact_proven_by, newest().contact_proven_at) == ("", None)
    assert known(hers) == [(WORK, "token")]


@pytest.mark.parametrize(
    ("severity", "kind", "becomes"),
    [
        ("S4", "complaint", "S3"),
        ("S2", "complaint", "S1"),
        ("S1", "complaint", "S1"),
        ("S3", "request", "S3"),
    ],
)
def test_a_repeated_complaint_goes_one_severity_up_and_none_beyond_the_gravest(
    app: Flask, severity: str, kind: str, becomes: str
) -> None:
    first = make.ticket(person=Asker(name="Greta", email=WORK), kind=kind)
    ticket = claimed(severity=severity, kind=kind)
    owed = limits(ticket)
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=first.person_id)
    repeats = first.id if kind == "complaint" else None
    assert (newest().repeat_of_id, newest().severity) == (repeats, becomes)
    assert (limits(newest()) == owed) is (becomes == severity)
    actions.link_person(newest(), by=make.SUPERVISOR, person_id=None)
    assert (newest().repeat_of_id, newest().severity) == (None, severity)
    assert limits(newest()) == owed


def limits(ticket: Ticket) -> list[tuple[str, str]]:
    """What is owed, and within what time."""
    return [(row.promise, row.limit) for row in promises.table(ticket)]


def test_a_request_after_a_complaint_of_the_same_matter_repeats_nothing(app: Flask) -> None:
    first = make.ticket(person=Asker(name="Greta", email=WORK), kind="complaint")
    actions.link_person(claimed(kind="request"), by=make.SUPERVISOR, person_id=first.person_id)
    assert newest().repeat_of_id is None


def test_a_severity_that_somebody_has_set_since_stays_when_the_click_is_taken_back(
    app: Flask,
) -> None:
    first = make.ticket(person=Asker(name="Greta", email=WORK))
    ticket = claimed(severity="S3")
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=first.person_id)
    actions.edit(newest(), by=make.SUPERVISOR, severity="S1", reason="Somebody was hurt")
    actions.link_person(newest(), by=make.SUPERVISOR, person_id=None)
    assert newest().severity == "S1"


def test_an_ended_case_counts_as_a_repeat_and_keeps_its_severity_and_its_promises(
    app: Flask,
) -> None:
    first = make.ticket(person=Asker(name="Greta", email=WORK))
    ticket = claimed(severity="S3")
    actions.withdraw(ticket, by=make.CUSTOMER, comment="x")
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=first.person_id)
    assert (newest().repeat_of_id, newest().severity) == (first.id, "S3")


def test_what_was_proven_by_an_answer_stays_proven_when_a_click_is_taken_back(app: Flask) -> None:
    hers = customer(("email", HOME, ""))
    ticket = claimed()
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=hers)
    with transaction() as session:
        row = session.scalars(select(ContactAddress).filter_by(person_id=hers)).one()
        row.proven_by = "token"
        ticket = newest()
        ticket.contact_proven_by = "token"
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=None)
    assert known(hers) == [(HOME, "token")]
    assert newest().contact_proven_by == "token"


def test_a_file_that_two_cases_share_is_given_to_neither_alone(app: Flask) -> None:
    """Taken back, the case gets a file of its own, made from what was typed."""
    ticket, hers = claimed(), customer(("email", WORK, "token"))
    shared = ticket.person_id
    with transaction():
        other = make.ticket(person=Asker(name="Else", email="else@x.example"), subject="Else")
        db.session.get_one(Ticket, other.id).person_id = shared
    actions.link_person(ticket, by=make.SUPERVISOR, person_id=hers)
    assert db.session.get_one(Person, shared, populate_existing=True).known_as_id is None
    actions.link_person(newest_of(ticket), by=make.SUPERVISOR, person_id=None)
    own = newest_of(ticket).person_id
    assert own not in (shared, hers)
    person = db.session.get_one(Person, own)
    assert (person.name, person.claimed, known(own)) == ("Mallory", True, [(HOME, "")])


def test_a_case_is_anonymous_when_nothing_at_all_is_known_of_its_person(app: Flask) -> None:
    for person, anonymous in (
        (customer(name=""), True),
        (customer(name="Greta"), False),
        (customer(("email", WORK, "token"), name=""), False),
    ):
        ticket = claimed(subject=str(person))
        actions.link_person(ticket, by=make.SUPERVISOR, person_id=person)
        assert newest().anonymous is anonymous


def test_an_archived_case_gets_no_other_customer(app: Flask) -> None:
    ticket, hers = claimed(), customer(("email", WORK, "token"))
    with transaction():
        db.session.get_one(Ticket, ticket.id).status = "archived"
    with pytest.raises(Refused, match="archived"):
        actions.link_person(ticket, by=make.SUPERVISOR, person_id=hers)
    with pytest.raises(NotFound):
        actions.link_person(claimed(subject="Another"), by=make.SUPERVISOR, person_id=999_999)


@pytest.mark.parametrize(
    ("provers", "settled", "moves"), [(1, False, True), (2, False, False), (1, True, False)]
)
def test_a_proof_leads_to_the_one_customer_who_has_proven_it_before_and_to_nobody_else(
    app: Flask, provers: int, settled: bool, moves: bool
) -> None:
    """Not to one of several, not to who only claims it, and not away from what a colleague said."""
    hers = [customer(("email", HOME, "token"), name=f"G{n}") for n in range(provers)]
    customer(("email", HOME, ""), name="Says so")
    ticket = claimed()
    own = ticket.person_id
    with transaction():
        newest().settled = settled
    actions.prove(ticket, HOME, "link", by=make.CUSTOMER)
    assert newest().person_id == (hers[0] if moves else own)
    assert newest().contact_proven_by == "link"


def test_a_proof_of_a_further_address_proves_that_one_and_moves_no_case(app: Flask) -> None:
    customer(("email", WORK, "token"))
    ticket = claimed(person=Asker(name="M", email=HOME, further=(WORK,)))
    own = ticket.person_id
    actions.prove(ticket, WORK, "link", by=make.CUSTOMER)
    assert (newest().person_id, newest().contact_proven_by) == (own, "")
    assert known(own) == [(HOME, ""), (WORK, "link")]
    actions.prove(ticket, "nobody@x.example", "link", by=make.CUSTOMER)
    assert [event.name for event in _journal(newest())].count("ticket.proven") == 1
