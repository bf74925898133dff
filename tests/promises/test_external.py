"""When a case's clock starts, by channel, and the deadline that an authority has set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.clock import Limit, default_calendars, moved_to, now
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput
from helpdesk.promises import receipts
from helpdesk.promises.external import before, internal_deadline, latest
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Terms
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.promised import promise, snapshot

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
OFFICE = default_calendars()[0]


@dataclass
class Handed:
    """A case that an authority has handed over on Wednesday."""

    external_due_at: datetime | None
    received_at: datetime = WEDNESDAY
    subject_kind: ClassVar[str] = "ticket"
    id: int = 1
    cycle: int = 1
    department_id: int | None = None
    due_at: datetime | None = None
    severity: str = "S3"
    kind: str = "complaint"
    channel: str = "transfer"
    category_id: int | None = None


def resolve(ticket: Ticket) -> Promise:
    return next(row for row in promises.table(ticket) if row.promise == "resolve")


def at(day: int, hour: int, month: int = 11) -> datetime:
    """A time in Shanghai, 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("margin", "expected"),
    [
        ("2 wd", at(25, 18)),
        ("1 wd", at(26, 18)),
        ("2 cd", at(25, 17)),
        ("4 wh", at(27, 11) + timedelta(minutes=30)),
        ("4 h", at(27, 13)),
    ],
)
def test_a_margin_is_counted_backwards_in_its_own_measure(margin: str, expected: datetime) -> None:
    deadline = at(27, 17)  # a Friday
    assert before(deadline, Limit.parse(margin), OFFICE) == expected


def test_a_margin_of_working_days_passes_over_a_weekend_and_a_holiday() -> None:
    # Friday 9 October is the second working day after the National Day week (1 to 7 October).
    assert before(at(9, 17, 10), Limit.parse("2 wd"), OFFICE) == at(30, 18, 9)


@pytest.mark.parametrize(
    ("days", "expected", "bound"),
    [(4, at(20, 18), "external"), (30, at(25, 18), "")],
)
def test_the_earlier_of_policy_and_authority_wins(
    app: Flask, days: int, expected: datetime, bound: str
) -> None:
    """S3 promises five working days, to 25 November; a margin of two working days."""
    with moved_to(WEDNESDAY):
        deadline = WEDNESDAY + timedelta(days=days + (days == 4) * 2)
        row = resolve(make.ticket(channel="transfer", external_due_at=deadline))
    assert (row.due_at, row.bound) == (expected, bound)


def test_no_margin_is_taken_where_no_time_would_be_left(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        deadline = WEDNESDAY + timedelta(hours=20)
        row = resolve(make.ticket(channel="transfer", external_due_at=deadline))
    assert row.due_at == deadline


def test_no_pause_moves_an_authoritys_deadline(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(channel="transfer", external_due_at=WEDNESDAY + timedelta(days=6))
        due = resolve(ticket).due_at
        actions.accept(ticket, by=make.SUPERVISOR)
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
        actions.sign(ticket, by=make.SUPERVISOR)
        actions.handle(ticket, by=make.SUPERVISOR)
        actions.hold(ticket, by=make.SUPERVISOR, comment="x", until=now() + timedelta(days=1))
        tick(7200)
        actions.resume(ticket, by=make.SUPERVISOR)
        assert resolve(ticket).due_at == due
        with pytest.raises(BadInput) as refusal:
            late = WEDNESDAY + timedelta(days=9)
            actions.ask_extension(ticket, by=make.SUPERVISOR, comment="x", until=late)
        assert "until" in refusal.value.errors


def test_both_deadlines_are_shown_and_the_receipt_tells_why_ours_is_earlier(
    client: FlaskClient,
) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    with moved_to(WEDNESDAY):
        ticket = make.ticket(channel="transfer", external_due_at=WEDNESDAY + timedelta(days=6))
        page = client.get(f"/tickets/{ticket.number}/promises", headers={"Accept-Language": "en"})
    assert "The authority’s deadline is" in page.text
    assert "because of the authority’s deadline" in page.text


def test_a_deadline_before_the_case_came_in_is_refused(app: Flask) -> None:
    with pytest.raises(BadInput) as refusal:
        make.ticket(channel="transfer", external_due_at=now() - timedelta(days=1))
    assert "external_due_at" in refusal.value.errors


@pytest.mark.parametrize("channel", ["letter", "counter", "transfer"])
def test_paper_starts_its_clock_at_the_stamp_and_not_when_it_is_typed(
    app: Flask, channel: str
) -> None:
    stamp = WEDNESDAY - timedelta(days=2)
    with moved_to(WEDNESDAY):
        row = resolve(make.ticket(channel=channel, received_at=stamp))
    assert (row.started_at, row.due_at) == (stamp, at(23, 18))


def test_the_web_form_starts_its_clock_when_the_server_has_it(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        assert resolve(make.ticket(channel="web")).started_at == WEDNESDAY


def test_no_channel_starts_a_clock_in_the_future(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        ticket = make.ticket(channel="letter", received_at=WEDNESDAY + timedelta(days=3))
    assert ticket.received_at == WEDNESDAY


def test_the_desk_types_a_transfer_with_its_document_time_and_deadline(
    client: FlaskClient,
) -> None:
    make.sign_in(client, make.agent())
    given: dict[str, Any] = {
        "kind": "complaint",
        "channel": "transfer",
        "subject": "12315 转来：冰箱不制冷",
        "body": "转办单",
        "severity": "S3",
        "level": "",
        "received_at": "2026-11-17T09:00",
        "external_due_at": "2026-11-24T17:00",
    }
    with moved_to(WEDNESDAY):
        assert client.post("/phone", data=given).status_code == 303
    ticket = db.session.scalars(db.select(Ticket)).one()
    assert ticket.received_at == at(17, 9)
    assert resolve(ticket).due_at == at(20, 18)
    assert receipts.spans(resolve(ticket), in_force.current())[0].start == at(17, 9)


@pytest.mark.parametrize(
    ("hours", "ours"),
    [(3, 1), (2, 2), (1, 1)],  # a margin of two hours that leaves an hour, no time, less than none
)
def test_a_margin_must_leave_time_after_the_case_came_in(hours: int, ours: int) -> None:
    case = Handed(external_due_at=WEDNESDAY + timedelta(hours=hours))
    margin = snapshot(policy=(Terms("margin", "2 h", "desk"),))
    assert internal_deadline(case, margin) == WEDNESDAY + timedelta(hours=ours)
    assert internal_deadline(case, snapshot()) == case.external_due_at, "no margin, no difference"


@pytest.mark.parametrize(
    ("name", "deadline", "is_bound"),
    [("resolve", True, True), ("sign", True, False), ("resolve", False, False)],
)
def test_only_solving_is_bound_by_the_authority_s_deadline_where_there_is_one(
    name: str, deadline: bool, is_bound: bool
) -> None:
    case = Handed(external_due_at=WEDNESDAY + timedelta(hours=3) if deadline else None)
    assert latest(promise(name), case, snapshot()) == (case.external_due_at if is_bound else None)
