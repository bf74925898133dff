"""What follows from who reads a letter and what it is for; nobody writes one any other way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.agents.models import Agent
from helpdesk.core.db import db, transaction
from helpdesk.core.events import record
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify import envelopes
from helpdesk.notify.envelopes import post
from helpdesk.notify.letters import TABLE, purpose_of
from helpdesk.notify.media import Audience, Letter
from helpdesk.notify.models import MAIL, Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message
from tests.help import factories as make
from tests.help import trees

BY_CODE = {each.code: each for each in TABLE}


def many(to: str, purpose: str, count: int = 12) -> None:
    """So many letters to this address within a moment."""
    for n in range(1, count + 1):
        post(
            Letter(
                purpose=BY_CODE[purpose], medium=MAIL, to=to, language="en", subject="s",
                values={"link": "x"}, cause=-n, thread=purpose, part=f"p{n}",
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
    many(boss.email, "wrong_tries")
    with transaction():
        happens(boss)
    deliver_due(limit=500)
    row = newest(happens.__name__)
    assert (row.recipient, row.state, row.error, row.internal) == (boss.email, "kept", "", True)


def test_what_a_colleague_hears_as_one_does_not_use_up_the_share_of_the_same_address(
    app: Flask,
) -> None:
    """Somebody who works here may ask as a customer, too."""
    many("zhao@example.com", "wrong_tries")
    make.ticket(person=Asker(email="zhao@example.com"))
    deliver_due()
    assert newest("receipt").state == "kept"


def test_letters_to_customers_stay_capped(app: Flask) -> None:
    many("victim@example.com", "too_large", count=envelopes.MOST_AUTOMATIC + 2)
    failed = select(func.count()).where(Envelope.state == "failed")
    assert db.session.scalar(failed) == 2


def calls(name: str) -> set[str]:
    """The modules that make one of these themselves."""
    found = set()
    for file in trees.sources():
        for node in trees.nodes(file):
            called = getattr(node, "func", None)
            if getattr(called, "id", "") == "fresh":
                called = node.args[0]
            if name in (getattr(called, "id", ""), getattr(called, "attr", "")):
                found.add(str(file.relative_to(trees.PACKAGE)))
    return found


def test_whoever_writes_goes_through_one_of_the_two_ways() -> None:
    """Nobody shapes a letter or a row of the outbox beside them, so no limit can be forgotten."""
    assert calls("Letter") == {"notify/letters.py"}
    assert calls("Envelope") == {"notify/envelopes.py"}
    assert calls("hand_over") == {"notify/mail/medium.py"}
    assert calls("to_customer") == {"notify/customers.py", "channels/email/deciding/inbound.py"}


def test_every_purpose_has_its_words_and_all_words_have_a_purpose() -> None:
    words = {file.stem for file in (trees.PACKAGE / "templates/mail").glob("*.txt")}
    assert words == {each.code for each in TABLE}


def test_what_one_may_forget_follows_from_purpose_and_audience() -> None:
    """The whole table, as a reader of it would put it."""
    for each in TABLE:
        assert each.internal == (each.audience == Audience.COLLEAGUE)
        assert each.automatic == (each.code != "answer"), "one kind is a person's own words"
        assert not (each.internal and each.unless), "colleagues are no machines"
    assert [each.code for each in TABLE if not each.needed] == ["survey"]


def test_a_purpose_is_written_to_its_own_audience_only() -> None:
    with pytest.raises(LookupError, match="customer"):
        purpose_of("escalation", Audience.CUSTOMER)
    with pytest.raises(LookupError, match="colleague"):
        purpose_of("answer", Audience.COLLEAGUE)
    with pytest.raises(LookupError, match="unheard_of"):
        purpose_of("unheard_of", Audience.COLLEAGUE)
