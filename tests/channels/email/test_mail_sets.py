"""Mails that wait are ended together; what becomes of each is what becomes of it alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.channels.email import keeping, ledger
from helpdesk.channels.email.deciding import inbound, into_tickets, sets
from helpdesk.channels.email.deciding.inbound import process_stored, take
from helpdesk.channels.email.keeping import Came
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import moved_to, now
from helpdesk.core import options
from helpdesk.core.db import commits, db, transaction
from helpdesk.core.errors import BadInput, Busy
from helpdesk.core.rows import change_many
from helpdesk.customers.models import Person
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.tickets.intake import open_tickets
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.faults.crashing import Crash
from tests.help.mails import bounce, count, mail, our_id
from tests.help.servers import wait_until
from tests.help.statements import counted
from tests.help.stores import Store

SERVER = "mx.example.net"


def wait(number: int, body: str = "It broke.", mailbox: str = "support", **headers: str) -> None:
    """A mail waits; each number is another sender's."""
    given = {"From": f"c{number}@example.com", "Message-ID": f"<{number}@example.com>"} | headers
    take(mail(body, **given), Came(mailbox, "smtp"))


def proven(number: int, name: str, body: str) -> None:
    """A mail of a customer whom our mail server vouches for."""
    result = f"Authentication-Results: {SERVER}; dmarc=pass header.from=example.com\r\n"
    sender = f"{name} <c{number}@example.com>"
    text = mail(body, From=sender, **{"Message-ID": f"<{number}.{len(body)}@example.com>"})
    take(result.encode() + text, Came("support", "smtp"))


def rows() -> list[InboundMail]:
    return list(
        db.session.scalars(
            select(InboundMail).order_by(InboundMail.id).execution_options(populate_existing=True)
        )
    )


def outcomes() -> list[str]:
    return [f"{row.outcome} {row.reason}".strip() for row in rows()]


def of_all_kinds() -> None:
    """Openings, a second and a fourth mail with the same words of one sender, a reply to ours, an answer to one that
    waits beside it, a copy in another mailbox, a bounce, an automatic answer, one without a sender."""
    ticket = make.ticket()
    with transaction() as session:
        session.add(Mailbox(name="support", address="us@example.net", kind="smtp", proof_by=SERVER))
    for number in range(3):
        wait(number)
    for number in range(4):
        wait(9, From="loop@example.com", **{"Message-ID": f"<loop{number}@example.com>"})
    wait(10, "More.", In_Reply_To="<1@example.com>")
    wait(11, "And?", From="wang.fang@example.com", In_Reply_To=our_id(ticket))
    wait(2, mailbox="sales")
    wait(12, From="")
    wait(13, Auto_Submitted="auto-replied")
    take(bounce(our_id(ticket), "wang.fang@example.com"), Came("support", "smtp"))
    proven(20, "Li Lei", "Mine.")
    proven(20, "Li Lei", "Mine again.")
    wait(21, "I am Li Lei.", From="Li Lei <other@example.com>")


def told() -> list[Any]:
    """What became of every mail: its row, its case and its words there."""
    found = []
    for row in rows():
        said = db.session.scalars(
            select(Message).where(Message.data["mail_id"].as_integer() == row.id)
        ).all()
        ticket = db.session.get(Ticket, row.ticket_id or 0)
        found.append(
            [
                (row.outcome, row.reason, row.why, row.from_email, row.subject, row.words),
                (ticket.number, ticket.person_id, ticket.contact, ticket.queue) if ticket else None,
                [(each.body, each.message_id, each.data) for each in said],
            ]
        )
    return found


def test_what_becomes_of_each_mail_of_a_set_is_what_becomes_of_it_alone(
    app: Flask, store: Store
) -> None:
    """Brakes, threads, copies, namesakes and people see the mails before them, waiting or not."""
    of_all_kinds()
    while process_stored(limit=1):
        pass
    alone = told()
    db.session.remove()
    store.fresh()
    of_all_kinds()
    while process_stored():
        pass
    together = told()
    assert together == alone
    assert {"ticket", "reply", "held loop", "ignored copy", "quarantined no_sender"} <= set(
        outcomes()
    )


def test_fifty_mails_of_fifty_people_take_few_statements_and_commits(app: Flask) -> None:
    """It were more than twenty statements and two commits for each."""
    for number in range(50):
        wait(number)
    before = commits()
    with counted() as sent:
        assert process_stored() == 50
    assert outcomes() == ["ticket"] * 50
    assert commits() - before <= 4
    assert len(sent) <= 5 * 50, len(sent)
    numbers = db.session.scalars(select(Ticket.number).order_by(Ticket.id)).all()
    assert [each[5:] for each in numbers] == [f"{n:06d}" for n in range(1, 51)]


def poisoned(monkeypatch: pytest.MonkeyPatch, error: Callable[[], BaseException]) -> None:
    """Whatever opens the case of the third mail fails so."""

    def opening(cases: Any) -> Any:
        if any("poison" in case.body for case, _by in cases):
            raise error()
        return open_tickets(cases)

    monkeypatch.setattr(into_tickets, "open_tickets", opening)


@pytest.mark.parametrize("error", [ZeroDivisionError, lambda: BadInput({"body": "poison"})])
def test_a_mail_that_cannot_be_opened_is_set_aside_alone(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: Callable[[], BaseException]
) -> None:
    """The nine beside it are opened, each once, though their set was undone."""
    poisoned(monkeypatch, error)
    for number in range(10):
        wait(number, "poison" if number == 3 else "It broke.")
    process_stored()
    assert outcomes() == ["quarantined error" if n == 3 else "ticket" for n in range(10)]
    assert (count(Ticket), count(Person)) == (9, 9)
    assert rows()[3].from_email == "c3@example.com"


def test_a_mail_that_kills_the_worker_uses_up_its_own_tries_only(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those beside it were taken up along with it once; then each is taken alone."""
    poisoned(monkeypatch, Crash)
    for number in range(6):
        wait(number, "poison" if number == 2 else "It broke.")
    with moved_to(now()) as tick:
        for _restart in range(12):
            try:
                while process_stored():
                    pass
            except Crash:
                db.session.rollback()
                tick(timedelta(minutes=4).total_seconds())
    assert outcomes() == ["quarantined error" if n == 2 else "ticket" for n in range(6)]
    assert [row.tries for row in rows()] == [2, 2, 4, 2, 2, 2]
    assert count(Ticket) == 5


def test_a_set_that_dies_while_it_is_written_leaves_nothing_and_comes_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases and rows are one transaction: neither is there without the other."""

    def dying(*given: Any) -> None:
        change_many(*given)
        raise Crash

    for number in range(5):
        wait(number)
    monkeypatch.setattr(sets, "change_many", dying)
    with pytest.raises(Crash):
        process_stored()
    monkeypatch.undo()
    db.session.rollback()
    assert (count(Ticket), outcomes()) == (0, ["stored"] * 5)
    with moved_to(now() + inbound.LEASE):
        while process_stored():
            pass
    assert (count(Ticket), outcomes()) == (5, ["ticket"] * 5)


def test_what_another_worker_has_ended_meanwhile_is_left_as_it_is(app: Flask) -> None:
    """A worker that was thought dead comes back: its set writes only what still waits."""
    for number in range(3):
        wait(number)
    late = inbound._claim(50)
    with moved_to(now() + inbound.LEASE):
        assert process_stored(limit=1) == 1
    db.session.add(late[0])  # both workers have this test's session
    inbound.work_on(late)
    assert (count(Ticket), outcomes()) == (3, ["ticket"] * 3)


def test_large_mails_do_not_wait_in_memory_for_a_whole_set(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set ends where its mails are together larger than a mark, however few they are."""
    monkeypatch.setattr(sets, "LARGEST", 3_000)
    found: list[int] = []
    right = sets.end
    monkeypatch.setattr(sets, "end", lambda ends: (found.append(len(ends)), right(ends)))
    for number in range(4):
        wait(number, "x " * 600)
    process_stored()
    assert found == [2, 2]


def test_the_same_mail_in_two_mailboxes_makes_two_cases_that_name_each_other_where_that_is_wanted(
    app: Flask,
) -> None:
    """Though both wait in one set."""
    with transaction():
        options.put("mail_copies", "each")
    wait(1)
    wait(1, mailbox="sales")
    process_stored()
    assert outcomes() == ["ticket", "ticket"]
    notes = db.session.scalars(select(Message.body).where(Message.kind == "note")).all()
    assert len(notes) == 2


def at_once(app: Flask, raws: list[bytes]) -> list[BaseException | tuple[int, bool]]:
    """Keep these at one moment, each in a thread of its own; the first has the turn while all come."""
    found: list[BaseException | tuple[int, bool]] = []

    def one(raw: bytes) -> None:
        with app.app_context():
            try:
                row, new = keeping.keep(raw, Came("support", "smtp"))
                found.append((row.id, new))
            except Exception as error:
                found.append(error)
            db.session.remove()

    threads = [threading.Thread(target=one, args=(raw,)) for raw in raws]
    with keeping._at_once.turn:
        for thread in threads:
            thread.start()
        wait_until(lambda: len(keeping._at_once.waiting) == len(raws), 20, "all wait")
    for thread in threads:
        thread.join()
    db.session.rollback()
    return found


def test_mails_that_come_at_once_are_kept_by_one_commit(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sender hears "250" after it; the tally counts every one, and the same mail twice is one."""
    written: list[int] = []
    right = keeping._write
    monkeypatch.setattr(keeping, "_write", lambda new: (written.append(len(new)), right(new))[1])
    found = at_once(app, [mail(f"nr {n}") for n in range(8)])
    assert written == [8]
    assert {new for _id, new in found} == {True}  # type: ignore[misc]
    assert len(set(found)) == 8
    again = at_once(app, [mail("twice"), mail("twice"), mail("once")])
    assert sorted(new for _id, new in again) == [False, True, True]  # type: ignore[misc]
    assert count(InboundMail) == 10
    assert all(line.proved for line in ledger.days(make.agent().actor, 1))


def test_what_the_database_refuses_is_told_to_all_who_waited_and_they_come_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is told that it is kept."""

    def busy(_new: object) -> None:
        raise Busy("busy")

    raws = [mail(f"nr {n}") for n in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "_write", busy)
        assert [type(each) for each in at_once(app, raws)] == [Busy] * 3
    assert count(InboundMail) == 0
    assert len(at_once(app, raws)) == count(InboundMail) == 3
