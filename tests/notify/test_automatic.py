"""Every automatic mail that we send says so, and no agent's reply does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.mail import mime
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from tests.help import factories as make
from tests.help.smtp_sink import Sink

HELPDESK = Path(mime.__file__).parents[2]


def everything() -> None:
    """Receipt, answers by each verb, refusal, survey, warnings, a lost answer."""
    lead = make.agent("Zhao Lei", leads=True)
    boss = make.agent("Chen Jie", "supervisor").actor
    asked = make.ticket(kind="enquiry")
    actions.answer_directly(asked, by=boss, body="可以。")
    actions.close(asked, by=boss)
    actions.decline(make.ticket(subject="Not ours"), by=boss, comment="不属于我们。")
    actions.send_message(make.ticket(subject="Third"), by=lead.actor, body="收到。")
    make.ticket(subject="Late", severity="S2")
    with moved_to(now() + timedelta(hours=3)):
        alarms.ring_all()
        deliver_due(limit=500)
        deliver_due(limit=500)


def test_by_what_was_sent(sink: Sink) -> None:
    everything()
    marks = {mail["Message-ID"]: mail["Auto-Submitted"] for mail in sink.taken}
    rows = db.session.scalars(select(Envelope).where(Envelope.state == "sent")).all()
    found = {(row.purpose, marks[row.message_id]) for row in rows}
    assert {("answer", None), ("receipt", "auto-generated"), ("survey", "auto-generated")} <= found
    assert {("refusal", "auto-generated"), ("escalation", "auto-generated")} <= found
    assert {mark for purpose, mark in found if purpose != "answer"} == {"auto-generated"}
    assert {mark for purpose, mark in found if purpose == "answer"} == {None}
    for mail in sink.taken:
        assert (mail["X-Auto-Response-Suppress"] == "All") == bool(mail["Auto-Submitted"])
        assert mail["Precedence"] is None


@pytest.mark.parametrize("automatic", [True, False])
def test_by_the_row(app: Flask, automatic: bool) -> None:
    """Whatever its purpose, the row decides."""
    with transaction() as session:
        row = Envelope(
            event_seq=1, purpose="any", recipient="a@example.com", message_id="<1@x>",
            subject="s", body="b", automatic=automatic,
        )  # fmt: skip
        session.add(row)
    assert bool(mime.message_of(row)["Auto-Submitted"]) is automatic
