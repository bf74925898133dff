"""A provider of mail that gives tokens, and a mailbox that has one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.db import transaction
from helpdesk.notify.mail.grants import MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from tests.help.token_server import CLIENT, SECRET, TokenServer


@pytest.fixture
def provider() -> Iterator[TokenServer]:
    server = TokenServer(lambda: "access")
    yield server
    server.shutdown()
    server.server_close()


def box(**more: object) -> Mailbox:
    values = {"name": "support", "address": "support@example.net", "kind": "smtp", "user": "u"}
    with transaction() as session:
        made = Mailbox(**(values | more))
        session.add(made)
    return made


def granted(box: Mailbox, url: str, **more: object) -> MailGrant:
    """The mailbox with a consent that was given."""
    values = {
        "authority": "own",
        "client_id": CLIENT,
        "client_secret": encryption.encrypted(SECRET),
        "token_url": url,
        "refresh_token": encryption.encrypted("refresh-1"),
        "given_at": now(),
    }
    with transaction() as session:
        grant = MailGrant(id=box.id, **(values | more))
        session.add(grant)
    return grant
