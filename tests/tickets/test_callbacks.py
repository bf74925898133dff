"""Follow-up calls: three attempts and no fourth, who may call, what is kept, and who judges when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.agents.rights import Actor
from helpdesk.clock import moved_to
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed, Refused
from helpdesk.promises.models import Promise
from helpdesk.tickets import actions, callbacks, queries
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Callback, CallbackAttempt, Rating, Ticket
from tests.help import factories as make

MORNING = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai; the desk opens at 8
EVENING = MORNING + timedelta(hours=9)  # 18:00, two hours before the desk closes
IN_VAIN = ("no_answer", "later")


@pytest.fixture
def ticket(app: Flask) -> Ticket:
    """A complaint that Li Na answered directly: its follow-up call is due."""
    with moved_to(MORNING):
        made = make.ticket()
        actions.answer_directly(made, by=make.agent("Li Na").actor, body="已安排更换。")
        actions.approve(made, by=make.SUPERVISOR)
    return made


@pytest.fixture
def caller(app: Flask) -> Actor:
    return make.agent("Zhao Min").actor


def call(ticket: Ticket, by: Actor, contact: str = "no_answer", **more: Any) -> Callback:
    """The follow-up call after one more attempt."""
    callbacks.attempt(ticket, by=by, contact=contact, **more)
    found = callbacks.of(ticket)
    assert found is not None
    return found


def promise(ticket: Ticket) -> str:
    """Where the promise to call stands."""
    query = db.select(Promise).where(Promise.of(ticket), Promise.promise == "callback")
    return db.session.scalars(query).one().state


def test_an_approved_answer_plans_one_call_for_now(ticket: Ticket) -> None:
    planned = callbacks.of(ticket)
    assert planned and callbacks.is_due(ticket)
    assert (planned.attempts, planned.next_at, planned.cycle) == (0, MORNING, 1)
    with transaction():
        assert callbacks.plan(ticket) is planned


@pytest.mark.parametrize("contact", IN_VAIN)
def test_two_attempts_in_vain_leave_the_call_due_and_the_third_ends_it(
    ticket: Ticket, caller: Actor, contact: str
) -> None:
    for tried in (1, 2):
        found = call(ticket, caller, contact)
        assert (found.state, found.attempts, callbacks.is_due(ticket)) == ("due", tried, True)
        assert promise(ticket) == "running"
    found = call(ticket, caller, contact)
    assert (found.state, found.attempts, promise(ticket)) == ("unreachable", 3, "met")
    with pytest.raises(Refused, match="no follow-up call"):
        call(ticket, caller)
    assert not callbacks.is_due(ticket) and found.attempts == 3


@pytest.mark.parametrize("contact", ["refused", "wrong_number"])
def test_who_does_not_want_to_talk_or_can_t_be_reached_there_is_not_called_again(
    ticket: Ticket, caller: Actor, contact: str
) -> None:
    found = call(ticket, caller, contact)
    assert (found.state, found.attempts, promise(ticket)) == ("unreachable", 1, "met")


@pytest.mark.parametrize(
    ("at", "again"),
    [
        (MORNING, MORNING + timedelta(hours=4)),
        (EVENING, EVENING + timedelta(hours=2 + 12 + 2)),  # two hours today, two tomorrow
    ],
)
def test_the_next_attempt_is_half_a_desk_day_later(
    ticket: Ticket, caller: Actor, at: datetime, again: datetime
) -> None:
    with moved_to(at):
        assert call(ticket, caller).next_at == again
        assert call(ticket, caller, "later").next_at == again


def test_what_the_customer_said_is_kept_word_for_word_and_ends_the_call(
    ticket: Ticket, caller: Actor
) -> None:
    words = "修好了，但是等了很久。"
    with moved_to(EVENING):
        said = {"result": 4, "attitude": 5, "speed": 2, "words": words}
        found = call(ticket, caller, "reached", resolved="partly", **said)
    assert (found.state, found.attempts, promise(ticket)) == ("reached", 1, "met")
    made = db.session.scalars(db.select(CallbackAttempt)).one()
    assert (made.contact, made.resolved, made.words) == ("reached", "partly", words)
    assert (made.by_id, made.by_name, made.at) == (caller.id, "Zhao Min", EVENING)
    kept = callbacks.newest_rating(ticket)
    assert kept is not None
    assert {name: getattr(kept, name) for name in said} == said
    assert (kept.source, kept.resolved, kept.cycle, kept.at) == ("phone", "partly", 1, EVENING)
    with pytest.raises(Refused):
        call(ticket, caller, "reached", resolved="yes", result=5)


def test_a_call_in_vain_is_no_judgement(ticket: Ticket, caller: Actor) -> None:
    call(ticket, caller)
    assert callbacks.newest_rating(ticket) is None and not callbacks.rated(ticket)


def test_each_attempt_stands_in_the_journal_with_its_number(ticket: Ticket, caller: Actor) -> None:
    call(ticket, caller)
    call(ticket, caller, "reached", resolved="yes", result=5)
    told = [
        (e.data["contact"], e.data["attempts"], e.data["state"], e.data["score"])
        for e in queries.history(ticket)
        if e.name == "callback.attempt"
    ]
    assert sorted(told) == [("no_answer", 1, "due", None), ("reached", 2, "reached", 5)]


@pytest.mark.parametrize("result", [None, 0, 1, 2, 3, 4, 5, 6])
def test_a_score_lies_between_one_and_five(
    ticket: Ticket, caller: Actor, result: int | None
) -> None:
    if result in (1, 2, 3, 4, 5):
        assert call(ticket, caller, "reached", resolved="yes", result=result).state == "reached"
        return
    with pytest.raises(BadInput) as refused:
        call(ticket, caller, "reached", resolved="yes", result=result)
    assert set(refused.value.errors) == {"result"}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"contact": "reached", "result": 5}, {"resolved"}),
        ({"contact": "reached", "resolved": "perhaps", "result": 5}, {"resolved"}),
        ({"contact": "reached"}, {"resolved", "result"}),
        ({"contact": "by_pigeon"}, {"contact"}),
    ],
)
def test_who_was_reached_is_asked_whether_it_is_solved_and_how_it_was(
    ticket: Ticket, caller: Actor, given: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(BadInput) as refused:
        call(ticket, caller, **given)
    assert set(refused.value.errors) == fields
    found = callbacks.of(ticket)
    assert found is not None and found.attempts == 0


def test_who_handled_the_case_does_not_call(ticket: Ticket) -> None:
    answered = db.session.scalars(db.select(callbacks.Callback)).one()
    author = next(e for e in queries.history(ticket) if e.name == "ticket.answer_directly")
    own = Actor("agent", author.by_id, "Li Na", make.SUPERVISOR.role)
    with pytest.raises(NotAllowed, match="did not handle"):
        call(ticket, own)
    assert answered.attempts == 0


def test_nobody_of_the_department_that_leads_the_case_calls(app: Flask) -> None:
    unit, other = make.department(), make.department("logistics", "物流部", "Logistics")
    handler = make.agent("Sun Lei", "handler", unit).actor
    led = make.ticket()
    actions.accept(led, by=make.SUPERVISOR)
    actions.dispatch(led, by=make.SUPERVISOR, department_id=unit.id)
    actions.sign(led, by=handler)
    actions.reply(led, by=handler, body="Repaired.")
    actions.approve(led, by=make.SUPERVISOR)
    with pytest.raises(NotAllowed, match="did not handle"):
        call(led, make.agent("Ma Li", "supervisor", unit).actor)
    assert call(led, make.agent("Wu Di", "supervisor", other).actor).attempts == 1


def test_departments_and_auditors_make_no_calls(ticket: Ticket) -> None:
    for name, role in (("Sun Lei", "handler"), ("Au", "auditor")):
        with pytest.raises(NotAllowed):
            call(ticket, make.agent(name, role, make.department()).actor)


def test_a_case_without_a_call_has_none_to_make(app: Flask, caller: Actor) -> None:
    new = make.ticket()
    assert callbacks.of(new) is None and not callbacks.is_due(new)
    with pytest.raises(Refused, match="no follow-up call"):
        callbacks.attempt(new, by=caller, contact="no_answer")
    callbacks.drop(new)
    assert callbacks.of(new) is None


def test_a_call_that_is_dropped_is_not_made_and_one_that_was_made_stays_made(
    ticket: Ticket, caller: Actor
) -> None:
    actions.rework(ticket, by=make.SUPERVISOR, comment="Look again")
    state = db.session.scalars(db.select(Callback.state)).one()
    assert (state, callbacks.is_due(ticket)) == ("dropped", False)
    with pytest.raises(Refused):
        callbacks.attempt(ticket, by=caller, contact="no_answer")


def test_what_was_reached_is_not_dropped_afterwards(ticket: Ticket, caller: Actor) -> None:
    call(ticket, caller, "reached", resolved="yes", result=5)
    with transaction():
        callbacks.drop(ticket)
    found = callbacks.of(ticket)
    assert found is not None and found.state == "reached"


def test_a_further_cycle_has_a_call_of_its_own(ticket: Ticket, caller: Actor) -> None:
    call(ticket, caller)
    with transaction():
        ticket.cycle = 2
    assert callbacks.of(ticket) is None
    with transaction():
        second = callbacks.plan(ticket)
    assert (second.cycle, second.attempts, second.state) == (2, 0, "due")


class TestOwnJudgement:
    """The customer's own judgement on the tracking page."""

    @pytest.mark.parametrize("status", list(Status))
    def test_it_is_asked_for_when_there_is_an_answer(self, ticket: Ticket, status: Status) -> None:
        with transaction():
            ticket.status = status
        if status in ("replied", "callback", "closed", "archived"):
            callbacks.rate(ticket, by=make.CUSTOMER, result=3)
            assert callbacks.rated(ticket)
        else:
            with pytest.raises(Refused, match="when your matter has been answered"):
                callbacks.rate(ticket, by=make.CUSTOMER, result=3)
            assert not callbacks.rated(ticket)

    @pytest.mark.parametrize("result", [0, 1, 5, 6])
    def test_its_score_lies_between_one_and_five(self, ticket: Ticket, result: int) -> None:
        if 1 <= result <= 5:
            assert callbacks.rate(ticket, by=make.CUSTOMER, result=result).result == result
            return
        with pytest.raises(BadInput) as refused:
            callbacks.rate(ticket, by=make.CUSTOMER, result=result)
        assert set(refused.value.errors) == {"result"}

    def test_it_is_given_once_in_a_cycle(self, ticket: Ticket) -> None:
        said = callbacks.rate(ticket, by=make.CUSTOMER, result=2, resolved="no", words="慢")
        assert (said.source, said.resolved, said.words, said.cycle) == ("web", "no", "慢", 1)
        assert (said.attitude, said.speed) == (None, None)
        with pytest.raises(Refused, match="rated this already"):
            callbacks.rate(ticket, by=make.CUSTOMER, result=5)
        with transaction():
            ticket.cycle = 2
        assert not callbacks.rated(ticket)
        callbacks.rate(ticket, by=make.CUSTOMER, result=5)
        newest = callbacks.newest_rating(ticket)
        assert newest is not None and (newest.result, newest.cycle) == (5, 2)

    def test_a_judgement_by_telephone_leaves_the_own_one_free(
        self, ticket: Ticket, caller: Actor
    ) -> None:
        call(ticket, caller, "reached", resolved="yes", result=5)
        assert not callbacks.rated(ticket)
        callbacks.rate(ticket, by=make.CUSTOMER, result=1)
        newest = callbacks.newest_rating(ticket)
        assert newest is not None and newest.result == 1
        assert db.session.query(Rating).count() == 2

    def test_what_is_said_is_kept_to_two_thousand_characters(self, ticket: Ticket) -> None:
        said = callbacks.rate(ticket, by=make.CUSTOMER, result=4, words="好" * 2001)
        assert said.words == "好" * 2000


def test_a_page_of_calls_says_whether_more_follow(ticket: Ticket, caller: Actor) -> None:
    with moved_to(EVENING):
        later = make.ticket()
        actions.answer_directly(later, by=make.agent("Wu Di").actor, body="已安排更换。")
        actions.approve(later, by=make.SUPERVISOR)
    everything, end = callbacks.to_make(caller, size=2)
    assert ([case.id for _, case in everything], end) == ([ticket.id, later.id], "")
    first, behind = callbacks.to_make(caller, size=1)
    assert [case.id for _, case in first] == [ticket.id] and behind
    second, end = callbacks.to_make(caller, behind, size=1)
    assert ([case.id for _, case in second], end) == ([later.id], "")
