"""`flask seed load`: bulk data that keeps the rules of real tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.security import check_password_hash

from benchmarks.load.run import LOAD_PASSWORD, LoadReport, seed_load
from helpdesk import search
from helpdesk.agents.models import Agent, Department
from helpdesk.core import options
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.core.events import Counter as Numbers
from helpdesk.core.events import Event
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.kb.models import Article, ArticleRevision
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.words import OPEN
from helpdesk.setup import in_force
from helpdesk.setup.models import Category
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Callback, Message, Rating, Ticket
from helpdesk.words import CHANNELS, Kind, casefile

NOW = datetime.fromisoformat("2026-11-20T16:20:00+08:00")


@pytest.fixture(scope="module")
def loaded(the_app: Flask, store: Any) -> Iterator[LoadReport]:
    """Five hundred tickets, made once for this module's read-only tests."""
    with the_app.app_context():
        store.fresh()
        in_force.forget()
        yield seed_load(500, open=90, agents=12, seed=7, now=NOW, articles=30)
        db.session.remove()


def _all(kind: type[Any], *conditions: Any) -> list[Any]:
    query = sa.select(kind).where(*conditions).order_by(*sa.inspect(kind).primary_key)
    return list(db.session.scalars(query))


def _promises() -> dict[int, list[Promise]]:
    rows: dict[int, list[Promise]] = {}
    for row in _all(Promise):
        rows.setdefault(row.subject_id, []).append(row)
    return rows


def test_as_many_tickets_as_asked_for_and_as_many_open_ones(loaded: LoadReport) -> None:
    tickets = _all(Ticket)
    still_open = [t for t in tickets if t.closed_at is None]
    assert (len(tickets), len(still_open)) == (500, 90)
    assert (loaded.tickets, loaded.open) == (500, 90)


def test_an_ended_status_and_an_end_go_together(loaded: LoadReport) -> None:
    assert all((t.status in ENDED) == (t.closed_at is not None) for t in _all(Ticket))


def test_numbers_are_unique_and_follow_the_order_of_arrival(loaded: LoadReport) -> None:
    numbers = [t.number for t in sorted(_all(Ticket), key=lambda t: (t.received_at, t.id))]
    assert len(set(numbers)) == 500
    assert numbers == sorted(numbers)


def test_the_counters_are_ahead_of_every_number(loaded: LoadReport) -> None:
    counters = {row.name: row.value for row in _all(Numbers)}
    last = db.session.scalar(sa.select(sa.func.max(Event.seq)))
    assert counters["event"] == last == loaded.events
    drawn = sum(value for name, value in counters.items() if name.startswith("ticket:"))
    assert drawn == 500


def test_each_open_ticket_is_due_when_its_next_running_promise_is(loaded: LoadReport) -> None:
    promises = _promises()
    for ticket in _all(Ticket):
        running = [r.due_at for r in promises[ticket.id] if r.state == "running"]
        assert ticket.due_at == min(running, default=None)


def test_no_promise_is_open_on_an_ended_ticket(loaded: LoadReport) -> None:
    ended = {t.id for t in _all(Ticket, Ticket.closed_at.is_not(None))}
    open_rows = _all(Promise, Promise.state.in_(OPEN))
    assert not [row for row in open_rows if row.subject_id in ended]


def test_every_verdict_follows_from_its_times(loaded: LoadReport) -> None:
    for row in _all(Promise):
        if row.state == "met":
            late = row.due_at is not None and row.met_at > row.due_at
            assert row.verdict == ("late" if late else "on_time")
        elif row.state == "running":
            assert row.verdict == ("missed" if row.due_at < NOW else "")
        else:
            allowed = {"pending": ("",), "window": ("",), "paused": ("", "missed")}
            assert row.verdict in allowed.get(row.state, ("dropped", "missed"))
            if row.state == "dropped" and row.verdict == "missed":
                assert row.due_at < NOW


def test_some_promises_were_broken_but_most_were_kept(loaded: LoadReport) -> None:
    verdicts = Counter(row.verdict for row in _all(Promise))
    broken = verdicts["late"] + verdicts["missed"]
    assert 0.02 < broken / (broken + verdicts["on_time"]) < 0.4


def test_one_alarm_waits_for_each_running_promise_and_none_is_due(loaded: LoadReport) -> None:
    alarms = _all(Alarm, Alarm.kind == "promise")
    running = {row.id for row in _all(Promise, Promise.state == "running")}
    assert {alarm.subject_id for alarm in alarms} <= running
    assert len({alarm.subject_id for alarm in alarms}) == len(alarms)
    assert all(alarm.due_at > NOW for alarm in _all(Alarm))


def test_the_steps_of_overdue_promises_were_taken(loaded: LoadReport) -> None:
    levels = {row.id: row.level for row in _all(Promise)}
    steps = _all(Escalation)
    assert steps
    assert all(levels[step.promise_id] >= step.level for step in steps)


def test_waiting_tickets_have_paused_promises_and_a_time_to_wake(loaded: LoadReport) -> None:
    waiting = {t.id for t in _all(Ticket, Ticket.status == "waiting")}
    paused = {row.subject_id for row in _all(Promise, Promise.state == "paused")}
    woken = {alarm.subject_id for alarm in _all(Alarm, Alarm.kind == "hold")}
    assert waiting == woken
    assert paused <= waiting


def test_the_journal_has_one_opening_and_one_ending_for_each_case(loaded: LoadReport) -> None:
    names = Counter(event.name for event in _all(Event))
    assert names["ticket.opened"] == 500
    ends = ("close", "decline", "withdraw", "merge", "transfer_out")
    again = names["ticket.reopen"]
    assert sum(names[f"ticket.{end}"] for end in ends) - again == 410


def test_the_journal_is_numbered_in_the_order_of_time(loaded: LoadReport) -> None:
    times = db.session.scalars(sa.select(Event.at).order_by(Event.seq)).all()
    assert list(times) == sorted(times)


def test_the_last_step_of_the_journal_led_to_the_status(loaded: LoadReport) -> None:
    last = {e.ticket_id: e.data["new"] for e in _all(Event) if "new" in e.data}
    assert all(last.get(t.id, "registered") == t.status for t in _all(Ticket))


def test_exactly_one_ticket_has_twenty_messages_and_it_is_named(loaded: LoadReport) -> None:
    counts = Counter(m.ticket_id for m in _all(Message))
    long_ones = [ticket_id for ticket_id, count in counts.items() if count == 20]
    assert len(long_ones) == 1
    ticket = db.session.get_one(Ticket, long_ones[0])
    assert ticket.number == loaded.long_talk


def test_there_are_about_two_messages_per_ticket(loaded: LoadReport) -> None:
    assert loaded.messages == len(_all(Message))
    assert 1.8 < loaded.messages / 500 < 2.6


def test_kinds_channels_and_languages_are_mixed(loaded: LoadReport) -> None:
    tickets = _all(Ticket)
    assert {t.kind for t in tickets} == set(Kind)
    assert {t.channel for t in tickets} <= set(CHANNELS)
    assert len({t.status for t in tickets}) >= 12
    languages = Counter(t.language for t in tickets)
    assert min(languages["zh_Hans"], languages["en"]) > 100


def test_texts_are_varied(loaded: LoadReport) -> None:
    assert len({m.body for m in _all(Message, Message.kind == "customer")}) > 400


def test_categories_departments_and_people_belong_together(loaded: LoadReport) -> None:
    categories = {row.id for row in _all(Category)}
    units = {row.id: row.code for row in _all(Department)}
    people = {row.id for row in _all(Person)}
    assert len(units) >= 5
    for ticket in _all(Ticket):
        assert ticket.category_id in categories
        assert ticket.person_id in people
        assert ticket.queue in ("dispatch", units.get(ticket.department_id))


def test_closed_complaints_have_their_case_file_their_call_and_a_rating(loaded: LoadReport) -> None:
    closed = _all(Ticket, Ticket.kind == "complaint", Ticket.status.in_(("closed", "archived")))
    rated = {row.ticket_id for row in _all(Rating)}
    called = {row.ticket_id for row in _all(Callback, Callback.state == "reached")}
    assert closed
    for ticket in closed:
        assert casefile.lacking(ticket.facts, options.get("required_to_close")) == []
        assert ticket.id in rated & called


def test_merged_tickets_live_on_in_one_that_stays(loaded: LoadReport) -> None:
    by_id = {t.id: t for t in _all(Ticket)}
    merged = [t for t in by_id.values() if t.status == "merged"]
    assert all(by_id[t.merged_into_id].status != "merged" for t in merged)


def test_nothing_happens_after_now(loaded: LoadReport) -> None:
    newest = [
        db.session.scalar(sa.select(sa.func.max(column)))
        for column in (Ticket.received_at, Ticket.closed_at, Message.at, Event.at, Promise.met_at)
    ]
    assert all(at is not None and at <= NOW for at in newest)


def test_the_search_finds_tickets_and_customers(loaded: LoadReport) -> None:
    dialect = db.engine.dialect.name
    ticket, person = _all(Ticket)[0], _all(Person)[0]
    found = db.session.scalars(search.matching(ticket.number, "ticket", dialect)).all()
    assert ticket.id in found
    assert person.id in db.session.scalars(search.matching(person.name, "person", dialect)).all()


def test_colleagues_sign_in_with_the_password_of_the_load(loaded: LoadReport) -> None:
    agents = _all(Agent)
    assert {agent.email for agent in agents} == set(loaded.agents)
    assert all(check_password_hash(agent.password_hash, LOAD_PASSWORD) for agent in agents[:1])
    assert {agent.role for agent in agents} == {"agent", "handler", "supervisor"}


def test_customers_have_unique_addresses_that_nobody_else_owns(loaded: LoadReport) -> None:
    addresses = _all(ContactAddress)
    assert all(a.value.endswith("@example.com") for a in addresses if a.kind == "email")
    assert loaded.customers == len(_all(Person))


def test_articles_are_published_and_found(loaded: LoadReport) -> None:
    articles = _all(Article)
    assert len(articles) == loaded.articles == 30
    assert {a.status for a in articles} == {"published"}
    assert len(_all(ArticleRevision)) == 30
    found = search.matching(articles[0].title_zh, "article", db.engine.dialect.name)
    assert articles[0].id in db.session.scalars(found).all()


def test_arrivals_span_a_month_at_least(loaded: LoadReport) -> None:
    received = [t.received_at for t in _all(Ticket)]
    assert max(received) - min(received) > timedelta(days=25)
