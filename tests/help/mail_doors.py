"""Mailboxes of a real Dovecot, and what is fetched from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.notify.mail.mailboxes import Mailbox
from tests.help.mailbed import Bed, Missing, running
from tests.help.mails import mail

PATIENCE = 120  # seconds


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    try:
        with running() as made:
            yield made
    except Missing as missing:
        pytest.skip(str(missing))


def connect(bed: Bed, user: str, **more: object) -> Mailbox:
    values = {
        "name": user,
        "address": f"{user}@test.local",
        "host": "127.0.0.1",
        "port": bed.imap,
        "tls": "none",
        "user": user,
        "secret": encryption.encrypted("secret"),
        "done_folder": "Processed",
    }
    with transaction() as session:
        box = Mailbox(**(values | more))
        session.add(box)
    return box


def fresh(box: Mailbox) -> Mailbox:
    return db.session.get_one(Mailbox, box.id, populate_existing=True)


def numbered(n: int) -> bytes:
    return mail(f"Nummer {n}", From=f"p{n}@example.com", **{"Message-ID": f"<n{n}@example.com>"})


def until(done: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not done():
        assert time.monotonic() < end, "it did not happen"
        db.session.rollback()  # to see what others have committed
        time.sleep(0.2)
