"""The ticket page: what it shows to whom, its parts, its budget."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.customers import people
from helpdesk.customers.people import Asker
from helpdesk.tickets import actions, lifecycle, queries
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.desk import dialogs, dispatched, get
from tests.help.statements import counted


@pytest.fixture
def agent(client: FlaskClient) -> Agent:
    return make.agent("Zhang Wei")


@pytest.fixture
def desk(client: FlaskClient, agent: Agent) -> FlaskClient:
    """A call agent at the desk."""
    return make.sign_in(client, agent)


def test_the_head_says_number_subject_status_severity_kind_and_promises(desk: FlaskClient) -> None:
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}")
    head = page[page.index('class="case-head"') : page.index('class="case-body"')]
    for part in (ticket.number, ticket.subject, "Registered", "Normal", "Complaint", "rail-full"):
        assert part in head, part


def test_the_buttons_are_exactly_the_legal_moves(desk: FlaskClient, agent: Agent) -> None:
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}")
    legal = {
        m.code
        for m in lifecycle.TABLE.moves(lifecycle.Stand("registered", "complaint"), agent.actor)
    }
    opened = set(re.findall(r'data-dialog-opens="move-(\w+)"', page))
    drawn = set(re.findall(r"/moves/(\w+)\"", page)) | opened
    assert drawn == legal - {"answer_directly"}  # that one is the composer's
    assert opened == set(re.findall(r'id="move-(\w+)"', dialogs(desk, ticket)))
    assert "Answer 王芳 in Chinese" in page


def test_a_dialog_asks_for_exactly_what_the_move_needs(desk: FlaskClient) -> None:
    unit = make.department()
    ticket = dispatched(make.ticket(), unit.id)
    make.department("logistics", "物流部", "Logistics")
    page = dialogs(desk, ticket)
    dialog = page[page.index('id="move-transfer"') :]
    dialog = dialog[: dialog.index("</dialog>")]
    assert re.findall(r'name="(\w+)"', dialog) == [
        "csrf_token", "once", "version", "department", "comment",
    ]  # fmt: skip
    assert "Logistics" in dialog and "Quality" not in dialog


def test_public_words_and_internal_notes_can_t_be_confused(desk: FlaskClient, agent: Agent) -> None:
    ticket = make.ticket()
    actions.note(ticket, by=agent.actor, body="He is a known shouter")
    actions.send_message(ticket, by=agent.actor, body="We are on it")
    page = get(desk, f"/tickets/{ticket.number}")
    note = page[page.index("message-internal") :]
    assert "internal</span>" in note[: note.index("He is a known shouter")]
    reply = page[page.index("message-reply") :]
    assert "to 王芳" in reply[: reply.index("We are on it")]
    assert "only colleagues read this" in page and "王芳 reads this" in page


def test_the_send_button_names_reader_and_language(desk: FlaskClient) -> None:
    english = make.ticket(language="en", subject="Fridge", body="It is broken")
    assert "Send to 王芳 in English" in get(desk, f"/tickets/{english.number}")


def test_the_side_tells_of_the_customer_and_the_same_matter(desk: FlaskClient) -> None:
    make.ticket(), make.ticket(category="delivery.late")
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}")
    assert "2 open · 0 ended" in page
    assert "same matter: time 2" in page
    assert 'href="tel:+8613912345678"' in page and "139 1234 5678" in page


def test_confidential_names_are_hidden_from_departments_everywhere(client: FlaskClient) -> None:
    unit = make.department()
    ticket = dispatched(make.ticket(confidential=True, kind="report"), unit.id)
    with transaction() as session:
        message = session.query(Message).filter_by(ticket_id=ticket.id).one()
        message.html, message.channel = "<p>王芳</p>", "email"
    make.sign_in(client, make.agent("Li Na", "handler", unit))
    home = f"/tickets/{ticket.number}"
    for part in ("", "/case-file", "/promises", "/history", "?part=case", "?part=dialogs"):
        page = get(client, home + part)
        assert "王芳" not in page and "13912345678" not in page and "wang.fang" not in page, part
    assert "Confidential" in get(client, home)
    assert client.get(f"{home}/messages/{message.id}/html").status_code == 404
    assert client.get(f"/customers/{ticket.person_id}").status_code == 404
    assert ticket.number not in get(client, "/queue?view=quality&q=王芳")


def test_a_handler_opens_only_tickets_of_the_own_department(client: FlaskClient) -> None:
    unit, other = make.department(), make.department("logistics", "物流部", "Logistics")
    mine, theirs = dispatched(make.ticket(), unit.id), dispatched(make.ticket(), other.id)
    make.sign_in(client, make.agent("Li Na", "handler", unit))
    assert client.get(f"/tickets/{mine.number}").status_code == 200
    answer = client.get(f"/tickets/{theirs.number}")
    assert answer.status_code == 404
    assert "There is no such ticket, or it is not yours to see." in answer.get_data(as_text=True)


def test_an_unknown_number_is_answered_with_a_sentence(desk: FlaskClient) -> None:
    assert desk.get("/tickets/2026-999999").status_code == 404


def test_an_auditor_reads_and_has_nothing_to_press(client: FlaskClient) -> None:
    ticket = make.ticket()
    make.sign_in(client, make.agent("Au Dit", "auditor"))
    page = get(client, f"/tickets/{ticket.number}")
    assert "/moves/" not in page and 'id="composer"' not in page and "/claim" not in page


def budget(client: FlaskClient, ticket: Ticket, lead: Agent, messages: int) -> list[str]:
    """The statements of the page of a case in work, once it has grown to this many messages."""
    unit = make.department()
    actions.accept(ticket, by=lead.actor)
    actions.dispatch(ticket, by=lead.actor, department_id=unit.id)
    actions.sign(ticket, by=lead.actor)
    actions.handle(ticket, by=lead.actor)
    for n in range(messages):
        make.ticket(subject=f"other {n}")
        actions.note(ticket, by=lead.actor, body=f"note {n}")
    make.sign_in(client, lead)
    address = f"/tickets/{ticket.number}"
    get(client, address)
    db.session.expire_all()
    with counted() as sent:
        get(client, address)
    return sent


@pytest.mark.parametrize("messages", [1, 30])
def test_the_page_takes_three_statements_whatever_it_has_grown_to(
    client: FlaskClient, messages: int
) -> None:
    sent = budget(client, make.ticket(), make.agent("Chen Jie", "supervisor"), messages)
    assert len(sent) <= 3, "\n\n".join(sent)


@pytest.mark.parametrize("known", [0, 1, 5])
def test_a_page_that_asks_whose_case_it_is_takes_no_more_however_many_it_may_be(
    client: FlaskClient, known: int
) -> None:
    lead = make.agent("Chen Jie", "supervisor")
    for n in range(known):
        people.make(Asker(name=f"Known {n}", phone="13912345678"), "en", claimed=False)
    db.session.commit()
    who = Asker(name="Who?", phone="13912345678", email="who@home.example")
    ticket = make.ticket(person=who, proof="")
    assert not ticket.settled
    sent = budget(client, ticket, lead, 3)
    assert len(sent) <= 4, "\n\n".join(sent)
    page = get(client, f"/tickets/{ticket.number}")
    assert page.count("It is Known") == known


def test_the_case_file_marks_what_lacks_before_closing(desk: FlaskClient) -> None:
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}/case-file")
    assert "4 fields must be filled before closing." in page
    assert page.count("before closing</span>") == 4
    data = {"version": ticket.version, "validity": "valid", "root_cause": "压缩机"}
    assert desk.post(f"/tickets/{ticket.number}/case-file", data=data).status_code == 303
    again = get(desk, f"/tickets/{ticket.number}/case-file")
    assert "2 fields must be filled before closing." in again and "压缩机" in again


def test_a_wrong_field_of_the_case_file_keeps_what_was_typed(desk: FlaskClient) -> None:
    ticket = make.ticket()
    data = {"version": ticket.version, "validity": "perhaps", "root_cause": "压缩机批次"}
    answer = desk.post(f"/tickets/{ticket.number}/case-file", data=data)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Please pick one of the offered choices." in text and "压缩机批次" in text


def test_every_promise_says_how_its_time_was_counted(desk: FlaskClient) -> None:
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}/promises")
    assert page.count("How this time was counted") == 3
    assert "Counted together: 2 h. Promised: 2 working hours." in page


def test_the_history_keeps_who_when_old_and_new(desk: FlaskClient, agent: Agent) -> None:
    ticket = make.ticket()
    actions.edit(ticket, by=agent.actor, severity="S1", reason="Hurt")
    page = get(desk, f"/tickets/{ticket.number}/history")
    entry = page[page.index("Severity: Normal → Critical") :]
    assert "Zhang Wei · <time" in entry[:200]


def test_every_step_of_a_case_says_who_when_and_from_what_to_what(agent: Agent) -> None:
    """No step of a whole life is missing, and each follows from the one before."""
    lead, unit = make.agent("Chen Jie", "supervisor"), make.department()
    handler = make.agent("Li Na", "handler", unit)
    with moved_to(datetime(2026, 3, 9, 1, 30, tzinfo=UTC)) as tick:
        ticket = make.ticket()
        began = now()
        life = (
            ("accept", agent, lambda by: actions.accept(ticket, by=by)),
            ("dispatch", agent, lambda by: actions.dispatch(ticket, by=by, department_id=unit.id)),
            ("sign", handler, lambda by: actions.sign(ticket, by=by)),
            ("handle", handler, lambda by: actions.handle(ticket, by=by)),
            ("reply", handler, lambda by: actions.reply(ticket, by=by, body="Mended.")),
            ("approve", lead, lambda by: actions.approve(ticket, by=by)),
        )
        for _code, who, step in life:
            tick(60)
            step(who.actor)
        known = {f"ticket.{code}": who for code, who, _step in life}
        steps = [event for event in queries.history(ticket) if event.name in known]
    assert [event.name for event in steps] == list(known)
    old = "registered"
    for minute, event in enumerate(steps, 1):
        who = known[event.name]
        assert (event.by_kind, event.by_id, event.by_name) == ("agent", who.id, who.name)
        assert event.at == began + timedelta(minutes=minute)
        assert event.data["old"] == old
        old = event.data["new"]
    assert old == fresh_status(ticket)


def fresh_status(ticket: Ticket) -> str:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True).status


@pytest.mark.parametrize(
    ("language", "zone", "shown"),
    [
        ("en", None, "23 Nov, 09:30"),
        ("zh_Hans", None, "11月23日 09:30"),
        ("en", "Europe/Berlin", "23 Nov, 02:30"),
        ("zh_Hans", "America/New_York", "11月22日 20:30"),
    ],
)
def test_times_are_told_in_the_language_and_the_zone_of_the_reader(
    client: FlaskClient, language: str, zone: str | None, shown: str
) -> None:
    """Dates and zones follow the reader, not the writer of the words."""
    with moved_to(datetime(2026, 11, 23, 1, 30, tzinfo=UTC)):
        ticket = make.ticket()
        make.sign_in(client, make.agent(language=language, timezone=zone))
        page = get(client, f"/tickets/{ticket.number}")
        history = get(client, f"/tickets/{ticket.number}/history")
    assert shown in page and shown in history


def test_the_history_can_t_be_changed_by_any_address(desk: FlaskClient) -> None:
    """No rule of the program writes or deletes under /history."""
    ticket = make.ticket()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = desk.open(f"/tickets/{ticket.number}/history", method=method)
        assert answer.status_code == 405, method


def test_a_mail_is_shown_in_a_frame_of_its_own_without_remote_pictures(desk: FlaskClient) -> None:
    html = '<p>Hello<script>x()</script><img src="https://spy.example/p.gif"></p>'
    ticket = make.ticket(channel="email", html=html)
    message = db.session.query(Message).filter_by(ticket_id=ticket.id).one()
    page = get(desk, f"/tickets/{ticket.number}")
    address = f"/tickets/{ticket.number}/messages/{message.id}/html"
    assert f'src="{address}"' in page and 'sandbox="allow-same-origin' in page
    answer = desk.get(address)
    text = answer.get_data(as_text=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "Hello" in text and "script" not in text and "spy.example" not in text
    assert "default-src 'none'" in policy and "https:" not in policy
    shown = desk.get(f"{address}?images=1")
    assert "spy.example" in shown.get_data(as_text=True)
    assert "https:" in shown.headers["Content-Security-Policy"]


def test_the_live_part_comes_alone(desk: FlaskClient) -> None:
    ticket = make.ticket()
    page = get(desk, f"/tickets/{ticket.number}?part=case")
    assert "<html" not in page and "case-head" in page
    full = get(desk, f"/tickets/{ticket.number}")
    assert f'data-live-topic="ticket:{ticket.number}"' in full
