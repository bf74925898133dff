"""The list of follow-up calls."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.tickets import actions, callbacks
from tests import factories as make


def test_an_approved_complaint_is_on_the_call_list_until_the_customer_was_reached(
    app: Flask, client: FlaskClient
) -> None:
    """M35: a call-back task is created for complaints."""
    agent, supervisor = make.agent(), make.agent("Chen Jie", "supervisor")
    ticket = make.ticket()
    actions.answer_directly(ticket, by=agent.actor, body="已安排换货。")
    actions.approve(ticket, by=supervisor.actor)
    caller = make.agent("Zhao Min")
    make.sign_in(client, caller)
    assert ticket.number in client.get("/callbacks").get_data(as_text=True)
    callbacks.attempt(ticket, by=caller.actor, contact="reached", resolved="yes", result=4)
    assert ticket.number not in client.get("/callbacks").get_data(as_text=True)
