"""Fetchers in trouble at a real Dovecot: several at one mailbox, a full disk, a database that is away."""

from __future__ import annotations

import errno
import imaplib
import threading

import pytest
from flask import Flask
from imap_tools import MailboxMoveError
from sqlalchemy import select

from helpdesk import files
from helpdesk.channels.email import keeping
from helpdesk.channels.email.deciding.inbound import process_stored
from helpdesk.channels.email.fetching import rounds
from helpdesk.channels.email.fetching.fetcher import fetch_all_once
from helpdesk.channels.email.models import InboundMail
from helpdesk.core.db import db
from helpdesk.core.errors import Busy
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.tickets.models import Message, Ticket
from tests.help.mail_doors import connect, fresh, numbered
from tests.help.mailbed import Bed
from tests.help.mails import count

pytestmark = pytest.mark.mailserver


def filled(bed: Bed, total: int) -> str:  # noqa: F811
    """A mailbox with so many mails."""
    user = bed.user()
    client = imaplib.IMAP4("127.0.0.1", bed.imap)
    client.login(user, "secret")
    for n in range(total):
        client.append("INBOX", "", "", numbered(n))
    client.logout()
    return user


@pytest.mark.parametrize("leased", [True, False])
def test_four_fetchers_at_one_mailbox_make_one_ticket_of_each_mail(
    app: Flask,
    bed: Bed,  # noqa: F811
    leased: bool,
) -> None:
    """The lease keeps them apart; and without it (a frozen fetcher that comes back), the
    unique row does."""
    total = 25
    box = connect(bed, filled(bed, total))
    start, problems = threading.Barrier(4), []

    def fetch() -> None:
        with app.app_context():
            try:
                start.wait()
                if leased:
                    fetch_all_once()
                else:
                    door = rounds.opened(db.session.get_one(Mailbox, box.id))
                    rounds.fetch_round(door, box.id)
                    process_stored()
            except (imaplib.IMAP4.error, MailboxMoveError):
                pass  # another one has moved that mail: it is tried again
            except BaseException as error:
                problems.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetch_all_once()
    db.session.rollback()
    assert problems == []
    assert (count(InboundMail), count(Ticket), count(Message)) == (total, total, total)
    moved = bed.inbox(box.name, "Processed")
    # Without the lease two may move one mail at once, and Dovecot then keeps a copy for each.
    assert bed.inbox(box.name) == 0 and (moved == total if leased else moved >= total)


def full(*_args: object, **_more: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def away(*_args: object, **_more: object) -> None:
    raise Busy("down")


@pytest.mark.parametrize("fault", ["disk", "database"])
def test_while_nothing_can_be_stored_nothing_is_moved_and_afterwards_all_is_here(
    app: Flask,
    bed: Bed,  # noqa: F811
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The disk is full, and the database down at delivery: the mails stay at the provider, and the page says why."""
    box = connect(bed, filled(bed, 3))
    broken = (files, "store", full) if fault == "disk" else (keeping, "transaction", away)
    monkeypatch.setattr(*broken)
    assert "taken" not in str(fetch_all_once()[box.name])
    monkeypatch.undo()
    assert (count(InboundMail), bed.inbox(box.name)) == (0, 3)
    assert fresh(box).failing_since is not None and fresh(box).last_error
    assert fetch_all_once() == {box.name: 3}
    assert db.session.scalars(select(InboundMail.outcome)).all() == ["ticket"] * 3
    assert fresh(box).failing_since is None
