"""A browser that opened a case can forget it; a customer can ask to stay confidential."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.core.db import db
from helpdesk.tickets.models import Ticket
from tests.help import factories

CASE = {
    "subject": "Oven door",
    "body": "It sticks.",
    "name": "Zhao Min",
    "contact": "z@example.org",
}


def opened(client: FlaskClient, **more: str) -> str:
    """The number of a case that this browser has sent."""
    done = client.post("/new?lang=en", data=CASE | more)
    assert done.status_code == 303
    return done.location.split("/")[2].partition("?")[0]


def test_a_browser_forgets_a_case_from_its_page_and_no_other(client: FlaskClient) -> None:
    first, second = opened(client), opened(client, body="Another one")
    assert 'action="/track/forget"' in client.get(f"/track/{first}").text
    client.post("/track/forget", data={"number": first})
    assert client.get(f"/track/{first}").location == "/track"
    assert client.get(f"/track/{second}").status_code == 200
    page = client.get("/track").text
    assert second in page and first not in page


def test_a_browser_forgets_all_of_them_from_the_list(client: FlaskClient) -> None:
    numbers = [opened(client), opened(client, body="Another one")]
    page = client.get("/track").text
    assert all(number in page for number in numbers)
    client.post("/track/forget")
    assert not any(number in client.get("/track").text for number in numbers)
    assert client.post(f"/track/{numbers[0]}/messages", data={"body": "x"}).status_code == 404


def test_the_form_offers_confidentiality_tells_its_effect_and_departments_see_no_name(
    client: FlaskClient,
) -> None:
    form = client.get("/new?lang=en").text
    assert re.search(
        r'name="confidential"[^>]*type="checkbox"|type="checkbox"[^>]*name="confidential"', form
    )
    assert "see neither your name nor how to reach you" in form
    number = opened(client, confidential="y")
    ticket = db.session.scalar(select(Ticket).where(Ticket.number == number))
    assert ticket.confidential
    unit = factories.department()
    ticket.department_id = unit.id
    db.session.commit()
    factories.sign_in(client, factories.agent("Shen", role="handler", department=unit))
    for page in (f"/tickets/{number}", "/queue?view=all", "/tickets"):
        text = client.get(page).text
        assert "Zhao Min" not in text and "z@example.org" not in text


def test_without_the_tick_a_case_is_not_confidential(client: FlaskClient) -> None:
    opened(client)
    assert not db.session.scalar(select(Ticket.confidential))
