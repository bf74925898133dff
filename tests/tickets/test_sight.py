"""A confidential customer stays unknown to the departments, through every door and in both directions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from helpdesk.agents import tokens
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import STAFF, SYSTEM, Actor, Role
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions, callbacks, queries, sight
from helpdesk.tickets.models import Rating, Ticket
from tests.help import factories as make
from tests.help import trees
from tests.help.desk import get
from tests.help.mails import report
from tests.help.trees import PACKAGE

NAME, PHONE, MAIL = "Qiong Velasco", "13900042717", "qiong@velasco.example"
SHE = Asker(name=NAME, phone=PHONE, email=MAIL)
WHO = (NAME, "Velasco", "velasco.example", "00042", "42717")
PAGES = ("", "/case-file", "/promises", "/history", "/response-table", "/response-table?print=1")


@dataclass
class Two:
    """Two cases of one woman in one department: in one of them she asked not to be named."""

    named: Ticket
    hidden: Ticket
    handler: FlaskClient
    headers: dict[str, str]


@pytest.fixture
def two(client: FlaskClient) -> Two:
    unit, boss = make.department(), make.agent("Wu Di", "supervisor").actor
    she = Actor("customer", None, NAME, Role.CUSTOMER)
    named = make.ticket(she, person=SHE, subject="Named matter", external_id="first")
    hidden = make.ticket(she, person=SHE, subject="Sealed matter", confidential=True)
    with transaction():
        hidden.repeat_of_id, named.repeat_of_id = named.id, hidden.id
    for case in (named, hidden):
        actions.accept(case, by=boss)
        actions.dispatch(case, by=boss, department_id=unit.id)
        actions.add_customer_message(
            case, by=she, body="Please hurry.", channel="email", quoted=f"-- \n{NAME} <{MAIL}>"
        )
        actions.urge(case, by=she)
    with transaction() as session:
        for case in (named, hidden):
            said = {"result": 2, "words": f"Rated {case.subject}", "resolved": "no"}
            session.add(
                Rating(ticket_id=case.id, cycle=1, source="web", at=case.received_at, **said)
            )
    _row, text = tokens.add("department", "handler", SYSTEM, unit.id)
    handler = make.sign_in(client, make.agent("Li Na", "handler", unit))
    return Two(named, hidden, handler, {"Authorization": f"Bearer {text}"})


def names(text: str) -> list[str]:
    return [each for each in WHO if each in text.replace(" ", "") or each in text]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_the_hidden_case_says_who_it_is(two: Two, page: str) -> None:
    text = get(two.handler, f"/tickets/{two.hidden.number}{page}")
    assert "Confidential" in text and names(text) == []
    assert f"/customers/{two.hidden.person_id}" not in text


@pytest.mark.parametrize("page", PAGES)
def test_the_hidden_case_does_not_lead_to_the_named_one(two: Two, page: str) -> None:
    text = get(two.handler, f"/tickets/{two.hidden.number}{page}")
    assert two.named.number not in text and two.named.subject not in text


@pytest.mark.parametrize("page", PAGES)
def test_the_named_case_does_not_lead_to_the_hidden_one(two: Two, page: str) -> None:
    text = get(two.handler, f"/tickets/{two.named.number}{page}")
    assert names(text) or "print" in page or page in ("/promises", "/response-table")
    assert two.hidden.number not in text and two.hidden.subject not in text


def test_neither_the_person_s_page_nor_the_person_s_list_holds_the_hidden_case(two: Two) -> None:
    page = get(two.handler, f"/customers/{two.named.person_id}")
    assert two.named.number in page and "Rated Named matter" in page
    assert two.hidden.number not in page and "Sealed matter" not in page
    found = get(two.handler, f"/tickets?person={two.named.person_id}")
    assert two.named.number in found and two.hidden.number not in found
    assert "1 ticket" in found


def test_a_customer_of_hidden_cases_alone_is_nobody_to_the_department(two: Two) -> None:
    boss = make.agent("Li Lei", "supervisor").actor
    actions.seal(two.named, by=boss, reason="She asked for it")
    assert two.handler.get(f"/customers/{two.named.person_id}").status_code == 404
    assert two.hidden.number not in get(two.handler, f"/tickets?person={two.named.person_id}")


@pytest.mark.parametrize("words", [NAME, "Velasco", PHONE, MAIL])
def test_who_looks_for_the_hidden_name_finds_only_the_named_case(two: Two, words: str) -> None:
    for path in ("/search", "/tickets", "/customers"):
        answer = two.handler.get(path, query_string={"q": words}, follow_redirects=True)
        assert two.hidden.number not in answer.text and "Sealed matter" not in answer.text
    found = two.handler.get("/api/v1/tickets", query_string={"q": words}, headers=two.headers)
    assert two.hidden.number not in found.text


@pytest.mark.parametrize("part", ["", "/events", "/responses"])
def test_the_api_tells_a_department_nothing_of_who_it_is(two: Two, part: str) -> None:
    answer = two.handler.get(f"/api/v1/tickets/{two.hidden.number}{part}", headers=two.headers)
    assert answer.status_code == 200 and names(answer.text) == []
    if part == "/events":
        assert "Confidential" in answer.text
        assert all("person" not in item["data"] for item in answer.json["items"])


def test_the_journal_ties_no_hidden_case_to_a_named_one_after_a_merge(two: Two) -> None:
    boss = make.agent("Li Lei", "supervisor").actor
    actions.merge(two.hidden, by=boss, target=two.named)
    for of, other in ((two.hidden, two.named), (two.named, two.hidden)):
        text = get(two.handler, f"/tickets/{of.number}/history")
        api = two.handler.get(f"/api/v1/tickets/{of.number}/events", headers=two.headers).text
        assert other.number not in text and other.number not in api


def test_a_mail_that_did_not_arrive_names_no_address_to_the_department(two: Two) -> None:
    event = queries.history(two.hidden)[-1]
    event.name, event.data = "mail.lost", {"to": MAIL, "message": 1}
    handler = Actor("agent", 1, "Li Na", Role.HANDLER, two.hidden.department_id)
    assert sight.entry(event, two.hidden, handler).data == {"message": 1}
    assert sight.entry(event, two.hidden, make.SUPERVISOR).data["to"] == MAIL


def test_what_came_back_to_the_answer_on_a_hidden_case_names_nobody_to_the_department(
    two: Two,
) -> None:
    """A report, an absence note and the letter to its author: all name address and server's words."""
    author = db.session.scalars(db.select(Agent).where(Agent.name == "Li Na")).one()
    for case in (two.named, two.hidden):
        said = actions.send_message(case, by=author.actor, body="We look into it.")
        deliver_due()
        sent = db.session.scalars(db.select(Envelope).filter_by(message_ref=said.id)).one()
        failed = f"Final-Recipient: rfc822; {MAIL}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        server = f"Diagnostic-Code: smtp; 550 5.1.1 <{MAIL}> User unknown\r\n"
        deliver(report(failed + server, f"Message-ID: {sent.message_id}\r\n\r\nold"))
        away = f"In-Reply-To: {sent.message_id}\r\nAuto-Submitted: auto-replied\r\n\r\nAway."
        deliver(f"From: {NAME} <{MAIL}>\r\nSubject: Away\r\n{away}".encode())
        deliver_due()
    for case, names_her in ((two.named, True), (two.hidden, False)):
        page = get(two.handler, f"/tickets/{case.number}")
        api = two.handler.get(f"/api/v1/tickets/{case.number}", headers=two.headers).text
        lost = db.select(Envelope).filter_by(purpose="lost", ticket_id=case.id)
        letter = db.session.scalars(lost).one().body
        assert case.number in letter and "came back" in page
        assert [MAIL in each for each in (page, api, letter)] == [names_her] * 3
        assert bool(names(page + api + letter)) is names_her


def test_what_a_mail_brought_beside_its_words_stays_closed(two: Two) -> None:
    text = get(two.handler, f"/tickets/{two.hidden.number}")
    assert "Please hurry." in text and "Quoted text" not in text


def test_the_desk_sees_who_it_is_and_is_told_that_the_words_are_shown(
    two: Two, client: FlaskClient
) -> None:
    make.sign_in(client, make.agent("Zhang Wei"))
    text = get(client, f"/tickets/{two.hidden.number}")
    assert NAME in text and two.named.number in text
    assert "they read the words of the customer as they stand" in text


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("field", sight.Field)
def test_the_table_of_sight_is_decided_field_by_field(role: Role, field: sight.Field) -> None:
    who = Actor("agent", 1, "x", role, department_id=1)
    plain, sealed = Ticket(confidential=False), Ticket(confidential=True)
    assert sight.sees(who, plain, field)
    open_to = role != Role.HANDLER or field == sight.Field.WORDS
    assert sight.sees(who, sealed, field) == open_to


def test_a_reader_without_a_table_row_sees_no_identity() -> None:
    customer = Actor("customer", None, "x", Role.CUSTOMER)
    assert not sight.sees(customer, Ticket(confidential=True), sight.Field.NAME)


# Who may read the column itself: the one decision, its SQL, its verb, and where it is filled in.
DECIDES = {"sight.py", "queries.py", "correcting.py", "intake.py", "forms.py", "models/tickets.py"}


def sources() -> Iterator[Path]:
    for folder in (
        "tickets",
        "notices",
        "desk",
        "simulator",
        "setup",
        "api",
        "realtime",
        "notify",
        "statistics",
        "kb",
    ):
        yield from sorted((PACKAGE / folder).rglob("*.py"))


def test_no_door_decides_by_itself_whether_a_name_is_shown() -> None:
    asks = re.compile(r"(?<!intake)(?<!self)\.confidential\b")
    found = {
        str(path.relative_to(PACKAGE)) for path in sources() if asks.search(path.read_text("utf-8"))
    }
    allowed = {name for name in found if name.endswith(tuple(DECIDES))}
    assert found - allowed == set()


def recorded() -> set[str]:
    """The names under which verbs put facts into the journal of a ticket."""
    found: set[str] = set()
    for path in sources():
        for node in trees.nodes(path):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
                given = {each.arg for each in node.keywords if each.arg}
                found |= given if "ticket" in given or "ticket_id" in given else set()
    return found - {"by", "ticket", "ticket_id", "notice", "deliver_at"}


# What an event may hold that tells who it is: left out for who may not know.
TELLS_WHO = {"address", "how", "from_person", "number", "person", "repeat_of", "to"}


def test_every_fact_of_the_journal_is_known_to_tell_who_it_is_or_not_to() -> None:
    """A new name must be put into sight.OPEN_DATA or into the set above: it is decided, not missed."""
    assert recorded() - sight.OPEN_DATA - TELLS_WHO == set()
    assert not sight.OPEN_DATA & TELLS_WHO


def test_the_judgement_on_a_hidden_case_is_shown_with_the_case_alone(two: Two) -> None:
    assert "Rated Sealed matter" not in get(two.handler, f"/customers/{two.named.person_id}")
    assert callbacks.rated(two.hidden)
