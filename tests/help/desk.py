"""Pages of the desk, as a signed-in colleague reads them."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make


def numbers(page: str) -> list[str]:
    """The tickets of a list, in its order."""
    return re.findall(r'<li class="row[^>]*id="ticket-([\d-]+)"', page)


def get(client: FlaskClient, address: str, **more: object) -> str:
    answer = client.get(address, **more)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def dialogs(client: FlaskClient, ticket: Ticket) -> str:
    """The dialogs of a ticket's page, which it brings when the first of them is wanted."""
    return get(client, f"/tickets/{ticket.number}?part=dialogs")


def dispatched(ticket: Ticket, unit_id: int) -> Ticket:
    """The ticket with a department."""
    lead = make.agent("Chen Jie", "supervisor", email=f"lead{ticket.id}@example.com").actor
    actions.accept(ticket, by=lead)
    return actions.dispatch(ticket, by=lead, department_id=unit_id)
