"""One complaint through the verbs alone: the shortest proof that the parts fit."""

from __future__ import annotations

from flask import Flask

from helpdesk import promises
from helpdesk.tickets import actions, callbacks
from tests.help import factories as make


def test_a_complaint_lives_from_the_form_to_the_closed_file(app: Flask) -> None:
    quality = make.department()
    agent, caller = make.agent("Zhang Wei").actor, make.agent("Zhao Min").actor
    handler = make.agent("Li Na", "handler", quality).actor
    supervisor = make.agent("Chen Jie", "supervisor").actor
    ticket = make.ticket()
    actions.accept(ticket, by=agent)
    actions.dispatch(ticket, by=agent, department_id=quality.id)
    actions.sign(ticket, by=handler)
    actions.handle(ticket, by=handler)
    actions.reply(ticket, by=handler, body="已更换压缩机，费用全免。")
    actions.approve(ticket, by=supervisor)
    callbacks.attempt(ticket, by=caller, contact="reached", resolved="yes", result=5)
    actions.edit(
        ticket,
        by=handler,
        facts={
            "validity": "valid",
            "cause_code": "material",
            "root_cause": "压缩机批次缺陷",
            "remedy": "更换",
        },
    )
    actions.close(ticket, by=supervisor)
    assert ticket.status == "closed"
    verdicts = {row.promise: row.verdict for row in promises.table(ticket)}
    assert verdicts.pop("update") == verdicts.pop("send_back") == "dropped"
    assert set(verdicts.values()) == {"on_time"}
