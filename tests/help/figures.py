"""A seeded random life of some weeks: cases of every kind, answered, returned, rated, merged, late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import HelpdeskError
from helpdesk.statistics.groups import Scope
from helpdesk.statistics.periods import choose
from helpdesk.tickets import actions, callbacks, queue
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Rating, Ticket
from tests.help import factories as make

BOSS = make.SUPERVISOR
FIRST = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai
LAST = datetime(2026, 3, 24, 2, 0, tzinfo=UTC)
CATEGORIES = (
    "quality.appliance.fridge",
    "quality.appliance",
    "quality",
    "billing.refund",
    "service",
    "",
)
CHANNELS = ("web", "phone", "email", "api")
KINDS = ("complaint", "request", "enquiry")


def scope(period: dict[str, str] | None = None, **base: Any) -> Scope:
    """What a statistic of these weeks speaks of."""
    given = period or {"from": "2026-03-01", "to": "2026-03-31"}
    return Scope(Filter(merged="no", **base), choose(given), BOSS)


def live(number: int = 40, seed: int = 7) -> list[Ticket]:
    """So many cases, each with a random life; the clock ends at LAST."""
    chance = Random(seed)
    units = [make.department(), make.department("logistics", "物流部", "Logistics")]
    people = [make.agent("Zhang Wei"), make.agent("Li Na")]
    caller = make.agent("Wang Lin").actor
    tickets = []
    for _turn in range(number):
        with moved_to(FIRST + timedelta(minutes=chance.randrange(20 * 24 * 60))) as tick:
            ticket = make.ticket(
                BOSS,
                subject=f"Case {_turn}",
                category=chance.choice(_categories()),
                channel=chance.choice(CHANNELS),
                kind=chance.choice(KINDS),
                severity=chance.choice(("S1", "S2", "S3", "S4")),
            )
            _live(ticket, chance, tick, units, people, caller)
            tickets.append(ticket)
    _merge_and_rate(tickets, chance)
    return tickets


def _categories() -> list[str]:
    known = make.known_categories()
    return [code for code in CATEGORIES if not code or code in known]


def _live(ticket: Ticket, chance: Random, tick: Any, units: Any, people: Any, caller: Any) -> None:
    """Steps until chance says stop; what the table of moves refuses is left out."""
    steps = (
        lambda: queue.assign(ticket, by=BOSS, agent_id=chance.choice(people).id),
        lambda: actions.accept(ticket, by=BOSS),
        lambda: actions.urge(ticket, by=BOSS),
        lambda: actions.dispatch(ticket, by=BOSS, department_id=chance.choice(units).id),
        lambda: actions.send_back(ticket, by=BOSS, comment="not ours"),
        lambda: actions.dispatch(ticket, by=BOSS, department_id=chance.choice(units).id),
        lambda: actions.sign(ticket, by=BOSS),
        lambda: actions.handle(ticket, by=BOSS),
        lambda: actions.answer_directly(ticket, by=BOSS, body="Done."),
        lambda: actions.reply(ticket, by=BOSS, body="Repaired."),
        lambda: actions.review(ticket, by=BOSS),
        lambda: actions.approve(ticket, by=BOSS),
        lambda: _call(ticket, chance, caller),
        lambda: actions.withdraw(ticket, by=BOSS, comment="solved"),
        lambda: actions.close(ticket, by=BOSS),
    )
    for step in steps:
        if chance.random() < 0.08 or now() > LAST - timedelta(days=1):
            return
        tick(chance.expovariate(1 / 9000))
        if chance.random() < 0.75:
            _try(step)


def _call(ticket: Ticket, chance: Random, caller: Any) -> None:
    if chance.random() < 0.3:
        callbacks.attempt(ticket, by=caller, contact="refused")
        return
    score = chance.choice((1, 2, 3, 4, 5, 5))
    callbacks.attempt(ticket, by=caller, contact="reached", resolved="yes", result=score)


def _try(step: Any) -> None:
    try:
        step()
    except HelpdeskError:
        db.session.rollback()


def _merge_and_rate(tickets: list[Ticket], chance: Random) -> None:
    with moved_to(LAST - timedelta(hours=3)):
        for ticket in chance.sample(tickets, 6):
            _try(lambda t=ticket: actions.merge(t, by=BOSS, target=tickets[0], comment="the same"))
        with transaction() as session:
            for ticket in chance.sample(tickets, 8):
                session.add(Rating(ticket_id=ticket.id, cycle=9, source="web", result=3))
            for ticket in chance.sample(tickets, 5):
                ticket.escalation = chance.choice((50, 75, 100))
