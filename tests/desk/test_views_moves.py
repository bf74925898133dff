"""The verbs of the ticket page: moves, words, refusals that keep what was typed."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.ops.doctor import history
from helpdesk.tickets import actions, callbacks, queries
from helpdesk.tickets.models import Attachment, Callback, Ticket
from tests.help import factories as make
from tests.help.desk import dialogs, dispatched, get

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def agent(client: FlaskClient) -> Agent:
    return make.agent("Zhang Wei")


@pytest.fixture
def desk(client: FlaskClient, agent: Agent) -> FlaskClient:
    """A call agent at the desk."""
    return make.sign_in(client, agent)


def seen_seq(page: str) -> str:
    """The journal number that the composer holds."""
    found = re.search(r'name="seen_seq" value="(\d+)"', page)
    assert found
    return found[1]


def fresh(ticket: Ticket) -> Ticket:
    db.session.expire_all()
    return db.session.get_one(Ticket, ticket.id)


def test_a_move_is_made_and_the_page_comes_back(desk: FlaskClient) -> None:
    ticket = make.ticket()
    data = {"version": ticket.version}
    answer = desk.post(f"/tickets/{ticket.number}/moves/accept", data=data)
    assert answer.status_code == 303 and answer.location == f"/tickets/{ticket.number}"
    assert fresh(ticket).status == "accepted"


def test_dispatching_takes_the_department_by_its_code(desk: FlaskClient, agent: Agent) -> None:
    unit, ticket = make.department(), make.ticket()
    actions.accept(ticket, by=agent.actor)
    desk.post(f"/tickets/{ticket.number}/moves/dispatch", data={"department": unit.code})
    assert fresh(ticket).queue == "quality"


def test_a_move_without_its_field_opens_its_dialog_again_and_keeps_the_rest(
    desk: FlaskClient,
) -> None:
    """A transfer needs a reason."""
    ticket = dispatched(make.ticket(), make.department().id)
    make.department("logistics", "物流部", "Logistics")
    address = f"/tickets/{ticket.number}/moves/transfer"
    answer = desk.post(address, data={"department": "logistics", "comment": " "})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Please give a reason." in text
    dialog = text[text.index('id="move-transfer"') :]
    assert 'data-dialog-open-value="true"' in dialog[:300]
    assert '<option value="logistics" selected>' in dialog
    assert fresh(ticket).queue == "quality"


def test_a_transfer_keeps_the_overall_clock_and_starts_the_department_s(desk: FlaskClient) -> None:
    ticket = dispatched(make.ticket(), make.department().id)
    make.department("logistics", "物流部", "Logistics")
    before = {row.promise: row for row in promises.current(promises.table(ticket), ticket)}
    data = {"department": "logistics", "comment": "Damaged in transit"}
    desk.post(f"/tickets/{ticket.number}/moves/transfer", data=data)
    ticket = fresh(ticket)
    after = {row.promise: row for row in promises.current(promises.table(ticket), ticket)}
    assert after["resolve"].due_at == before["resolve"].due_at
    assert after["sign"].part == 2 and after["sign"].started_at > before["sign"].started_at
    assert "Damaged in transit" in get(desk, f"/tickets/{ticket.number}/history")


def test_a_forbidden_move_is_refused_with_a_sentence(client: FlaskClient) -> None:
    unit = make.department()
    ticket = dispatched(make.ticket(), unit.id)
    make.sign_in(client, make.agent("Li Na", "handler", unit))
    home = f"/tickets/{ticket.number}/moves"
    answer = client.post(f"{home}/transfer", data={"department": "quality", "comment": "x"})
    assert answer.status_code == 403
    assert "take this step. Ask a supervisor" in answer.get_data(as_text=True)
    answer = client.post(f"{home}/close")
    assert answer.status_code == 409
    assert "the ticket has moved on" in answer.get_data(as_text=True)
    assert client.post(f"{home}/explode").status_code == 404
    assert client.post("/tickets/2026-999999/moves/accept").status_code == 404


def test_a_stale_page_is_told_so_and_shown_as_it_is_now(desk: FlaskClient, agent: Agent) -> None:
    ticket = make.ticket()
    stale = ticket.version
    actions.edit(ticket, by=agent.actor, severity="S1", reason="Hurt")
    data = {"version": stale, "comment": "Not a matter of ours"}
    answer = desk.post(f"/tickets/{ticket.number}/moves/decline", data=data)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "Zhang Wei changed this 1 s ago" in text
    assert "Not a matter of ours" in text and fresh(ticket).status == "registered"


def test_hold_reads_the_time_in_the_reader_s_zone(desk: FlaskClient) -> None:
    ticket = dispatched(make.ticket(), make.department().id)
    lead = make.agent("Wu Di", "supervisor").actor
    actions.sign(ticket, by=lead)
    actions.handle(ticket, by=lead)
    day = (now() + timedelta(days=3)).astimezone(SHANGHAI).date()
    data = {"until": f"{day}T17:30", "comment": "Waits for the part"}
    assert desk.post(f"/tickets/{ticket.number}/moves/hold", data=data).status_code == 303
    held = fresh(ticket).hold_until
    assert held and f"{held.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" == f"{day} 17:30"


def test_a_complaint_that_can_t_be_closed_shows_its_case_file(client: FlaskClient) -> None:
    lead = make.agent("Wu Di", "supervisor")
    ticket = make.ticket()
    actions.answer_directly(ticket, by=lead.actor, body="已处理。")
    actions.approve(ticket, by=lead.actor)
    make.sign_in(client, lead)
    answer = client.post(f"/tickets/{ticket.number}/moves/close")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Please fill this before closing." in text
    assert 'class="case-file"' in text


def test_a_message_goes_to_the_customer_and_a_note_stays_here(desk: FlaskClient) -> None:
    ticket = make.ticket()
    home = f"/tickets/{ticket.number}/messages"
    seq = seen_seq(get(desk, f"/tickets/{ticket.number}"))
    desk.post(home, data={"mode": "message", "body": "We look into it", "seen_seq": seq})
    desk.post(home, data={"mode": "note", "body": "Third time", "seen_seq": seq})
    said = [(m.kind, m.public, m.body) for m in queries.conversation(ticket)][1:]
    assert said == [("staff", True, "We look into it"), ("note", False, "Third time")]


def test_an_answer_is_the_move_that_answers(desk: FlaskClient) -> None:
    ticket = make.ticket()
    data = {"mode": "reply", "solved": "yes", "body": "已安排换货。"}
    assert desk.post(f"/tickets/{ticket.number}/messages", data=data).status_code == 303
    assert fresh(ticket).status == "answered_directly"


def test_a_newer_message_is_shown_first_and_the_typed_text_is_kept(
    desk: FlaskClient, agent: Agent
) -> None:
    ticket = make.ticket()
    seq = seen_seq(get(desk, f"/tickets/{ticket.number}"))
    actions.add_customer_message(ticket, by=make.CUSTOMER, body="修好了，谢谢！", channel="web")
    data = {"mode": "message", "body": "We will send a fitter", "seen_seq": seq}
    answer = desk.post(f"/tickets/{ticket.number}/messages", data=data)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    place = text[text.index('class="newer"') :]
    assert place.index("修好了，谢谢！") < place.index("We will send a fitter</textarea>")
    assert len(queries.conversation(ticket)) == 2
    data["seen_seq"] = seen_seq(text)
    assert desk.post(f"/tickets/{ticket.number}/messages", data=data).status_code == 303


def test_one_s_own_earlier_words_are_no_news(desk: FlaskClient) -> None:
    ticket = make.ticket()
    seq = seen_seq(get(desk, f"/tickets/{ticket.number}"))
    for words in ("one", "two"):
        data = {"mode": "message", "body": words, "seen_seq": seq}
        assert desk.post(f"/tickets/{ticket.number}/messages", data=data).status_code == 303


def test_an_empty_message_is_refused(desk: FlaskClient) -> None:
    ticket = make.ticket()
    answer = desk.post(f"/tickets/{ticket.number}/messages", data={"mode": "note", "body": "  "})
    assert answer.status_code == 422
    assert "Please write something first." in answer.get_data(as_text=True)


def test_a_file_comes_with_its_message_and_keeps_its_chinese_name(desk: FlaskClient) -> None:
    ticket = make.ticket()
    data = {
        "mode": "note",
        "body": "see the bill",
        "files": (io.BytesIO(b"%PDF-1.4 bill"), "发票 三月.pdf"),
    }
    desk.post(f"/tickets/{ticket.number}/messages", data=data)
    row = db.session.query(Attachment).one()
    assert (row.name, row.ticket_id, row.public) == ("发票 三月.pdf", ticket.id, False)
    page = get(desk, f"/tickets/{ticket.number}")
    assert f'href="/files/{row.key}"' in page and "发票 三月.pdf" in page
    answer = desk.get(f"/files/{row.key}")
    assert answer.data == b"%PDF-1.4 bill"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_forbidden_file_is_refused_and_the_text_is_kept(desk: FlaskClient) -> None:
    ticket = make.ticket()
    data = {"mode": "note", "body": "the tool", "files": (io.BytesIO(b"MZ"), "setup.exe")}
    answer = desk.post(f"/tickets/{ticket.number}/messages", data=data)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "setup.exe" in text and "the tool</textarea>" in text
    assert len(queries.conversation(ticket)) == 1


def test_a_file_has_the_rights_of_its_ticket(client: FlaskClient, agent: Agent) -> None:
    ticket = make.ticket()
    make.sign_in(client, agent)
    data = {"mode": "note", "body": "x", "files": (io.BytesIO(b"hello"), "a.txt")}
    client.post(f"/tickets/{ticket.number}/messages", data=data)
    key = db.session.query(Attachment).one().key
    stranger = make.agent("Li Na", "handler", make.department())
    make.sign_in(client, stranger)
    assert client.get(f"/files/{key}").status_code == 404
    dispatched(ticket, make.department().id)
    assert client.get(f"/files/{key}").status_code == 200
    client.post("/sign-out")
    assert client.get(f"/files/{key}").status_code == 302
    make.sign_in(client, agent)
    assert client.get("/files/nothing").status_code == 404


def test_the_facts_are_corrected_in_their_dialog(desk: FlaskClient) -> None:
    ticket = make.ticket()
    data = {
        "version": ticket.version,
        "subject": "冰箱不制冷",
        "kind": "complaint",
        "severity": "S2",
        "category": "delivery.late",
        "place": "海淀区",
        "reason": "The delivery was late, nothing else",
    }
    assert desk.post(f"/tickets/{ticket.number}/edit", data=data).status_code == 303
    ticket = fresh(ticket)
    assert (ticket.severity, ticket.place) == ("S2", "海淀区")
    data |= {"version": ticket.version, "subject": " "}
    assert desk.post(f"/tickets/{ticket.number}/edit", data=data).status_code == 422


def test_a_ticket_is_given_to_a_colleague_and_put_back(desk: FlaskClient, agent: Agent) -> None:
    other, ticket = make.agent("Li Lei"), make.ticket()
    home = f"/tickets/{ticket.number}"
    assert "Li Lei" in get(desk, f"{home}/colleagues")
    desk.post(f"{home}/assign", data={"agent": other.id})
    assert fresh(ticket).assignee_id == other.id
    assert desk.post(f"{home}/release").status_code == 409
    desk.post(f"{home}/assign", data={"agent": agent.id})
    assert desk.post(f"{home}/release").status_code == 303
    assert fresh(ticket).assignee_id is None


def test_an_urge_counts_once_per_interval(desk: FlaskClient) -> None:
    ticket = make.ticket()
    assert desk.post(f"/tickets/{ticket.number}/urge").status_code == 303
    answer = desk.post(f"/tickets/{ticket.number}/urge")
    assert answer.status_code == 409 and "urged already" in answer.get_data(as_text=True)
    assert "urged once" in get(desk, f"/tickets/{ticket.number}")


def test_a_department_is_asked_to_assist_and_answers(desk: FlaskClient) -> None:
    ticket = dispatched(make.ticket(), make.department().id)
    other = make.department("logistics", "物流部", "Logistics")
    home = f"/tickets/{ticket.number}/assists"
    desk.post(home, data={"department": "logistics", "comment": "Find the driver"})
    make.sign_in(desk, make.agent("Qian Jun", "handler", other))
    assert "Find the driver" in get(desk, f"/tickets/{ticket.number}")
    desk.post(f"{home}/{other.id}", data={"answer": "It was Old Ma"})
    assert "It was Old Ma" in get(desk, f"/tickets/{ticket.number}")


def test_a_follow_up_call_is_noted_with_the_customer_s_judgement(desk: FlaskClient) -> None:
    lead, ticket = make.agent("Wu Di", "supervisor").actor, make.ticket()
    actions.answer_directly(ticket, by=lead, body="已处理。")
    actions.approve(ticket, by=lead)
    home = f"/tickets/{ticket.number}"
    assert "Note the call" in get(desk, home)
    wrong = desk.post(f"{home}/callback", data={"contact": "reached", "words": "很满意"})
    assert wrong.status_code == 422 and "很满意" in wrong.get_data(as_text=True)
    data = {"contact": "reached", "resolved": "yes", "result": "5", "words": "很满意"}
    assert desk.post(f"{home}/callback", data=data).status_code == 303
    assert db.session.query(Callback).one().state == "reached"
    assert callbacks.of(fresh(ticket)) is not None


def answer(desk: FlaskClient, ticket: Ticket, **more: str) -> Any:
    seq = seen_seq(get(desk, f"/tickets/{ticket.number}"))
    given = {"mode": "reply", "body": "请重启机器。", "seen_seq": seq}
    return desk.post(f"/tickets/{ticket.number}/messages", data=given | more)


def test_answering_a_fresh_complaint_asks_whether_it_is_solved_and_keeps_the_words(
    desk: FlaskClient,
) -> None:
    ticket = make.ticket()
    assert "Does this solve it?" in get(desk, f"/tickets/{ticket.number}")
    refused = answer(desk, ticket)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "Please say whether this solves the matter." in page and "请重启机器。" in page
    assert fresh(ticket).status == "registered"


def test_an_answer_that_does_not_solve_it_yet_leaves_the_complaint_open(desk: FlaskClient) -> None:
    ticket = make.ticket()
    assert answer(desk, ticket, solved="no").status_code == 303
    rows = {r.promise: r.state for r in promises.table(fresh(ticket))}
    assert fresh(ticket).status == "registered"
    assert (rows["first_answer"], rows["resolve"]) == ("met", "running")
    assert queries.conversation(ticket)[-1].public


def test_a_solved_complaint_can_go_to_its_call_or_back_to_work_by_the_agent(
    desk: FlaskClient,
) -> None:
    ticket = make.ticket()
    assert answer(desk, ticket, solved="yes").status_code == 303
    assert fresh(ticket).status == "answered_directly"
    page = get(desk, f"/tickets/{ticket.number}") + dialogs(desk, ticket)
    for code in ("approve", "rework"):
        assert f"/moves/{code}" in page
    desk.post(f"/tickets/{ticket.number}/moves/rework", data={"comment": "还是不行"})
    assert (fresh(ticket).status, fresh(ticket).cycle) == ("reopened", 2)
    assert "/moves/dispatch" in dialogs(desk, ticket)


def test_an_enquiry_is_answered_without_that_question(desk: FlaskClient) -> None:
    ticket = make.ticket(kind="enquiry")
    assert "Does this solve it?" not in get(desk, f"/tickets/{ticket.number}")
    assert answer(desk, ticket).status_code == 303
    assert fresh(ticket).status == "answered_directly"


def test_rework_after_the_call_goes_to_who_had_the_case(desk: FlaskClient) -> None:
    """A case that no department ever had would lie with nobody who may answer it."""
    boss = make.agent("Wu Di", "supervisor").actor
    at_desk, away = make.ticket(), dispatched(make.ticket(), make.department().id)
    actions.answer_directly(at_desk, by=boss, body="x")
    actions.sign(away, by=boss)
    actions.reply(away, by=boss, body="x")
    for ticket, leads_to in ((at_desk, "reopened"), (away, "handling")):
        actions.approve(ticket, by=boss)
        actions.rework(ticket, by=boss, comment="still broken")
        assert fresh(ticket).status == leads_to
    assert history.tickets().ok
