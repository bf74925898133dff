"""Write a letter down, send it, try again: each row tells at any time what became of it.

A letter that a server refuses for now is tried after 1, 5, 15 and 60 minutes, then hourly, for a day.
A server that can't be reached is asked every minute by one letter, while the others wait with it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.db import after_commit, db, locked, retrying, transaction
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.i18n import in_language
from helpdesk.core.rows import fresh, insert_many
from helpdesk.notify import media, optouts, paces
from helpdesk.notify.media import Ended, Letter
from helpdesk.notify.models import LOST, OPEN, Envelope
from helpdesk.tickets import actions

log = logging.getLogger(__name__)
TABLE: Any = Envelope.__table__
COLUMNS = tuple(column.name for column in TABLE.columns if column.name != "id")
KEY = (Envelope.id, Envelope.event_seq, Envelope.purpose, Envelope.recipient)
Server = tuple[str, Hashable | None]  # the medium, and what it goes through
MOST_AUTOMATIC = 10  # automatic letters to one address in an hour
PAUSES = (1, 5, 15, 60)  # minutes after a refusal for now; then hourly
UNREACHABLE = timedelta(minutes=1)
GIVE_UP = {"retry": timedelta(hours=24), "unreachable": timedelta(days=5)}
LEASE = timedelta(minutes=5)  # longer than handing one over can last
SECOND_TRY = timedelta(minutes=5)  # after one that may have delivered


def post(letter: Letter) -> None:
    """Write the letter down once, and send it. Never raises for the sake of what lies outside: the
    row says what became of it."""
    row = envelope(letter)
    with transaction():
        write([[row]])


def write(made: Sequence[Sequence[Envelope]]) -> None:
    """Inside the caller's transaction: keep each letter once, those of many deliveries together. What
    has a server to go through is sent after the commit, by whoever wrote it."""
    rows = _new([row for each in made for row in each])
    had = _had([row.recipient for row in rows if _limited(row)])
    for row in rows:
        had[row.recipient] += _limited(row)
        if _limited(row) and had[row.recipient] > MOST_AUTOMATIC:
            row.state, row.error = "failed", "limit"
        elif at_rest := _at_rest(row):
            row.state, row.error, row.next_at = at_rest.state, at_rest.words, None
    _insert(rows)
    for row in rows:
        if row.next_at is None:
            show_on_message(row)
    queued = [row.id for row in rows if row.state == "queued"]
    after_commit(lambda: _send(queued))


def _insert(rows: Sequence[Envelope]) -> None:
    """Write them in one statement, and give them their ids."""
    values = [{name: getattr(row, name) for name in COLUMNS} for row in rows]
    ids = {tuple(written[1:]): written[0] for written in insert_many(TABLE, values, *KEY)}
    for row in rows:
        row.id = ids[_key(row)]


def hand_over_now(letter: Letter) -> Ended:
    """Send it without writing it down, and tell how that ended."""
    return _tried(envelope(letter), set())


def _new(rows: Sequence[Envelope]) -> list[Envelope]:
    """Those that are not written down yet, each once."""
    causes = {row.event_seq for row in rows}
    known = db.session.execute(select(*KEY).where(Envelope.event_seq.in_(causes)))
    there = {tuple(row[1:]) for row in known}
    return [row for key, row in {_key(row): row for row in rows}.items() if key not in there]


def _key(row: Envelope) -> tuple[int, str, str]:
    """What there is one of."""
    return row.event_seq, row.purpose, row.recipient


def envelope(letter: Letter) -> Envelope:
    """The letter as its medium shapes it, not yet written down."""
    medium = media.named(letter.medium)
    with in_language(letter.language):
        columns = {"subject": str(letter.subject), **medium.compose(letter)}
    given = {
        "event_seq": letter.cause,
        "purpose": letter.purpose.code,
        "medium": letter.medium,
        "recipient": letter.to,
        "ticket_id": letter.ticket_id,
        "notice_id": letter.notice_id,
        "message_ref": letter.message.id if letter.message else None,
        "automatic": letter.purpose.automatic,
        "internal": letter.purpose.internal,
        "optional": not letter.purpose.needed,
    }
    return fresh(Envelope, **given | columns)


def _limited(row: Envelope) -> bool:
    """An address takes so many of these in an hour, and a company so many: two machines that answer
    each other end there, and nobody can be bombed through us."""
    return row.automatic and not row.internal


def _had(addresses: Sequence[str]) -> Counter[str]:
    """How many automatic letters each of these addresses from outside had in this hour. Letters to
    many addresses of one company only wait, see paces."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    recent = select(Envelope.recipient, func.count()).where(
        Envelope.recipient.in_(set(addresses)),
        Envelope.automatic,
        Envelope.internal.is_(False),
        Envelope.made_at > hour,
    )
    if not addresses:
        return Counter()
    return Counter(dict(db.session.execute(recent.group_by(Envelope.recipient)).all()))


@jobs.job("outbox")
def send_due(limit: int = 100) -> int:
    """Send what is due; returns how many were tried. A dead server costs one try, not all."""
    due = db.session.scalars(
        select(Envelope.id)
        .where(Envelope.state.in_(OPEN), Envelope.next_at <= now())
        .order_by(Envelope.next_at, Envelope.id)
        .limit(limit)
    ).all()
    _send(due)
    return len(due)


def _send(row_ids: Sequence[int]) -> None:
    """Try those whose turn it is; who does not answer is asked once."""
    gone: set[Server] = set()
    for row_id in row_ids:
        row = _claimed(row_id)
        if row is not None:
            _settle(row_id, _tried(row, gone))


def _at_rest(row: Envelope) -> Ended | None:
    """How it ends without a try: nobody wants it, or nothing carries it out of the house."""
    if optouts.withdraws(row):
        return Ended("withdrawn", "unsubscribed")
    try:
        return Ended("kept") if media.named(row.medium).server(row) is None else None
    except HelpdeskError:  # the try says what is wrong
        return None


def _tried(row: Envelope, gone: set[Server]) -> Ended:
    if at_rest := _at_rest(row):
        return at_rest
    try:
        medium = media.named(row.medium)
        server = row.medium, medium.server(row)
        if server in gone:
            return Ended("waiting")
        ended = medium.deliver(row, server[1])
    except (HelpdeskError, OSError, ValueError) as error:
        log.exception("Letter %s could not be sent", row.id)
        return Ended("failed", f"{type(error).__name__}: {error}")
    if ended.state == "unreachable":
        gone.add(server)
    return ended


def _claimed(row_id: int) -> Envelope | None:
    """Take the mail for one try. One that was being sent when its process died may be delivered."""
    with transaction() as session:
        row = session.scalar(
            select(Envelope)
            .where(Envelope.id == row_id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if row is None or row.state not in OPEN or row.next_at is None or row.next_at > now():
            return None
        if row.state == "sending" and _doubted(row, "the program ended while it was sending"):
            return None
        if _must_wait(row):
            return None
        row.state, row.tries, row.next_at = "sending", row.tries + 1, now() + LEASE
    return row


def _must_wait(row: Envelope) -> bool:
    """Put it off where its mailbox or its receivers have had enough for now; it keeps its place."""
    until, why = paces.room_at(row)
    if until is None:
        if row.error in paces.WAITS:  # a day of tries begins when it leaves, however long it waited
            row.error, row.refused, row.made_at = "", False, now()
        return False
    told = row.error == why
    row.next_at, row.refused, row.error = until, True, why
    if not told:
        show_on_message(row)
    return True


def _settle(row_id: int, ended: Ended) -> None:
    """Note how the try ended; done again when the database made it give way: the mail is out."""
    retrying(lambda: _settle_once(row_id, ended))


def _settle_once(row_id: int, ended: Ended) -> None:
    with transaction() as session:
        row = locked(session.get_one(Envelope, row_id))
        if row.state != "sending":
            return  # a bounce was faster than the server's answer
        row.error = ended.words
        if ended.state == "sent":
            row.state, row.sent_at, row.next_at = "sent", now(), None
        elif ended.state in ("kept", "failed", "withdrawn"):
            row.state, row.next_at = ended.state, None
        elif ended.state == "uncertain":
            _doubted(row, ended.words)
        else:
            _later(row, ended)
        show_on_message(row)


def _later(row: Envelope, ended: Ended) -> None:
    row.refused = ended.state == "retry"
    if ended.state == "waiting":  # behind another mail that found the server gone
        row.state, row.tries, row.next_at = "retry", row.tries - 1, now() + UNREACHABLE
    elif now() - row.made_at >= GIVE_UP[ended.state]:
        row.state, row.next_at = "failed", None
    elif ended.state == "unreachable":
        row.state, row.next_at = "retry", now() + UNREACHABLE
    else:
        pause = PAUSES[min(row.tries, len(PAUSES)) - 1]
        row.state, row.next_at = "retry", now() + timedelta(minutes=pause)


def _doubted(row: Envelope, words: str) -> bool:
    """Note a try that may have delivered; True when a further one is not due now (or ever)."""
    row.doubts, row.state, row.error = row.doubts + 1, "uncertain", words
    row.next_at = now() + SECOND_TRY if row.doubts < 2 else None
    return True


def show_on_message(row: Envelope) -> None:
    """Show on the message what became of its mail; a failure is noted in the ticket's history."""
    if row.message_ref is not None:
        lost = row.state in LOST and row.next_at is None
        actions.mark_mailed(
            row.message_ref,
            by=SYSTEM,
            lost=lost,
            mailed={"state": row.state, "error": row.error, "to": row.recipient, "mail": row.id},
        )
