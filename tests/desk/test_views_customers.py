"""Customers: search as you type, the person's page, corrections, rights."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from helpdesk.core import outbox
from helpdesk.core.db import db
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.tickets import actions, callbacks
from tests.help import factories as make
from tests.help.desk import dispatched, get, numbers


@pytest.fixture
def desk(client: FlaskClient) -> FlaskClient:
    """A call agent at the desk; Wang Fang and Li Lei are known."""
    make.ticket()
    make.ticket(person=Asker(name="李雷", phone="13800138000", organisation="海川物流"))
    outbox.deliver_due()
    return make.sign_in(client, make.agent("Zhang Wei"))


@pytest.mark.parametrize(
    "words", ["王芳", "王", "wf", "139 1234", "0086-139-1234-5678", "wang.fang@example.com"]
)
def test_a_customer_is_found_while_one_types(desk: FlaskClient, words: str) -> None:
    page = desk.get(
        "/customers", query_string={"q": words}, headers={"HX-Request": "true"}
    ).get_data(as_text=True)
    assert "王芳" in page and "李雷" not in page and "<html" not in page


def test_a_company_is_found_and_nobody_is_said_kindly(desk: FlaskClient) -> None:
    assert "李雷" in get(desk, "/customers?q=海川")
    assert "Nobody is known by “独角兽”." in get(desk, "/customers?q=独角兽")


def test_the_page_shows_addresses_tickets_and_ratings(desk: FlaskClient) -> None:
    person = db.session.query(Person).filter_by(name="王芳").one()
    ticket = make.ticket(category="delivery.late")
    lead = make.agent("Chen Jie", "supervisor").actor
    actions.answer_directly(ticket, by=lead, body="已补发。")
    actions.approve(ticket, by=lead)
    callbacks.rate(ticket, by=make.CUSTOMER, result=4, words="还不错")
    page = get(desk, f"/customers/{person.id}")
    assert len(numbers(page)) == 2
    for part in ("139 1234 5678", "wang.fang@example.com", "Satisfied", "还不错"):
        assert part in page


def test_a_correction_is_stored_and_found(desk: FlaskClient) -> None:
    person = db.session.query(Person).filter_by(name="李雷").one()
    data = {"version": person.version, "name": "李磊", "organisation": "", "language": "en",
            "level": "vip", "note": "下午再打", "do_not_call": "on"}  # fmt: skip
    assert desk.post(f"/customers/{person.id}", data=data).status_code == 303
    page = get(desk, f"/customers/{person.id}")
    for part in ("李磊", "VIP", "下午再打", "Please do not call"):
        assert part in page
    assert "李磊" in get(desk, "/customers?q=李磊")


def test_a_stale_correction_is_told_so_and_keeps_the_words(desk: FlaskClient) -> None:
    person = db.session.query(Person).filter_by(name="李雷").one()
    data = {"version": 99, "name": "李大雷", "language": "en", "level": "vip"}
    answer = desk.post(f"/customers/{person.id}", data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "Somebody changed this" in page and "李大雷" in page


def test_a_stale_correction_shows_both_field_by_field(desk: FlaskClient) -> None:
    person = db.session.query(Person).filter_by(name="李雷").one()
    seen = person.version
    home = f"/customers/{person.id}"
    faster = {"version": seen, "name": "李雷", "organisation": "北岸物业", "language": "en",
              "level": "vip", "note": "", "do_not_call": "on"}  # fmt: skip
    assert desk.post(home, data=faster).status_code == 303
    mine = {"version": seen, "name": "李雷", "organisation": "", "language": "en",
            "level": "silver", "note": "只在晚上打"}  # fmt: skip
    page = desk.post(home, data=mine).get_data(as_text=True)
    dialog = page.split('id="edit-person"')[1].split("</dialog>")[0]
    assert 'data-dialog-open-value="true"' in dialog and "Somebody changed this" in dialog
    for stored in ("北岸物业", "VIP", "nothing", "yes"):
        assert f"Stored now: {stored}<" in dialog
    assert dialog.count("Stored now") == 4 and "只在晚上打" in dialog


def test_a_wrong_level_is_refused(desk: FlaskClient) -> None:
    person = db.session.query(Person).filter_by(name="李雷").one()
    data = {"version": person.version, "name": "李雷", "language": "en", "level": "emperor"}
    assert desk.post(f"/customers/{person.id}", data=data).status_code == 422


def test_a_further_address_is_added_also_when_it_is_somebody_else_s_too(desk: FlaskClient) -> None:
    person = db.session.query(Person).filter_by(name="李雷").one()
    home = f"/customers/{person.id}/addresses"
    assert desk.post(home, data={"address": "lilei@example.com"}).status_code == 303
    assert "lilei@example.com" in get(desk, f"/customers/{person.id}")
    assert desk.post(home, data={"address": "+86 139 1234 5678"}).status_code == 303
    page = get(desk, f"/customers/{person.id}")
    assert "139 1234 5678" in page and page.count("confirmed by a colleague") == 2
    assert desk.post(home, data={"address": "nonsense"}).status_code == 422


def test_a_handler_knows_only_customers_of_the_own_department(client: FlaskClient) -> None:
    unit = make.department()
    mine = dispatched(make.ticket(), unit.id)
    other = make.ticket(person=Asker(name="李雷", phone="13800138000"))
    outbox.deliver_due()
    make.sign_in(client, make.agent("Li Na", "handler", unit))
    assert "王芳" in get(client, "/customers?q=王芳")
    assert "李雷" not in get(client, "/customers?q=13800138000").replace('value="', "")
    assert client.get(f"/customers/{other.person_id}").status_code == 404
    page = get(client, f"/customers/{mine.person_id}")
    assert "Correct the customer" not in page
    assert client.post(f"/customers/{mine.person_id}", data={}).status_code == 403
