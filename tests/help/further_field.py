"""What becomes of two fields, a text and a choice, that test_further_field.py adds to a copy of the program."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import helpdesk
from helpdesk.core.db import db
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.calls import CASE, token
from tests.help.page_forms import PageForm, forms_of

ENGLISH = {"Accept-Language": "en"}


def get(client: FlaskClient, address: str, **more: Any) -> str:
    answer = client.get(address, **({"headers": ENGLISH} | more))
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def form(page: str, end: str) -> PageForm:
    return next(each for each in forms_of(page) if each.action.endswith(end))


def newest() -> Any:
    db.session.expire_all()
    return db.session.scalars(db.select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


@pytest.fixture
def ticket(client: FlaskClient) -> Any:
    """A case that a program filed with both; a supervisor is signed in."""
    sent = CASE | {"shelf": "A7-north", "parcel": "torn"}
    made = client.post("/api/v1/tickets", json=sent, headers=token())
    assert made.status_code == 201, made.text
    assert (made.json["shelf"], made.json["parcel"]) == ("A7-north", "torn")
    make.sign_in(client, make.agent("Wu Di", "supervisor"))
    return newest()


def test_this_is_the_copy() -> None:
    assert Path(helpdesk.__file__).parents[1] == Path(__file__).parents[2]


def test_the_api_takes_tells_refuses_and_describes_them(client: FlaskClient, ticket: Any) -> None:
    known = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    assert known["NewTicket"]["properties"]["shelf"]["type"] == ["string", "null"]
    assert known["TicketSummary"]["properties"]["parcel"] == {"enum": ["whole", "torn"]}
    odd = client.post("/api/v1/tickets", json=CASE | {"parcel": "lost"}, headers=token())
    assert (odd.status_code, list(odd.json["errors"])) == (422, ["parcel"])
    listed = client.get("/api/v1/tickets?shelf=A7", headers=token()).json["items"]
    assert [each["shelf"] for each in listed] == ["A7-north"]


def test_the_forms_ask_for_them(client: FlaskClient) -> None:
    asked = form(get(client, "/new"), "/new")
    words = {"subject": "Broken", "body": "It is broken.", "name": "Li", "shelf": "B1"}
    assert "Where did it stand?" in get(client, "/new")
    assert client.post("/new", data=dict(asked.typed(words).pairs())).status_code == 303
    assert (newest().shelf, newest().parcel) == ("B1", "")
    make.sign_in(client, make.agent("Zhang Wei", "agent"))
    call = form(get(client, "/phone"), "/phone")
    words = {"subject": "Wet", "body": "It is wet.", "shelf": "C2", "parcel": "torn"}
    assert client.post("/phone", data=dict(call.typed(words).pairs())).status_code == 303
    assert (newest().shelf, newest().parcel) == ("C2", "torn")


def test_they_stand_beside_the_case_in_its_export_and_on_paper(
    client: FlaskClient, ticket: Any
) -> None:
    page = get(client, f"/tickets/{ticket.number}")
    assert "<dt>Shelf</dt><dd>A7-north</dd>" in page and "<dt>Parcel</dt><dd>Torn open</dd>" in page
    head, row = get(client, "/tickets.csv").splitlines()[:2]
    assert ('"Shelf"' in head, '"Parcel"' in head) == (True, True)
    assert '"A7-north"' in row and '"Torn open"' in row
    printed = get(client, f"/tickets/{ticket.number}/response-table?print=1")
    assert all(words in printed for words in ("Shelf", "A7-north", "Parcel", "Torn open"))
    make.sign_in(
        client, make.agent("吴迪", "supervisor", email="di@example.com", language="zh_Hans")
    )
    assert "<dt>货架</dt>" in get(client, f"/tickets/{ticket.number}")


def test_they_are_corrected_and_the_history_tells_it(client: FlaskClient, ticket: Any) -> None:
    drawn = form(get(client, f"/tickets/{ticket.number}?part=dialogs"), "/edit")
    assert (drawn.value("shelf"), drawn.value("parcel")) == ("A7-north", "torn")
    typed = dict(drawn.typed({"shelf": "D9", "parcel": "whole"}).pairs())
    assert client.post(f"/tickets/{ticket.number}/edit", data=typed).status_code == 303
    history = get(client, f"/tickets/{ticket.number}/history")
    assert "Shelf: A7-north → D9" in history and "Parcel: Torn open → Whole" in history
    typed |= {"parcel": "lost", "version": str(newest().version)}
    assert client.post(f"/tickets/{ticket.number}/edit", data=typed).status_code == 422


def test_their_words_find_the_case_and_lists_are_narrowed_by_them(
    client: FlaskClient, ticket: Any
) -> None:
    other = make.ticket()
    for asked in ("q=A7-north", "shelf=a7", "parcel=torn"):
        page = get(client, f"/tickets?{asked}")
        assert (ticket.number in page, other.number in page) == (True, False), asked
    assert "Torn open" in page, "a choice among the selects above the list"
    assert client.get("/tickets?parcel=lost").status_code == 422
