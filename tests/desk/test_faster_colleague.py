"""Two colleagues at one ticket: the slower one hears who was faster and when; words and readers stay."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories

WORDS = "We have looked into it."


@pytest.fixture
def lin(client: FlaskClient) -> FlaskClient:
    factories.sign_in(client, factories.agent("Lin Xiaoyu"))
    client.get("/queue?lang=en")
    return client


@pytest.fixture
def zhou(lin: FlaskClient) -> Agent:
    return factories.agent("Zhou Ting", role="supervisor")


def answer(ticket: Ticket, who: Agent) -> None:
    actions.answer_directly(ticket, by=who.actor, body="Done already.")


def message(ticket: Ticket, who: Agent) -> None:
    actions.send_message(ticket, by=who.actor, body="We are on it.")


def accept(ticket: Ticket, who: Agent) -> None:
    actions.decline(ticket, by=who.actor, comment="Not ours.")


FASTER: dict[Callable[[Ticket, Agent], None], str] = {
    answer: r"Zhou Ting answered \d+ s ago: read it first",
    message: r"Zhou Ting wrote to the customer \d+ s ago: read it first",
    accept: r"Zhou Ting has set it to “Not accepted” \d+ s ago",
}


@pytest.mark.parametrize("deed", list(FASTER))
def test_a_second_answer_names_who_was_faster_and_keeps_words_and_mode(
    lin: FlaskClient, zhou: Agent, deed: Callable[[Ticket, Agent], None]
) -> None:
    ticket = factories.ticket()
    shown = lin.get(f"/tickets/{ticket.number}").text
    seen = re.search(r'name="seen_seq" value="(\d+)"', shown)
    assert seen
    deed(ticket, zhou)
    data = {"mode": "reply", "body": WORDS, "seen_seq": seen[1], "solved": "yes"}
    page = lin.post(f"/tickets/{ticket.number}/messages", data=data)
    assert page.status_code == 409
    assert re.search(FASTER[deed], page.text), page.text
    assert f">{WORDS}</textarea>" in page.text
    assert re.search(r'value="reply" checked', page.text)
    assert not re.search(r'value="(message|note)" checked', page.text)


def test_words_without_a_reader_are_not_sent_to_anybody(lin: FlaskClient, zhou: Agent) -> None:
    ticket = factories.ticket()
    page = lin.post(f"/tickets/{ticket.number}/messages", data={"body": WORDS})
    assert page.status_code == 422
    assert f">{WORDS}</textarea>" in page.text
    assert " checked" not in page.text.split('class="composer-modes"')[1].split("<textarea")[0]


def test_after_a_note_the_box_is_for_notes(lin: FlaskClient) -> None:
    ticket = factories.ticket()
    done = lin.post(f"/tickets/{ticket.number}/messages", data={"mode": "note", "body": "Among us"})
    page = lin.get(done.location).text
    assert re.search(r'value="note" checked', page)


def test_a_stale_step_tells_who_changed_the_ticket_in_its_own_dialog(
    lin: FlaskClient, zhou: Agent
) -> None:
    ticket = factories.ticket()
    version = ticket.version
    actions.edit(ticket, by=zhou.actor, place="Canton")
    data = {"comment": "Spam, surely", "version": version}
    page = lin.post(f"/tickets/{ticket.number}/moves/decline", data=data)
    dialog = page.text.split('id="move-decline"')[1].split("</dialog>")[0]
    assert re.search(r"Zhou Ting changed this \d+ s ago", dialog)
    assert "Spam, surely" in dialog


def test_words_of_a_step_that_is_no_longer_possible_are_shown(
    lin: FlaskClient, zhou: Agent
) -> None:
    ticket = factories.ticket()
    accept(ticket, zhou)
    data = {"comment": "Spam, surely", "version": ticket.version}
    page = lin.post(f"/tickets/{ticket.number}/moves/decline", data=data)
    assert page.status_code == 409
    assert "You had typed: “Spam, surely”" in page.text


def test_a_stale_correction_keeps_what_was_typed_and_shows_both_field_by_field(
    lin: FlaskClient, zhou: Agent
) -> None:
    ticket = factories.ticket(place="Peking")
    version = ticket.version
    actions.edit(ticket, by=zhou.actor, place="Canton", severity="S1", reason="Smoke")
    data = {
        "version": version,
        "subject": ticket.subject,
        "kind": ticket.kind,
        "category": "quality.appliance.fridge",
        "severity": "S3",
        "place": "Shenzhen",
    }
    page = lin.post(f"/tickets/{ticket.number}/edit", data=data)
    dialog = page.text.split('id="edit"')[1].split("</dialog>")[0]
    assert page.status_code == 409
    assert re.search(r"Zhou Ting changed this \d+ s ago", dialog)
    assert 'value="Shenzhen"' in dialog and "Stored now: Canton" in dialog
    assert 'value="S3" selected' in dialog and "Stored now: Critical" in dialog
    assert dialog.count("Stored now") == 2
    fresh = re.search(r'name="version" value="(\d+)"', dialog)
    assert fresh
    data |= {"version": fresh[1], "severity": "S1"}
    assert lin.post(f"/tickets/{ticket.number}/edit", data=data).status_code == 303
