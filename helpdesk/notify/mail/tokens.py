"""The token that a mailbox signs in with: renewed ahead of its end, by one process at a time.

The provider is asked outside of any transaction; a lease on the row keeps the others waiting, and
what it gave is stored before it is used, since it may have made the old refresh token worthless.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from functools import partial

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.core.events import record
from helpdesk.notify.mail import oauth
from helpdesk.notify.mail.connections import Token
from helpdesk.notify.mail.grants import MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.mail.oauth import NoToken, Tokens

AHEAD = timedelta(minutes=5)  # before its end a token is renewed
LEASE = timedelta(seconds=60)  # longer than asking the provider can take
PATIENCE = 40.0  # seconds to wait for another process's answer
CONSENT = "consent"  # the key of this problem on the mailbox


def secret_of(box: Mailbox) -> str | Token:
    """What it signs in with: its password, or what gives tokens. Raises Refused when the stored
    password can't be read."""
    if db.session.get(MailGrant, box.id) is not None:
        return partial(access_token, box.id)
    return encryption.decrypted(box.secret)


def access_token(box_id: int, refused: str = "") -> str:
    """A token that is good for a while; not the one that the mail server has just refused.

    Raises NoToken; when the leave is over, that is noted on the mailbox and told to administrators.
    """
    me, until = uuid.uuid4().hex, time.monotonic() + PATIENCE
    while True:
        found = _at_hand(box_id, refused, me)
        if isinstance(found, str):
            return found
        if found is not None:
            return _renewed(found, me)
        if time.monotonic() > until:
            raise NoToken("another process has been fetching a new token for too long")
        time.sleep(0.2)


def _at_hand(box_id: int, refused: str, me: str) -> str | MailGrant | None:
    """The stored token; or the leave, to fetch a new one with; None while somebody else does."""
    with transaction() as session:
        grant = session.get(MailGrant, box_id, populate_existing=True, with_for_update=True)
        if grant is None or not grant.is_given:
            raise NoToken(grant.over_why if grant else "", over=True)
        stored = oauth.decrypted(grant.access_token)
        if stored and stored != refused and grant.expires_at and grant.expires_at > now() + AHEAD:
            return stored
        if grant.refreshing_until is not None and grant.refreshing_until > now():
            return None
        grant.refreshing_by, grant.refreshing_until = me, now() + LEASE
        return grant


def _renewed(grant: MailGrant, me: str) -> str:
    try:
        told = oauth.renewed(grant)
    except NoToken as error:
        _ended(grant.id, me, error)
        raise
    with transaction() as session:
        fresh = session.get_one(MailGrant, grant.id, populate_existing=True, with_for_update=True)
        if fresh.refreshing_by == me:
            keep(fresh, told)
    return told.access


def keep(grant: MailGrant, told: Tokens) -> None:
    """Inside the caller's transaction: these tokens are the leave from now on."""
    grant.access_token, grant.expires_at = encryption.encrypted(told.access), told.expires_at
    if told.refresh:
        grant.refresh_token = encryption.encrypted(told.refresh)
    grant.over_since, grant.over_why = None, ""
    grant.refreshing_by, grant.refreshing_until = "", None


def _ended(box_id: int, me: str, error: NoToken) -> None:
    """Nobody fetches a token now; when the leave is over, whoever must know is told, once."""
    with transaction() as session:
        grant = session.get_one(MailGrant, box_id, populate_existing=True, with_for_update=True)
        if grant.refreshing_by != me:
            return
        grant.refreshing_by, grant.refreshing_until = "", None
        if not error.over:
            return
        grant.over_since, grant.over_why, grant.access_token = now(), str(error), ""
        box = session.get_one(Mailbox, box_id, populate_existing=True, with_for_update=True)
        box.failing_since = box.failing_since or now()
        box.last_error = f"{CONSENT}|{error}"[:500]
        record(
            "mailbox.consent_over", by=SYSTEM, mailbox=box.id, address=box.address, why=str(error)
        )
