"""Killed at every statement and every commit of every verb, no promise of the data is broken (F4)."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from helpdesk.calls import cases
from helpdesk.kb import actions as kb_actions
from helpdesk.kb import feedback, shelves
from helpdesk.notices import actions as notices
from helpdesk.ops import doctor
from helpdesk.tickets import actions, callbacks, idempotency, intake, queue
from tests.help.faults import article_verbs, call_verbs, notice_verbs, ticket_verbs
from tests.help.faults.crashing import Work, crash_everywhere, killed_at
from tests.help.faults.state import state

pytestmark = pytest.mark.thorough

Prepare = Callable[[], Work]
SCENARIOS: dict[str, Prepare] = {
    **{f"ticket {code}": lambda c=code: ticket_verbs.prepared(c) for code in ticket_verbs.BEFORE},
    **{f"ticket {name}": prepare for name, prepare in ticket_verbs.OTHERS.items()},
    **{f"notice {name}": lambda n=name: notice_verbs.prepared(n) for name in notice_verbs.VERBS},
    **{f"notice {name}": prepare for name, prepare in notice_verbs.OTHERS.items()},
    **{f"article {name}": prepare for name, prepare in article_verbs.VERBS.items()},
    **{f"call {name}": prepare for name, prepare in call_verbs.VERBS.items()},
}
KILLED = (
    "ticket open_once",
    "ticket dispatch",
    "ticket reply",
    "ticket merge",
    "ticket escalate",
    "notice issue_all",
    "notice verify (fail)",
    "article publish",
    "call answered",
)
# They read several tables at once: a dead frame's open cursor would keep SQLite's write lock.
OPEN_CURSORS = {
    "ticket open_ticket",
    "ticket open_once",
    "notice issue_at_once",
    "notice draft_all",
    *(f"call {name}" for name in call_verbs.VERBS),
}
# Several transactions, or none of their own: presence and offers, and the frames around verbs.
ELSEWHERE = {"set_presence", "touch", "wake_on", "offer_waiting", "move", "plan", "drop", "of"}
ELSEWHERE |= {"done_once", "form_once"}  # see tests/tickets/test_once.py
ELSEWHERE |= {"answer"}  # by its two names: reply, answer_directly
READERS = {"attachment_rows", "rated", "misses", "all_shelves", "is_visible", "require_right"}
READERS |= {"is_overdue", "legal_moves", "limit_of", "overdue", "similar_since"}
READERS |= {"stand_of", "checked", "guess_language"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_f4_no_boundary_of_a_verb_leaves_half_of_it(app: Flask, name: str) -> None:
    free = gc.collect if name in OPEN_CURSORS else int
    assert crash_everywhere(SCENARIOS[name](), free=free) > 1


@pytest.mark.parametrize("name", KILLED)
def test_f4_a_process_that_is_gone_at_the_commit_leaves_all_or_nothing(
    app: Flask, name: str
) -> None:
    work = SCENARIOS[name]()
    before = state()
    killed_at(work, after_commit=False)
    assert state() == before
    killed_at(work, after_commit=True)
    assert state() != before
    assert doctor.broken_promises() == []


def test_f4_work_is_offered_one_case_after_the_other_whatever_ends_it(app: Flask) -> None:
    """One transaction for each case: a crash between two leaves whole ones."""
    for number in range(3):
        ticket_verbs.make.ticket(subject=f"第{number}台冰箱")
    agent = ticket_verbs.make.agent("Zhang Wei", capacity=5)
    points = crash_everywhere(lambda: queue.set_presence(agent, "ready"), atomic=False)
    assert points >= 6  # two statements at least for each of the three
    mine = ticket_verbs.db.select(ticket_verbs.Ticket).filter_by(assignee_id=agent.id)
    assert len(ticket_verbs.db.session.scalars(mine).all()) == 3


def verbs(module: ModuleType) -> set[str]:
    """The public functions that are at home in this package."""
    home = module.__name__
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_of(getattr(value, "func", value), home)
    }


def _is_of(function: Any, home: str) -> bool:
    return (
        inspect.isfunction(function)
        and function.__module__.startswith(home)
        and "by" in inspect.signature(function).parameters
    )


def test_f4_leaves_no_verb_out() -> None:
    modules = (
        actions,
        callbacks,
        intake,
        notices,
        idempotency,
        queue,
        kb_actions,
        feedback,
        shelves,
        cases,
    )
    known = {name.split(" ", 1)[1].partition(" (")[0] for name in SCENARIOS}
    missing = set().union(*map(verbs, modules)) - known - ELSEWHERE - READERS
    assert not missing, "Add them to ticket_verbs, notice_verbs or article_verbs beside this file."
