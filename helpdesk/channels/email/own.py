"""Which addresses are ours, and since when a mailbox is connected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.customers import addresses
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.notify.mailboxes import Mailbox, by_name
from helpdesk.web import settings


def own_addresses() -> frozenset[str]:
    """Our addresses in comparable form."""
    named = db.session.scalars(select(Mailbox.address))
    return frozenset(filter(None, map(_comparable, [settings().mail_from, *named])))


def is_own(sender: str, ours: frozenset[str]) -> bool:
    """Whether an address is ours, with or without something behind a plus."""
    name, _at, host = sender.rpartition("@")
    return sender in ours or f"{name.partition('+')[0]}@{host}" in ours


def began(mailbox: str) -> datetime | None:
    """Since when the mailbox is connected; None for the pipe, which has no past."""
    box = by_name(mailbox)
    return box.connected_at if box is not None and box.fetches else None


def _comparable(address: str) -> str:
    try:
        return addresses.mail(address)
    except BadInput:
        return ""
