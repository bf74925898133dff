"""Page and API draw their words from one table: they never say two things of one case."""

from __future__ import annotations

from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import update

from helpdesk.core.db import transaction
from helpdesk.setup.routing import LEAD
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.calls import token


def reasons(client: FlaskClient, rule: str, reason: str) -> tuple[str, str]:
    """What the API says of a ticket's route, and the page that tells it."""
    ticket = make.ticket()
    with transaction() as session:
        session.execute(
            update(Ticket)
            .where(Ticket.id == ticket.id)
            .values(route_rule=rule, route_reason=reason)
        )
    told = client.get(f"/api/v1/tickets/{ticket.number}", headers=token()).json
    browser = make.sign_in(client, make.agent("Zhang Wei"))
    page = browser.get(f"/tickets/{ticket.number}?lang=en").text
    return told["route"]["reason"], unescape(page)


def test_both_say_that_the_lead_department_of_the_category_decided(client: FlaskClient) -> None:
    said, page = reasons(client, "", LEAD)
    assert said == "No rule fits: the category’s lead department."
    assert said in page


def test_both_say_which_rule_it_was_and_what_it_found(client: FlaskClient) -> None:
    said, page = reasons(client, "Leaks", '[["kind", "complaint"], ["words", "leak"]]')
    assert said == "Rule “Leaks”: kind Complaint, word in the text leak"
    assert said in page
