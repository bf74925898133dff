"""`flask seed demo`: a believable day of one company, in both languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import joinedload
from werkzeug.security import check_password_hash

from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.core import alarms, i18n
from helpdesk.core.db import db
from helpdesk.core.errors import Refused
from helpdesk.core.events import Event
from helpdesk.core.outbox import Delivery
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.desk.pages.customers import search
from helpdesk.kb.models import Article, KbMiss
from helpdesk.notices.models import Notice
from helpdesk.promises.models import Escalation, Promise
from helpdesk.seeds import content
from helpdesk.seeds.demo import DEMO_PASSWORD, seed_demo
from helpdesk.setup import in_force
from helpdesk.setup.models import CannedReply, RoutingRule
from helpdesk.tickets import askers
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import (
    Assist,
    CallbackAttempt,
    Extension,
    Message,
    Rating,
    Ticket,
)
from helpdesk.words import CHANNELS, Kind

NOW = datetime.fromisoformat("2026-11-20T16:20:00+08:00")


@pytest.fixture(scope="module")
def day(the_app: Flask, store: Any) -> Iterator[None]:
    """The demo as of a Friday afternoon, made once for this module's read-only tests."""
    with the_app.app_context():
        store.fresh()
        in_force.forget()
        seed_demo(NOW)
        yield
        db.session.remove()


def _all(kind: type[Any], *conditions: Any) -> list[Any]:
    return list(db.session.scalars(sa.select(kind).where(*conditions)))


def _ticket(subject: str) -> Ticket:
    return db.session.scalars(sa.select(Ticket).where(Ticket.subject.contains(subject))).one()


def test_the_company_has_six_departments_in_both_languages(day: None) -> None:
    departments = _all(Department)
    assert len(departments) == 6
    assert all(unit.name_zh != unit.name_en for unit in departments)


def test_twelve_people_work_there_in_every_role(day: None) -> None:
    roles = Counter(agent.role for agent in _all(Agent))
    assert roles == {"agent": 4, "handler": 5, "supervisor": 1, "admin": 1, "auditor": 1}


def test_the_printed_password_opens_every_door(day: None) -> None:
    assert all(check_password_hash(agent.password_hash, DEMO_PASSWORD) for agent in _all(Agent))


def test_sixty_tickets_are_there_of_which_twenty_five_came_today(day: None) -> None:
    tickets = _all(Ticket)
    today = [t for t in tickets if t.received_at > NOW - timedelta(hours=9)]
    assert (len(tickets), len(today)) == (60, 25)


def test_every_status_every_kind_and_every_channel_is_seen(day: None) -> None:
    tickets = _all(Ticket)
    assert {t.status for t in tickets} == set(Status)
    assert {t.kind for t in tickets} == set(Kind)
    assert {t.channel for t in tickets} == set(CHANNELS)


def test_cases_come_in_both_languages(day: None) -> None:
    languages = Counter(t.language for t in _all(Ticket))
    assert languages == {"zh_Hans": 36, "en": 24}


def test_three_or_four_tickets_are_overdue_now(day: None) -> None:
    late = _all(Ticket, Ticket.closed_at.is_(None), Ticket.due_at < NOW)
    assert 3 <= len(late) <= 4


def test_several_promises_fall_due_in_the_next_hours(day: None) -> None:
    soon = _all(Ticket, Ticket.due_at > NOW, Ticket.due_at < NOW + timedelta(hours=4))
    assert len(soon) >= 5


def test_every_late_promise_has_its_missed_or_late_verdict(day: None) -> None:
    overdue = _all(Promise, Promise.state == "running", Promise.due_at < NOW)
    assert overdue
    assert {row.verdict for row in overdue} == {"missed"}


def test_escalations_were_taken_when_they_were_due(day: None) -> None:
    steps = _all(Escalation)
    assert len(steps) > 50
    assert max(step.at - step.due_at for step in steps) < timedelta(minutes=1)


def test_no_alarm_failed_and_none_is_left_that_is_due(day: None) -> None:
    left = _all(alarms.Alarm, (alarms.Alarm.tries > 0) | (alarms.Alarm.due_at < NOW))
    assert left == []


def test_the_journal_is_in_the_order_of_time(day: None) -> None:
    times = db.session.scalars(sa.select(Event.at).order_by(Event.seq)).all()
    assert list(times) == sorted(times)
    assert times[-1] <= NOW


def test_a_case_was_returned_twice_and_then_dispatched_for_good(day: None) -> None:
    ticket = _ticket("电视送到时屏幕有裂纹")
    assert (ticket.returns, ticket.status, ticket.queue) == (2, "handling", "logistics")


def test_more_time_was_granted_once_and_refused_once(day: None) -> None:
    assert sorted(row.decision for row in _all(Extension)) == ["granted", "refused"]


def test_departments_assist_and_answer(day: None) -> None:
    assert any(row.answer for row in _all(Assist))


def test_follow_up_calls_end_in_every_way(day: None) -> None:
    contacts = {row.contact for row in _all(CallbackAttempt)}
    assert {"reached", "no_answer", "refused", "later"} <= contacts


def test_a_dissatisfied_customer_led_to_rework_and_a_better_second_call(day: None) -> None:
    ticket = _ticket("Oven still burns")
    scores = [r.result for r in _all(Rating, Rating.ticket_id == ticket.id)]
    assert (ticket.status, ticket.cycle, sorted(scores)) == ("closed", 2, [2, 4, 4])


def test_ratings_come_by_phone_and_web(day: None) -> None:
    assert {row.source for row in _all(Rating)} == {"phone", "web"}


def test_a_repeat_complaint_went_one_level_up(day: None) -> None:
    ticket = _ticket("冰箱修好一个星期又不制冷了")
    assert ticket.severity == "S2"
    assert ticket.repeat_of_id


def test_talk_goes_both_ways_and_notes_stay_inside(day: None) -> None:
    kinds = Counter(m.kind for m in _all(Message))
    assert kinds["customer"] > 60
    assert kinds["staff"] > 40
    assert not [m for m in _all(Message, Message.kind == "note") if m.public]


def _notice(title: str) -> Notice:
    return db.session.scalars(sa.select(Notice).where(Notice.title.contains(title))).one()


def test_five_notices_stand_where_the_day_needs_them(day: None) -> None:
    states = Counter(notice.status for notice in _all(Notice))
    assert states == {"signed": 2, "implementing": 1, "watching": 1, "closed": 1}
    assert all(notice.number and notice.ticket_id for notice in _all(Notice))


def test_one_notice_failed_its_re_inspection_and_is_in_its_second_round(day: None) -> None:
    notice = _notice("轴承座")
    assert (notice.round, notice.rounds[0]["check"]["result"]) == (2, "fail")


def test_one_notice_is_overdue(day: None) -> None:
    overdue = _all(Notice, Notice.due_at < NOW)
    assert [notice.department.code for notice in overdue] == ["finance"]


def test_sixteen_articles_stand_in_every_state_in_both_languages(day: None) -> None:
    articles = _all(Article)
    states = Counter(article.status for article in articles)
    assert states == {"published": 13, "review": 1, "draft": 1, "expired": 1}
    assert all(article.languages == ("zh_Hans", "en") for article in articles)
    assert {article.visibility for article in articles} == {"public", "internal"}


def test_the_script_of_the_follow_up_call_is_for_colleagues_only(day: None) -> None:
    script = db.session.scalars(sa.select(Article).filter_by(code="callback-script")).one()
    assert (script.visibility, script.status) == ("internal", "published")


def test_articles_were_used_and_searches_failed(day: None) -> None:
    assert sum(article.used for article in _all(Article)) > 100
    assert {miss.language for miss in _all(KbMiss)} == {"zh_Hans", "en"}


def test_links_between_articles_lead_somewhere(day: None) -> None:
    codes = {article.code for article in _all(Article)}
    texts = "".join(article.body_zh + article.body_en for article in _all(Article))
    assert set(re.findall(r"\(/kb/([\w-]+)\)", texts)) <= codes


def test_rules_and_ready_replies_are_there(day: None) -> None:
    assert len(_all(RoutingRule)) >= 12
    assert len(_all(CannedReply)) >= 12


def test_invented_people_are_sent_nothing(day: None) -> None:
    assert _all(Delivery, Delivery.state != "done") == []


def test_customers_are_found_by_name_and_by_number(day: None) -> None:
    for words in ("王桂兰", "wgl", "13900001001"):
        found = search(words, SYSTEM)
        assert "王桂兰" in {person.name for person in found}


def test_all_addresses_are_reserved_ones(day: None) -> None:
    hosts = {a.email.rpartition("@")[2] for a in _all(Agent)}
    hosts |= {
        a.value.rpartition("@")[2] for a in _all(ContactAddress, ContactAddress.kind == "email")
    }
    assert hosts == {"example.com"}


def test_no_text_names_a_host_or_a_plausible_phone_number() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in content.DATA.glob("*.json"))
    assert set(re.findall(r"@([\w.-]+)", texts)) <= {"example.com"}
    assert not re.search(r"https?://|www\.", texts)
    phones = re.findall(r'"phone": "([^"]+)"', texts)
    assert all(re.search(r"0000 \d{4}|5550 \d{4}|7946 0|555 01", phone) for phone in phones)


def test_vips_and_organisations_are_among_the_customers(day: None) -> None:
    people = _all(Person)
    assert sum(p.level == "vip" for p in people) >= 3
    assert sum(bool(p.organisation) for p in people) >= 4


def test_one_case_says_to_be_somebody_and_the_desk_is_offered_whom_it_may_be(day: None) -> None:
    said = db.select(Ticket).filter_by(settled=False, contact_name="Claire Dubois")
    with_person = joinedload(Ticket.person).selectinload(Person.addresses)
    ticket = db.session.scalars(said.options(with_person)).one()
    desk = Actor(kind="agent", id=1, name="陈静", role=Role.SUPERVISOR)
    (offer,) = askers.about(ticket, desk).offers
    assert offer.name == "Claire Dubois" and offer.proven and offer.id != ticket.person_id


def test_three_agents_have_telephones_and_take_calls_of_queues_that_there_are(day: None) -> None:
    lines = _all(PhoneLine)
    roles = {db.session.get_one(Agent, line.agent_id).role for line in lines}
    assert (len(lines), roles) == (3, {Role.AGENT}) and all(line.paused == "" for line in lines)
    queues = {queue.code for queue in _all(PhoneQueue)}
    assert {member.queue for member in _all(PhoneMember)} == queues and len(queues) == 2


def test_a_second_demo_is_refused_with_a_sentence_and_changes_nothing(day: None) -> None:
    with pytest.raises(Refused) as refused:
        seed_demo(NOW)
    assert "empty database" in refused.value.sentence(i18n.gettext)
    assert len(_all(Ticket)) == 60
