"""Case 26-double-submit: what is sent twice is done once; other words are never taken for the same."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now, tick
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.files import stored_keys
from helpdesk.notices.models import Notice
from helpdesk.settings import settings
from helpdesk.tickets import actions, tracking
from helpdesk.tickets.models import Attachment, IdempotencyKey, Message, Rating, Ticket
from tests.help import factories as make
from tests.help.calls import token

TIMES = 4


def at_once(work: Callable[[], int], times: int = TIMES) -> list[int]:
    """What `work` answers in so many threads that begin at the same moment."""
    answers: list[int] = []
    gate = threading.Barrier(times)

    def run() -> None:
        gate.wait()
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == times
    return answers


def said(kind: str) -> list[str]:
    db.session.rollback()  # see what others have written since
    db.session.expire_all()
    rows = db.session.scalars(db.select(Message).filter_by(kind=kind).order_by(Message.id))
    return [row.body for row in rows]


def noted(name: str) -> int:
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Event).filter_by(name=name))


@pytest.fixture
def ticket(app: Flask) -> Ticket:
    return make.ticket()


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent()


def customer(app: Flask, ticket: Ticket) -> FlaskClient:
    browser = app.test_client()
    browser.get(f"/track/{ticket.number}/{tracking.own_secret(ticket, settings().secret_key)}")
    return browser


@pytest.mark.parametrize("more", [{}, {"once": "the same key"}], ids=["no key", "key"])
def test_a_portal_message_sent_four_times_at_once_is_one(
    app: Flask, ticket: Ticket, more: dict[str, str]
) -> None:
    form = {"body": "还有一张照片。", **more}
    address = f"/track/{ticket.number}/messages"
    browsers = [customer(app, ticket) for _ in range(TIMES)]
    answers = at_once(lambda: browsers.pop().post(address, data=form).status_code)
    assert answers == [303] * TIMES
    assert said("customer").count("还有一张照片。") == 1
    assert noted("message.customer") == 1


@pytest.mark.parametrize("more", [{}, {"once": "the same key"}], ids=["no key", "key"])
@pytest.mark.parametrize(("mode", "kind"), [("note", "note"), ("message", "staff")])
def test_a_staff_message_sent_four_times_at_once_is_one(
    app: Flask, ticket: Ticket, zhang: Agent, mode: str, kind: str, more: dict[str, str]
) -> None:
    form = {"mode": mode, "body": "Called the workshop.", **more}
    address = f"/tickets/{ticket.number}/messages"
    browsers = [make.sign_in(app.test_client(), zhang) for _ in range(TIMES)]
    answers = at_once(lambda: browsers.pop().post(address, data=form).status_code)
    assert answers == [303] * TIMES
    assert said(kind) == ["Called the workshop."]


@pytest.mark.parametrize("more", [{}, {"once": "the same key"}], ids=["no key", "key"])
def test_an_answer_sent_four_times_at_once_is_one_and_nobody_is_told_of_an_error(
    app: Flask, ticket: Ticket, zhang: Agent, more: dict[str, str]
) -> None:
    form = {"mode": "reply", "body": "We send a new one.", "solved": "yes", **more}
    address = f"/tickets/{ticket.number}/messages"
    browsers = [make.sign_in(app.test_client(), zhang) for _ in range(TIMES)]
    answers = at_once(lambda: browsers.pop().post(address, data=form).status_code)
    assert answers == [303] * TIMES
    assert said("staff") == ["We send a new one."]
    assert noted("ticket.answer_directly") == 1


def test_a_message_and_then_an_answer_in_the_same_words_are_two(
    ticket: Ticket, zhang: Agent
) -> None:
    actions.send_message(ticket, by=zhang.actor, body="It is on its way.")
    actions.answer_directly(ticket, by=zhang.actor, body="It is on its way.")
    assert noted("ticket.answer_directly") == 1


def test_the_same_file_sent_twice_is_kept_once(app: Flask, ticket: Ticket) -> None:
    browser, before = customer(app, ticket), len(list(stored_keys()))
    for _ in range(2):
        form = {"body": "Photo", "once": "k", "files": (io.BytesIO(b"photo"), "a.txt")}
        browser.post(f"/track/{ticket.number}/messages", data=form)
    assert db.session.scalar(db.select(db.func.count()).select_from(Attachment)) == 1
    assert len(list(stored_keys())) == before + 1


def test_other_words_and_other_files_with_the_key_of_an_old_page_are_something_new(
    app: Flask, ticket: Ticket
) -> None:
    browser, address = customer(app, ticket), f"/track/{ticket.number}/messages"
    browser.post(address, data={"body": "First", "once": "k"})
    browser.post(address, data={"body": "Second", "once": "k"})
    browser.post(
        address, data={"body": "Second", "once": "k", "files": (io.BytesIO(b"x"), "x.txt")}
    )
    assert said("customer")[1:] == ["First", "Second", "Second"]


def test_the_same_words_a_minute_later_from_a_new_page_are_said_again(
    ticket: Ticket, zhang: Agent
) -> None:
    with moved_to(now()):
        actions.note(ticket, by=zhang.actor, body="No answer on the phone.")
        tick(60)
        actions.note(ticket, by=zhang.actor, body="No answer on the phone.")
    assert len(said("note")) == 2


def test_the_same_words_of_two_colleagues_are_two(ticket: Ticket, zhang: Agent) -> None:
    actions.note(ticket, by=zhang.actor, body="I take it.")
    actions.note(ticket, by=make.agent("Li Na").actor, body="I take it.")
    assert len(said("note")) == 2


def test_a_form_that_was_refused_may_be_sent_again_with_its_key(
    app: Flask, ticket: Ticket, zhang: Agent
) -> None:
    browser, address = make.sign_in(app.test_client(), zhang), f"/tickets/{ticket.number}/messages"
    stale = {"mode": "message", "body": "Hello", "once": "k", "seen_seq": "0"}
    actions.add_customer_message(ticket, by=make.CUSTOMER, body="Wait!", channel="web")
    assert browser.post(address, data=stale).status_code == 409
    assert browser.post(address, data=stale | {"seen_seq": "9999"}).status_code == 303
    assert said("staff") == ["Hello"]


def test_a_rating_and_an_urge_sent_twice_are_thanked_for_twice_and_count_once(
    app: Flask, ticket: Ticket
) -> None:
    browser = customer(app, ticket)
    for _ in range(2):
        page = browser.post(
            f"/track/{ticket.number}/urge", data={"once": "u"}, follow_redirects=True
        ).text
        assert "It was urged already" not in page
    with transaction():
        db.session.get_one(Ticket, ticket.id, populate_existing=True).status = "closed"
    for _ in range(2):
        form = {"result": "5", "resolved": "yes", "once": "r"}
        page = browser.post(f"/track/{ticket.number}/rate", data=form, follow_redirects=True).text
        assert "You have rated this already" not in page
    assert noted("ticket.rated") == 1
    db.session.expire_all()
    assert db.session.get_one(Ticket, ticket.id).urges == 1
    assert db.session.scalar(db.select(db.func.count()).select_from(Rating)) == 1


def test_a_step_taken_twice_by_a_double_click_is_one_and_no_error(
    app: Flask, ticket: Ticket, zhang: Agent
) -> None:
    browser = make.sign_in(app.test_client(), zhang)
    form = {"version": str(ticket.version), "once": "k"}
    for _ in range(2):
        answer = browser.post(f"/tickets/{ticket.number}/moves/accept", data=form)
        assert answer.status_code == 303
    assert noted("ticket.accept") == 1


def test_notices_written_by_a_double_click_are_one(app: Flask, ticket: Ticket) -> None:
    make.department("quality")
    boss = make.sign_in(app.test_client(), make.agent("Boss", "supervisor"))
    form = {"departments": "quality", "title": "Hoses", "problem": "Leak", "requirement": "Mend"}
    form |= {"level": "minor", "source": "complaint", "then": "issue", "once": "k"}
    for _ in range(2):
        assert boss.post(f"/tickets/{ticket.number}/notices/new", data=form).status_code == 303
    notices = db.session.scalars(db.select(Notice)).all()
    assert len(notices) == 1
    handler = make.agent("Ma Lihua", "handler", make.department("quality"))
    desk = make.sign_in(app.test_client(), handler)
    address = f"/notices/{notices[0].year}-{notices[0].serial}/moves/sign"
    sent = {"version": str(notices[0].version), "once": "s"}
    assert [desk.post(address, data=sent).status_code for _ in range(2)] == [303, 303]
    assert noted("notice.sign") == 1


@pytest.mark.parametrize(
    "sent", [{"body": "Note", "public": False}, {"body": "Hi", "public": True}]
)
def test_one_idempotency_key_makes_one_message_also_at_the_same_moment(
    app: Flask, ticket: Ticket, sent: dict[str, Any]
) -> None:
    headers, address = token() | {"Idempotency-Key": "k1"}, f"/api/v1/tickets/{ticket.number}"
    ids: list[int] = []

    def send() -> int:
        answer = app.test_client().post(f"{address}/messages", json=sent, headers=headers)
        ids.append(answer.json.get("id", 0))
        return answer.status_code

    assert at_once(send) == [201] * TIMES
    with moved_to(now()):
        tick(3600)
        send()
    assert len(set(ids)) == 1 and ids[0]
    assert said("staff") + said("note") == [sent["body"]]
    again = app.test_client().post(
        f"{address}/messages", json=sent | {"body": "Other"}, headers=headers
    )
    assert (again.status_code, again.json["code"]) == (409, "key_reused")


def test_one_idempotency_key_takes_a_step_once_and_tells_the_same_ticket(
    app: Flask, ticket: Ticket
) -> None:
    headers = token("supervisor") | {"Idempotency-Key": "k1"}
    address = f"/api/v1/tickets/{ticket.number}/moves"

    def send() -> int:
        return app.test_client().post(address, json={"move": "accept"}, headers=headers).status_code

    assert at_once(send) == [200] * TIMES
    assert noted("ticket.accept") == 1
    headers.pop("Idempotency-Key")
    assert send() == 409


def test_one_idempotency_key_writes_and_moves_one_notice(app: Flask, ticket: Ticket) -> None:
    make.department("quality")
    headers = token("supervisor") | {"Idempotency-Key": "k1"}
    new = {"department": "quality", "title": "Hoses", "problem": "Leak", "requirement": "Mend"}
    client, numbers = app.test_client(), set()
    for _ in range(2):
        made = client.post(
            f"/api/v1/tickets/{ticket.number}/notices",
            json=new | {"issue": True},
            headers=headers,
        )
        assert made.status_code == 201
        numbers.add(made.json["reference"])
    (reference,) = numbers
    move = {"move": "withdraw", "comment": "Wrong department."}
    for _ in range(2):
        address = f"/api/v1/notices/{reference}/moves"
        assert client.post(address, json=move, headers=headers).status_code == 200
    assert noted("notice.withdraw") == 1


def test_a_key_whose_work_was_refused_is_free_again(app: Flask, ticket: Ticket) -> None:
    headers, client = token() | {"Idempotency-Key": "k1"}, app.test_client()
    address = f"/api/v1/tickets/{ticket.number}/messages"
    assert client.post(address, json={"body": " "}, headers=headers).status_code == 422
    assert client.post(address, json={"body": "Now"}, headers=headers).status_code == 201
    assert db.session.scalar(db.select(db.func.count()).select_from(IdempotencyKey)) == 1


def test_the_same_new_case_sent_five_times_is_one_and_other_words_are_another(app: Flask) -> None:
    form = {"subject": "Leak", "body": "It leaks.", "kind": "complaint", "once": "k"}
    send = lambda: app.test_client().post("/new", data=form).status_code  # noqa: E731
    assert at_once(send, 5) == [303] * 5
    count = db.select(db.func.count()).select_from(Ticket)
    assert db.session.scalar(count) == 1
    app.test_client().post("/new", data=form | {"body": "And now it burns."})
    assert db.session.scalar(count) == 2


def test_every_form_that_writes_carries_a_key_of_its_own(
    app: Flask, ticket: Ticket, zhang: Agent
) -> None:
    desk = make.sign_in(app.test_client(), zhang).get(f"/tickets/{ticket.number}").text
    public = customer(app, ticket).get(f"/track/{ticket.number}").text
    for page in (desk, public):
        forms = [part.split("</form>")[0] for part in page.split("<form")[1:]]
        writing = [part for part in forms if f"/{ticket.number}/" in part.split(">")[0]]
        assert writing
        assert [part[:200] for part in writing if 'name="once"' not in part] == []
