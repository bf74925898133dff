"""The live queue: claims are races that one wins; work goes to who is free."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core import jobs
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import NotAllowed, NotFound, Refused
from helpdesk.tickets import actions, queue
from helpdesk.tickets.models import Ticket
from tests import factories as make


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
    """M26: two agents taking the same case: exactly one wins, the other is told who."""
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
    """M11: an online agent below capacity, longest waiting first; freed capacity takes the oldest."""
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
    """M11: freed capacity takes the oldest, in whatever way it was freed."""
    first, second = make.ticket(subject="first"), make.ticket(subject="second")
    agent, colleague = make.agent(capacity=1), make.agent("Li Na", presence="away")
    queue.set_presence(agent, "ready")
    run_what_was_asked_for()
    queue.assign(first, by=make.SUPERVISOR, agent_id=colleague.id)
    run_what_was_asked_for()
    assert fresh(second).assignee_id == agent.id


def test_the_reason_of_an_offer_is_stored(app: Flask) -> None:
    """W2 (start): load and capacity at the moment of the offer."""
    ticket = make.ticket()
    queue.set_presence(make.agent(capacity=3), "ready")
    assert fresh(ticket).offer_reason == "0/3"


def test_with_nobody_free_the_case_stays_in_the_queue(app: Flask) -> None:
    """M12: it stays, visible, with its waiting time."""
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


def test_an_auditor_takes_nothing(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        queue.claim(make.ticket(), by=make.agent("Au", "auditor").actor)


def test_an_ended_case_can_not_be_taken(app: Flask) -> None:
    ticket = make.ticket()
    actions.withdraw(ticket, by=make.CUSTOMER, comment="x")
    with pytest.raises(Refused, match="ended"):
        queue.claim(ticket, by=make.agent().actor)
