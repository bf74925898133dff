"""What moves a promise belongs to the desk; confidentiality is lifted by right and reason alone."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.agents import tokens
from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed, Refused
from helpdesk.tickets import actions, queries
from helpdesk.tickets.models import Assist, Ticket
from tests.help import factories as make
from tests.help.desk import dialogs, dispatched, get

WHY = "The burn turned out to be slight"


@pytest.fixture
def own(app: Flask) -> Ticket:
    """A case that the quality department leads."""
    return dispatched(make.ticket(severity="S2"), make.department().id)


@pytest.fixture
def handler(own: Ticket) -> Actor:
    return make.agent("Li Na", "handler", make.department()).actor


def fresh(ticket: Ticket) -> Ticket:
    db.session.expire_all()
    return db.session.get_one(Ticket, ticket.id)


def due(ticket: Ticket) -> dict[str, object]:
    return {r.promise: r.due_at for r in promises.current(promises.table(ticket), ticket)}


@pytest.mark.parametrize(
    "change", [{"kind": "praise"}, {"severity": "S4"}, {"category_id": None}, {"kind": "enquiry"}]
)
def test_a_handler_does_not_move_the_department_s_own_clock(
    own: Ticket, handler: Actor, change: dict[str, str]
) -> None:
    before = due(own)
    with pytest.raises(NotAllowed):
        actions.edit(own, by=handler, reason=WHY, **change)
    assert due(fresh(own)) == before


def test_a_handler_s_form_posted_by_hand_changes_no_promise(
    own: Ticket, client: FlaskClient
) -> None:
    before = due(own)
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    sent = {"kind": "praise", "severity": "S4", "category": "", "subject": "x", "reason": WHY}
    received = own.received_at
    sent |= {"received_at": "2030-01-01T10:00", "channel": "phone"}
    assert client.post(f"/tickets/{own.number}/edit", data=sent).status_code == 403
    ticket = fresh(own)
    assert ticket.received_at == received, (
        "when it came is asked when it is registered, never again"
    )
    assert (ticket.kind, ticket.severity) == ("complaint", "S2") and due(ticket) == before


def test_a_handler_is_drawn_no_field_that_moves_a_promise_and_may_correct_the_rest(
    own: Ticket, client: FlaskClient
) -> None:
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    page = dialogs(client, own)
    dialog = page[page.index('id="edit"') :]
    dialog = dialog[: dialog.index("</dialog>")]
    for name in ("kind", "severity", "category", "confidential", "reason"):
        assert f'name="{name}"' not in dialog, name
    sent = {"subject": "冰箱漏水", "place": "上海", "version": own.version}
    assert client.post(f"/tickets/{own.number}/edit", data=sent).status_code == 303
    assert (fresh(own).subject, fresh(own).place) == ("冰箱漏水", "上海")


def test_the_desk_gives_a_reason_and_the_receipt_names_it(own: Ticket, client: FlaskClient) -> None:
    boss = make.agent("Wu Di", "supervisor")
    make.sign_in(client, boss)
    sent = {"severity": "S4", "version": own.version}
    refused = client.post(f"/tickets/{own.number}/edit", data=sent)
    assert refused.status_code == 422 and "Please give a reason." in refused.text
    assert fresh(own).severity == "S2"
    sent |= {"reason": WHY, "version": fresh(own).version}
    assert client.post(f"/tickets/{own.number}/edit", data=sent).status_code == 303
    page = get(client, f"/tickets/{own.number}/promises")
    assert "Severity: Urgent → Minor by Wu Di on" in page
    assert "planned anew" in page and WHY in page
    assert WHY in get(client, f"/tickets/{own.number}/history")


def test_the_api_s_receipt_tells_who_moved_a_promise_and_why(
    own: Ticket, client: FlaskClient
) -> None:
    boss = make.agent("Wu Di", "supervisor").actor
    actions.edit(own, by=boss, severity="S4", reason=WHY)
    _row, text = tokens.add("shop", "agent", SYSTEM)
    answer = client.get(
        f"/api/v1/tickets/{own.number}/responses", headers={"Authorization": f"Bearer {text}"}
    )
    told = [change for row in answer.json["items"] for change in row["changes"]]
    assert told and all(
        (each["by"], each["reason"], each["changed"]) == ("Wu Di", WHY, {"severity": ["S2", "S4"]})
        for each in told
    )
    first = next(r for r in answer.json["items"] if r["promise"] == "acknowledge")
    assert first["changes"] == []  # kept long before: nothing moved it


def test_a_kind_that_there_is_not_is_refused(own: Ticket) -> None:
    boss = make.agent("Wu Di", "supervisor").actor
    with pytest.raises(BadInput):
        actions.edit(own, by=boss, kind="nothing", reason=WHY)


@pytest.mark.parametrize("role", ["agent", "handler"])
def test_confidentiality_is_not_lifted_by_a_correction_nor_without_the_right(
    own: Ticket, client: FlaskClient, role: str
) -> None:
    actions.seal(own, by=make.agent("Wu Di", "supervisor").actor, reason=WHY)
    unit = make.department() if role == "handler" else None
    who = make.sign_in(client, make.agent("Li Na", role, unit))
    home = f"/tickets/{own.number}"
    who.post(f"{home}/edit", data={"subject": "x", "version": fresh(own).version})
    assert fresh(own).confidential
    who.post(f"{home}/edit", data={"confidential": "", "version": fresh(own).version})
    assert who.post(f"{home}/lift", data={"reason": WHY}).status_code == 403
    assert fresh(own).confidential
    with pytest.raises(BadInput):
        actions.edit(own, by=SYSTEM, confidential=False)


def test_a_supervisor_lifts_it_with_a_reason_that_the_journal_keeps(
    own: Ticket, client: FlaskClient
) -> None:
    boss = make.agent("Wu Di", "supervisor")
    actions.seal(own, by=boss.actor, reason="She asked for it")
    make.sign_in(client, boss)
    home = f"/tickets/{own.number}"
    assert client.post(f"{home}/lift", data={"reason": "  "}).status_code == 422
    assert fresh(own).confidential
    assert client.post(f"{home}/lift", data={"reason": "She agreed"}).status_code == 303
    assert not fresh(own).confidential
    noted = queries.history(own)[-1]
    assert (noted.name, noted.by_name, noted.data["comment"]) == (
        "ticket.confidentiality_lifted", "Wu Di", "She agreed",
    )  # fmt: skip
    with pytest.raises(Refused):
        actions.lift(own, by=boss.actor, reason="Again")


def test_the_desk_makes_a_case_confidential_and_a_handler_does_not(
    own: Ticket, handler: Actor
) -> None:
    with pytest.raises(NotAllowed):
        actions.seal(own, by=handler, reason=WHY)
    with pytest.raises(NotAllowed):
        actions.lift(own, by=handler, reason=WHY)
    assert actions.seal(own, by=make.agent().actor, reason=WHY).confidential


class TestAssist:
    """A department that was asked answers for itself, and for nobody else."""

    @pytest.fixture
    def asked(self, own: Ticket) -> Ticket:
        unit = make.department("logistics", "物流部", "Logistics")
        boss = make.agent("Wu Di", "supervisor").actor
        actions.add_assist(own, by=boss, department_id=unit.id, task="Who drove?")
        return own

    def answer(self, ticket: Ticket, by: Actor) -> Assist:
        unit = make.department("logistics")
        return actions.answer_assist(ticket, by=by, department_id=unit.id, answer="Old Ma")

    def test_the_lead_does_not_give_the_answer_of_the_assisting_department(
        self, asked: Ticket, handler: Actor
    ) -> None:
        with pytest.raises(NotAllowed):
            self.answer(asked, handler)
        assert db.session.scalars(db.select(Assist)).one().answer == ""

    def test_its_own_people_answer_and_are_named(self, asked: Ticket) -> None:
        theirs = make.agent("Qian Jun", "handler", make.department("logistics")).actor
        assert self.answer(asked, theirs).answered_by == "Qian Jun"
        assert queries.history(asked)[-1].data["department"] == "logistics"

    def test_the_desk_notes_it_under_the_own_name(self, asked: Ticket) -> None:
        assert self.answer(asked, make.agent("Li Lei").actor).answered_by == "Li Lei"

    @pytest.mark.parametrize("code", ["sign", "send_back"])
    def test_who_assists_takes_no_step_for_the_lead(self, asked: Ticket, code: str) -> None:
        theirs = make.agent("Qian Jun", "handler", make.department("logistics")).actor
        more = {"comment": WHY} if code == "send_back" else {}
        with pytest.raises(NotAllowed):
            getattr(actions, code)(asked, by=theirs, **more)
        with pytest.raises(NotAllowed):
            actions.send_message(asked, by=theirs, body="We are sorry")
        with pytest.raises(NotAllowed):
            actions.edit(asked, by=theirs, subject="Nothing to do with us")
        actions.note(asked, by=theirs, body="Old Ma is on leave")

    def test_who_assists_is_drawn_no_step_of_the_lead(
        self, asked: Ticket, client: FlaskClient
    ) -> None:
        make.sign_in(client, make.agent("Qian Jun", "handler", make.department("logistics")))
        page = get(client, f"/tickets/{asked.number}")
        assert "/moves/" not in page and 'data-dialog-opens="edit"' not in page
        assert f'action="/tickets/{asked.number}/assists/' in page


def test_a_reason_may_have_five_thousand_characters_and_no_more(own: Ticket) -> None:
    with pytest.raises(BadInput) as refused:
        actions.edit(own, by=make.SUPERVISOR, severity="S4", reason="x" * 5_001)
    assert set(refused.value.errors) == {"reason"}
    actions.edit(own, by=make.SUPERVISOR, severity="S4", reason="x" * 5_000)
    assert fresh(own).severity == "S4"
