"""The pages of calls: the list with its filters and pages, and the time line of one call."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import figures, lists, queries
from helpdesk.calls.models import Call
from helpdesk.calls.stays import LISTED, NAMES
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.customers import people
from helpdesk.customers.people import Asker
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.telephone import abandoned, answered, event, take


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent("Zhang Wei")


def page(client: FlaskClient, who: Agent, address: str = "/calls") -> str:
    make.sign_in(client, who)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def listed(html: str) -> list[int]:
    """The ids of the calls of a page, in its order."""
    return [int(each) for each in re.findall(r'<tr id="call-(\d+)"', html)]


def one_call() -> Call:
    return db.session.scalars(select(Call)).one()


def test_the_list_says_who_called_what_they_waited_who_talked_and_which_case_it_is(
    client: FlaskClient, zhang: Agent
) -> None:
    with transaction():
        people.make(Asker(name="王芳", phone="139 1234 5678"), "zh_Hans", claimed=False)
    take(*answered(zhang.email))
    html = page(client, zhang)
    case = db.session.scalars(select(Ticket)).one()
    for told in ("139 1234 5678", "王芳", "complaints", "12 s", "Zhang Wei", "Answered"):
        assert told in html
    assert f'href="/tickets/{case.number}"' in html
    assert listed(html) == [one_call().id]


def test_the_newest_call_stands_first_and_the_next_page_goes_on_without_gap_or_twin(
    client: FlaskClient, zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    for number in range(5):
        began = now() - timedelta(minutes=50 - number // 2)  # some begin at the same moment
        take(*abandoned(2, f"c{number}", began=began))
    seen: list[int] = []
    address: str | None = "/calls"
    while address:
        html = page(client, zhang, address)
        seen += listed(html)
        following = re.search(r'href="(/calls\?[^"]*after=[^"]*)"[^>]*rel="next"', html)
        address = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == 5 and seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b", "w"}),
        ("queue=complaints", {"a", "b"}),
        ("queue=nowhere", set()),
        ("state=abandoned", {"b"}),
        ("state=nonsense", {"a", "b", "w"}),
        ("stay=answered", {"a"}),
        ("stay=waiting", {"w"}),
        ("stay=given_up&queue=complaints", {"b"}),
        ("from=2001-01-01&to=2001-01-02", set()),
        ("from=2001-01-01", {"a", "b", "w"}),
        ("from=yesterday", {"a", "b", "w"}),
    ],
)
def test_the_list_is_narrowed_by_day_queue_state_and_wait_and_ignores_what_makes_no_sense(
    client: FlaskClient, zhang: Agent, query: str, found: set[str]
) -> None:
    take(*answered(zhang.email, "a"))
    take(*abandoned(60, "b"))
    take(event("ringing", call_id="w"), event("queued", 3, call_id="w", queue="sales"))
    names = {row.id: row.external_id for row in db.session.scalars(select(Call))}
    assert {names[id_] for id_ in listed(page(client, zhang, f"/calls?{query}"))} == found


def test_the_calls_of_an_agent_are_those_that_rang_or_were_talked_there(
    client: FlaskClient, zhang: Agent
) -> None:
    other = make.agent("Li Na")
    take(*answered(zhang.email, "a"))
    take(*answered(other.email, "b"))
    first = db.session.scalar(select(Call.id).where(Call.external_id == "a"))
    assert listed(page(client, zhang, f"/calls?agent={zhang.id}")) == [first]


@pytest.mark.parametrize("stay", NAMES)
def test_a_list_of_waits_is_as_long_as_the_figure_that_opens_it(zhang: Agent, stay: str) -> None:
    take(*answered(zhang.email, "a"))
    take(*abandoned(2, "b"), *abandoned(40, "c"))
    back = {"call_id": "d", "began": now() - timedelta(minutes=5)}
    take(
        event("ringing", **back),
        event("queued", 1, **back),
        event("answered", 40, agent=zhang.email, **back),
        event("transferred", 59, agent=zhang.email, to="8000", **back),
        event("queued", 60, **back),  # handed on to the same queue: a second stay
        event("answered", 62, agent=zhang.email, **back),
        event("hungup", 90, **back),
    )
    since = now() - timedelta(hours=1)
    counted = figures.by_queue(since, now())["complaints"]
    wanted = {
        "given_up": counted.abandoned - counted.short,
        "late": counted.answered - counted.in_time,
    }
    number = wanted[stay] if stay in wanted else getattr(counted, stay)
    asked = queries.Wanted(since=since, until=now(), queue="complaints", stay=stay)
    assert queries.count(SYSTEM, asked, 100) == number
    assert len(queries.lines(SYSTEM, asked)[0]) == number


def test_every_wait_that_can_be_listed_has_a_condition() -> None:
    assert NAMES.keys() <= LISTED.keys()


def test_a_wait_shows_its_own_length_and_not_that_of_all_waits_of_its_call(
    client: FlaskClient, zhang: Agent
) -> None:
    take(
        event("ringing"),
        event("queued", 3),
        event("queued", 33, queue="sales"),
        event("abandoned", 100),
        event("hungup", 100),
    )
    assert "1 min" in page(client, zhang, "/calls")  # 97 s in all
    assert ">30 s<" in page(client, zhang, "/calls?stay=left")


def test_a_call_shows_its_waits_rings_talks_and_recordings_in_the_order_of_time(
    client: FlaskClient, zhang: Agent
) -> None:
    li = make.agent("Li Na")
    take(
        event("ringing"),
        event("queued", 3),
        event("offered", 5, agent=li.email),
        event("missed", 15, agent=li.email, reason="busy"),
        event("offered", 16, agent=zhang.email),
        event("answered", 20, agent=zhang.email),
        event("held", 30, agent=zhang.email),
        event("resumed", 40, agent=zhang.email),
        event("hungup", 80),
    )
    html = page(client, zhang, f"/calls/{one_call().id}")
    told = [
        "The call came in",
        "Began to wait in the queue complaints",
        "Rang at Li Na",
        "Li Na did not answer",
        "Rang at Zhang Wei",
        "Zhang Wei talks",
        "The talk with Zhang Wei ended after 1 min",
        "On hold for 10 s",
    ]
    places = [html.find(each) for each in told]
    assert -1 not in places and places == sorted(places)


def test_who_does_not_show_a_number_is_nobody_and_no_customer(
    client: FlaskClient, zhang: Agent
) -> None:
    take(*abandoned(2, **{"from": "anonymous"}))
    html = page(client, zhang)
    assert "Number withheld" in html and "/customers/" not in html.split("<main")[1]


@pytest.mark.parametrize(("language", "words"), [("zh_Hans", "接听"), ("en", "Answered")])
def test_both_pages_speak_the_readers_language(
    client: FlaskClient, app: Flask, language: str, words: str
) -> None:
    agent = make.agent("Zhang Wei", language=language)
    take(*answered(agent.email))
    assert words in page(client, agent)
    html = page(client, agent, f"/calls/{one_call().id}")
    assert ("The call came in" in html) == (language == "en")


def test_a_department_sees_the_calls_of_cases_that_it_may_know_and_no_others(
    client: FlaskClient, zhang: Agent
) -> None:
    handler = make.agent("Li Na", "handler", make.department())
    take(*answered(zhang.email))
    assert listed(page(client, handler)) == []
    assert client.get(f"/calls/{one_call().id}").status_code == 404


def test_a_call_that_is_none_is_not_found_and_a_page_that_is_none_is_refused(
    client: FlaskClient, zhang: Agent
) -> None:
    make.sign_in(client, zhang)
    assert client.get("/calls/999").status_code == 404
    for cursor in ("~5", "yesterday~5", "2026-03-05T09:30:00+00:00~x"):
        assert client.get("/calls", query_string={"after": cursor}).status_code == 422
        with pytest.raises(BadInput):
            queries.page(SYSTEM, queries.Wanted(), cursor)


def test_the_navigation_leads_to_calls_whoever_may_read_them(
    client: FlaskClient, zhang: Agent
) -> None:
    assert re.search(r'<a[^>]*href="/calls"', page(client, zhang, "/calls"))


def test_the_filter_and_its_address_are_the_same_thing() -> None:
    given = {"from": "2026-03-05", "to": "2026-03-06", "queue": "sales", "agent": "7"}
    given |= {"state": "answered", "stay": "late"}
    read = lists.CallFilter.read(given)
    assert read.values() == given and lists.CallFilter.read(read.values()) == read
