"""The containment promise of critical and urgent cases."""

from __future__ import annotations

from flask import Flask

from helpdesk import promises
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make


def _containment(ticket: Ticket) -> tuple[str, str, str]:
    row = next(row for row in promises.table(ticket) if row.promise == "containment")
    return row.state, row.verdict, row.done


def test_noting_the_immediate_measure_keeps_the_containment_promise(app: Flask) -> None:
    by = make.agent().actor
    ticket = make.ticket(severity="S1")
    actions.edit(ticket, by=by, facts={"containment": "客户断电停用"})
    assert _containment(ticket) == ("met", "on_time", "客户断电停用")


def test_other_facts_leave_the_containment_promise_open(app: Flask) -> None:
    by = make.agent().actor
    ticket = make.ticket(severity="S2")
    actions.edit(ticket, by=by, facts={"investigation": "查批次", "containment": ""})
    assert _containment(ticket)[0] == "running"
