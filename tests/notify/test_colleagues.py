"""Every letter to a colleague is internal: no cap on automatic mail holds it back."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk import notify
from helpdesk.agents.models import Agent
from helpdesk.customers.people import Asker
from helpdesk.db import db, transaction
from helpdesk.events import deliver_due, record
from helpdesk.notify import envelopes
from helpdesk.notify.envelopes import Letter, send
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message
from tests import factories as make

HELPDESK = Path(notify.__path__[0]).parent


def many(to: str, *, internal: bool, purpose: str = "any", count: int = 12) -> None:
    for n in range(count):
        send(
            Letter(
                internal=internal, event_seq=-n, purpose=purpose, recipient=to,
                subject="s", body="b", message_id=f"<{purpose}{n}@x>",
            )
        )  # fmt: skip


def newest(purpose: str) -> Envelope:
    query = select(Envelope).where(Envelope.purpose == purpose)
    return db.session.scalars(query.order_by(Envelope.id.desc())).one()


def lost(boss: Agent) -> None:
    ticket = make.ticket()
    actions.send_message(ticket, by=boss.actor, body="明天上门。")
    message = db.session.scalars(select(Message).where(Message.kind == "staff")).one()
    record("mail.lost", by=boss.actor, ticket=ticket, message=message.id)


def article(boss: Agent) -> None:
    record(
        "article.expire",
        by=make.CUSTOMER,
        owner=boss.id,
        article="a-1",
        title="T",
        comment="",
    )


def calendar(boss: Agent) -> None:
    record("calendar.year_missing", by=make.CUSTOMER, calendars=[], year=2031)


def consent(boss: Agent) -> None:
    record("mailbox.consent_over", by=make.CUSTOMER, mailbox=1, address="a@example.net", why="w")


@pytest.mark.parametrize("happens", [lost, article, calendar, consent])
def test_a_colleague_with_many_automatic_mails_is_told_all_the_same(
    app: Flask, happens: Callable[[Agent], None]
) -> None:
    """A shift with a backlog of escalations has had its ten automatic mails long ago."""
    boss = make.agent("Chen Jie", "admin")
    many(boss.email, internal=True)
    with transaction():
        happens(boss)
    deliver_due(limit=500)
    row = newest(happens.__name__)
    assert (row.recipient, row.state, row.error, row.internal) == (boss.email, "kept", "", True)


def test_what_a_colleague_hears_as_one_does_not_use_up_the_share_of_the_same_address(
    app: Flask,
) -> None:
    """Somebody who works here may ask as a customer, too."""
    many("zhao@example.com", internal=True)
    make.ticket(person=Asker(email="zhao@example.com"))
    deliver_due()
    assert newest("receipt").state == "kept"


def test_letters_to_customers_stay_capped(app: Flask) -> None:
    many("victim@example.com", internal=False, count=envelopes.MOST_AUTOMATIC + 2)
    failed = select(func.count()).where(Envelope.state == "failed")
    assert db.session.scalar(failed) == 2


def test_who_reads_it_is_said_for_every_letter_and_for_colleagues_in_one_place() -> None:
    """There is no letter without an audience, and nobody but letters.py writes to colleagues."""
    with pytest.raises(TypeError, match="internal"):
        Letter(event_seq=1, purpose="p", recipient="r", subject="s", body="b", message_id="<1@x>")  # type: ignore[call-arg]
    internal = {}
    for file in sorted(HELPDESK.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Letter":
                (said,) = [each.value for each in node.keywords if each.arg == "internal"]
                internal.setdefault(ast.literal_eval(said), []).append(file.name)
    assert internal[True] == ["letters.py"]
    assert "letters.py" not in internal[False]
