"""A row of a list is kept while it reads the same, and never longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, current_app, get_template_attribute
from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms, kept
from helpdesk.core.db import db, transaction
from helpdesk.core.i18n import in_language
from helpdesk.customers.models import Person
from helpdesk.promises.words import ALARM
from helpdesk.tickets import queries, ticket_rows
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.faults.crashing import Work
from tests.help.faults.ticket_verbs import EVERY
from tests.help.sampled import FEW_VERBS, few

READERS = ("agent", "handler")


def shown(who: Actor) -> list[ticket_rows.Shown]:
    """Every row as this reader has it, in both languages; what stands in a page says the same."""
    found = []
    for language in ("zh_Hans", "en"):
        with current_app.test_request_context(), in_language(language):
            tickets = db.session.scalars(queries.tickets(make.SUPERVISOR).order_by(Ticket.id)).all()
            rows = ticket_rows.rows(tickets, who)
            draw = get_template_attribute("components/row.html", "ticket_row")
            assert [row.html for row in rows] == [draw(row.shown) for row in rows]
            found += [row.shown for row in rows]
    return found


def anew(who: Actor) -> list[ticket_rows.Shown]:
    """The same, with nothing kept."""
    kept.forget()
    return shown(who)


def readers() -> list[Actor]:
    unit = make.department("seeing")
    return [make.agent(f"R {role}", role, unit).actor for role in READERS]


@pytest.mark.parametrize("verb", few(sorted(EVERY), *FEW_VERBS))
def test_after_each_verb_a_kept_row_reads_as_one_that_is_drawn_anew(app: Flask, verb: str) -> None:
    work: Work = EVERY[verb]()
    who = readers()
    before = [shown(each) for each in who]
    work()
    after = [shown(each) for each in who]
    assert still(after) == still([anew(each) for each in who])
    assert len(after[0]) >= len(before[0])


def still(rows: list[list[ticket_rows.Shown]]) -> list[ticket_rows.Shown]:
    """The rows without what goes on from second to second."""
    return [
        row._replace(
            since_text="",
            marks=tuple(mark._replace(share=0) for mark in row.marks),
            due=row.due and row.due._replace(text="", left="", rest=None),
        )
        for each in rows
        for row in each
    ]


def changed(change: Callable[[], object]) -> None:
    """Nothing of what is kept outlives this change."""
    who = readers()
    before = [shown(each) for each in who]
    change()
    after = [shown(each) for each in who]
    new = still([anew(each) for each in who])
    assert still(after) == new != still(before)


def test_another_name_of_the_customer_or_of_a_colleague_stands_in_the_row_at_once(
    app: Flask,
) -> None:
    ticket, colleague = make.ticket(), make.agent("Old Name")
    with transaction():
        ticket.assignee_id = colleague.id

    def rename() -> None:
        with transaction() as session:
            session.get_one(Person, ticket.person_id).name = "Somebody Else"
            colleague.name = "New Name"

    changed(rename)


def test_a_confidential_case_hides_its_customer_at_once(app: Flask) -> None:
    ticket = make.ticket()

    def seal() -> None:
        with transaction():
            ticket.confidential = True

    changed(seal)
    handler = make.agent("H", "handler", make.department("other")).actor
    assert ticket.person.name not in {row.person for row in shown(handler)}


def test_a_promise_is_overdue_in_the_row_at_its_moment(app: Flask) -> None:
    ticket, who = make.ticket(), readers()[0]
    due = ticket.due_at
    assert due is not None
    with moved_to(due - timedelta(seconds=5)):
        assert shown(who)[0].due.state != "breached"  # type: ignore[union-attr]
    with moved_to(due + timedelta(seconds=1)):
        assert shown(who)[0].due.state == "breached"  # type: ignore[union-attr]
    with moved_to(due - timedelta(seconds=5)):  # a clock that is put back
        assert shown(who)[0].due.state != "breached"  # type: ignore[union-attr]


def states(who: Actor) -> list[str]:
    return [mark.state for row in shown(who) for mark in row.marks]


def test_a_promise_is_at_risk_in_the_row_at_its_moment(app: Flask) -> None:
    """Nobody has to be told: the row is not kept while that is near."""
    make.ticket(severity="S1")
    who = readers()[0]
    query = select(alarms.Alarm.due_at).where(alarms.Alarm.kind == ALARM)
    moments = db.session.scalars(query.order_by(alarms.Alarm.due_at)).all()
    assert moments
    for moment in moments:
        with moved_to(moment - timedelta(seconds=2)) as tick:
            states(who)
            tick(4)
            assert states(who) == [mark.state for row in anew(who) for mark in row.marks]


def test_a_row_is_drawn_once_for_all_who_read_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    drawn: list[int] = []
    draw = ticket_rows._drawn
    monkeypatch.setattr(ticket_rows, "_drawn", lambda *given: (drawn.append(1), draw(*given))[1])
    one, other = make.agent("One").actor, make.agent("Two").actor
    start = now()
    with moved_to(start):
        assert shown(one) == shown(other)
        assert len(drawn) == 2, "once in each language"
    with moved_to(start + ticket_rows.HOLDS + timedelta(seconds=1)):
        shown(one)
    assert len(drawn) == 4, "its minutes go on"
