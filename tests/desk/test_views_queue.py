"""The live queue as a page: views, order, filters, claiming, budgets, rights."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import moved_to
from helpdesk.core.db import db
from helpdesk.desk import queue_views as desk_page
from helpdesk.tickets import actions, queue
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.desk import get, numbers
from tests.help.statements import counted, explained

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai


@pytest.fixture
def desk(client: FlaskClient) -> FlaskClient:
    """A call agent at the desk."""
    return make.sign_in(client, make.agent("Zhang Wei"))


def test_a_visitor_is_asked_to_sign_in(client: FlaskClient) -> None:
    make.agent("Ada", "admin")
    answer = client.get("/queue")
    assert answer.status_code == 302 and answer.location.startswith("/sign-in?next=/queue")


def test_a_case_without_a_free_agent_stays_in_the_queue_with_its_waiting_time(
    desk: FlaskClient,
) -> None:
    with moved_to(MONDAY) as tick:
        ticket = make.ticket()
        queue.offer_waiting()
        tick(12 * 60)
        page = get(desk, "/queue?view=all")
    assert numbers(page) == [ticket.number]
    assert re.search(r'<time class="since"[^>]*>12 min</time>', page)
    assert "Take it" in page


def test_a_row_says_promise_subject_customer_channel_and_waiting_time(desk: FlaskClient) -> None:
    with moved_to(MONDAY):
        ticket = make.ticket()
        page = get(desk, "/queue")
    row = page[page.index(f'id="ticket-{ticket.number}"') :]
    parts = ["rail-mini", ticket.subject, "2 working hours", "王芳", "Web form", "since"]
    places = [row.index(part) for part in parts]
    assert places == sorted(places)


def test_the_list_is_sorted_by_the_next_due_time(desk: FlaskClient) -> None:
    minor, urgent = make.ticket(severity="S4"), make.ticket(severity="S1")
    assert numbers(get(desk, "/queue?view=all")) == [urgent.number, minor.number]
    assert numbers(get(desk, "/queue?view=all&sort=waiting")) == [minor.number, urgent.number]


def test_the_counts_read_an_index_and_no_ticket(app: Flask) -> None:
    """What a click costs doesn't grow with what a ticket holds, nor with the closed ones."""
    boss = make.agent("Chen Jing", "supervisor").actor
    [make.ticket() for _ in range(3)]
    with counted() as sent:
        assert desk_page.counts(boss).of("all") == 3
    [statement] = [each for each in sent if "GROUP BY" in each]
    plan = explained(statement)
    assert "Seq Scan on ticket" not in plan
    if (
        db.engine.dialect.name == "sqlite"
    ):  # PostgreSQL picks among the indexes by what it knows of rows
        assert "COVERING INDEX ix_ticket_open_queue" in plan, plan


def test_views_and_counts_follow_the_state_of_tickets(desk: FlaskClient) -> None:
    quality, lead = make.department(), make.agent("Chen Jie", "supervisor").actor
    with moved_to(MONDAY) as tick:
        waiting, sent = make.ticket(subject="waits"), make.ticket(category="delivery.late")
        actions.accept(sent, by=lead)
        actions.dispatch(sent, by=lead, department_id=quality.id)
        tick(3 * 3600)
        assert numbers(get(desk, "/queue?view=dispatch")) == [waiting.number]
        assert numbers(get(desk, "/queue?view=quality")) == [sent.number]
        assert numbers(get(desk, "/queue?view=late")) == [waiting.number]
        assert numbers(get(desk, "/queue?view=mine")) == []
        tabs = (
            re.findall(r'href="/queue\?view=(\w+)"[^>]*>[^<]*<span class="count">(\d+)', page)
            if (page := get(desk, "/queue?view=all"))
            else []
        )
    assert dict(tabs) == {
        "mine": "0", "all": "2", "dispatch": "1", "late": "1", "callbacks": "0", "quality": "1",
    }  # fmt: skip


def test_a_handler_sees_only_tickets_of_the_own_department(client: FlaskClient) -> None:
    quality, other = make.department(), make.department("logistics", "物流部", "Logistics")
    lead = make.agent("Chen Jie", "supervisor").actor
    mine, theirs = make.ticket(), make.ticket()
    for ticket, unit in ((mine, quality), (theirs, other)):
        actions.accept(ticket, by=lead)
        actions.dispatch(ticket, by=lead, department_id=unit.id)
    make.sign_in(client, make.agent("Li Na", "handler", quality))
    page = get(client, "/queue")
    assert numbers(page) == [mine.number] and 'data-live-topic="queue:quality"' in page
    assert client.get("/queue?view=all").status_code == 404
    assert client.get("/queue?view=logistics").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("channel=phone", 1),
        ("kind=enquiry", 0),
        ("severity=S2,S3", 2),
        ("category=quality", 2),
        ("category=none", 0),
        ("assignee=none", 2),
        ("q=制冷", 2),
        ("department=none", 2),
    ],
)
def test_a_filter_narrows_the_view_down(desk: FlaskClient, query: str, found: int) -> None:
    make.ticket(), make.ticket(channel="phone")
    assert len(numbers(get(desk, f"/queue?view=all&{query}"))) == found


def test_a_filter_that_is_not_understood_is_refused_with_a_sentence(desk: FlaskClient) -> None:
    for wrong in ("severity=S9", "sort=magic", "channel=pigeon", "after=nonsense"):
        answer = desk.get(f"/queue?{wrong}")
        assert answer.status_code == 422, wrong
    assert "a filter is not understood" in desk.get("/queue?severity=S9").get_data(as_text=True)


def test_pages_follow_each_other_without_gap_or_repetition(desk: FlaskClient) -> None:
    made = {make.ticket(subject=f"case {n}").number for n in range(53)}
    first = get(desk, "/queue?view=all")
    onward = re.search(r'href="(/queue\?[^"]*after=[^"]*)" rel="next"', first)
    assert onward
    second = get(desk, onward[1].replace("&amp;", "&"))
    assert len(numbers(first)) == 50
    assert sorted(numbers(first) + numbers(second)) == sorted(made)


def test_the_live_list_listens_to_its_topic_from_the_journal_number_on(desk: FlaskClient) -> None:
    make.ticket()
    page = get(desk, "/queue?view=all")
    assert re.search(r'<ol class="rows" id="rows" data-list data-live-topic="queue:all"', page)
    assert 'data-live-seq="1"' in page
    alone = get(desk, "/queue?view=all", headers={"HX-Request": "true"})
    assert "<html" not in alone and len(numbers(alone)) == 1


def test_a_narrowed_list_is_fetched_again_instead_of_taking_any_row(desk: FlaskClient) -> None:
    page = get(desk, "/queue?view=mine")
    assert '<div id="rows" data-live-topic="queue:all" data-live-url="/queue?view=mine"' in page


def test_an_empty_view_says_so(desk: FlaskClient) -> None:
    assert "No promise is late" in get(desk, "/queue?view=late")
    assert "Nothing fits this filter" in get(desk, "/queue?view=all&q=unicorn")


@pytest.mark.parametrize("size", [3, 40])
def test_the_page_takes_two_statements_whatever_its_length(desk: FlaskClient, size: int) -> None:
    for n in range(size):
        make.ticket(subject=f"case {n}")
    get(desk, "/queue?view=all")
    with counted() as sent:
        get(desk, "/queue?view=all")
    assert len(sent) <= 2, "\n\n".join(sent)


def test_taking_a_ticket_from_its_row_answers_with_the_new_row(desk: FlaskClient) -> None:
    ticket = make.ticket()
    address = f"/tickets/{ticket.number}/claim"
    answer = desk.post(address, headers={"HX-Request": "true"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "You are on" in text
    assert 'aria-label="Zhang Wei"' in text and "Take it" not in text


def test_the_slower_of_two_is_told_who_was_faster(desk: FlaskClient) -> None:
    ticket = make.ticket()
    queue.claim(ticket, by=make.agent("Li Lei").actor)
    answer = desk.post(f"/tickets/{ticket.number}/claim", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "Li Lei took it first." in answer.get_data(as_text=True)


def test_of_sixteen_claims_at_once_exactly_one_wins(app: Flask) -> None:
    """Everybody else is told the winner's name."""
    ticket = make.ticket()
    agents = [make.agent(f"Agent {n}") for n in range(16)]
    browsers = [make.sign_in(app.test_client(), agent) for agent in agents]
    db.session.remove()
    start, answers = threading.Barrier(16), []

    def claim(browser: FlaskClient) -> None:
        start.wait()
        answer = browser.post(f"/tickets/{ticket.number}/claim", headers={"HX-Request": "true"})
        answers.append((answer.status_code, answer.get_data(as_text=True)))

    threads = [threading.Thread(target=claim, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holder = db.session.get_one(Ticket, ticket.id)
    winner = next(agent.name for agent in agents if agent.id == holder.assignee_id)
    assert sorted(status for status, _text in answers) == [200] + [409] * 15
    assert all(f"{winner} took it first." in text for status, text in answers if status == 409)


def test_taking_the_next_opens_the_one_that_is_due_first(desk: FlaskClient) -> None:
    make.ticket(severity="S4")
    urgent = make.ticket(severity="S1")
    answer = desk.post("/queue/next", data={"view": "all"})
    assert answer.status_code == 303 and answer.location == f"/tickets/{urgent.number}"
    db.session.refresh(urgent)
    assert urgent.assignee_id is not None


def test_with_nothing_to_take_the_queue_says_so(desk: FlaskClient) -> None:
    answer = desk.post("/queue/next", data={"view": "all"}, follow_redirects=True)
    assert "Nobody is waiting here: every ticket is taken." in answer.get_data(as_text=True)


def test_becoming_ready_takes_waiting_work(desk: FlaskClient) -> None:
    ticket = make.ticket()
    answer = desk.post("/presence", data={"state": "ready"}, follow_redirects=True)
    assert "You were given 1 waiting tickets." in answer.get_data(as_text=True)
    assert numbers(answer.get_data(as_text=True)) == [ticket.number]


def test_an_unknown_presence_is_refused(desk: FlaskClient) -> None:
    assert desk.post("/presence", data={"state": "asleep"}).status_code == 409


def test_the_open_desk_says_every_minute_that_somebody_is_there(desk: FlaskClient) -> None:
    agent = make.agent("Wu Di")
    make.sign_in(desk, agent)
    moment = datetime.now(UTC) - timedelta(seconds=1)
    assert desk.post("/presence/beat").status_code == 204
    db.session.refresh(agent)
    assert agent.seen_at and agent.seen_at > moment


def test_an_auditor_reads_the_queue_and_takes_nothing(client: FlaskClient) -> None:
    ticket = make.ticket()
    make.sign_in(client, make.agent("Au Dit", "auditor"))
    page = get(client, "/queue")
    assert numbers(page) == [ticket.number] and "Take the next one" not in page
    assert client.post(f"/tickets/{ticket.number}/claim").status_code == 403


def test_the_queue_speaks_chinese_to_a_chinese_colleague(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("张伟", email="zw@example.com", language="zh_Hans"))
    assert 'lang="zh-Hans"' in get(client, "/queue")


@pytest.mark.parametrize("hour", [1, 6, 12, 20])  # of UTC: work, work, the evening and the night
def test_fifty_rows_weigh_less_than_ninety_four_kilobytes_at_any_hour(
    desk: FlaskClient, hour: int
) -> None:
    with moved_to(MONDAY.replace(hour=hour)):
        for n in range(50):
            make.ticket(subject=f"冰箱修了三次还是不制冷，师傅说要等配件 {n}", severity="S3")
        rows = re.findall(r'<li class="row.*?</li>', get(desk, "/queue?view=all"), re.DOTALL)
    assert len(rows) == 50
    assert len("".join(rows).encode()) < 94_000


def test_a_working_clock_says_what_is_left_when_working_time_ends(desk: FlaskClient) -> None:
    """The page counts down to the close of the day and stands still behind it."""
    with moved_to(MONDAY) as tick:
        make.ticket(severity="S3")
        first = clocks(get(desk, "/queue?view=all"))
        tick(60)
        later = clocks(get(desk, "/queue?view=all"))
    rest, until = first[0]
    assert datetime.fromisoformat(until).astimezone(UTC) > MONDAY and int(rest) < 0
    assert later == first


def test_outside_working_time_a_working_clock_does_not_tick(desk: FlaskClient) -> None:
    with moved_to(MONDAY.replace(hour=14)):
        make.ticket(severity="S3")
        page = get(desk, "/queue?view=all")
    assert '<time class="clock clock-running"' in page and not clocks(page)


def clocks(page: str) -> list[tuple[str, str]]:
    """What the ticking clocks of working time are told: seconds left at the close, and the close."""
    return re.findall(r'data-clock-rest-value="([^"]*)" data-clock-until-value="([^"]*)"', page)
