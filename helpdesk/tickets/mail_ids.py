"""Our own Message-IDs: signed, so that a reply finds its ticket and nobody can make one up."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy import select

from helpdesk.core.db import db
from helpdesk.tickets.models import Ticket

DIGITS = 24  # 96 bit


def mail_id(number: str, part: str, key: str, host: str) -> str:
    """<2026-000412.m17.SIGNATURE@host> for one thing that we send about a ticket."""
    return f"<{number}.{part}.{_signature(number, part, key)}@{host}>"


def _signature(number: str, part: str, key: str) -> str:
    return hmac.new(key.encode(), f"mail:{number}:{part}".encode(), hashlib.sha256).hexdigest()[
        :DIGITS
    ]


def reply_tag(number: str, key: str) -> str:
    """What stands behind the plus of a ticket's reply address: support+2026-000412.r.SIGNATURE@."""
    return f"{number}.r.{_signature(number, 'r', key)}"


def tag_of_address(address: str) -> str:
    """What stands behind the plus of an address; '' when there is none."""
    return address.rpartition("@")[0].partition("+")[2]


def ticket_of(ids: Iterable[str], key: str) -> Ticket | None:
    """The ticket of the first id that we have really made, whatever host it names."""
    for given in ids:
        number = _number(given.strip().strip("<>"), key)
        if number:
            return by_number(number)
    return None


def _number(given: str, key: str) -> str | None:
    parts = given.partition("@")[0].split(".")
    if len(parts) != 3:
        return None
    number, part, signature = parts
    right = _signature(number, part.lower(), key)  # some programs write addresses in capitals
    same = hmac.compare_digest(right.encode(), signature.lower().encode())
    return number if same else None


def by_number(number: str) -> Ticket | None:
    """The ticket with this number, for the machine's own use."""
    return db.session.scalar(select(Ticket).where(Ticket.number == number))


def tag_in(subject: str) -> str | None:
    """The number in a subject tag like [2026-000412]."""
    for piece in subject.split("[")[1:]:
        number, closed, _rest = piece.partition("]")
        year, dash, serial = number.partition("-")
        if closed and dash and year.isdecimal() and serial.isdecimal() and len(number) < 20:
            return number
    return None
