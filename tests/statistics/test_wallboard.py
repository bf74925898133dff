"""The wallboard: eight figures of this moment, live."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import moved_to, now
from helpdesk.statistics import wallboard
from helpdesk.tickets import actions, filters, queue, ticket_lists
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.statements import counted

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
BOSS = samples.BOSS


def counts(who: object = BOSS) -> dict[str, int]:
    return {name: f.count for name, f in wallboard.read(who).figures.items()}  # type: ignore[arg-type]


def test_it_counts_what_waits_what_is_late_and_what_was_done_today(app: Flask) -> None:
    """Waiting, longest wait, breaches in the next hour."""
    with moved_to(MONDAY) as tick:
        make.ticket(severity="S1")  # to be acknowledged within ten minutes
        found = counts()
        assert (found["waiting"], found["soon"], found["overdue"]) == (1, 1, 0)
        tick(15 * 60)
        other = make.ticket(kind="enquiry", subject="Another")
        actions.accept(other, by=BOSS)
        actions.answer_directly(other, by=BOSS, body="Done.")
        actions.close(other, by=BOSS)
        board, found = wallboard.read(BOSS), counts()
        assert (found["overdue"], found["received"], found["closed"]) == (1, 2, 1)
        assert board.longest is not None and board.longest.total_seconds() == 15 * 60


def test_every_figure_opens_as_many_cases(app: Flask) -> None:
    samples.live(25)
    with moved_to(samples.LAST):
        for figure in wallboard.read(BOSS).figures.values():
            assert ticket_lists.count(figure.filter, BOSS) == figure.count
            again = filters.parse(dict(figure.filter.pairs()))
            assert ticket_lists.count(again, BOSS) == figure.count


def test_a_taken_case_does_not_wait_any_more(app: Flask) -> None:
    zhang = make.agent("Zhang Wei")
    with moved_to(MONDAY):
        ticket = make.ticket()
        queue.claim(ticket, by=zhang.actor)
        board = wallboard.read(BOSS)
    assert board.figures["waiting"].count == 0 and board.longest is None


def test_a_follow_up_call_that_is_due_is_counted(app: Flask) -> None:
    with moved_to(MONDAY):
        ticket = make.ticket()
        actions.accept(ticket, by=BOSS)
        actions.answer_directly(ticket, by=BOSS, body="Done.")
        actions.review(ticket, by=BOSS)
        actions.approve(ticket, by=BOSS)
        assert counts()["calls"] == 1


def test_agents_are_counted_by_presence(app: Flask) -> None:
    """Agents by status; whose page is closed is away."""
    with moved_to(MONDAY):
        for name, state, seen in (
            ("Zhang Wei", "ready", now()),
            ("Li Na", "busy", now()),
            ("Wang Lin", "ready", None),
        ):
            make.agent(name, presence=state, seen_at=seen)
        make.agent("Chen Jie", "supervisor", presence="ready", seen_at=now())
        board = wallboard.read(BOSS)
        assert board.presence == {"ready": 1, "busy": 1, "away": 1}
        assert not board.deserted


def test_it_is_red_when_customers_wait_and_nobody_is_there(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    quiet = client.get("/wallboard").get_data(as_text=True)
    assert "tone-red" not in quiet
    with moved_to(MONDAY):
        make.ticket()
        make.sign_in(client, make.agent("Zhao Min", "supervisor"))
        assert client.get("/wallboard").get_data(as_text=True).count("stat tone-red") == 2


@pytest.mark.parametrize("role", ["agent", "handler", "supervisor", "auditor"])
def test_everybody_at_the_desk_sees_it(client: FlaskClient, role: str) -> None:
    make.sign_in(client, make.agent("Li Na", role, make.department()))
    page = client.get("/wallboard").get_data(as_text=True)
    assert len(re.findall(r'class="stat tone-', page)) == 8
    assert 'data-live-topic="wallboard"' in page


def test_a_department_sees_the_figures_of_its_own_cases(app: Flask) -> None:
    handler = make.agent("Li Na", "handler", make.department())
    with moved_to(MONDAY):
        make.ticket()
        assert counts()["received"] == 1 and counts(handler.actor)["received"] == 0


def test_a_live_page_asks_for_the_figures_alone(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    part = client.get("/wallboard", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.lstrip().startswith('<div class="wall" id="wall"') and "<html" not in part


def test_the_board_takes_four_statements(app: Flask) -> None:
    make.ticket()
    with counted() as sent:
        wallboard.read(BOSS)
    assert len(sent) <= 4


def test_a_visitor_is_asked_to_sign_in(client: FlaskClient) -> None:
    make.agent("Ada", "admin")
    assert client.get("/wallboard").status_code == 302


@pytest.mark.parametrize(
    ("who", "state"),
    [
        ({"presence": "ready", "seen": 119}, "ready"),
        ({"presence": "ready", "seen": 120}, "away"),
        ({"presence": "busy", "seen": 0}, "busy"),
        ({"presence": "ready", "seen": 0, "active": False}, None),
        ({"presence": "ready", "seen": 0, "role": "handler"}, None),
    ],
)
def test_who_was_not_seen_for_two_minutes_is_away(
    app: Flask, who: dict[str, object], state: str | None
) -> None:
    with moved_to(MONDAY):
        seen = MONDAY - timedelta(seconds=int(str(who.pop("seen"))))
        make.agent(seen_at=seen, **who)  # type: ignore[arg-type]
        found = wallboard.read(BOSS).presence
    assert found == {"ready": 0, "busy": 0, "away": 0} | ({state: 1} if state else {})


@pytest.mark.parametrize(
    ("waits", "presence", "deserted"),
    [(1, "away", True), (1, "busy", False), (1, "ready", False), (0, "away", False)],
)
def test_customers_who_wait_before_an_empty_desk_must_be_seen(
    app: Flask, waits: int, presence: str, deserted: bool
) -> None:
    with moved_to(MONDAY):
        for _each in range(waits):
            make.ticket()
        make.agent(presence=presence, seen_at=MONDAY)
        assert wallboard.read(BOSS).deserted is deserted


def test_the_longest_wait_is_that_of_the_one_who_waits_and_not_of_the_oldest(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        taken = make.ticket()
        tick(600)
        make.ticket(subject="Another")
        queue.claim(taken, by=make.agent().actor)
        tick(60)
        board = wallboard.read(BOSS)
    assert board.figures["waiting"].count == 1
    assert board.longest == timedelta(seconds=60)
