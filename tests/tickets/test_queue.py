"""The live queue: claims are races that one wins; work goes to who is free."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now
from helpdesk.core import jobs
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import Conflict, NotAllowed, NotFound, Refused
from helpdesk.core.events import Event
from helpdesk.tickets import actions, queries, queue
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Ticket
from tests.help import factories as make


def run_what_was_asked_for() -> None:
    """Each job that somebody was woken for, from the queue that this profile has."""
    client = jobs.redis_client()
    if client is None:
        jobs.run_pending()
        return
    asked = Queue(jobs.QUEUE, connection=client, serializer=JSONSerializer)
    names = [each.args[0] for each in asked.get_jobs()]
    asked.empty()
    for name in names:
        jobs.run(name)


def fresh(ticket: Ticket) -> Ticket:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True)


def test_of_sixteen_agents_who_claim_at_once_exactly_one_wins_and_the_others_hear_who(
    app: Flask,
) -> None:
    """Two agents taking the same case: exactly one wins, the other is told who."""
    ticket = make.ticket()
    agents = [make.agent(f"Agent {n}") for n in range(16)]
    results: list[str] = []

    def take(by: object) -> None:
        with app.app_context():
            try:
                queue.claim(db.session.get_one(Ticket, ticket.id), by=by)
                results.append("won")
            except Refused as refused:
                results.append(str(refused))
            db.session.remove()

    threads = [threading.Thread(target=take, args=(a.actor,)) for a in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(a.name for a in agents if a.id == fresh(ticket).assignee_id)
    assert results.count("won") == 1
    assert sorted(set(results)) == sorted({"won", f"{winner} took it first."})


def test_the_longest_waiting_case_goes_to_the_ready_agent_below_capacity(app: Flask) -> None:
    """An online agent below capacity, longest waiting first; freed capacity takes the oldest."""
    with moved_to(now() - timedelta(hours=2)):
        oldest = make.ticket(subject="oldest")
    with moved_to(now() - timedelta(hours=1)):
        newer = make.ticket(subject="newer")
    newest = make.ticket(subject="newest")
    with moved_to(now() - timedelta(minutes=30)):
        third = make.ticket(subject="third")
    make.agent("Off", capacity=9, presence="away")
    agent = make.agent(capacity=2)
    assert queue.set_presence(agent, "ready") == 2
    given = [fresh(t).assignee_id for t in (oldest, newer, third, newest)]
    assert given == [agent.id, agent.id, None, None]
    run_what_was_asked_for()
    assert fresh(third).assignee_id is None  # full is full, whoever asks
    actions.accept(oldest, by=agent.actor)
    actions.answer_directly(oldest, by=agent.actor, body="x")
    run_what_was_asked_for()  # woken by the answer itself
    assert [fresh(t).assignee_id for t in (third, newest)] == [agent.id, None]


def test_a_case_given_to_a_colleague_leaves_room_for_the_next(app: Flask) -> None:
    """Freed capacity takes the oldest, in whatever way it was freed."""
    first, second = make.ticket(subject="first"), make.ticket(subject="second")
    agent, colleague = make.agent(capacity=1), make.agent("Li Na", presence="away")
    queue.set_presence(agent, "ready")
    run_what_was_asked_for()
    queue.assign(first, by=make.SUPERVISOR, agent_id=colleague.id)
    run_what_was_asked_for()
    assert fresh(second).assignee_id == agent.id


def test_the_reason_of_an_offer_is_stored(app: Flask) -> None:
    """Load and capacity at the moment of the offer."""
    ticket = make.ticket()
    queue.set_presence(make.agent(capacity=3), "ready")
    assert fresh(ticket).offer_reason == "0/3"


def test_with_nobody_free_the_case_stays_in_the_queue(app: Flask) -> None:
    """It stays, visible, with its waiting time."""
    ticket = make.ticket()
    make.agent("Away", presence="away")
    make.agent("Full", presence="ready", capacity=0)
    assert queue.offer_waiting() == 0
    assert fresh(ticket).assignee_id is None
    assert fresh(ticket).waiting_since is not None


def test_work_is_shared_evenly(app: Flask) -> None:
    for n in range(6):
        make.ticket(subject=f"nr {n}")
    first, second = make.agent("First", presence="ready"), make.agent("Second", presence="ready")
    queue.offer_waiting()
    held = list(db.session.scalars(select(Ticket.assignee_id)))
    assert (held.count(first.id), held.count(second.id)) == (3, 3)


def test_an_agent_whose_browser_is_gone_gets_nothing(app: Flask) -> None:
    make.ticket()
    make.agent(presence="ready", seen_at=now() - timedelta(minutes=10))
    assert queue.offer_waiting() == 0


def test_offering_can_be_switched_off(app: Flask) -> None:
    from helpdesk.core import options

    make.ticket()
    make.agent(presence="ready")
    with transaction():
        options.put("offer_work", False)
    assert queue.offer_waiting() == 0


def test_many_offers_at_once_give_each_case_once(app: Flask) -> None:
    for n in range(10):
        make.ticket(subject=f"nr {n}")
    for n in range(3):
        make.agent(f"Agent {n}", presence="ready", capacity=5)
    given: list[int] = []

    def offer() -> None:
        with app.app_context():
            given.append(queue.offer_waiting())
            db.session.remove()

    threads = [threading.Thread(target=offer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(given) == 10
    held = list(db.session.scalars(select(Ticket.assignee_id)))
    assert all(held.count(agent) <= 5 for agent in set(held))


def test_who_puts_a_case_back_frees_it(app: Flask) -> None:
    ticket, agent = make.ticket(), make.agent()
    queue.claim(ticket, by=agent.actor)
    with pytest.raises(Refused):
        queue.release(ticket, by=make.agent("Other").actor)
    queue.release(ticket, by=agent.actor)
    assert fresh(ticket).assignee_id is None


def test_a_case_is_only_given_to_who_may_see_it(app: Flask) -> None:
    ticket = make.ticket()
    handler = make.agent("Li Na", "handler", make.department())
    with pytest.raises(NotFound):
        queue.assign(ticket, by=make.agent().actor, agent_id=handler.id)


def test_only_who_may_see_a_case_is_named_as_its_taker(app: Flask) -> None:
    agent, handler = make.agent("Li Na"), make.agent("Wang Lei", "handler", make.department())
    assert {each.id for each in queue.takers(make.ticket())} == {agent.id}
    assert {each.id for each in queue.takers()} == {agent.id, handler.id}


def test_an_auditor_takes_nothing(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        queue.claim(make.ticket(), by=make.agent("Au", "auditor").actor)


def test_an_ended_case_can_not_be_taken(app: Flask) -> None:
    ticket = make.ticket()
    actions.withdraw(ticket, by=make.CUSTOMER, comment="x")
    with pytest.raises(Refused, match="ended"):
        queue.claim(ticket, by=make.agent().actor)


def waiting(*ages: int, **more: object) -> list[Ticket]:
    """Cases that came so many minutes ago."""
    made = []
    for age in ages:
        with moved_to(now() - timedelta(minutes=age)):
            made.append(make.ticket(subject=f"{age} minutes old", **more))
    return made


def test_a_case_that_is_taken_is_new_to_who_looked_before(app: Flask) -> None:
    ticket, agent = make.ticket(), make.agent()
    with transaction():
        ticket.offer_reason = "0/3"
    seen = ticket.version
    taken = queue.claim(ticket, by=agent.actor)
    assert (taken.assignee_id, taken.offer_reason) == (agent.id, "")
    assert taken.version == seen + 1
    with pytest.raises(Refused, match="Zhang Wei took it first"):
        queue.claim(ticket, by=make.agent("Li Na").actor)


def test_nobody_takes_what_another_department_leads(app: Flask) -> None:
    ticket = make.ticket()
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
    actions.add_assist(
        ticket,
        by=make.SUPERVISOR,
        department_id=make.department("logistics", "物流部", "Logistics").id,
        task="Bring it back",
    )
    helper = make.agent("Sun Lei", "handler", make.department("logistics"))
    with pytest.raises(NotAllowed, match="Another department leads"):
        queue.claim(ticket, by=helper.actor)


@pytest.mark.parametrize("active", [True, False])
def test_a_case_is_given_to_colleagues_who_still_work_here(app: Flask, active: bool) -> None:
    ticket, colleague = make.ticket(), make.agent("Li Na", active=active)
    with transaction():
        ticket.offer_reason = "0/3"
    if active:
        given = queue.assign(ticket, by=make.SUPERVISOR, agent_id=colleague.id)
        assert (given.assignee_id, given.offer_reason) == (colleague.id, "")
    else:
        with pytest.raises(NotFound):
            queue.assign(ticket, by=make.SUPERVISOR, agent_id=colleague.id)
    with pytest.raises(NotFound):
        queue.assign(ticket, by=make.SUPERVISOR, agent_id=999_999)


def test_a_case_is_given_back_to_the_queue_and_the_journal_says_from_whom(app: Flask) -> None:
    ticket, agent = make.ticket(), make.agent()
    queue.claim(ticket, by=agent.actor)
    assert queue.assign(ticket, by=make.SUPERVISOR, agent_id=None).assignee_id is None
    told = [e.data for e in queries.history(ticket) if e.name == "ticket.assign"]
    assert [(data["old"], data["new"], data["assignee"]) for data in told] == [(agent.id, None, "")]


def test_a_department_takes_its_own_case_and_gives_it_to_nobody_else(app: Flask) -> None:
    unit = make.department()
    handler, other = (make.agent(name, "handler", unit) for name in ("Sun Lei", "Ma Li"))
    ticket = make.ticket()
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=unit.id)
    for agent_id in (other.id, None):
        with pytest.raises(NotAllowed):
            queue.assign(ticket, by=handler.actor, agent_id=agent_id)
    assert queue.assign(ticket, by=handler.actor, agent_id=handler.id).assignee_id == handler.id


def test_who_gives_a_case_away_must_have_seen_it_as_it_is(app: Flask) -> None:
    ticket, agent = make.ticket(), make.agent()
    seen = ticket.version
    queue.assign(ticket, by=make.SUPERVISOR, agent_id=agent.id, version=seen)
    with pytest.raises(Conflict):
        queue.assign(ticket, by=make.SUPERVISOR, agent_id=None, version=seen)


def test_only_ready_brings_work_and_each_change_is_seen(app: Flask) -> None:
    make.ticket()
    agent = make.agent(seen_at=None)
    for state, given in (("busy", 0), ("away", 0), ("ready", 1)):
        assert queue.set_presence(agent, state) == given
        stored = db.session.get_one(Agent, agent.id, populate_existing=True)
        assert stored.presence == state and stored.seen_at is not None
    with pytest.raises(Refused):
        queue.set_presence(agent, "asleep")
    assert agent.presence == "ready"


def test_a_desk_that_is_open_is_seen(app: Flask) -> None:
    agent = make.agent(seen_at=now() - timedelta(hours=1))
    queue.touch(agent)
    stored = db.session.get_one(Agent, agent.id, populate_existing=True)
    assert stored.seen_at is not None and now() - stored.seen_at < timedelta(minutes=1)


@pytest.mark.parametrize(("away", "given"), [(119, 1), (120, 0), (121, 0), (None, 1)])
def test_two_minutes_without_a_sign_end_the_offering(
    app: Flask, away: int | None, given: int
) -> None:
    make.ticket()
    moment = now()
    with moved_to(moment):
        make.agent(
            presence="ready", seen_at=None if away is None else moment - timedelta(seconds=away)
        )
        assert queue.offer_waiting() == given


@pytest.mark.parametrize(
    ("who", "given"),
    [
        ({"presence": "ready"}, 1),
        ({"presence": "busy"}, 0),
        ({"presence": "away"}, 0),
        ({"presence": "ready", "active": False}, 0),
        ({"presence": "ready", "role": "supervisor"}, 0),
        ({"presence": "ready", "role": "handler"}, 0),
        ({"presence": "ready", "capacity": 0}, 0),
        ({"presence": "ready", "capacity": 1}, 1),
        ({"presence": "ready", "capacity": 2}, 2),
    ],
)
def test_work_goes_to_ready_agents_up_to_their_capacity(
    app: Flask, who: dict[str, object], given: int
) -> None:
    waiting(1, 2, 3)
    make.agent(**({"capacity": 1} | who))  # type: ignore[arg-type]
    assert queue.offer_waiting() == given


def test_among_equals_who_was_here_first_is_asked_first_and_among_cases_the_older_one(
    app: Flask,
) -> None:
    newer, older = waiting(5, 10)
    first, second = (make.agent(name, presence="ready", capacity=1) for name in "AB")
    assert queue.offer_waiting() == 2
    assert [fresh(each).assignee_id for each in (older, newer)] == [first.id, second.id]
    assert [fresh(each).offer_reason for each in (older, newer)] == ["0/1", "0/1"]


@pytest.mark.parametrize("status", list(Status))
def test_what_waits_at_the_desk_is_offered_and_nothing_else(app: Flask, status: Status) -> None:
    (ticket,) = waiting(1)
    with transaction():
        ticket.status = status
    make.agent(presence="ready")
    assert queue.offer_waiting() == (status in ("registered", "accepted", "reopened"))


def test_an_ended_case_is_offered_to_nobody_and_takes_no_room(app: Flask) -> None:
    agent = make.agent(presence="ready", capacity=1)
    done, taken = waiting(20, 10)
    with transaction():
        done.assignee_id, done.closed_at, done.status = agent.id, now(), "accepted"
        taken.closed_at = now()
    (free,) = waiting(5)
    assert queue.offer_waiting() == 1
    assert fresh(free).assignee_id == agent.id and fresh(taken).assignee_id is None


def test_what_a_department_works_on_takes_no_room_at_the_desk(app: Flask) -> None:
    agent = make.agent(presence="ready", capacity=1)
    sent, free = waiting(20, 10)
    with transaction():
        sent.assignee_id, sent.status = agent.id, "handling"
    assert queue.offer_waiting() == 1 and fresh(free).assignee_id == agent.id
    assert fresh(free).offer_reason == "0/1"


def test_an_offer_tells_load_and_capacity_and_is_the_programs_own(app: Flask) -> None:
    first, second = waiting(20, 10)
    queue.set_presence(make.agent(capacity=2), "ready")
    assert [fresh(each).offer_reason for each in (first, second)] == ["0/2", "1/2"]
    told = [e for e in queries.history(second) if e.name == "ticket.offer"]
    assert [(e.by_kind, e.data["load"], e.data["capacity"]) for e in told] == [("system", 1, 2)]


def test_at_most_fifty_cases_are_given_in_one_go(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_offer_one", lambda: True)
    assert (queue.offer_waiting(), queue.offer_waiting(most=2)) == (50, 2)


@pytest.mark.parametrize(("name", "wakes"), [("ticket.handed_on", 1), ("ticket.noted", 0)])
def test_the_offering_is_woken_by_what_makes_room_or_brings_a_case(
    app: Flask, monkeypatch: pytest.MonkeyPatch, name: str, wakes: int
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(jobs, "wake", woken.append)
    queue.wake_on([Event(name="ticket.noted"), Event(name=name)])
    assert woken == ["offer"] * wakes


def test_an_offer_is_made_on_the_rows_as_they_are_and_not_as_they_were_read(app: Flask) -> None:
    (ticket,) = waiting(1)
    agent = make.agent(presence="ready", capacity=1)
    with db.engine.begin() as apart:  # somebody else's writing, unknown to this session
        apart.execute(update(Agent).where(Agent.id == agent.id).values(capacity=7, name="Li Na"))
        apart.execute(update(Ticket).where(Ticket.id == ticket.id).values(version=40))
    assert queue.offer_waiting() == 1
    assert fresh(ticket).offer_reason == "0/7" and fresh(ticket).version == 41
    told = [e.data["assignee"] for e in queries.history(ticket) if e.name == "ticket.offer"]
    assert told == ["Li Na"]


def test_a_case_is_not_given_to_a_colleague_who_has_just_left(app: Flask) -> None:
    ticket, colleague = make.ticket(), make.agent("Li Na")
    with db.engine.begin() as apart:
        apart.execute(update(Agent).where(Agent.id == colleague.id).values(active=False))
    with pytest.raises(NotFound):
        queue.assign(ticket, by=make.SUPERVISOR, agent_id=colleague.id)
