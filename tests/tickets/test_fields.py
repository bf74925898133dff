"""One list of fields: what belongs to a case is read, corrected, shown and printed by its entry alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.clock import moved_to
from helpdesk.core import options
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.setup.models import Category
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.desk import dialogs, dispatched, get
from tests.help.page_forms import PageForm, forms_of

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
NEXT_WEEK = datetime(2026, 11, 25, 9, 0, 30, tzinfo=UTC)  # 17:00:30 in Shanghai
WHY = "The authority wrote again"


def resolve(ticket: Ticket) -> Promise:
    rows = promises.current(promises.table(ticket), ticket)
    return next(row for row in rows if row.promise == "resolve")


def fresh(ticket: Ticket) -> Ticket:
    db.session.expire_all()
    return db.session.get_one(Ticket, ticket.id)


@pytest.fixture
def late(client: FlaskClient) -> Ticket:
    """A case that an authority handed over; a supervisor is signed in."""
    make.sign_in(client, make.agent("Wu Di", "supervisor"))
    with moved_to(WEDNESDAY):
        ticket = make.ticket(channel="transfer", external_due_at=NEXT_WEEK)
        return dispatched(ticket, make.department().id)


def dialog(client: FlaskClient, ticket: Ticket) -> PageForm:
    """The form that corrects the case, as it is drawn now."""
    found = forms_of(dialogs(client, ticket))
    return next(form for form in found if form.action.endswith("/edit"))


def sent(client: FlaskClient, ticket: Ticket, **typed: str) -> int:
    data = dict(dialog(client, ticket).typed(typed).pairs())
    return client.post(f"/tickets/{ticket.number}/edit", data=data).status_code


def test_a_later_deadline_of_the_authority_plans_our_own_anew_and_is_told_everywhere(
    client: FlaskClient, late: Ticket
) -> None:
    with moved_to(WEDNESDAY + timedelta(hours=1)):
        early = resolve(late).due_at
        assert sent(client, late, external_due_at="2026-12-09T17:00") == 422, "without a reason"
        assert sent(client, late, external_due_at="2026-12-09T17:00", reason=WHY) == 303
        ticket = fresh(late)
        assert ticket.external_due_at == datetime(2026, 12, 9, 9, tzinfo=UTC)
        assert early and resolve(ticket).due_at and resolve(ticket).due_at > early
        assert resolve(ticket).bound == "", "the policy's own limit is the earlier one now"
        history = get(client, f"/tickets/{ticket.number}/history")
        assert "The authority’s deadline: " in history and WHY in history
        receipt = get(client, f"/tickets/{ticket.number}/promises")
        assert "The authority’s deadline: " in receipt, "it names what moved the promise"


def test_an_earlier_deadline_binds_and_one_that_is_taken_away_binds_no_more(
    client: FlaskClient, late: Ticket
) -> None:
    with moved_to(WEDNESDAY + timedelta(hours=1)):
        assert sent(client, late, external_due_at="2026-11-23T17:00", reason=WHY) == 303
        assert resolve(fresh(late)).bound == "external"
        assert resolve(late).due_at and resolve(late).due_at <= late.external_due_at
        assert sent(client, late, external_due_at="", reason=WHY) == 303
        assert (fresh(late).external_due_at, resolve(late).bound) == (None, "")


def test_a_deadline_that_stands_as_it_was_drawn_is_no_change(
    client: FlaskClient, late: Ticket
) -> None:
    """The control holds whole minutes; what it leaves out is not lost by correcting the place."""
    with moved_to(WEDNESDAY + timedelta(hours=1)):
        assert sent(client, late, place="杭州") == 303
    assert (fresh(late).place, fresh(late).external_due_at) == ("杭州", NEXT_WEEK)


@pytest.mark.parametrize("typed", ["2026-11-01T10:00", "1800-01-01T10:00", "tomorrow"])
def test_a_deadline_that_can_not_be_is_refused_at_its_field(
    client: FlaskClient, late: Ticket, typed: str
) -> None:
    with moved_to(WEDNESDAY + timedelta(hours=1)):
        assert sent(client, late, external_due_at=typed, reason=WHY) == 422
    assert fresh(late).external_due_at == NEXT_WEEK


def test_a_department_does_not_move_the_authoritys_deadline(late: Ticket) -> None:
    handler = make.agent("Li Na", "handler", make.department()).actor
    with pytest.raises(NotAllowed):
        actions.edit(late, by=handler, reason=WHY, external_due_at=None)


def test_too_long_a_text_is_refused_when_it_is_corrected(late: Ticket) -> None:
    by = make.agent("Chen Jie", "supervisor", email="c@example.com").actor
    for name in ("subject", "place"):
        with pytest.raises(BadInput) as refusal:
            actions.edit(late, by=by, **{name: "x" * 201})
        assert list(refusal.value.errors) == [name]


def test_the_deadline_stands_beside_the_case_in_its_export_on_paper_and_narrows_lists(
    client: FlaskClient, late: Ticket
) -> None:
    english = {"Accept-Language": "en"}
    other = make.ticket()
    page = get(client, f"/tickets/{late.number}", headers=english)
    assert "<dt>The authority’s deadline</dt>" in page
    table = client.get("/tickets.csv", headers=english).data.decode("utf-8-sig")
    assert '"The authority’s deadline"' in table and '"2026-11-25 17:00:30"' in table
    printed = get(client, f"/tickets/{late.number}/response-table?print=1", headers=english)
    assert "The authority’s deadline" in printed and "2026-11-25 17:00" in printed
    plain = get(client, f"/tickets/{other.number}/response-table?print=1", headers=english)
    assert "The authority’s deadline" not in plain, "no empty cell where there is none"
    for days, found in (("from=2026-11-25&to=2026-11-25", True), ("from=2026-11-26", False)):
        listed = get(client, f"/tickets?at=external_due&{days}")
        assert (late.number in listed, other.number in listed) == (found, False)


def test_a_category_that_is_no_longer_offered_stays_when_something_else_is_corrected(
    client: FlaskClient, late: Ticket
) -> None:
    node = in_force.current().category("quality.appliance.fridge")
    assert node and late.category_id == node.id
    with transaction() as session:
        session.get_one(Category, node.id).active = False
        options.changed()
    with moved_to(WEDNESDAY + timedelta(hours=1)):
        assert dialog(client, late).value("category") == "quality.appliance.fridge"
        assert sent(client, late, place="杭州") == 303
    assert fresh(late).category_id == node.id
