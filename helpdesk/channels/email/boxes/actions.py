"""Setting up mailboxes: add, change, try out. Only administrators; passwords are never shown again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.channels.email.fetching import rounds
from helpdesk.channels.email.fetching.imap import ImapDoor
from helpdesk.channels.email.fetching.problems import PROBLEMS, problem_of
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core import encryption, options
from helpdesk.core.db import db, locked, stored, transaction
from helpdesk.core.errors import FILL, BadInput, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_, gettext
from helpdesk.core.outgoing import within
from helpdesk.customers import addresses
from helpdesk.notify.letters import to_oneself
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.mail.medium import smtp_of
from helpdesk.notify.mail.smtp import connected
from helpdesk.notify.models import OPEN, Envelope

PATIENCE = 5  # seconds for trying out one way; the page waits for both
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True)
class Health:
    """How a mailbox does: what waits on its way in and out, and since when."""

    box: Mailbox
    waiting_in: int
    waiting_out: int
    oldest_unsent: datetime | None

    @property
    def problem(self) -> tuple[str, str]:
        """The sentence of the last problem and the server's own words; ('', '') when all is well."""
        key, _bar, words = self.box.last_error.partition("|")
        return (PROBLEMS.get(key, PROBLEMS["other"]), words) if key else ("", "")


def healths(who: Actor) -> list[Health]:
    """All mailboxes by name, with their queues."""
    require(who, "settings.read")
    boxes = db.session.scalars(select(Mailbox).order_by(Mailbox.name)).all()
    return [_health(box) for box in boxes]


def _health(box: Mailbox) -> Health:
    stored = select(func.count()).where(
        InboundMail.mailbox == box.name, InboundMail.outcome == "stored"
    )
    unsent = select(func.count(), func.min(Envelope.made_at)).where(
        Envelope.mailbox == box.name,
        Envelope.state.in_(OPEN),
        Envelope.next_at.is_not(None),
    )
    number, oldest = db.session.execute(unsent).one()
    return Health(box, db.session.scalar(stored) or 0, number, oldest)


def found(who: Actor, box_id: int) -> Mailbox:
    """The mailbox. Raises NotFound."""
    require(who, "settings.edit")
    return stored(Mailbox, box_id, N_("There is no such mailbox."))


def save(box: Mailbox | None, given: dict[str, object], secret: str, by: Actor) -> Mailbox:
    """Add a mailbox or change it, by what is `given` of its columns; an empty secret keeps the stored
    one.

    Raises NotAllowed, or BadInput with a sentence by field.
    """
    require(by, "settings.edit")
    with transaction() as session:
        row = locked(box) if box is not None else Mailbox(connected_at=now(), last_error="")
        _check(row, given)
        old = {name: getattr(row, name) for name in given} if box is not None else None
        moved = old is not None and any(old[n] != given[n] for n in ("host", "user", "folder"))
        for name, value in given.items():
            setattr(row, name, value)
        if secret:
            row.secret = encryption.encrypted(secret)
        if moved:  # another mailbox: its UIDs mean nothing here, and what lies in it is old
            row.uid_validity, row.last_uid, row.connected_at = None, 0, now()
        row.failing_since, row.last_error, row.leased_until = None, "", None
        session.add(row)
        session.flush()
        options.changed()
        record("setup.changed", by=by, what="mailbox", id=row.id, old=old, new=given)
    return row


def _check(row: Mailbox, given: dict[str, object]) -> None:
    errors: dict[str, str] = {}
    if not NAME.fullmatch(str(given["name"])):
        errors["name"] = N_("Small letters, digits and hyphens, beginning with a letter.")
    elif _taken(row, str(given["name"])):
        errors["name"] = N_("This name is taken already.")
    try:
        addresses.mail(str(given["address"]))
    except BadInput:
        errors["address"] = N_("This does not look like a mail address: name@example.com.")
    if given["kind"] in ("imap", "pop3"):
        for name in ("host", "user"):
            if not given[name]:
                errors[name] = FILL
    refuse(errors)


def _taken(row: Mailbox, name: str) -> bool:
    other = select(Mailbox.id).where(Mailbox.name == name, Mailbox.id != (row.id or 0))
    return db.session.scalar(other) is not None


def try_out(who: Actor, box_id: int) -> Sequence[tuple[bool, str, str]]:
    """Connect in and out: (went well, sentence, the server's own words) for each way."""
    box = found(who, box_id)
    ways = (
        (box.fetches, _fetch_from, N_("Fetching works.")),
        (box.smtp_host, _send_through, N_("Sending works.")),
    )
    return [_tried(way, box, fine) for is_set, way, fine in ways if is_set]


def _tried(way: Callable[[Mailbox], None], box: Mailbox, fine: str) -> tuple[bool, str, str]:
    try:
        with within(PATIENCE):
            way(box)
    except Exception as error:
        return False, PROBLEMS[problem_of(error)], f"{type(error).__name__}: {error}"[:300]
    return True, fine, ""


def _fetch_from(box: Mailbox) -> None:
    with closing(rounds.opened(box)) as door:
        if isinstance(door, ImapDoor) and box.done_folder:
            door.require_folder(box.done_folder)


def _send_through(box: Mailbox) -> None:
    with connected(smtp_of(box)) as connection:
        connection.noop()


def send_test(who: Actor, box_id: int, to: str) -> tuple[bool, str]:
    """A test mail to oneself through a mailbox, now: (was it taken, what to tell). Raises NotAllowed or NotFound."""
    box = found(who, box_id)
    subject = gettext("Test mail of %(address)s", address=box.address)
    ended = to_oneself(to, box.name, subject, address=box.address)
    if ended.state == "kept":
        return False, gettext("There is no server for sending: fill one in, or set one for all.")
    if ended.state == "sent":
        taken = N_("The server took the test mail for %(to)s; it should be there in a minute.")
        return True, gettext(taken, to=to)
    return False, gettext("The test mail was not taken.") + f" ({ended.words})"
