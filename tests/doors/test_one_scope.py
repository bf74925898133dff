"""What a person may see is decided once, and is the same through every door.

Five cases, seven people. For each person the numbers that each door gives away are compared with
what the rights say: list, search, pages, export, API, journal, customer page, sockets, writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import tokens
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import SYSTEM
from helpdesk.core.db import db
from helpdesk.realtime import socketio
from helpdesk.tickets import actions, queries
from helpdesk.tickets.actions.care import add_assist
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

NUMBER = re.compile(r"\b20\d\d-(?!000000)\d{6}\b")  # 000000 stands in a field as an example
SEES = {
    "agent": "waiting quality sales shared secret",
    "supervisor": "waiting quality sales shared secret",
    "admin": "waiting quality sales shared secret",
    "auditor": "waiting quality sales shared secret",
    "quality": "quality shared secret",
    "sales": "sales shared",
    "nowhere": "",
}
PAGES = ("", "/case-file", "/promises", "/history", "/response-table")
SUBJECT = "冰箱修了三次还是不制冷"


@dataclass
class Company:
    """Cases by name, people by name, and a browser for each of them."""

    app: Flask
    cases: dict[str, Ticket]
    people: dict[str, Agent]

    def numbers(self, who: str) -> set[str]:
        """The numbers of what this person may see."""
        return {self.cases[name].number for name in SEES[who].split()}

    def browser(self, who: str) -> FlaskClient:
        return make.sign_in(self.app.test_client(), self.people[who])

    def hidden(self, who: str) -> list[Ticket]:
        return [case for case in self.cases.values() if case.number not in self.numbers(who)]


def dispatched(unit: Department, by: Agent, **more: object) -> Ticket:
    ticket = make.ticket(**more)
    actions.accept(ticket, by=by.actor)
    actions.dispatch(ticket, by=by.actor, department_id=unit.id)
    return ticket


@pytest.fixture
def company(app: Flask) -> Company:
    quality, sales = make.department(), make.department("sales", "销售部", "Sales")
    agent = make.agent("Zhang Wei", "agent")
    cases = {
        "waiting": make.ticket(),
        "quality": dispatched(quality, agent),
        "sales": dispatched(sales, agent),
        "shared": dispatched(sales, agent),
        "secret": dispatched(quality, agent, confidential=True),
    }
    add_assist(cases["shared"], by=agent.actor, department_id=quality.id, task="Please")
    people = {
        "agent": agent,
        "supervisor": make.agent("Liu Yang", "supervisor"),
        "admin": make.agent("Chen Jie", "admin"),
        "auditor": make.agent("Wang Qiang", "auditor"),
        "quality": make.agent("Li Na", "handler", quality),
        "sales": make.agent("Sun Li", "handler", sales),
        "nowhere": make.agent("Ma Chao", "handler"),
    }
    db.session.rollback()
    return Company(app, cases, people)


def everyone(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("who", SEES)(test)


@everyone
def test_the_query_is_the_scope(company: Company, who: str) -> None:
    found = db.session.scalars(queries.tickets(company.people[who].actor)).unique().all()
    assert {ticket.number for ticket in found} == company.numbers(who)


@everyone
def test_the_list_gives_away_no_more_and_no_less(company: Company, who: str) -> None:
    page = company.browser(who).get("/tickets")
    assert page.status_code == 200
    assert set(NUMBER.findall(page.text)) == company.numbers(who)


@everyone
def test_the_queue_gives_away_nothing_else(company: Company, who: str) -> None:
    page = company.browser(who).get("/queue?view=all")
    assert set(NUMBER.findall(page.text)) <= company.numbers(who)


@everyone
def test_search_finds_only_what_may_be_seen(company: Company, who: str) -> None:
    page = company.browser(who).get("/search?q=冰箱")
    assert set(NUMBER.findall(page.text)) <= company.numbers(who)
    for case in company.hidden(who):
        by_number = company.browser(who).get(f"/search?q={case.number}", follow_redirects=True)
        assert SUBJECT not in by_number.text


@everyone
def test_pages_open_for_those_who_see_the_case_and_are_unknown_to_others(
    company: Company, who: str
) -> None:
    browser = company.browser(who)
    for case in company.cases.values():
        wanted = 200 if case.number in company.numbers(who) else 404
        answers = {page: browser.get(f"/tickets/{case.number}{page}").status_code for page in PAGES}
        assert answers == dict.fromkeys(PAGES, wanted), case.number


@everyone
def test_a_hidden_case_and_one_that_does_not_exist_look_the_same(
    company: Company, who: str
) -> None:
    browser = company.browser(who)
    nothing = browser.get("/tickets/2020-999999")
    for case in company.hidden(who):
        hidden = browser.get(f"/tickets/{case.number}")
        assert (hidden.status_code, _plain(hidden.text)) == (404, _plain(nothing.text))


def _plain(page: str) -> str:
    """The page without what changes from one request to the next."""
    return re.sub(r'(nonce|content|value|data-now)="[^"]*"|2020-999999|\b20\d\d-\d{6}', "", page)


@everyone
def test_the_export_holds_exactly_the_list(company: Company, who: str) -> None:
    answer = company.browser(who).get("/tickets.csv")
    if who in ("supervisor", "admin", "auditor"):
        assert set(NUMBER.findall(answer.text)) == company.numbers(who)
    else:
        assert answer.status_code == 403 and not NUMBER.findall(answer.text)


@everyone
def test_the_printed_form_follows_the_same_rights(company: Company, who: str) -> None:
    browser = company.browser(who)
    for case in company.hidden(who):
        assert browser.get(f"/tickets/{case.number}/response-table.pdf").status_code == 404


@everyone
def test_no_write_reaches_a_hidden_case(company: Company, who: str) -> None:
    browser = company.browser(who)
    for case in company.hidden(who):
        before = case.version
        for page, sent in (
            ("messages", {"mode": "note", "body": "hello"}),
            ("moves/sign", {}),
            ("edit", {"subject": "Mine"}),
            ("claim", {}),
            ("urge", {}),
        ):
            status = browser.post(f"/tickets/{case.number}/{page}", data=sent).status_code
            assert status in (403, 404), (case.number, page)
        db.session.refresh(case)
        assert (case.version, case.subject) == (before, SUBJECT)


@everyone
def test_sockets_follow_the_same_rights(company: Company, who: str) -> None:
    http = company.browser(who)
    socket = socketio.test_client(company.app, flask_test_client=http)
    heard = {
        case.number
        for case in company.cases.values()
        if socket.emit("watch", {"topic": f"ticket:{case.number}"}, callback=True)["ok"]
    }
    assert heard == company.numbers(who)


@everyone
def test_the_customer_page_names_only_cases_that_may_be_seen(company: Company, who: str) -> None:
    person = company.cases["quality"].person_id
    page = company.browser(who).get(f"/customers/{person}")
    assert set(NUMBER.findall(page.text)) <= company.numbers(who)


@everyone
def test_the_other_cases_beside_a_ticket_are_those_that_may_be_seen(
    company: Company, who: str
) -> None:
    browser = company.browser(who)
    for number in company.numbers(who):
        shown = set(NUMBER.findall(browser.get(f"/tickets/{number}").text))
        assert shown <= company.numbers(who)


class TestApi:
    def headers(self, company: Company, who: str) -> dict[str, str]:
        person = company.people[who]
        if who == "nowhere":
            pytest.skip("a handler's token is only made for a department")
        _token, text = tokens.add(who, person.role, SYSTEM, person.department_id)
        return {"Authorization": f"Bearer {text}"}

    @everyone
    def test_the_list_is_the_same(self, company: Company, who: str) -> None:
        answer = company.app.test_client().get(
            "/api/v1/tickets", headers=self.headers(company, who)
        )
        assert {item["number"] for item in answer.json["items"]} == company.numbers(who)

    @everyone
    def test_single_cases_are_the_same(self, company: Company, who: str) -> None:
        client, headers = company.app.test_client(), self.headers(company, who)
        for case in company.cases.values():
            wanted = 200 if case.number in company.numbers(who) else 404
            for part in ("", "/events", "/responses"):
                url = f"/api/v1/tickets/{case.number}{part}"
                assert client.get(url, headers=headers).status_code == wanted, url

    @everyone
    def test_the_journal_tells_of_nothing_hidden(self, company: Company, who: str) -> None:
        answer = company.app.test_client().get(
            "/api/v1/events?after=0&limit=100", headers=self.headers(company, who)
        )
        assert set(NUMBER.findall(answer.text)) <= company.numbers(who)

    @everyone
    def test_nothing_hidden_can_be_written_to(self, company: Company, who: str) -> None:
        client, headers = company.app.test_client(), self.headers(company, who)
        for case in company.hidden(who):
            for part, sent in (
                ("messages", {"body": "hello", "public": False}),
                ("moves", {"move": "sign"}),
            ):
                url = f"/api/v1/tickets/{case.number}/{part}"
                assert client.post(url, json=sent, headers=headers).status_code in (403, 404), url


@pytest.mark.parametrize("page", PAGES)
def test_a_confidential_name_and_number_are_hidden_from_the_department(
    company: Company, page: str
) -> None:
    secret = company.cases["secret"].number
    shown = company.browser("quality").get(f"/tickets/{secret}{page}").text
    assert "王芳" not in shown and "139 1234 5678" not in shown and "13912345678" not in shown
    assert "王芳" in company.browser("agent").get(f"/tickets/{secret}").text


def test_the_api_hides_the_confidential_name_from_the_department_too(company: Company) -> None:
    _token, text = tokens.add("q", "handler", SYSTEM, company.people["quality"].department_id)
    answer = company.app.test_client().get(
        f"/api/v1/tickets/{company.cases['secret'].number}",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 200
    assert "王芳" not in answer.text and "1234" not in answer.text


def test_rights_follow_a_change_of_department_at_once(company: Company) -> None:
    browser, case = company.browser("quality"), company.cases["quality"].number
    assert browser.get(f"/tickets/{case}").status_code == 200
    person = company.people["quality"]
    person.department_id = company.people["sales"].department_id
    db.session.commit()
    assert browser.get(f"/tickets/{case}").status_code == 404
