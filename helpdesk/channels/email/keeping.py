"""Raw first: the bytes are on disk and the row is committed before anybody reads the mail.

What keep() has returned is never lost: only then is the mail server told 250, or the
mail moved in the mailbox. Everything after it can be run again from the raw bytes.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, bindparam, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk import files
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core import rows
from helpdesk.core.db import db, transaction
from helpdesk.core.i18n import company_zone

LEASE = timedelta(minutes=3)  # for which whoever took a mail up may work on it
_COUNT = text(
    "INSERT INTO mail_tally (mailbox, day, taken, again) VALUES (:mailbox, :day, :taken, :again) "
    "ON CONFLICT (mailbox, day) DO UPDATE SET taken = mail_tally.taken + excluded.taken, "
    "again = mail_tally.again + excluded.again"
).bindparams(bindparam("day", type_=Date))


_TABLE: Any = InboundMail.__table__
_SAME = (
    select(InboundMail)
    .where(
        InboundMail.mailbox == bindparam("mailbox"), InboundMail.identity == bindparam("identity")
    )
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class Came:
    """How a mail came: through which mailbox and door, and what the server there calls it."""

    mailbox: str
    door: str
    uid: str = ""
    envelope_to: str = ""
    arrived_at: datetime | None = None
    cut: bool = False


def keep(raw: bytes, came: Came, *, lease: timedelta = timedelta(0)) -> tuple[InboundMail, bool]:
    """The row of this mail, committed, and whether it is new.

    With a lease the caller works on it at once, and nobody else takes it up meanwhile. Raises Busy
    (or what the disk says) while nothing is stored: then the sender must come again.
    """
    mark = identity(raw)
    seen = _seen(came.mailbox, mark)
    if seen is not None:
        _count_again(came, seen)
        return seen, False
    stored = files.store(raw, "mail.eml", "message/rfc822")
    row = _row(raw, came, mark, stored.key, lease)
    try:
        _at_once.write(row)
    except IntegrityError:
        files.discard([stored])
        db.session.rollback()  # what it has read so far is older than that row
        seen = _seen(came.mailbox, mark)
        if seen is None:
            raise
        _count_again(came, seen)
        return seen, False
    return row, True  # after any other error the bytes stay: the commit may have gone through


@dataclass
class _Waiting:
    row: InboundMail
    ended: bool = False
    error: BaseException | None = None


class _AtOnce:
    """Mails that come at once are committed together: whoever's turn it is writes for all who wait, since
    each commit waits for the disk and all of one mailbox count in one row."""

    def __init__(self) -> None:
        self.turn, self.waiting = threading.Lock(), list[_Waiting]()

    def write(self, row: InboundMail) -> None:
        """Return when the row is committed, with its id. Raises what kept it from that."""
        mine = _Waiting(row)
        self.waiting.append(mine)
        with self.turn:
            if not mine.ended:
                together = self.waiting[:]
                del self.waiting[: len(together)]
                _write_each(together)
        if mine.error is not None:
            raise mine.error


_at_once = _AtOnce()


def _write_each(together: Sequence[_Waiting]) -> None:
    try:
        _write([each.row for each in together])
    except BaseException as error:
        alone = len(together) == 1 or not isinstance(error, IntegrityError)
        for each in together:
            if alone:
                each.error = error
            else:  # one of them is there already
                _write_each([each])
    for each in together:
        each.ended = True


def _write(new: Sequence[InboundMail]) -> None:
    with transaction() as session:
        values = [dict(each) for each in rows.rows_of(new)[0].values]
        key = (_TABLE.c.id, _TABLE.c.mailbox, _TABLE.c.identity)
        ids = {tuple(made[1:]): made[0] for made in rows.insert_many(_TABLE, values, *key)}
        days = Counter((row.mailbox, day_of(row.received_at)) for row in new)
        for (mailbox, day), taken in sorted(days.items()):
            _count(session, mailbox, day, taken=taken)
    for row in new:
        row.id = ids[row.mailbox, row.identity]


def day_of(moment: datetime) -> date:
    """The day on which the company's clocks showed this moment."""
    return moment.astimezone(company_zone()).date()


def raw_of(row: InboundMail) -> bytes:
    """The mail as it came."""
    with files.open_file(row.file_key) as stored:
        return stored.read()


def _seen(mailbox: str, mark: str) -> InboundMail | None:
    return db.session.scalar(_SAME, {"mailbox": mailbox, "identity": mark})


def _row(raw: bytes, came: Came, mark: str, key: str, lease: timedelta) -> InboundMail:
    draft = rows.fresh(
        InboundMail,
        **vars(came),
        identity=mark,
        sha256=hashlib.sha256(raw).hexdigest(),
        file_key=key,
        size=len(raw),
        received_at=now(),
        tries=1 if lease else 0,
        next_at=now() + lease,
    )
    return rows.entity(draft)


def _count_again(came: Came, seen: InboundMail) -> None:
    """A mail that we have: counted, and known by its newest name at the server."""
    with transaction() as session:
        _count(session, came.mailbox, day_of(now()), again=1)
        if came.uid and came.uid != seen.uid:
            session.get_one(InboundMail, seen.id).uid = came.uid


def _count(session: Session, mailbox: str, day: date, taken: int = 0, again: int = 0) -> None:
    session.execute(_COUNT, {"mailbox": mailbox, "day": day, "taken": taken, "again": again})


_TRACE_HEADERS = (
    b"received x-received return-path delivered-to x-delivered-to x-original-to envelope-to"
    b" x-envelope- delivery-date authentication-results arc- x-spam x-virus x-uid x-keywords"
    b" x-mozilla- status x-status content-length"
)
_TRACE = tuple(_TRACE_HEADERS.split())  # how those lines begin
_HEAD = 1 << 20  # bytes in which the header block is looked for


def identity(raw: bytes) -> str:
    """SHA-256 of the mail without trace headers and without the line ends of its way here."""
    text = raw.replace(b"\r\n", b"\n")
    head, blank, body = text[:_HEAD].partition(b"\n\n")
    digest = hashlib.sha256()
    if blank:
        digest.update(b"\n".join(_lasting(head.split(b"\n"))))
        digest.update(blank)
        digest.update(
            body.rstrip(b"\n") if len(text) <= _HEAD else body + text[_HEAD:].rstrip(b"\n")
        )
    else:
        digest.update(text.rstrip(b"\n"))
    return digest.hexdigest()


def _lasting(lines: list[bytes]) -> list[bytes]:
    """The header lines that stay the same on every way."""
    kept, skipping = [], False
    for place, line in enumerate(lines):
        if not line.startswith((b" ", b"\t")):
            envelope = place == 0 and line.startswith(b"From ")
            skipping = envelope or line.lower().startswith(_TRACE)
        if not skipping:
            kept.append(line)
    return kept
