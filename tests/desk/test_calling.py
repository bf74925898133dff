"""The telephone on the desk: who calls is on the screen, and the call is dealt with from there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from helpdesk.agents.models import Agent
from helpdesk.calls import commands, exchange, registry
from helpdesk.calls.exchange_models import PhoneCommand, PhoneExchange
from helpdesk.calls.models import Call, Interaction
from helpdesk.calls.registry import Adapter, Can
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.tickets import queue
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.desk import get
from tests.help.lines import codes, connected, ready, stands, telephone, terms
from tests.help.live_pages import Browser, push
from tests.help.phone import CASE
from tests.help.telephone import WANG, event, take


@pytest.fixture(autouse=True)
def exchange_set(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(app, monkeypatch)
    terms()


@pytest.fixture
def zhang(exchange_set: None) -> Agent:
    return ready()


@pytest.fixture
def desk(client: FlaskClient, zhang: Agent) -> FlaskClient:
    return make.sign_in(client, zhang)


HX = {"HX-Request": "true"}


def live(name: str, after: float = 0, **more: Any) -> dict[str, Any]:
    began = now() - timedelta(seconds=20)
    return event(name, after, provider="asterisk", began=began, **more)


def rings(agent: Agent, **more: Any) -> None:
    take(live("ringing", **more), live("menu", 0.5, choice="fridge"), live("queued", 1))
    take(live("offered", 2, agent=agent.email))


def talks(agent: Agent, **more: Any) -> Interaction:
    rings(agent, **more)
    take(live("answered", 4, agent=agent.email))
    db.session.rollback()
    return db.session.scalars(select(Interaction)).one()


def customer(name: str = "王芳") -> Person:
    with transaction():
        return people.make(Asker(name=name, phone="139 1234 5678"), "zh_Hans", claimed=False)


def asked(verb: str) -> list[dict[str, Any]]:
    db.session.rollback()
    query = select(PhoneCommand).filter_by(verb=verb).order_by(PhoneCommand.id)
    return [dict(row.data) for row in db.session.scalars(query)]


def shown(desk: FlaskClient) -> str:
    return re.sub(r"\s+", " ", get(desk, "/phone/bar"))


def test_the_ringing_agents_browser_is_told_and_shows_name_and_open_tickets(
    app: Flask, zhang: Agent, desk: FlaskClient
) -> None:
    person = customer()
    ticket = make.ticket(person=Asker(name="王芳", phone="139 1234 5678"))
    with transaction():
        db.session.execute(update(Ticket).values(person_id=person.id))
    mine, other = Browser(app, zhang), Browser(app, ready("Li Na", "1002"))
    seq = mine.ask("watch", topic="phone")["seq"]
    assert other.ask("watch", topic="phone")["ok"]
    rings(zhang)
    push(app, seq)
    told = mine.heard()
    assert [(each["topic"], each["id"]) for each in told] == [("phone", "phone")]
    assert other.heard() == []
    page = shown(desk)
    assert "王芳" in page and ticket.subject in page and "fridge" in page
    assert 'data-call-rings-value="true"' in page


def test_what_rings_is_told_to_a_screen_reader_and_the_page_listens(
    desk: FlaskClient, zhang: Agent
) -> None:
    page = get(desk, "/queue")
    assert 'data-live-topic="phone"' in page and 'data-live-url="/phone/bar"' in page
    assert re.search(r'id="phone-said" role="alert" aria-live="assertive"', page)
    customer()
    rings(zhang)
    assert 'data-call-says-value="A call from 王芳."' in shown(desk)


def test_who_has_no_telephone_has_no_bar(client: FlaskClient) -> None:
    page = get(make.sign_in(client, make.agent("Li Na")), "/queue")
    assert "phone-bar" not in page


def test_an_unknown_number_opens_the_form_with_the_number_filled_in(
    desk: FlaskClient, zhang: Agent
) -> None:
    rings(zhang)
    link = re.search(r'href="(/phone\?phone=[^"]+)"', shown(desk))
    assert link is not None
    assert f'value="{WANG}"' in get(desk, link[1])


def test_two_customers_of_one_number_are_both_shown_and_none_is_picked(
    desk: FlaskClient, zhang: Agent
) -> None:
    customer("王芳"), customer("李雷")
    rings(zhang)
    page = shown(desk)
    assert "王芳" in page and "李雷" in page and "2 people are known by this number" in page
    assert 'data-call-says-value="A call from 王芳' not in page


def test_a_hidden_number_is_nobodys(desk: FlaskClient, zhang: Agent) -> None:
    customer()
    rings(zhang, **{"from": "anonymous"})
    page = shown(desk)
    assert "The number is hidden" in page and "王芳" not in page


def test_the_case_stands_in_the_bar_when_the_call_is_answered(
    desk: FlaskClient, zhang: Agent
) -> None:
    talk = talks(zhang)
    ticket = db.session.get_one(Ticket, talk.ticket_id)
    assert f"/tickets/{ticket.number}" in shown(desk)


@pytest.mark.parametrize(
    ("step", "verb", "data"),
    [
        ("hold", "hold", {}),
        ("resume", "unhold", {}),
        ("hang-up", "hangup", {}),
        ("transfer", "transfer_blind", {"to": "1002"}),
        ("consult", "transfer_attended", {"to": "1002"}),
        ("unrecord", "record_pause", {"on": True}),
        ("record", "record_pause", {"on": False}),
    ],
)
def test_a_call_is_held_handed_on_and_ended_from_the_browser(
    desk: FlaskClient, zhang: Agent, step: str, verb: str, data: dict[str, Any]
) -> None:
    call = talks(zhang).call_id
    answer = desk.post(f"/phone/calls/{call}/{step}", data={"to": data.get("to", "")}, headers=HX)
    assert answer.status_code == 200
    assert asked(verb) == [{"call": "c1", "line": "1001"} | data]


def test_only_what_the_telephone_system_can_do_is_shown(
    desk: FlaskClient, zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    talks(zhang)
    page = shown(desk)
    assert all(f"/{step}" in page for step in ("hold", "hang-up", "transfer", "consult"))
    monkeypatch.setattr(registry, "_known", {})
    registry.register(Adapter("asterisk", "Asterisk", frozenset({Can.HANGUP})))
    page = shown(desk)
    assert "/hang-up" in page
    assert not any(f"/{step}" in page for step in ("hold", "transfer", "consult", "unrecord"))


def test_a_call_on_hold_is_taken_off_hold_by_the_same_key(desk: FlaskClient, zhang: Agent) -> None:
    talks(zhang)
    assert re.search(r'data-key="F4"[^>]*>.{0,200}Hold', shown(desk))
    take(live("held", 6, agent=zhang.email))
    page = shown(desk)
    assert "/resume" in page and re.search(r'data-key="F4"[^>]*>.{0,200}Take off hold', page)


def test_a_click_on_a_ticket_rings_me_first_and_bears_the_case(
    desk: FlaskClient, zhang: Agent
) -> None:
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}")
    assert 'action="/phone/dial"' in page and f'name="ticket" value="{ticket.number}"' in page
    said = {"to": "+8613912345678", "ticket": ticket.number}
    answer = desk.post("/phone/dial", data=said, headers=HX)
    assert asked("originate") == [said | {"line": "1001"}]
    assert "Your telephone rings first" in answer.get_data(as_text=True)


def test_a_follow_up_call_is_dialled_by_its_case_alone(desk: FlaskClient) -> None:
    ticket = make.ticket()
    desk.post("/phone/dial", data={"ticket": ticket.number}, headers=HX)
    assert [each["to"] for each in asked("originate")] == ["+8613912345678"]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("busy", "The line is busy."),
        ("no answer", "Nobody answered."),
        ("unavailable", "A telephone is not connected"),
        ("Something of its own", "Something of its own"),
    ],
)
def test_a_call_that_does_not_come_about_says_why_within_two_seconds(
    desk: FlaskClient, zhang: Agent, reason: str, words: str
) -> None:
    row = commands.originate(zhang, "13912345678")
    page = get(desk, "/phone/asked")
    assert 'hx-get="/phone/asked"' in page and "delay:1s" in page  # it looks each second
    commands.finish(row.id, reason, failed=True)
    page = get(desk, "/phone/asked")
    assert words in page and 'role="alert"' in page and "hx-get" not in page
    with moved_to(now() + timedelta(seconds=30)):
        assert words not in get(desk, "/phone/asked")


@pytest.mark.parametrize("to", ["", "12", "1\r\nAction: Logoff", "abc"])
def test_what_is_no_number_is_refused_in_words_and_nothing_is_asked(
    desk: FlaskClient, to: str
) -> None:
    answer = desk.post("/phone/dial", data={"to": to}, headers=HX)
    assert answer.status_code == 200 and 'role="alert"' in answer.get_data(as_text=True)
    assert asked("originate") == []


def test_the_call_is_written_up_in_the_bar_and_the_next_may_come(
    desk: FlaskClient, zhang: Agent
) -> None:
    codes("billing.refund", "billing.invoice")
    talk = talks(zhang)
    assert f"/phone/talks/{talk.id}" in shown(desk)  # it can be filled while they talk
    take(live("hungup", 9))
    page = shown(desk)
    assert 'value="billing.refund"' in page and "The next call may come from" in page
    wrong = desk.post(f"/phone/talks/{talk.id}", data={"note": "他要发票"}, headers=HX)
    assert "他要发票" in wrong.get_data(as_text=True) and stands(zhang).activity == "wrap_up"
    right = {"code": "billing.invoice", "note": "他要发票", "next_step": "none"}
    answer = desk.post(f"/phone/talks/{talk.id}", data=right, headers=HX)
    assert f"/phone/talks/{talk.id}" not in answer.get_data(as_text=True)
    assert stands(zhang).activity == "idle"


def test_an_offered_case_is_left_for_a_new_one_by_a_click(desk: FlaskClient, zhang: Agent) -> None:
    talk = talks(zhang)
    with transaction():
        db.session.execute(update(Interaction).values(offered=True))
    assert f"/phone/talks/{talk.id}/another" in shown(desk)
    before = talk.ticket_id
    desk.post(f"/phone/talks/{talk.id}/another", headers=HX)
    db.session.rollback()
    again = db.session.get_one(Interaction, talk.id, populate_existing=True)
    assert again.ticket_id != before and db.session.query(Ticket).count() == 2


def test_nobody_deals_with_anothers_call(client: FlaskClient, zhang: Agent) -> None:
    talk = talks(zhang)
    li = make.sign_in(client, ready("Li Na", "1002"))
    assert li.post(f"/phone/talks/{talk.id}", data={"note": "x"}).status_code == 403
    assert li.post(f"/phone/talks/{talk.id}/another").status_code == 403
    assert li.post(f"/phone/calls/{talk.call_id}/explode").status_code == 404


def test_the_supervisor_sees_who_is_ready_on_break_writing_up_and_off(
    app: Flask, client: FlaskClient, zhang: Agent
) -> None:
    """Pushed as it changes: the page is told within the round that reads the journal."""
    boss = make.agent("Chen Jie", "supervisor")
    browser, page = Browser(app, boss), make.sign_in(client, boss)
    seq = browser.ask("watch", topic="team")["seq"]
    talks(zhang)
    seq = push(app, seq)
    assert browser.heard()[-1]["topic"] == "team"
    assert "Talking" in get(page, "/calls/agents")
    take(live("hungup", 9))
    push(app, seq)
    assert browser.heard() and "Writing up" in get(page, "/calls/agents")


def test_everybody_is_told_when_the_telephone_is_down_and_when_it_is_back(
    app: Flask, client: FlaskClient
) -> None:
    handler = make.agent("Li Na", "handler", make.department())
    browser, page = Browser(app, handler), make.sign_in(client, handler)
    fence = exchange.hold("asterisk", "one")
    exchange.report("asterisk", fence, "up")
    seq = browser.ask("watch", topic="phones")["seq"]
    assert "The telephone is down" not in get(page, "/queue")
    exchange.report("asterisk", fence, "down", "no answer")
    seq = push(app, seq)
    assert [each["name"] for each in browser.heard()] == ["phone.down"]
    assert "The telephone is down since" in get(page, "/phone/banner")
    assert "The telephone is down since" in get(page, "/queue")
    exchange.report("asterisk", fence, "down", "no answer")  # said again: no news
    exchange.report("asterisk", fence, "up")
    push(app, seq)
    assert [each["name"] for each in browser.heard()] == ["phone.up"]
    assert get(page, "/phone/banner").strip() == ""


def test_a_connector_that_died_is_noticed_by_who_rings_the_alarms(app: Flask) -> None:
    fence = exchange.hold("asterisk", "one")
    exchange.report("asterisk", fence, "up")
    with moved_to(now() + exchange.LEASE - timedelta(seconds=1)):
        alarms.ring_all()
        assert db.session.get_one(PhoneExchange, "asterisk").state == "up"
    with moved_to(now() + exchange.LEASE + timedelta(seconds=1)):
        alarms.ring_all()
        alarms.ring_all()
    db.session.rollback()
    assert db.session.get_one(PhoneExchange, "asterisk", populate_existing=True).state == "down"
    told = db.session.scalars(
        select(Event.name).where(Event.name.like("phone.%")).order_by(Event.seq)
    ).all()
    assert list(told) == ["phone.up", "phone.down"]


def test_the_bar_is_one_page_whatever_the_call_and_reads_no_strangers_cases(
    client: FlaskClient, zhang: Agent
) -> None:
    rings(zhang)
    li = make.sign_in(client, ready("Li Na", "1002"))
    page = get(li, "/phone/bar")
    assert WANG not in page and "call-line" not in page
    assert db.session.scalars(select(Call)).one().state == "waiting"


def test_the_form_fills_the_case_of_the_call_and_opens_no_second_one(
    desk: FlaskClient, zhang: Agent
) -> None:
    talk = talks(zhang)
    assert f'href="/phone?talk={talk.id}"' in shown(desk)
    page = get(desk, f"/phone?talk={talk.id}")
    assert f'value="{WANG}"' in page and re.search(rf'name="talk"[^>]*value="{talk.id}"', page)
    answer = desk.post("/phone", data=CASE | {"talk": str(talk.id), "phone": WANG})
    assert answer.status_code == 303
    db.session.rollback()
    [ticket] = db.session.scalars(select(Ticket))
    assert answer.location.startswith(f"/tickets/{ticket.number}?registered=1")
    assert (ticket.id, ticket.assignee_id) == (talk.ticket_id, zhang.id)
    assert (ticket.subject, ticket.kind, ticket.place) == (CASE["subject"], "complaint", "海淀区")
    assert ticket.facts["demand"] == "退货" and ticket.category_id is not None
    assert db.session.get_one(Person, ticket.person_id).name == "王芳"
    said = db.session.scalars(select(Message.body).filter_by(ticket_id=ticket.id)).all()
    assert CASE["body"] in said


def test_what_was_offered_stays_as_it_is_and_a_new_case_is_filled(
    desk: FlaskClient, zhang: Agent
) -> None:
    talk = talks(zhang)
    with transaction():
        db.session.execute(update(Interaction).values(offered=True))
    offered = talk.ticket_id
    before = db.session.get_one(Ticket, offered).subject
    desk.post("/phone", data=CASE | {"talk": str(talk.id), "phone": WANG})
    db.session.rollback()
    first, second = db.session.scalars(select(Ticket).order_by(Ticket.id))
    assert (first.id, first.subject, second.subject) == (offered, before, CASE["subject"])
    assert db.session.get_one(Interaction, talk.id, populate_existing=True).ticket_id == second.id


def test_a_form_that_is_not_right_changes_nothing_of_the_calls_case(
    desk: FlaskClient, zhang: Agent
) -> None:
    talk = talks(zhang)
    before = db.session.get_one(Ticket, talk.ticket_id).subject
    wrong = CASE | {"talk": str(talk.id), "phone": WANG, "category": "unicorns"}
    answer = desk.post("/phone", data=wrong)
    assert answer.status_code == 422 and f'value="{talk.id}"' in answer.get_data(as_text=True)
    db.session.rollback()
    [ticket] = db.session.scalars(select(Ticket).execution_options(populate_existing=True))
    assert ticket.subject == before


def test_nobody_fills_the_case_of_anothers_call(client: FlaskClient, zhang: Agent) -> None:
    talk = talks(zhang)
    li = make.sign_in(client, ready("Li Na", "1002"))
    assert li.get(f"/phone?talk={talk.id}").status_code == 403
    assert li.post("/phone", data=CASE | {"talk": str(talk.id)}).status_code == 403
    assert li.get("/phone?talk=999999").status_code == 404


def test_who_has_a_telephone_and_never_chose_a_state_is_asked_to(client: FlaskClient) -> None:
    agent = telephone(make.agent("Li Na"), "1009")
    make.sign_in(client, agent)
    assert "Choose your state" in get(client, "/queue")
    queue.set_presence(agent, "ready")
    assert "Choose your state" not in get(client, "/queue")


def test_every_open_page_of_who_has_a_telephone_says_that_they_are_there(
    desk: FlaskClient, zhang: Agent
) -> None:
    for page in ("/queue", "/calls", "/kb", "/customers"):
        bar = re.search(r'<section class="phone-bar"[^>]*>', get(desk, page))
        assert bar is not None and 'data-present-beat-value="/presence/beat"' in bar[0], page
        assert "data-present-now-value" not in bar[0]
    with moved_to(now() + timedelta(minutes=5)):
        alarms.ring_due()
        assert stands(zhang).reason == "unreachable"
        assert 'data-present-now-value="true"' in get(desk, "/calls")
