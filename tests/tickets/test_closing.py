"""What a complaint needs before it may be closed."""

from __future__ import annotations

import pytest
from flask import Flask

from helpdesk.core import options
from helpdesk.core.db import transaction
from helpdesk.core.errors import BadInput
from helpdesk.tickets import actions, callbacks
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

CAUSE = {"validity": "valid", "cause_code": "material", "root_cause": "批次缺陷", "remedy": "更换"}


def answered(**more: str) -> Ticket:
    """A complaint whose customer was answered and called."""
    agent = make.agent("Li Na").actor
    ticket = make.ticket(**more)
    actions.answer_directly(ticket, by=agent, body="已安排更换。")
    actions.approve(ticket, by=make.SUPERVISOR)
    callbacks.attempt(
        ticket, by=make.agent("Zhao Min").actor, contact="reached", resolved="yes", result=5
    )
    return ticket


def test_without_cause_and_remedy_a_complaint_stays_open_and_every_gap_is_named(app: Flask) -> None:
    """Not without classification, root cause, action taken and a response to the customer."""
    ticket = answered(category="")
    with pytest.raises(BadInput) as refusal:
        actions.close(ticket, by=make.SUPERVISOR)
    assert set(refusal.value.errors) == {*CAUSE, "category"}
    assert ticket.status == "callback"


def test_a_filled_case_file_closes(app: Flask) -> None:
    """The same complaint, filled."""
    ticket = answered()
    actions.edit(ticket, by=make.SUPERVISOR, facts=CAUSE)
    assert actions.close(ticket, by=make.SUPERVISOR).status == "closed"


def test_admins_choose_what_must_be_filled(app: Flask) -> None:
    """An admin-editable list."""
    ticket = answered()
    with transaction():
        options.put("required_to_close", ["preventive"])
    with pytest.raises(BadInput) as refusal:
        actions.close(ticket, by=make.SUPERVISOR)
    assert set(refusal.value.errors) == {"preventive"}


def test_an_enquiry_needs_no_case_file(app: Flask) -> None:
    """Only complaints need it."""
    agent = make.agent().actor
    ticket = make.ticket(kind="enquiry")
    actions.answer_directly(ticket, by=agent, body="Yes.")
    assert actions.close(ticket, by=agent).status == "closed"
