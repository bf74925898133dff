"""Mail doors against a real Dovecot: IMAP by UID, moves, IDLE, kills, cut lines, new UIDVALIDITY.

The mail testbed lies beside the project; without it (or without Dovecot) these tests are skipped.
"""

from __future__ import annotations

import socket
import socketserver
import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.channels.email.deciding.inbound import process_stored
from helpdesk.channels.email.fetching import fetcher, rounds
from helpdesk.channels.email.fetching.fetcher import Fetcher, fetch_all_once
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.tickets.models import Ticket
from tests.help.mail_doors import connect, fresh, numbered, until
from tests.help.mailbed import Bed
from tests.help.mails import count, mail

pytestmark = pytest.mark.mailserver


def test_new_mail_is_kept_worked_on_and_moved(app: Flask, bed: Bed) -> None:
    """Fetched twice, it is one ticket; the done folder holds the mail."""
    user = bed.user()
    box = connect(bed, user)
    bed.deliver(user, mail())
    assert fetch_all_once() == {user: 1}
    assert fetch_all_once() == {user: 0}
    row = db.session.scalars(select(InboundMail)).one()
    assert (row.mailbox, row.door, row.outcome) == (user, "imap", "ticket")
    assert (bed.inbox(user), bed.inbox(user, "Processed")) == (0, 1)
    assert fresh(box).last_error == "" and fresh(box).last_fetch is not None


def test_without_a_done_folder_each_mail_is_fetched_once_whoever_reads_it(
    app: Flask, bed: Bed
) -> None:
    """UIDs decide, never UNSEEN: people read the mailbox too."""
    user = bed.user()
    connect(bed, user, done_folder="")
    for n in range(3):
        bed.deliver(user, numbered(n))
    assert fetch_all_once() == {user: 3}
    bed.deliver(user, numbered(3))
    assert fetch_all_once() == {user: 1}
    assert fetch_all_once() == {user: 0}
    assert bed.inbox(user) == 4


def test_a_new_uidvalidity_doubles_nothing_and_misses_nothing(app: Flask, bed: Bed) -> None:
    """The folder is walked again, and the key knows what is here."""
    user = bed.user()
    connect(bed, user, done_folder="")
    for n in range(3):
        bed.deliver(user, numbered(n))
    fetch_all_once()
    bed("renumber", user)
    bed.deliver(user, numbered(3))
    fetch_all_once()
    assert (count(InboundMail), count(Ticket)) == (4, 4)


def test_old_mail_of_a_new_mailbox_makes_tickets_and_answers_nobody(app: Flask, bed: Bed) -> None:
    """A helpdesk was pointed at an old mailbox and answered 20,000 mails."""
    user = bed.user()
    bed.deliver(user, numbered(1))
    box = connect(bed, user)
    with transaction() as session:
        session.get_one(Mailbox, box.id).connected_at = now().replace(year=now().year + 1)
    fetch_all_once()
    deliver_due()
    assert (count(Ticket), count(Envelope)) == (1, 0)


def test_from_now_on_leaves_what_lay_there_before(app: Flask, bed: Bed) -> None:
    user = bed.user()
    bed.deliver(user, numbered(1))
    connect(bed, user, from_now=True)
    assert fetch_all_once() == {user: 0}
    bed.deliver(user, numbered(2))
    assert fetch_all_once() == {user: 1}
    assert bed.inbox(user) == 1


def test_a_mail_that_is_too_large_stays_in_the_mailbox_and_is_shown(
    app: Flask, bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its beginning is held for a person; memory is not filled with the rest."""
    user = bed.user()
    connect(bed, user)
    bed.deliver(user, mail("gross " * 600_000, Subject="Riesig"))
    monkeypatch.setattr(rounds, "settings", lambda: _Small())
    fetch_all_once()
    row = db.session.scalars(select(InboundMail)).one()
    assert (row.outcome, row.reason, row.subject, row.cut) == ("held", "too_large", "Riesig", True)
    assert row.size < 300_000
    fetch_all_once()
    assert bed.inbox(user) == 1


class _Small:
    max_mail_bytes = 1_000_000


def test_a_wrong_password_is_told_and_other_mailboxes_go_on(app: Flask, bed: Bed) -> None:
    user, other = bed.user(), bed.user()
    wrong = connect(bed, user, secret=encryption.encrypted("wrong"))
    connect(bed, other)
    bed.deliver(other, mail())
    done = fetch_all_once()
    assert done[other] == 1
    assert fresh(wrong).last_error.startswith("login|")
    assert fresh(wrong).failing_since is not None


def test_two_fetchers_never_have_one_mailbox(app: Flask, bed: Bed) -> None:
    box = connect(bed, bed.user())
    assert rounds.leased(box.id, "one")
    assert not rounds.leased(box.id, "two")
    assert rounds.leased(box.id, "one")
    rounds.release(box.id, "one")
    assert rounds.leased(box.id, "two")


def test_a_waiting_fetcher_hears_of_new_mail_by_itself(app: Flask, bed: Bed) -> None:
    """IDLE: the mail is kept long before the next look would be due."""
    user = bed.user()
    box = connect(bed, user)
    stop = threading.Event()
    thread = threading.Thread(target=Fetcher(app, stop).run, daemon=True)
    thread.start()
    try:
        until(lambda: fresh(box).last_fetch is not None)
        bed.deliver(user, mail())
        until(lambda: count(InboundMail) == 1)
    finally:
        stop.set()
        thread.join(30)
    process_stored()
    assert count(Ticket) == 1


class Cut(socketserver.ThreadingTCPServer):
    """A line to the mail server that breaks after so many bytes of answers; 0 never."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Pipe)
        self.behind, self.after = port, 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Pipe(socketserver.BaseRequestHandler):
    server: Cut

    def handle(self) -> None:
        left = self.server.after or 1 << 40
        with socket.create_connection(("127.0.0.1", self.server.behind)) as there:
            threading.Thread(target=self.upward, args=(there,), daemon=True).start()
            while left > 0 and (data := there.recv(min(65536, left))):
                self.request.sendall(data)
                left -= len(data)
        self.request.shutdown(socket.SHUT_RDWR)

    def upward(self, there: socket.socket) -> None:
        try:
            while data := self.request.recv(65536):
                there.sendall(data)
        except OSError:
            pass


@pytest.mark.thorough
def test_a_line_cut_at_each_tenth_of_the_way_loses_and_doubles_nothing(
    app: Flask, bed: Bed
) -> None:
    """Every mail is kept once; none was moved on the server before it was kept."""
    user, total = bed.user(), 30
    for n in range(total):
        bed.deliver(user, numbered(n))
    whole = total * (len(numbered(0)) + 400)
    with Cut(bed.imap) as line:
        connect(bed, user, port=line.port)
        for tenth in range(1, 10):
            line.after = whole * tenth // 10 // 3
            fetch_all_once()
            assert bed.inbox(user) + count(InboundMail) >= total
        line.after = 0
        fetch_all_once()
        line.shutdown()
    outcomes = select(func.count()).where(InboundMail.outcome == "ticket")
    assert db.session.scalar(outcomes) == count(InboundMail) == count(Ticket) == total
    assert (bed.inbox(user), bed.inbox(user, "Processed")) == (0, total)


@pytest.mark.parametrize("step", ["kept", "moved", "worked"])
def test_a_fetcher_killed_between_two_steps_loses_and_doubles_nothing(
    app: Flask, bed: Bed, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Death after each step, again and again; BaseException passes every handler, as
    kill -9 would."""
    user, total = bed.user(), 12
    connect(bed, user)
    for n in range(total):
        bed.deliver(user, numbered(n))
    where, name = {
        "kept": (rounds.ImapDoor, "done"),
        "moved": (rounds, "take"),
        "worked": (fetcher, "process_stored"),
    }[step]
    right = getattr(where, name)
    for _time in range(3):
        calls: list[int] = []

        def dying(*given: object, calls: list[int] = calls) -> object:
            calls.append(1)
            if len(calls) == 4 or step == "worked":
                raise KeyboardInterrupt
            return right(*given)

        monkeypatch.setattr(where, name, dying)
        with pytest.raises(KeyboardInterrupt):
            fetch_all_once()
        monkeypatch.undo()
        db.session.rollback()
        with transaction() as session:
            for box in session.scalars(select(Mailbox)):
                box.leased_until = None  # the lease of the dead one has run out
    fetch_all_once()
    assert count(InboundMail) == count(Ticket) == total
    assert (bed.inbox(user), bed.inbox(user, "Processed")) == (0, total)


def test_what_we_send_goes_through_the_mailbox_that_was_written_to(app: Flask, bed: Bed) -> None:
    """The answer comes from the same address, through the server of that mailbox."""
    user = bed.user()
    connect(bed, user, smtp_host="127.0.0.1", smtp_port=bed.smtp, smtp_tls="none", plus=True)
    bed.deliver(user, mail())
    fetch_all_once()
    deliver_due()
    sent = db.session.scalars(select(Envelope)).one()
    assert (sent.state, sent.mailbox) == ("sent", user)
    assert sent.reply_to.startswith(f"{user}+2")
    assert f'"mail_from": "{user}@test.local"' in bed("sent")
