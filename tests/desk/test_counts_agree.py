"""Counts that stand side by side come from one place, and each opens a list of exactly that many rows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now
from helpdesk.desk import queue_views
from helpdesk.tickets import actions, callbacks, queue, ticket_lists
from helpdesk.tickets.models import Ticket
from tests.help import factories


@pytest.fixture
def lead(client: FlaskClient) -> Agent:
    return factories.agent("Chen Jie", "supervisor")


def in_follow_up(lead: Agent, subject: str) -> Ticket:
    ticket = factories.ticket(subject=subject)
    actions.answer_directly(ticket, by=lead.actor, body="Done.")
    actions.approve(ticket, by=lead.actor)
    return ticket


def page(client: FlaskClient, lead: Agent, path: str) -> str:
    factories.sign_in(client, lead)
    return client.get(path).text


def test_the_pane_counts_the_late_ones_of_its_own_view(client: FlaskClient, lead: Agent) -> None:
    with moved_to(now() - timedelta(days=20)):
        factories.ticket(subject="old")
    mine = factories.ticket(subject="fresh")
    queue.assign(mine, by=lead.actor, agent_id=lead.id)
    own = page(client, lead, f"/queue?view=mine&pane=1&current={mine.number}")
    assert re.search(r'class="count">1</span>', own)
    every = page(client, lead, f"/queue?view=all&pane=1&current={mine.number}")
    assert re.search(r'class="count">2 · 1 late</span>', every)
    late = page(client, lead, f"/queue?view=late&pane=1&current={mine.number}")
    assert re.search(r'class="count">1</span>', late)


def test_the_tab_and_the_navigation_count_the_same_calls(client: FlaskClient, lead: Agent) -> None:
    reached, _due = in_follow_up(lead, "reached"), in_follow_up(lead, "due")
    other = factories.agent("Zhang Wei")
    callbacks.attempt(
        reached, by=other.actor, contact="reached", resolved="yes", result=5, attitude=5, speed=5
    )
    text = page(client, lead, "/queue?view=callbacks")
    tab = re.search(r"Follow-up calls\s*<span[^>]*>(\d+)", text)
    nav = re.search(r'href="/callbacks".*?<span class="count">(\d+)', text, re.DOTALL)
    assert tab and nav and tab[1] == nav[1] == "1"
    assert len(re.findall(r'id="ticket-', text)) == 1
    assert len(re.findall(r"/tickets/2\d{3}-\d{6}\"", page(client, lead, "/callbacks"))) >= 1


def test_every_view_holds_as_many_rows_as_it_counts(client: FlaskClient, lead: Agent) -> None:
    in_follow_up(lead, "call")
    with moved_to(now() - timedelta(days=20)):
        factories.ticket(subject="old", category="delivery.late")
    queue.assign(factories.ticket(subject="own"), by=lead.actor, agent_id=lead.id)
    counts = queue_views.counts(lead.actor)
    for view in queue_views.views(lead.actor):
        rows = ticket_lists.page(view.filter, lead.actor, "due", size=50).tickets
        assert (view.code, counts.of(view.code)) == (view.code, len(rows))
        late = ticket_lists.page(view.filter.but(late="yes"), lead.actor, "due", size=50).tickets
        assert (view.code, counts.late_of(view.code)) == (view.code, len(late))
