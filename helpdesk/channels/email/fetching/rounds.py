"""Fetches mail: kept first, moved on the server second. Killed anywhere, it begins again.

A mail that was kept and not yet moved is found again and known by its UID or by what it says; one
that was not kept yet still lies on the server. So nothing is lost and nothing doubled.
"""

from __future__ import annotations

import imaplib
import poplib
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import take
from helpdesk.channels.email.fetching.imap import ImapDoor
from helpdesk.channels.email.fetching.pop3 import Pop3Door
from helpdesk.channels.email.fetching.problems import noted
from helpdesk.channels.email.keeping import Came
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core.db import db, locked, transaction
from helpdesk.notify.mail.grants import MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.mail.tokens import access_token, secret_of
from helpdesk.settings import settings

Door = ImapDoor | Pop3Door
LEASE = timedelta(minutes=3)  # for which a mailbox belongs to one fetcher
EARLIER = timedelta(days=1)  # by which clocks may differ when old mails are left alone
_trouble: Counter[tuple[int, str]] = Counter()  # (mailbox, mail) that broke a connection, goes last


def opened(box: Mailbox) -> Door:
    """A connection to the mailbox. Raises what the line, the server or the stored password says."""
    return (Pop3Door if box.kind == "pop3" else ImapDoor)(box, secret_of(box))


def still_allowed(box_id: int) -> None:
    """A long connection outlives its token: look whether we still may be there, so that the end of
    the leave is known at once. Raises NoToken."""
    if db.session.get(MailGrant, box_id) is not None:
        access_token(box_id)


def fetch_round(door: Door, box_id: int) -> int:
    """Keep everything new; returns how many mails were taken. Notes how it went on the mailbox."""
    box = db.session.get_one(Mailbox, box_id, populate_existing=True)
    if isinstance(door, ImapDoor):
        box = _with_validity(door, box)
    waiting = door.waiting(box.last_uid)
    taken, missed, left = _take_all(door, box, waiting)
    if isinstance(door, ImapDoor):
        _remember(box, list(waiting.values()), left)
    with transaction():
        fresh = locked(box)
        fresh.last_fetch = now()
        fresh.failing_since = (fresh.failing_since or now()) if missed else None
        fresh.last_error = missed
    return taken


def note_failure(box_id: int, error: BaseException) -> None:
    """Note on the mailbox since when it fails, and why."""
    db.session.rollback()
    with transaction() as session:
        box = session.get(Mailbox, box_id, populate_existing=True)
        if box is not None:
            box.failing_since = box.failing_since or now()
            box.last_error = noted(error)


def leased(box_id: int, by: str) -> bool:
    """Take or renew the mailbox for this fetcher; False while another one has it."""
    with transaction() as session:
        box = session.get(Mailbox, box_id, populate_existing=True, with_for_update=True)
        if box is None or not box.active or not box.fetches:
            return False
        taken = box.leased_until is not None and box.leased_until > now() and box.leased_by != by
        if not taken:
            box.leased_by, box.leased_until = by, now() + LEASE
        return not taken


def release(box_id: int, by: str) -> None:
    """Let another fetcher have the mailbox."""
    with transaction() as session:
        box = session.get(Mailbox, box_id, populate_existing=True)
        if box is not None and box.leased_by == by:
            box.leased_until = None


def _take_all(door: Door, box: Mailbox, waiting: dict[str, int]) -> tuple[int, str, set[int]]:
    """Take every mail that we don't have: how many were, what went wrong, and those that were left."""
    known = _known(box, waiting)
    taken, missed, left = 0, "", set[int]()
    for mark, place in sorted(waiting.items(), key=lambda each: _trouble[box.id, each[0]]):
        if mark in known:
            if not known[mark]:
                door.done(place)
            continue
        try:
            taken += _take(door, box, mark, place)
        except imaplib.IMAP4.abort:
            _trouble[box.id, mark] += 1  # the line is gone; next time this one is tried last
            raise
        except (imaplib.IMAP4.error, poplib.error_proto) as error:
            missed = f"mail|{door.counts_by} {mark.partition('.')[2]}: {error}"[:500]
            left.add(place)
    return taken, missed, left


def _take(door: Door, box: Mailbox, mark: str, place: int) -> int:
    """Fetch, keep, and only then move; 1 when it was taken."""
    found = door.fetch(place, settings().max_mail_bytes)
    if found is None:
        return 0
    old = found.arrived_at is not None and found.arrived_at < box.connected_at - EARLIER
    if box.from_now and old:
        return 0
    take(found.raw, Came(box.name, box.kind, mark, box.address, found.arrived_at, found.cut))
    if not found.cut:
        door.done(place)
    return 1


def _with_validity(door: ImapDoor, box: Mailbox) -> Mailbox:
    """A new UIDVALIDITY: every UID is a new one, and the whole folder is walked again."""
    if box.uid_validity == door.validity:
        return box
    first = box.uid_validity is None
    with transaction():
        box = locked(box)
        box.uid_validity = door.validity
        box.last_uid = door.next_uid - 1 if first and box.from_now and door.next_uid else 0
    return box


def _remember(box: Mailbox, waiting: list[int], left: set[int]) -> None:
    """The UID up to which all is kept. With a done folder it stays: what lies there is to be moved."""
    if box.done_folder or not waiting:
        return
    last = min(left) - 1 if left else waiting[-1]
    if last > box.last_uid:
        with transaction():
            locked(box).last_uid = last


def _known(box: Mailbox, marks: Iterable[str]) -> dict[str, bool]:
    """Those of the server's names whose mails we have; True for one of which only the beginning is
    here, so that the server's copy must stay."""
    wanted, found = list(marks), dict[str, bool]()
    for at in range(0, len(wanted), 500):
        query = select(InboundMail.uid, InboundMail.cut).where(
            InboundMail.mailbox == box.name, InboundMail.uid.in_(wanted[at : at + 500])
        )
        found |= {row.uid: row.cut for row in db.session.execute(query)}
    return found
