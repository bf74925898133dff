"""Live pages: rights at the door, pushes from the journal, catching up without gap or twin."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import moved_to, now
from helpdesk.core import events
from helpdesk.core.db import db, transaction
from helpdesk.realtime import people, socketio, tail
from helpdesk.realtime.rooms import room_of
from helpdesk.realtime.sockets import watchers
from helpdesk.tickets import actions, queue
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.live_pages import Browser, push
from tests.help.statements import counted


def test_nobody_listens_without_a_sign_in(app: Flask, client: FlaskClient) -> None:
    assert not socketio.test_client(app, flask_test_client=client).is_connected()


def test_a_new_case_is_pushed_as_a_row_to_those_who_watch_the_queue(app: Flask) -> None:
    """The queue page shows a new case without a reload."""
    browser = Browser(app, make.agent())
    answer = browser.ask("watch", topic="queue:all")
    assert answer["ok"]
    ticket = make.ticket()
    push(app, answer["seq"])
    [change] = browser.heard()
    assert (change["topic"], change["ticket"], change["name"]) == (
        "queue:all",
        ticket.number,
        "ticket.opened",
    )
    assert change["seq"] > answer["seq"]
    assert f'id="ticket-{ticket.number}"' in change["html"]
    assert ticket.subject in change["html"]


def test_the_row_speaks_each_watchers_language(app: Flask) -> None:
    english, chinese = (
        Browser(app, make.agent()),
        Browser(app, make.agent("Lin Yu", language="zh_Hans")),
    )
    seqs = [b.ask("watch", topic="queue:all")["seq"] for b in (english, chinese)]
    make.ticket()
    push(app, min(seqs))
    assert "Web form" in english.heard()[0]["html"]
    assert "网页" in chinese.heard()[0]["html"]


def test_a_case_that_leaves_a_queue_is_taken_off_its_pages(app: Flask) -> None:
    quality, agent = make.department(), make.agent()
    ticket = make.ticket()
    desk = Browser(app, make.agent("Zhao Min"))
    seq = desk.ask("watch", topic="queue:dispatch")["seq"]
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    push(app, seq)
    assert desk.heard()[-1]["html"] == ""


def test_a_department_hears_its_own_queue_and_no_other(app: Flask) -> None:
    """Socket rooms have the same rights as pages."""
    quality = make.department()
    make.department("finance", "财务部", "Finance")
    handler = Browser(app, make.agent("Li Na", "handler", quality))
    assert handler.ask("watch", topic="queue:quality")["ok"]
    for topic in ("queue:all", "queue:finance", "queue:dispatch", "queue:nowhere"):
        answer = handler.ask("watch", topic=topic)
        assert (answer["ok"], answer["code"]) == (False, "not_allowed")


def test_a_foreign_ticket_can_not_be_watched(app: Flask) -> None:
    handler = Browser(app, make.agent("Li Na", "handler", make.department()))
    ticket = make.ticket()
    assert handler.ask("watch", topic=f"ticket:{ticket.number}")["code"] == "not_found"
    assert handler.ask("watch", topic="admin:everything")["code"] == "not_found"


def test_a_confidential_name_is_pushed_only_to_those_who_may_see_it(app: Flask) -> None:
    quality, agent = make.department(), make.agent()
    handler = Browser(app, make.agent("Li Na", "handler", quality))
    desk = Browser(app, make.agent("Zhao Min"))
    seq = handler.ask("watch", topic="queue:quality")["seq"]
    desk.ask("watch", topic="queue:quality")
    ticket = make.ticket(confidential=True)
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    push(app, seq)
    assert "王芳" in desk.heard()[-1]["html"]
    assert "王芳" not in handler.heard()[-1]["html"]


def test_after_a_lost_connection_everything_missed_comes_once_and_in_order(app: Flask) -> None:
    """Catching up with no gap and no duplicate."""
    browser = Browser(app, make.agent())
    seq = browser.ask("watch", topic="queue:all")["seq"]
    numbers = [make.ticket(subject=f"nr {n}").number for n in range(5)]
    answer = browser.ask("after", topic="queue:all", seq=seq)
    assert [c["ticket"] for c in answer["changes"]] == numbers
    assert (answer["reset"], answer["seq"]) == (False, events.last_seq())
    assert browser.ask("after", topic="queue:all", seq=answer["seq"])["changes"] == []


def test_after_very_much_was_missed_the_page_is_asked_to_load_anew(app: Flask) -> None:
    browser = Browser(app, make.agent())
    seq = browser.ask("watch", topic="queue:all")["seq"]
    ticket = make.ticket()
    for n in range(205):
        with transaction():
            from helpdesk.agents.rights import SYSTEM

            events.record("test.happened", by=SYSTEM, ticket=ticket, n=n)
    answer = browser.ask("after", topic="queue:all", seq=seq)
    assert (answer["reset"], answer["seq"]) == (True, events.last_seq())


@pytest.mark.parametrize("sent", ["queue:all", 5, [1], True, None, {"topic": ["queue:all"]}])
@pytest.mark.parametrize("event", ["watch", "after", "presence"])
def test_a_message_of_another_shape_is_answered_with_a_refusal(
    app: Flask, event: str, sent: Any
) -> None:
    answer = Browser(app, make.agent()).socket.emit(event, sent, callback=True)
    assert not answer["ok"]
    assert answer["message"]


@pytest.mark.parametrize("seq", ["abc", "\x00", 1.5, [1], True, 10**18, 10**30, float("inf")])
def test_a_number_that_is_none_of_the_journal_is_refused(app: Flask, seq: Any) -> None:
    browser = Browser(app, make.agent())
    browser.ask("watch", topic="me")
    assert browser.ask("after", topic="me", seq=seq)["code"] == "bad_input"


def test_a_topic_that_is_not_watched_tells_nothing(app: Flask) -> None:
    browser = Browser(app, make.agent())
    assert not browser.ask("after", topic="queue:all", seq=0)["ok"]


def test_changes_within_a_moment_travel_as_one_row(app: Flask) -> None:
    browser = Browser(app, make.agent())
    seq = browser.ask("watch", topic="queue:all")["seq"]
    ticket = make.ticket()
    actions.accept(ticket, by=make.agent("Li Lei").actor)
    push(app, seq)
    [change] = browser.heard()
    assert change["name"] == "ticket.accept"


def test_my_own_list_hears_what_is_given_to_me(app: Flask) -> None:
    agent = make.agent()
    browser, other = Browser(app, agent), Browser(app, make.agent("Li Lei"))
    seq = browser.ask("watch", topic="me")["seq"]
    other.ask("watch", topic="me")
    queue.claim(make.ticket(), by=agent.actor)
    push(app, seq)
    assert len(browser.heard()) == 1
    assert other.heard() == []


CHANGES = {
    "active": False,
    "session_key": "new",
    "role": "auditor",
    "leads": True,
    "language": "zh_Hans",
    "department_id": True,
}


def changed(agent: Agent, change: str) -> None:
    department = make.department().id
    with transaction():
        row = db.session.get_one(Agent, agent.id, populate_existing=True)
        setattr(row, change, department if change == "department_id" else CHANGES[change])


@pytest.mark.parametrize("change", CHANGES)
def test_a_socket_is_closed_when_the_persons_rights_change(app: Flask, change: str) -> None:
    """ASVS V7.4: sign-out everywhere, disabling and a new role end open sockets."""
    agent = make.agent()
    browser = Browser(app, agent)
    browser.ask("watch", topic="queue:all")
    tail.recheck()
    assert browser.socket.is_connected()
    changed(agent, change)
    tail.recheck()
    assert not browser.socket.is_connected()


@pytest.mark.parametrize("change", CHANGES)
def test_a_push_looks_at_everybodys_session_before_it_tells(app: Flask, change: str) -> None:
    agent = make.agent()
    browser = Browser(app, agent)
    seq = browser.ask("watch", topic="queue:all")["seq"]
    make.ticket()
    changed(agent, change)
    emitted = told(app, seq)
    assert emitted == []
    assert not browser.socket.is_connected()


def told(app: Flask, seq: int) -> list[Any]:
    """What a push sends to anybody."""
    sent: list[Any] = []
    kept, socketio.emit = socketio.emit, lambda *what, **_to: sent.append(what)
    try:
        push(app, seq)
    finally:
        socketio.emit = kept
    return sent


@pytest.mark.parametrize("ask", ["watch", "after", "unwatch", "presence"])
def test_after_a_sign_out_the_open_socket_may_ask_nothing_and_is_closed(
    app: Flask, ask: str
) -> None:
    """It went on hearing, and could watch new topics."""
    ticket, browser = make.ticket(), Browser(app, make.agent())
    topic = f"ticket:{ticket.number}"
    assert browser.ask("watch", topic=topic)["ok"]
    assert browser.http.post("/sign-out").status_code == 303
    asked = {"topic": topic, "seq": 0, "ticket": ticket.number, "state": "viewing"}
    answer = browser.ask(ask, **asked)
    assert (answer["ok"], answer["code"]) == (False, "not_signed_in")
    assert not browser.socket.is_connected()


def test_a_sign_out_closes_the_sockets_of_that_session_and_no_other(app: Flask) -> None:
    agent = make.agent()
    here, elsewhere = Browser(app, agent), Browser(app, agent)
    here.http.post("/sign-out")
    tail.recheck()
    assert not here.socket.is_connected()
    assert elsewhere.socket.is_connected()
    assert tail.CHECK_EVERY + tail.IDLE + tail.GATHER < 5


@pytest.mark.parametrize(("hours", "is_open"), [(7.9, True), (8.1, False), (12.1, False)])
def test_a_session_that_is_over_by_itself_closes_its_sockets(
    app: Flask, hours: float, is_open: bool
) -> None:
    """The limits of pages hold for sockets: eight hours idle, twelve in all."""
    browser = Browser(app, make.agent())
    with moved_to(now() + timedelta(hours=hours)):
        tail.recheck()
        assert browser.socket.is_connected() is is_open


def test_a_closed_socket_is_cut_whatever_its_client_does(app: Flask) -> None:
    """A client that does not answer would hold a thread of the server."""
    mine, theirs = socket.socketpair()
    agent = make.agent()
    browser = Browser(app, agent)
    [watcher] = [each for each in watchers.values() if each.actor.id == agent.id]
    watcher.line.wire = mine
    browser.http.post("/sign-out")
    tail.recheck()
    theirs.settimeout(1)
    assert theirs.recv(1) == b""
    mine.close(), theirs.close()


@pytest.fixture
def quality(app: Flask) -> Department:
    return make.department()


@pytest.fixture
def handler(app: Flask, quality: Department) -> Browser:
    return Browser(app, make.agent("Li Na", "handler", quality))


def planned(quality: Department) -> Ticket:
    """A case that the route has for the department, still at the desk: its page is a 404 there."""
    ticket = make.ticket()
    with transaction():
        row = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        row.department_id, row.queue = quality.id, quality.code
    return ticket


TOPICS = ("queue:quality", "wallboard", "me")


def test_what_a_department_may_not_know_is_not_pushed_to_its_queue(
    app: Flask, quality: Department, handler: Browser
) -> None:
    """A row whose page answers 404, and the numbers of all cases on the wallboard."""
    seq = [handler.ask("watch", topic=topic)["seq"] for topic in TOPICS][0]
    ticket = planned(quality)
    assert handler.http.get(f"/tickets/{ticket.number}").status_code == 404
    assert told(app, seq) == []
    for topic in TOPICS:
        assert handler.ask("after", topic=topic, seq=seq)["changes"] == []


def test_a_wallboard_tells_each_reader_of_what_they_may_see(
    app: Flask, quality: Department, handler: Browser
) -> None:
    desk, agent = Browser(app, make.agent("Chen Jie", "supervisor")), make.agent()
    seqs = [browser.ask("watch", topic="wallboard")["seq"] for browser in (handler, desk)]
    waits, theirs = make.ticket(), make.ticket()
    actions.accept(theirs, by=agent.actor)
    actions.dispatch(theirs, by=agent.actor, department_id=quality.id)
    push(app, min(seqs))
    assert [change["ticket"] for change in handler.heard()] == [theirs.number]
    assert {change["ticket"] for change in desk.heard()} == {waits.number, theirs.number}


def test_a_case_that_goes_to_another_department_leaves_the_queue_of_the_first(
    app: Flask, quality: Department, handler: Browser
) -> None:
    """The row goes, and nothing is told of what happens to the case afterwards."""
    agent, sales = make.agent(), make.department("sales", "销售部", "Sales")
    ticket = make.ticket()
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    topics = ("queue:quality", f"ticket:{ticket.number}")
    seq = [handler.ask("watch", topic=topic)["seq"] for topic in topics][0]
    actions.transfer(ticket, by=agent.actor, department_id=sales.id, comment="theirs")
    missed = handler.ask("after", topic="queue:quality", seq=seq)["changes"]
    after = push(app, seq)
    [gone] = handler.heard()
    assert [gone] == missed
    assert (gone["topic"], gone["name"], gone["html"]) == ("queue:quality", "ticket.gone", "")
    actions.sign(ticket, by=make.agent("Sun Li", "handler", sales).actor)
    assert told(app, after) == []
    watched = handler.ask("presence", ticket=ticket.number, state="viewing")
    assert watched["code"] == "not_allowed"


def test_a_room_holds_only_readers_with_equal_rights() -> None:
    alike = Actor("agent", 1, "Li Na", Role.HANDLER, 7, False, "en")
    assert room_of("queue:x", alike) == room_of("queue:x", replace(alike, id=2, name="Li Si"))
    assert room_of("me", alike) != room_of("me", replace(alike, id=2))
    others = [
        {"role": Role.AGENT},
        {"department_id": 8},
        {"leads": True},
        {"language": "zh_Hans"},
        {"kind": "token"},
    ]
    for other in others:
        assert room_of("queue:x", alike) != room_of("queue:x", replace(alike, **other)), other


def test_a_push_costs_the_same_however_many_sockets_listen(app: Flask) -> None:
    def cost(sockets: int) -> int:
        agents = [make.agent(f"Agent {sockets} {n}") for n in range(sockets)]
        browsers = [Browser(app, agent) for agent in agents]
        seq = [browser.ask("watch", topic="queue:all")["seq"] for browser in browsers][0]
        for _ in range(3):
            make.ticket()
        with counted() as run:
            push(app, seq)
        assert all(len(browser.heard()) == 3 for browser in browsers)
        return len(run)

    assert cost(8) == cost(2)


def test_others_see_who_looks_and_types_and_the_sign_expires(app: Flask) -> None:
    """Within two seconds, and gone 30 s after a closed tab."""
    ticket = make.ticket()
    mine, theirs = Browser(app, make.agent("Zhang San")), Browser(app, make.agent("Li Si"))
    for browser in (mine, theirs):
        browser.ask("watch", topic=f"ticket:{ticket.number}")
    mine.ask("presence", ticket=ticket.number, state="typing")
    told = theirs.heard("presence")[-1]
    assert [(p["name"], p["state"]) for p in told["people"]] == [("Zhang San", "typing")]
    mine.ask("presence", ticket=ticket.number, state="left")
    assert theirs.heard("presence")[-1]["people"] == []


def test_a_heartbeat_that_stops_is_forgotten(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sign disappears within 30 s."""
    people.note("2026-9", 7, "Zhang San", "viewing")
    assert people.on("2026-9")
    later = people.time.monotonic() + people.LASTS + 1
    monkeypatch.setattr(people.time, "monotonic", lambda: later)
    people.sweep()
    assert people.on("2026-9") == []


def test_presence_on_a_foreign_ticket_is_refused(app: Flask) -> None:
    handler = Browser(app, make.agent("Li Na", "handler", make.department()))
    answer = handler.ask("presence", ticket=make.ticket().number, state="viewing")
    assert answer["code"] == "not_allowed"


def test_a_pushed_row_equals_the_row_of_a_freshly_loaded_page(app: Flask) -> None:
    """What is pushed suffices: the page loaded anew has the very same row."""
    agent = make.agent()
    browser = Browser(app, agent)
    seq = browser.ask("watch", topic="queue:all")["seq"]
    with moved_to(now()):
        ticket = make.ticket()
        push(app, seq)
        pushed = " ".join(browser.heard()[0]["html"].split())
        http = app.test_client()
        make.sign_in(http, agent)
        page = " ".join(http.get("/queue?view=all").get_data(as_text=True).split())
    assert pushed in page
    assert db.session.get_one(Ticket, ticket.id).number in pushed
