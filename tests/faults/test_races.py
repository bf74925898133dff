"""Many at once on the same rows: one wins, the others are told, nothing is half (F25, F26)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from flask import Flask

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.errors import Conflict, HelpdeskError, Refused
from helpdesk.core.events import Event
from helpdesk.notices.models import Notice
from helpdesk.ops import doctor
from helpdesk.tickets import actions, queue
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.faults import notice_verbs
from tests.help.faults.crashing import crash_everywhere, killed_at

TICKETS = 20
Verb = Callable[[Ticket, Actor], object]


def race(app: Flask, numbers: list[int], people: list[Actor], verb: Verb) -> list[str]:
    """Everybody runs the verb on every ticket at the same time; who won, and the others' refusals."""
    told: list[str] = []
    ready = threading.Barrier(len(people))

    def work(person: Actor) -> None:
        with app.app_context():
            for number in numbers:
                ticket = db.session.get_one(Ticket, number)
                db.session.rollback()
                ready.wait(60)
                told.append(_outcome(verb, ticket, person))

    db.session.remove()
    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def _outcome(verb: Verb, ticket: Ticket, person: Actor) -> str:
    try:
        verb(ticket, person)
    except HelpdeskError as error:
        db.session.rollback()
        return type(error).__name__
    return "won"


def people() -> list[Actor]:
    return [make.agent(name, "supervisor").actor for name in ("Chen Jie", "Wu Di")]


def test_f25_of_two_who_take_a_ticket_one_has_it_and_the_other_is_told_who(app: Flask) -> None:
    who = people()
    numbers = [make.ticket(subject=f"第{n}台").id for n in range(TICKETS)]
    told = race(app, numbers, who, lambda ticket, by: queue.claim(ticket, by=by))
    assert Counter(told) == {"won": TICKETS, Refused.__name__: TICKETS}
    claims = db.session.scalars(db.select(Event).filter_by(name="ticket.claim")).all()
    kept = {t.id: t.assignee_id for t in db.session.scalars(db.select(Ticket))}
    assert {noted.ticket_id: noted.by_id for noted in claims} == kept
    assert len(claims) == TICKETS


def test_f25_of_two_who_assign_a_ticket_one_wins_and_the_other_gets_a_conflict(app: Flask) -> None:
    who, workers = people(), [make.agent("Zhang Wei"), make.agent("Li Na")]
    numbers = [make.ticket(subject=f"第{n}台").id for n in range(TICKETS)]
    seen = {t.id: t.version for t in db.session.scalars(db.select(Ticket))}
    wants = {who[0]: workers[0].id, who[1]: workers[1].id}

    def assign(ticket: Ticket, by: Actor) -> None:
        queue.assign(ticket, by=by, agent_id=wants[by], version=seen[ticket.id])

    assert Counter(race(app, numbers, who, assign)) == {
        "won": TICKETS,
        Conflict.__name__: TICKETS,
    }
    notes = db.session.scalars(db.select(Event).filter_by(name="ticket.assign")).all()
    kept = {t.id: t.assignee_id for t in db.session.scalars(db.select(Ticket))}
    assert {noted.ticket_id: noted.data["new"] for noted in notes} == kept


def test_f25_of_two_who_close_a_ticket_one_does_it_and_nothing_is_overwritten(app: Flask) -> None:
    who = people()
    numbers = [make.ticket(subject=f"第{n}台", kind="enquiry").id for n in range(TICKETS)]
    for number in numbers:
        actions.answer_directly(db.session.get_one(Ticket, number), by=who[0], body="好的。")
    seen = {t.id: t.version for t in db.session.scalars(db.select(Ticket))}

    def close(ticket: Ticket, by: Actor) -> None:
        actions.close(ticket, by=by, version=seen[ticket.id], comment=by.name)

    told = race(app, numbers, who, close)
    assert Counter(told) == {"won": TICKETS, Conflict.__name__: TICKETS}
    assert db.session.query(Event).filter_by(name="ticket.close").count() == TICKETS
    assert doctor.broken_promises() == []


def test_f26_a_notice_to_twenty_departments_is_issued_to_all_or_to_none(app: Flask) -> None:
    """Killed around the commit, the numbers of the year have neither gap nor twin."""
    first = notice_verbs.issue_to(20)
    killed_at(first, after_commit=False)
    assert issued() == []
    killed_at(first, after_commit=True)
    assert issued() == list(range(1, 21))
    assert doctor.broken_promises() == []


def test_f26_killed_at_each_statement_of_the_fan_out_nobody_is_served_alone(app: Flask) -> None:
    assert crash_everywhere(notice_verbs.issue_to(2)) > 2 * 8
    assert issued() == [1, 2]


def issued() -> list[int]:
    db.session.rollback()
    query = db.select(Notice.serial).where(Notice.serial.is_not(None)).order_by(Notice.serial)
    return list(db.session.scalars(query))
