"""A message of a case is kept as it was drawn while it reads the same, and never longer; long cases have pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now
from helpdesk.core import kept
from helpdesk.core.db import db, transaction
from helpdesk.customers.models import Person
from helpdesk.desk import case, case_rows, said
from helpdesk.tickets import actions
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import factories as make
from tests.help.desk import dispatched, get
from tests.help.faults import ticket_verbs
from tests.help.faults.crashing import Work
from tests.help.sampled import FEW_VERBS, few
from tests.help.statements import counted

VERBS: dict[str, Callable[[], Work]] = {
    **{code: lambda c=code: ticket_verbs.prepared(c) for code in ticket_verbs.BEFORE},
    **ticket_verbs.OTHERS,
}
TOKEN = re.compile(r'(name="(?:csrf_token|once)" value=|nonce=)"[^"]*"')
SECONDS = re.compile(r"\d+ (?:s|秒)")


def readers() -> list[Agent]:
    """One who sees everybody, one of the desk who reviews no mail, one of the department."""
    return [
        make.agent("R Lead", "supervisor", language="en"),
        make.agent("R Desk", "auditor", language="zh_Hans"),
        make.agent("R Unit", "handler", make.department("quality"), language="en"),
    ]


def conversations(app: Flask, people: list[Agent]) -> list[str]:
    """The messages of every case as each of these people has them."""
    db.session.expire_all()
    found = []
    for agent in people:
        browser = make.sign_in(app.test_client(), agent)
        for number in db.session.scalars(db.select(Ticket.number).order_by(Ticket.id)):
            answer = browser.get(f"/tickets/{number}?part=case").get_data(as_text=True)
            body = answer[answer.find('class="case-body"') :]
            found.append(SECONDS.sub("", TOKEN.sub("", body)))
    return found


def anew(app: Flask, people: list[Agent]) -> list[str]:
    """The same, with nothing kept."""
    kept.forget()
    return conversations(app, people)


@pytest.mark.parametrize("verb", few(sorted(VERBS), *FEW_VERBS))
def test_after_each_verb_a_kept_message_reads_as_one_that_is_drawn_anew(
    app: Flask, verb: str
) -> None:
    work: Work = VERBS[verb]()
    who = readers()
    conversations(app, who)
    work()
    after = conversations(app, who)
    assert after == anew(app, who)


def changed(app: Flask, change: Callable[[], object]) -> list[str]:
    """The conversations after this change; nothing that was kept outlives it."""
    who = readers()
    before = conversations(app, who)
    change()
    after = conversations(app, who)
    assert after == anew(app, who) != before
    return after


def test_a_verdict_of_the_scanner_stands_on_the_page_at_once(app: Flask) -> None:
    ticket = make.ticket()
    with transaction() as session:
        message = session.query(Message).filter_by(ticket_id=ticket.id).one()
        session.add(
            Attachment(
                key="k" * 20, name="a.pdf", mime="application/pdf", size=9, sha256="0" * 64,
                ticket_id=ticket.id, message_id=message.id, public=True,
            )
        )  # fmt: skip

    def find() -> None:
        with transaction() as session:
            session.query(Attachment).one().scan = "infected"

    assert "infected, locked" in changed(app, find)[0]


@pytest.mark.parametrize("state", ["failed", "bounced", "uncertain", "retry", "sent"])
def test_what_became_of_an_answer_stands_on_the_page_at_once(app: Flask, state: str) -> None:
    ticket = make.ticket()
    actions.send_message(ticket, by=make.SUPERVISOR, body="We are on it")

    def tell(state: str, error: str) -> None:
        with transaction() as session:
            message = session.query(Message).filter_by(ticket_id=ticket.id, kind="staff").one()
            message.data = {**message.data, "mailed": {"state": state, "error": error, "mail": 1}}

    tell("retry" if state != "retry" else "failed", "first")
    after = changed(app, lambda: tell(state, "second"))
    assert ("second" in after[0]) == (state != "sent") and "first" not in after[0]


def test_a_message_that_was_read_again_and_another_name_stand_there_at_once(app: Flask) -> None:
    ticket = make.ticket()
    person_id = ticket.person_id

    def write() -> None:
        with transaction() as session:
            message = session.query(Message).filter_by(ticket_id=ticket.id).one()
            message.body, message.quoted, message.author = "Other words", "Quoted", ""
            session.get_one(Person, person_id).name = "Somebody Else"

    after = changed(app, write)[0]
    assert "Other words" in after and "Quoted" in after and "Somebody Else" in after


def test_who_may_not_know_the_customer_is_never_shown_what_others_had_drawn(app: Flask) -> None:
    unit = make.department("quality")
    ticket = dispatched(make.ticket(), unit.id)
    with transaction() as session:
        message = session.query(Message).filter_by(ticket_id=ticket.id).one()
        message.quoted, message.html = "from wang.fang@secret.example", "<p>王芳</p>"

    def seal() -> None:
        with transaction() as session:
            session.get_one(Ticket, ticket.id).confidential = True

    lead, _desk, handler = changed(app, seal)
    assert "secret.example" in lead and "王芳" in lead
    assert "secret.example" not in handler and "王芳" not in handler and "<iframe" not in handler


def test_a_date_gets_its_year_when_it_is_old(app: Flask) -> None:
    make.ticket()
    who = readers()
    conversations(app, who)
    with moved_to(now() + timedelta(days=400)):
        assert conversations(app, who) == anew(app, who)


def test_a_message_is_drawn_once_for_all_who_read_the_same(app: Flask) -> None:
    ticket = make.ticket()
    drawn: list[int] = []

    def draw(message: Message) -> str:
        drawn.append(message.id)
        return "drawn"

    one, other = make.agent("One").actor, make.agent("Two").actor
    for who in (one, other, replace(one, name="Renamed")):
        found = case.load(ticket.number, who)
        assert said.drawn(found, found.messages[0], draw) == "drawn"
    assert len(drawn) == 1


def long_case(count: int) -> tuple[Ticket, list[int]]:
    """A case of this many messages, and their ids."""
    ticket = make.ticket()
    rows = [
        {
            "ticket_id": ticket.id,
            "kind": "note",
            "author": "Zhang",
            "body": f"word{n}.",
            "at": now(),
        }
        for n in range(1, count)
    ]
    with transaction() as session:
        if rows:
            session.execute(db.insert(Message), rows)
    query = db.select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id)
    return ticket, list(db.session.scalars(query))


def shown(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'id="message-(\d+)"', page)]


def test_a_long_case_shows_its_newest_messages_and_leads_back_to_its_first(
    client: FlaskClient,
) -> None:
    ticket, ids = long_case(2 * case_rows.PAGE + 5)
    make.sign_in(client, make.agent("Zhang Wei", language="en"))
    address, seen = f"/tickets/{ticket.number}", []
    while address:
        page = get(client, address)
        seen = shown(page) + seen
        assert len(shown(page)) <= case_rows.PAGE
        region = re.search(r'data-live-url="([^"]*part=case[^"]*)"', page)
        assert region and shown(get(client, region[1].replace("&amp;", "&"))) == shown(page)
        assert ("Newest messages" in page) == ("before=" in address)
        earlier = re.search(r'href="([^"]*before=\d+)"', page)
        address = earlier[1].replace("&amp;", "&") if earlier else ""
    assert seen == ids


def test_a_page_of_a_long_case_ends_with_the_message_that_a_link_names(client: FlaskClient) -> None:
    ticket, ids = long_case(case_rows.PAGE + 50)
    make.sign_in(client, make.agent("Zhang Wei"))
    wanted = ids[20]
    assert shown(get(client, f"/tickets/{ticket.number}?before={wanted + 1}"))[-1] == wanted


def test_whom_the_first_mail_named_may_have_a_copy_however_long_the_case(
    client: FlaskClient,
) -> None:
    ticket, ids = long_case(case_rows.PAGE + 5)
    with transaction() as session:
        session.get_one(Message, ids[0]).data = {"others": [["li@named.example", "Li Lei"]]}
    make.sign_in(client, make.agent("Zhang Wei"))
    page = get(client, f"/tickets/{ticket.number}")
    assert "word1." not in page and 'value="li@named.example"' in page


@pytest.mark.parametrize("count", [1, 20, case_rows.PAGE])
def test_a_case_is_read_in_one_statement(app: Flask, count: int) -> None:
    ticket, ids = long_case(count)
    number, who = ticket.number, make.agent("Zhang Wei").actor
    case.load(number, who)
    with counted() as sent:
        found = case.load(number, who)
        assert [each.id for each in found.messages] == ids and found.marks and found.moves
    about = [
        each for each in sent if "FROM option" not in each
    ]  # that asks for the set-up's version
    assert len(about) == 1, "\n\n".join(sent)
