"""The call agent's form: one screen, whoever calls, nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from helpdesk.core.db import db
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.desk import get
from tests.help.phone import CASE


@pytest.fixture
def desk(client: FlaskClient) -> FlaskClient:
    """A call agent at the desk."""
    return make.sign_in(client, make.agent("Zhang Wei"))


def test_one_screen_saves_a_phone_complaint_with_caller_number(desk: FlaskClient) -> None:
    answer = desk.post("/phone", data=CASE, follow_redirects=True)
    ticket = db.session.query(Ticket).one()
    assert (ticket.channel, ticket.place, ticket.facts["demand"]) == ("phone", "海淀区", "退货")
    assert ticket.facts["product"] == "冰箱" and ticket.category_id is not None
    assert db.session.query(Person).one().addresses[0].normal == "+8613912345678"
    page = answer.get_data(as_text=True)
    assert "Read this out:" in page
    assert f'<p class="read-out">{ticket.number}</p>' in page
    assert re.search(r"<li>First answer by \d+ \w+, \d\d:\d\d</li>", page)


def test_every_field_is_reached_by_tab_in_the_order_of_the_talk(desk: FlaskClient) -> None:
    """The number first, and no field asks for the mouse."""
    page = get(desk, "/phone")
    form = page[page.index('action="/phone"') :]
    names = re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', form)
    talk = ["phone", "name", "kind", "severity", "category", "place", "subject", "body", "demand"]
    shown = [name for name in names if name in CASE]
    assert shown[: len(talk)] == talk
    assert "autofocus" in form[: form.index('name="name"')]
    assert "tabindex" not in form[: form.index("</form>")]


def test_errors_keep_everything_that_was_typed(desk: FlaskClient) -> None:
    wrong = CASE | {"phone": "12", "category": "unicorns"}
    answer = desk.post("/phone", data=wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and db.session.query(Ticket).count() == 0
    for typed in ("王芳", "海淀区", "第三次维修后仍不制冷。", "退货", "unicorns"):
        assert typed in page
    assert "There is no such category." in page


def test_sending_twice_makes_one_ticket(desk: FlaskClient) -> None:
    once = re.search(r'name="once"[^>]*value="(\w+)"', get(desk, "/phone"))
    assert once
    for _time in range(2):
        assert desk.post("/phone", data=CASE | {"once": once[1]}).status_code == 303
    assert db.session.query(Ticket).count() == 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Fridges", "quality.appliance.fridge"),
        ("product quality › household appliances › fridges", "quality.appliance.fridge"),
        ("quality.appliance.fridge", "quality.appliance.fridge"),
        ("refund not", "billing.refund"),
        ("", ""),
    ],
)
def test_a_category_is_found_by_a_part_of_its_name(
    desk: FlaskClient, typed: str, code: str
) -> None:
    desk.post("/phone", data=CASE | {"category": typed})
    ticket = queries.by_number(db.session.query(Ticket).one().number, make.agent("A B").actor)
    assert (ticket.category.code if ticket.category else "") == code


@pytest.mark.parametrize(
    "written",
    ["139 1234 5678", "+86 139-1234-5678", "0086 13912345678", "013912345678", "139/1234/5678"],
)
def test_the_caller_is_known_however_the_number_is_written(desk: FlaskClient, written: str) -> None:
    make.ticket()
    page = desk.get("/phone/caller", query_string={"phone": written}).get_data(as_text=True)
    assert "王芳" in page and "wang.fang@example.com" in page


def test_while_the_number_is_typed_open_tickets_appear_with_keys(desk: FlaskClient) -> None:
    ticket = make.ticket()
    page = get(desk, "/phone/caller?phone=13912345678")
    assert ticket.subject in page
    assert f'formaction="/phone/add/{ticket.number}"' in page
    assert f'formaction="/phone/urge/{ticket.number}"' in page
    assert 'data-key="a"' in page and 'data-key="u"' in page


def test_nobody_is_called_a_new_customer_before_a_number_is_typed(desk: FlaskClient) -> None:
    assert "A new customer." not in get(desk, "/phone/caller?phone=")
    assert "Type the number first" in get(desk, "/phone/caller?phone=")
    assert "A new customer." in get(desk, "/phone/caller?phone=13700000000")


def test_a_caller_s_number_shows_the_file_and_fills_nothing_in(desk: FlaskClient) -> None:
    """A caller id is a claim: what it fills in, the agent would read out."""
    make.ticket()
    page = get(desk, "/phone/caller?phone=13912345678&name=")
    assert "One person is known by this number." in page and "王芳" in page
    assert "hx-swap-oob" not in page and 'type="radio" name="person"' in page
    assert "checked" not in page, "the agent picks"


def test_all_people_of_a_number_are_listed_with_somebody_else(desk: FlaskClient) -> None:
    """Case 23-shared-number at the telephone: keys 1 to 3 pick, 0 is somebody else."""
    for name in ("陈梅", "徐刚", "徐岚"):
        make.ticket(
            by=make.agent(f"A {name}").actor,
            person=Asker(name=name, phone="057160001111"),
            proof="",
        )
    page = get(desk, "/phone/caller?phone=0571-6000-1111")
    assert "3 people are known by this number." in page
    assert all(name in page for name in ("陈梅", "徐刚", "徐岚"))
    assert re.findall(r'<label class="choice" data-key="(\d)"', page) == ["1", "2", "3", "0"]
    assert 'value="new"' in page


@pytest.mark.parametrize("picked", ["", "new", "her"])
def test_the_agent_s_pick_decides_whose_case_it_is(desk: FlaskClient, picked: str) -> None:
    known = make.ticket()
    given = CASE | {"name": "", "person": str(known.person_id) if picked == "her" else picked}
    assert desk.post("/phone", data=given).status_code == 303
    made = db.session.query(Ticket).order_by(Ticket.id.desc()).first()
    assert (made.person_id == known.person_id) == (picked == "her")
    assert made.contact_proven_by == ("colleague" if picked == "her" else "")
    assert made.contact_name == "", "nothing of the known customer is told to the caller"
    page = get(desk, f"/tickets/{made.number}")
    assert ("Says to be somebody whose address" in page) == (picked == "")


def test_a_pick_of_nobody_there_is_refused_and_keeps_the_form(desk: FlaskClient) -> None:
    answer = desk.post("/phone", data=CASE | {"person": "99999"})
    assert answer.status_code in (404, 422) and db.session.query(Ticket).count() == 0


def test_a_pick_is_kept_while_the_number_is_typed_again(desk: FlaskClient) -> None:
    person = make.ticket().person_id
    page = get(desk, f"/phone/caller?phone=13912345678&person={person}")
    assert f'value="{person}" checked' in page


def test_a_new_number_with_a_known_name_hints_at_a_duplicate(desk: FlaskClient) -> None:
    make.ticket()
    page = get(desk, "/phone/caller?phone=13800000000&name=王芳")
    assert "Is it one of these?" in page and "139 1234 5678" in page
    assert "A new customer." in get(desk, "/phone/caller?phone=13800000000&name=李雷")


def test_while_the_subject_is_typed_similar_open_tickets_appear(desk: FlaskClient) -> None:
    ticket = make.ticket()
    assert ticket.number in get(desk, "/phone/similar?subject=冰箱不制冷")
    assert "None so far." in get(desk, "/phone/similar?subject=发票")


def test_the_caller_s_words_are_added_to_an_open_ticket(desk: FlaskClient) -> None:
    ticket = make.ticket()
    answer = desk.post(f"/phone/add/{ticket.number}", data=CASE | {"body": "今天又坏了"})
    assert answer.status_code == 303
    last = queries.conversation(ticket)[-1]
    assert (last.kind, last.channel, last.author) == ("customer", "phone", "王芳")
    assert "今天又坏了" in last.body and last.data == {"taken_by": "Zhang Wei"}
    assert db.session.query(Ticket).count() == 1


def test_adding_nothing_is_refused_and_keeps_the_form(desk: FlaskClient) -> None:
    ticket = make.ticket()
    answer = desk.post(f"/phone/add/{ticket.number}", data=CASE | {"body": "", "subject": ""})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Please write something first." in page and "退货" in page


def test_an_open_ticket_is_urged_from_the_form(desk: FlaskClient) -> None:
    ticket = make.ticket()
    assert desk.post(f"/phone/urge/{ticket.number}", data=CASE).status_code == 303
    db.session.refresh(ticket)
    assert ticket.urges == 1
    again = desk.post(f"/phone/urge/{ticket.number}", data=CASE)
    assert again.status_code == 409 and "urged already" in again.get_data(as_text=True)


def test_the_telephone_may_bring_the_number_along(desk: FlaskClient) -> None:
    make.ticket()
    page = get(desk, "/phone?phone=13912345678")
    assert 'value="13912345678"' in page and "王芳" in page
    person = db.session.query(Person).one()
    page = get(desk, f"/phone?person={person.id}")
    assert f'value="{person.id}" checked' in page and "wang.fang@example.com" in page
    assert 'value="王芳"' not in page, "what stands as typed is what the customer's page shows"


def test_a_handler_takes_no_calls(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    for address in ("/phone", "/phone/caller?phone=139", "/phone/similar?subject=x"):
        assert client.get(address).status_code == 403
    assert client.post("/phone", data=CASE).status_code == 403
