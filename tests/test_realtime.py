"""Live pages: rights at the door, pushes from the journal, catching up without gap or twin."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from helpdesk import events
from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now
from helpdesk.db import db, transaction
from helpdesk.realtime import changes, people, socketio, tail
from helpdesk.tickets import actions, queue
from helpdesk.tickets.models import Ticket
from tests import factories as make


class Browser:
    """One signed-in person with a socket."""

    def __init__(self, app: Flask, agent: Agent) -> None:
        http = app.test_client()
        make.sign_in(http, agent)
        g.pop("_login_user", None)  # the test's own context would remember the person before
        self.socket = socketio.test_client(app, flask_test_client=http)

    def ask(self, event: str, **data: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.emit(event, data, callback=True)
        return answer

    def heard(self, name: str = "change") -> list[dict[str, Any]]:
        return [m["args"][0] for m in self.socket.get_received() if m["name"] == name]


def push(app: Flask, seq: int) -> int:
    """What the loop of a live process does once."""
    found = changes.read(seq, 500)
    if found:
        with app.test_request_context():
            tail.push(found)
        return found[-1].seq
    return seq


def test_nobody_listens_without_a_sign_in(app: Flask, client: FlaskClient) -> None:
    assert not socketio.test_client(app, flask_test_client=client).is_connected()


def test_a_new_case_is_pushed_as_a_row_to_those_who_watch_the_queue(app: Flask) -> None:
    """M25: the queue page shows a new case without a reload."""
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
    """M36: socket rooms have the same rights as pages."""
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
    """M25: catching up with no gap and no duplicate."""
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


@pytest.mark.parametrize("change", ["active", "session_key", "role"])
def test_a_socket_is_closed_when_the_persons_rights_change(app: Flask, change: str) -> None:
    """ASVS V7.4: sign-out everywhere, disabling and a new role end open sockets."""
    agent = make.agent()
    browser = Browser(app, agent)
    browser.ask("watch", topic="queue:all")
    tail.recheck()
    assert browser.socket.is_connected()
    with transaction():
        row = db.session.get_one(Agent, agent.id, populate_existing=True)
        setattr(row, change, {"active": False, "session_key": "new", "role": "auditor"}[change])
    tail.recheck()
    ticket = make.ticket()
    push(app, 0)
    assert ticket.number not in str(
        browser.socket.get_received() if browser.socket.is_connected() else []
    )


def test_others_see_who_looks_and_types_and_the_sign_expires(app: Flask) -> None:
    """M23: within two seconds, and gone 30 s after a closed tab."""
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
    """M23: the sign disappears within 30 s."""
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
