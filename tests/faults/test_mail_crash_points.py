"""A mail on its way, killed at every statement, every commit and between any two steps (F4)."""

from __future__ import annotations

import gc
import imaplib
import os
import random
import signal
from collections.abc import Callable

import pytest
from flask import Flask

from helpdesk.channels.email import ledger
from helpdesk.channels.email.deciding import inbound
from helpdesk.channels.email.deciding.inbound import process_stored, take
from helpdesk.channels.email.fetching import fetcher, rounds
from helpdesk.channels.email.fetching.fetcher import fetch_all_once
from helpdesk.channels.email.keeping import Came
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.ops import doctor
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.faults.crashing import MOST, _crashed_at
from tests.help.mail_doors import connect, numbered
from tests.help.mailbed import Bed
from tests.help.mails import count

pytestmark = pytest.mark.thorough

STEPS = {  # where the process dies: just before this is called, for the n-th time
    "fetch": (rounds.ImapDoor, "fetch"),
    "keep": (rounds, "take"),
    "move": (rounds.ImapDoor, "done"),
    "remember": (rounds, "_remember"),
    "work": (fetcher, "process_stored"),
    "read": (inbound, "read"),
    "open": (inbound.into_tickets, "opened"),
    "settle": (inbound.sets, "change_many"),
}


def all_again() -> None:
    """As if the leases of the dead had run out."""
    db.session.rollback()
    gc.collect()  # a dead frame's open cursor would keep SQLite's write lock
    with transaction() as session:
        for row in session.query(InboundMail).filter_by(outcome="stored"):
            row.tries, row.next_at = 0, now()
        for box in session.query(Mailbox):
            box.leased_until = None


@pytest.mark.parametrize("mails", [1, 3])
def test_a_mail_that_is_killed_at_any_statement_or_commit_is_one_ticket_in_the_end(
    app: Flask, mails: int
) -> None:
    """F4: each boundary has mails of its own, one or a set; delivered again, none is lost or doubled."""

    def work(number: int) -> None:
        for each in range(mails):
            take(numbered(number * mails + each), Came("support", "smtp"))
        while process_stored():
            pass

    for at in range(1, MOST):
        completed = _crashed_at(at, lambda number=at: work(number))  # type: ignore[misc]
        all_again()
        work(at)
        there = (count(InboundMail), count(Ticket), count(Message))
        assert there == (at * mails,) * 3, f"boundary {at}"
        if completed:
            break
    assert at > 12, "the work has fewer boundaries than it must have"
    assert all(line.proved for line in ledger.days(make.agent().actor, 1))
    assert doctor.broken_promises() == []


def killed(work: Callable[[], object], step: str, nth: int) -> None:
    """Run `work` in a child that is sent SIGKILL just before the n-th time of this step."""
    db.session.rollback()
    db.engine.dispose()
    child = os.fork()
    if not child:
        _die(work, step, nth)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)


def _die(work: Callable[[], object], step: str, nth: int) -> None:
    where, name = STEPS[step]
    right, calls = getattr(where, name), []

    def dying(*given: object, **more: object) -> object:
        calls.append(1)
        if len(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return right(*given, **more)

    setattr(where, name, dying)
    try:
        work()
    finally:
        os._exit(0)


@pytest.mark.mailserver
def test_two_hundred_mails_survive_kills_between_every_two_steps_of_a_fetch(
    app: Flask,
    bed: Bed,  # noqa: F811
) -> None:
    """Real SIGKILLs against a real Dovecot; each mail is one ticket and lies in the done
    folder."""
    user, total, chance = bed.user(), 200, random.Random(6)
    connect(bed, user)
    client = imaplib.IMAP4("127.0.0.1", bed.imap)
    client.login(user, "secret")
    for n in range(total):
        client.append("INBOX", "", "", numbered(n))
    client.logout()
    for step in STEPS:
        killed(
            fetch_all_once, step, chance.randint(1, 9) if step not in ("remember", "work") else 1
        )
        all_again()
        assert bed.inbox(user) + count(InboundMail) >= total, f"lost at {step}"
    fetch_all_once()
    assert count(InboundMail) == count(Ticket) == count(Message) == total
    assert (bed.inbox(user), bed.inbox(user, "Processed")) == (0, total)
