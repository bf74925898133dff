"""The simulator's proof of truth: the set-up as it was gives exactly what is stored."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import moved_to, now, tick
from helpdesk.core import alarms
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError
from helpdesk.promises.models import Promise
from helpdesk.promises.words import WINDOWS
from helpdesk.seeds.demo import seed_demo
from helpdesk.setup import in_force
from helpdesk.setup.models import RoutingRule
from helpdesk.setup.promises import actions as policy
from helpdesk.simulator import facts, plans
from helpdesk.simulator.compare import Bench, Tried, tried
from helpdesk.tickets import actions, lifecycle
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

pytestmark = pytest.mark.thorough

NOW = datetime.fromisoformat("2026-03-18T16:20:00+08:00")
LEAD = Actor(kind="token", id=7, name="Chen Jie", role=Role.ADMIN)


def results(plan: dict[str, object]) -> list[Tried]:
    """Every case of the database on one bench."""
    bench = Bench(in_force.current(), plans.editions(), plans.of_data(plan), now())
    cases = facts.cases(0, NOW - timedelta(days=3000), NOW + timedelta(days=3000), 5000, True)
    return [tried(case, bench) for case in cases]


def as_it_was() -> dict[str, object]:
    """The edition in force and the rules in force, tried as if they were new."""
    rules = db.session.scalars(sa.select(RoutingRule.id).where(RoutingRule.active)).all()
    return plans.as_data(lines=policy.lines(policy.in_force().id), rules=rules)


def differences(found: list[Tried]) -> list[object]:
    return [difference for result in found for difference in result.differences]


def started() -> int:
    """Promises whose clock has begun; a window is not a promise."""
    query = sa.select(sa.func.count()).select_from(Promise).where(Promise.subject_kind == "ticket")
    begun = query.where(Promise.started_at.is_not(None), Promise.promise.not_in(WINDOWS))
    return db.session.scalar(begun) or 0


def test_the_demo_under_its_own_set_up_has_no_difference(app: Flask) -> None:
    seed_demo(NOW)
    in_force.forget()
    with moved_to(NOW):
        found = results(as_it_was())
        assert differences(found) == []
        assert sum(result.judged for result in found) == started() > 100


MOVES = {
    "accept": {},
    "dispatch": {"department_id": 0},
    "sign": {},
    "handle": {},
    "hold": {"comment": "waits", "until": None},
    "resume": {},
    "transfer": {"department_id": 0, "comment": "theirs"},
    "send_back": {"comment": "not ours"},
    "refuse_return": {"comment": "yours"},
    "ask_extension": {"comment": "parts", "until": None},
    "grant_extension": {},
    "reply": {"body": "It is done."},
    "answer_directly": {"body": "It is done."},
    "review": {},
    "rework": {"comment": "again"},
    "reopen": {"comment": "again"},
    "close": {"comment": "done"},
    "withdraw": {"comment": "solved itself"},
    "decline": {"comment": "not ours"},
}


BEGUN = (
    "accept",
    "dispatch",
    "sign",
    "handle",
    "ask_extension",
    "grant_extension",
    "hold",
    "resume",
)


def live(chance: random.Random, ticket: Ticket, units: list[int]) -> Counter[str]:
    """A random life of one ticket: moves that the table allows, at random times."""
    made: Counter[str] = Counter()
    begun = list(BEGUN) if chance.random() < 0.7 else []
    for _ in range(chance.randrange(14)):
        tick(chance.randrange(60, 40 * 3600))
        alarms.ring_all()
        code = begun.pop(0) if begun else _likely(chance, ticket)
        try:
            getattr(actions, code)(ticket, by=LEAD, **_given(chance, code, units))
            made[code] += 1
        except HelpdeskError:
            made["refused"] += 1
        if chance.random() < 0.15 and not made["edit"]:
            made["edit"] += 1
            tick(60)
            actions.edit(
                ticket, by=LEAD, severity=chance.choice(["S1", "S2", "S3", "S4"]), reason="更正"
            )
    return made


def _likely(chance: random.Random, ticket: Ticket) -> str:
    """Mostly a move that the table allows now, sometimes any."""
    status = db.session.get_one(Ticket, ticket.id, populate_existing=True).status
    legal = [m.code for m in lifecycle.TABLE if status in m.sources and m.code in MOVES]
    return chance.choice(legal if legal and chance.random() < 0.9 else list(MOVES))


def _given(chance: random.Random, code: str, units: list[int]) -> dict[str, object]:
    """What a person would fill in."""
    given: dict[str, object] = dict(MOVES[code])
    if "until" in given:
        given["until"] = now() + timedelta(hours=chance.randrange(1, 400))
    if "department_id" in given:
        given["department_id"] = chance.choice(units)
    return given


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_lives_under_their_own_set_up_have_no_difference(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    units = [make.department(f"unit-{n}", f"Unit {n}").id for n in range(2)]
    made: Counter[str] = Counter()
    for n in range(25):
        with moved_to(NOW + timedelta(hours=n)):
            kind = chance.choice(["complaint", "request", "enquiry", "report"])
            channel = chance.choice(["web", "phone", "email"])
            ticket = make.ticket(kind=kind, channel=channel)
            made += live(chance, ticket, units)
    with moved_to(NOW + timedelta(days=40)):
        found = results(as_it_was())
        assert differences(found) == []
        assert sum(result.judged for result in found) == started()
    assert all(made[code] for code in BEGUN)
