"""What is said: to the customer, among us, and by the customer."""

from __future__ import annotations

from functools import partial
from typing import Any

from helpdesk import promises, search
from helpdesk.agents.rights import SYSTEM, Actor, require_stands_for
from helpdesk.clock import now
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import bad_field, bad_fields
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.files import StoredFile, settle
from helpdesk.promises.words import AT_ANSWER
from helpdesk.setup import in_force
from helpdesk.tickets import copies, queries, sight
from helpdesk.tickets.actions import moves, unsending
from helpdesk.tickets.actions.newer import require_seen
from helpdesk.tickets.actions.step import step
from helpdesk.tickets.actions.twins import as_kept, twin
from helpdesk.tickets.actions.unsending import AT_ONCE, How
from helpdesk.tickets.changing import changing
from helpdesk.tickets.lifecycle import Status, clock_of
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.veil import veiled

MOST_TEXT = 100_000
KEPT_BY_ANSWER = ("acknowledge", "first_answer", "update", "department_reply", "resolve")


def answer(
    code: str,
    ticket: Ticket,
    *,
    by: Actor,
    body: str,
    version: int | None = None,
    files: tuple[StoredFile, ...] = (),
    seen_seq: int | None = None,
    how: How = AT_ONCE,
) -> Ticket:
    """The customer's answer: resolve and department reply are kept by it. `code` says whose it is."""
    with transaction():
        ticket = locked(ticket)
        same = twin(ticket, by, body, "staff", files) if how.draft is None else None
        if same is not None and ticket.replied_at and ticket.replied_at >= same.at:
            return ticket
        said = bool(body.strip() or how.keep)
        with step(code, ticket, by, version, seen_seq, reply=said) as (ticket, it):
            was = unsending.before(ticket, how)
            message = _add(ticket, by, body, public=True, files=files, how=how)
            it.deliver_at = unsending.held(ticket, message, how, was, "reply")
            promises.meet(ticket, KEPT_BY_ANSWER, by.name, body[:200])
            promises.drop_open(ticket, ["sign", "send_back", "containment"])
            promises.start(ticket, AT_ANSWER, in_force.current())
            ticket.replied_at, ticket.waiting_since = now(), None
            it.data["message"] = message.id
    return ticket


reply = partial(answer, "reply")  # the department's
answer_directly = partial(answer, "answer_directly")  # the desk's, with no department needed


def _say(
    public: bool,
    ticket: Ticket,
    *,
    by: Actor,
    body: str,
    files: tuple[StoredFile, ...] = (),
    seen_seq: int | None = None,
    how: How = AT_ONCE,
) -> Message:
    """Words that end no work, for the customer or among us. Conflict when `seen_seq` is given and old."""
    kind, right = ("staff", "ticket.message") if public else ("note", "ticket.note")
    with changing(ticket, by, right) as ticket:
        if public:
            require_stands_for(by, ticket.department_id)
        is_draft = public and how.draft is not None
        same = twin(ticket, by, body, kind, files) if not is_draft else None
        if same is not None:
            return same
        require_seen(ticket, by, seen_seq)
        was = unsending.before(ticket, how) if public else {}
        message = _add(ticket, by, body, public=public, files=files, how=how)
        if public:
            due = unsending.held(ticket, message, how, was, "message")
            _kept_by_words(ticket, by, body[:200])
            record("message.staff", by=by, ticket=ticket, message=message.id, deliver_at=due)
        else:
            record("message.note", by=by, ticket=ticket, message=message.id)
    return message


send_message = partial(_say, True)  # the first answer is kept by them
note = partial(_say, False)  # no customer ever sees it


def _kept_by_words(ticket: Ticket, by: Actor, done: str) -> None:
    """What words to the customer keep, beside the promises that only an answer keeps."""
    snapshot = in_force.current()
    promises.meet(ticket, ["acknowledge", "first_answer"], by.name, done)
    promises.next_update(ticket, clock_of(ticket.status), by.name, done, snapshot)
    ticket.waiting_since = None


def mark_mailed(message_id: int, *, by: Actor, mailed: dict[str, object], lost: bool) -> None:
    """Keep the state of its mail on a message; a lost one is recorded, so that people see it now."""
    with transaction():
        message = db.session.get(Message, message_id)
        if message is None:
            return
        message = locked(message)
        message.data = message.data | {"mailed": mailed}
        if lost:
            ticket = db.session.get_one(Ticket, message.ticket_id)
            record("mail.lost", by=by, ticket=ticket, message=message.id, to=mailed.get("to"))


def add_customer_message(
    ticket: Ticket,
    *,
    by: Actor,
    body: str,
    channel: str,
    files: tuple[StoredFile, ...] = (),
    message_id: str | None = None,
    quoted: str = "",
    html: str = "",
    mail: dict[str, object] | None = None,
    automatic: bool = False,
) -> Message:
    """The customer's further words. A merged ticket hands them to the survivor.

    They wake a ticket on hold and reopen a closed one, unless a machine wrote them.
    """
    with transaction():
        ticket = survivor(locked(ticket))
        same = twin(ticket, by, body, "customer", files) if message_id is None else None
        if same is not None:
            return same
        read = {"message_id": message_id, "quoted": veiled(quoted), "html": veiled(html)}
        said: dict[str, Any] = {"channel": channel, "data": mail or {}, **read}
        message = _add(ticket, by, body, public=True, files=files, **said)
        record("message.customer", by=by, ticket=ticket, message=message.id, automatic=automatic)
        if not automatic:
            _customer_waits(ticket)
    return message


def survivor(ticket: Ticket) -> Ticket:
    """The ticket that a merged one lives on in."""
    while ticket.merged_into_id:
        ticket = locked(db.session.get_one(Ticket, ticket.merged_into_id))
    return ticket


def _customer_waits(ticket: Ticket) -> None:
    ticket.waiting_since = ticket.waiting_since or now()
    if ticket.status == Status.WAITING:
        moves.resume(ticket, by=SYSTEM)
    elif ticket.status == Status.CLOSED and queries.may_reopen(ticket):
        moves.reopen(ticket, by=SYSTEM, comment=N_("The customer wrote again."))


def _add(
    ticket: Ticket,
    by: Actor,
    body: str,
    *,
    public: bool,
    files: tuple[StoredFile, ...] = (),
    channel: str = "",
    how: How = AT_ONCE,
    **extra: object,
) -> Message:
    text = as_kept(body)
    if not text and not files and not how.keep:
        raise bad_field("body", N_("Please write something first."))
    if len(text) > MOST_TEXT:
        long = N_("This is too long: 100,000 characters at most. Attach the rest as a file.")
        raise bad_fields(body=long)
    kind = "customer" if by.kind == "customer" else "staff" if public else "note"
    message = Message(
        ticket_id=ticket.id,
        kind=kind,
        public=public,
        channel=channel or "desk",
        author=by.name,
        agent_id=by.id if by.kind == "agent" else None,
        body=text,
        language=ticket.language,
        at=now(),
        **extra,
    )
    if kind == "staff" and (cc := copies.chosen(ticket, by, how.cc)):
        message.data = {"cc": cc}
    db.session.add(message)
    db.session.flush()
    db.session.add_all(attachment_rows(files, ticket.id, message.id, public))
    unsending.use_up(ticket, message, how, by)
    ticket.updated_at = now()
    search.add(db.session(), "ticket", ticket.id, sight.searched(message, ticket))
    return message


def attachment_rows(
    files: tuple[StoredFile, ...], ticket_id: int, message_id: int, public: bool
) -> list[Attachment]:
    """The rows of stored files that came with a message; files of a form wait no more."""
    settle(files)
    where = {"ticket_id": ticket_id, "message_id": message_id, "public": public}
    return [Attachment.of(file, **where) for file in files]
