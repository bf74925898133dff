"""Leave to use a mailbox by OAuth2: set up by an administrator, given at the provider, ended here.

The question carries a state that is good once, for this administrator and fifteen minutes, and a
code challenge (PKCE): whoever else has the answer's address can do nothing with it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets as chance
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import select

from helpdesk.agents.rights import Actor, require
from helpdesk.channels.email.boxes import actions
from helpdesk.clock import now
from helpdesk.core import encryption, options
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import FILL, PICK, Refused, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.notify.mail import oauth, tokens
from helpdesk.notify.mail.grants import AUTHORITIES, MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.settings import settings

FIELDS = ("authority", "tenant", "authorize_url", "token_url", "scope", "client_id")
PATIENCE = timedelta(minutes=15)  # for the provider's answer
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
STALE = N_("This answer came too late, or for somebody else. Please ask for consent once more.")


def answer_address() -> str:
    """The address that the provider must know: there its answer comes."""
    return f"{settings().base_url}/admin/mailboxes/consent"


def of(box: Mailbox) -> MailGrant | None:
    """The leave of this mailbox, as far as it is set up."""
    return db.session.get(MailGrant, box.id, populate_existing=True)


def ask(who: Actor, box_id: int, given: dict[str, str], client_secret: str) -> str:
    """Store the client and give the address at which consent is given; an empty secret keeps the
    stored one. Raises NotAllowed, or BadInput with a sentence by field."""
    box = actions.found(who, box_id)
    given = {name: given.get(name, "").strip() for name in FIELDS}
    _check(given)
    state, verifier = chance.token_urlsafe(32), chance.token_urlsafe(64)
    with transaction() as session:
        grant = session.get(MailGrant, box.id, populate_existing=True, with_for_update=True)
        _note(box, grant, given, who)
        if grant is None:
            grant = MailGrant(id=box.id, authority="", client_id="")
            session.add(grant)
        for name, value in given.items():
            setattr(grant, name, value)
        if client_secret:
            grant.client_secret = encryption.encrypted(client_secret)
        grant.state_hash, grant.verifier = _hash(state), encryption.encrypted(verifier)
        grant.asked_at, grant.asked_by = now(), who.id
        session.flush()
        options.changed()
    return oauth.question(grant, answer_address(), state, verifier)


def _note(box: Mailbox, grant: MailGrant | None, given: dict[str, str], who: Actor) -> None:
    old = {name: getattr(grant, name) for name in FIELDS} if grant is not None else None
    if old != given:
        record("setup.changed", by=who, what="mailbox_consent", id=box.id, old=old, new=given)


def _check(given: dict[str, str]) -> None:
    errors: dict[str, str] = {}
    if given["authority"] not in AUTHORITIES:
        errors["authority"] = PICK
    if not given["client_id"]:
        errors["client_id"] = FILL
    if given["tenant"] and not TENANT.fullmatch(given["tenant"]):
        errors["tenant"] = N_("Letters, digits, points and hyphens only.")
    if given["authority"] == "own":
        for name in ("authorize_url", "token_url"):
            if not _is_safe(given[name]):
                errors[name] = N_("Please give an address that begins with https://.")
    elif "authority" not in errors:
        given |= {"authorize_url": "", "token_url": "", "scope": ""}
    refuse(errors)


def _is_safe(url: str) -> bool:
    """Whether secrets may travel there: encrypted, or not leaving this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and local))


def answered(who: Actor, state: str, code: str) -> Mailbox:
    """The provider's answer: fetch the tokens and use them from now on.

    Raises Refused when it is not the answer to this person's question, or the code is not taken.
    """
    require(who, "settings.edit")
    grant, verifier = _asked(who, state)
    if not code:
        raise Refused(N_("No consent was given at the provider; nothing has changed."))
    try:
        told = oauth.redeemed(grant, answer_address(), code, verifier)
    except oauth.NoToken as error:
        words = N_("The provider did not take the answer: %(words)s")
        raise Refused(words, words=str(error)) from None
    if not told.refresh:
        raise Refused(N_("The provider gave leave for an hour only (no refresh token)."))
    return _keep(who, grant.id, told)


def _asked(who: Actor, state: str) -> tuple[MailGrant, str]:
    """The open question with this state; it is closed by that, whatever follows."""
    with transaction() as session:
        query = select(MailGrant).where(MailGrant.state_hash == _hash(state)).with_for_update()
        grant = session.scalar(query.execution_options(populate_existing=True)) if state else None
        if grant is None or grant.asked_by != who.id or not grant.asked_at:
            raise Refused(STALE)
        in_time, verifier = now() - grant.asked_at < PATIENCE, grant.verifier
        grant.state_hash, grant.verifier, grant.asked_at, grant.asked_by = "", "", None, None
    if not in_time:
        raise Refused(STALE)
    return grant, encryption.decrypted(verifier)


def _keep(who: Actor, box_id: int, told: oauth.Tokens) -> Mailbox:
    with transaction() as session:
        grant = session.get_one(MailGrant, box_id, populate_existing=True, with_for_update=True)
        tokens.keep(grant, told)
        grant.given_at = now()
        box = _well_again(session.get_one(Mailbox, box_id))
        options.changed()
        record("setup.changed", by=who, what="mailbox_consent", id=box_id, old=None, new="given")
    return box


def end(who: Actor, box_id: int) -> Mailbox:
    """Sign in with the password again; the tokens are forgotten."""
    box = actions.found(who, box_id)
    with transaction() as session:
        grant = session.get(MailGrant, box_id, populate_existing=True, with_for_update=True)
        if grant is not None:
            session.delete(grant)
            _well_again(box)
            options.changed()
            record(
                "setup.changed", by=who, what="mailbox_consent", id=box_id, old="given", new=None
            )
    return box


def _well_again(box: Mailbox) -> Mailbox:
    """The old problem is none any more, and any fetcher may have it at once."""
    fresh = locked(box)
    fresh.failing_since, fresh.last_error, fresh.leased_until = None, "", None
    return fresh


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
