"""The list of follow-up calls."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.tickets import actions, callbacks, queries
from helpdesk.tickets.models import Callback
from tests.help import factories as make


def test_an_approved_complaint_is_on_the_call_list_until_the_customer_was_reached(
    app: Flask, client: FlaskClient
) -> None:
    """A call-back task is created for complaints."""
    agent, supervisor = make.agent(), make.agent("Chen Jie", "supervisor")
    ticket = make.ticket()
    actions.accept(ticket, by=agent.actor)
    assert ticket.assignee_id == agent.id
    actions.answer_directly(ticket, by=agent.actor, body="已安排换货。")
    actions.approve(ticket, by=supervisor.actor)
    caller = make.agent("Zhao Min")
    make.sign_in(client, caller)
    number = ticket.number
    db.session.expunge_all()  # whoever holds the case is nobody whom this reader has loaded
    assert number in client.get("/callbacks").get_data(as_text=True)
    ticket = queries.by_number(number, caller.actor)
    callbacks.attempt(ticket, by=caller.actor, contact="reached", resolved="yes", result=4)
    assert ticket.number not in client.get("/callbacks").get_data(as_text=True)


def numbers(page: str) -> list[str]:
    return re.findall(r'<th scope="row">\s*<a href="/tickets/([\d-]+)"', page)


def test_every_call_is_on_a_page_once_and_in_its_order_however_many_there_are(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, due = now(), []
    with transaction() as session:
        for n in range(7):  # two at each moment, so that the id decides
            ticket = make.ticket(subject=f"Call {n}", external_id=f"call {n}")
            ticket.status = "callback"
            at = moment - timedelta(hours=7 - n // 2)
            row = Callback(ticket_id=ticket.id, cycle=1, next_at=at, state="due", attempts=0)
            session.add(row)
            due.append(ticket.number)
    make.sign_in(client, make.agent("Zhao Min"))
    monkeypatch.setattr(callbacks.to_make, "__defaults__", ("", 3))
    seen, address, pages = [], "/callbacks?lang=en", 0
    while address:
        page = client.get(address).text
        assert ("First page" in page) is (pages > 0)
        seen += numbers(page)
        further = re.search(r'href="(/callbacks\?after=[^"]+)"', page)
        address = html.unescape(further[1]) if further else ""
        pages += 1
    assert (seen, pages) == (due, 3)


def test_a_page_whose_calls_are_done_meanwhile_leads_back(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Zhao Min"))
    page = client.get("/callbacks", query_string={"after": f"{now().isoformat()}~1"})
    assert page.status_code == 200 and "First page" in page.text


@pytest.mark.parametrize("after", ["x", "~", "~5", "2026-11-29T10:00:00+00:00~x", "'~1"])
def test_a_place_that_no_list_has_is_told_so(client: FlaskClient, after: str) -> None:
    make.sign_in(client, make.agent("Zhao Min"))
    answer = client.get("/callbacks", query_string={"after": after})
    assert answer.status_code == 422 and "begin at the first" in answer.text
