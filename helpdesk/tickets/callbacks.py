"""Follow-up calls (回访): planned when an answer is approved, three attempts, then unreachable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.clock import Limit, due_at, now
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import PICK, BadInput, NotAllowed, Refused, bad_fields, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.setup import in_force
from helpdesk.tickets import queries
from helpdesk.tickets.changing import changing
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Callback, CallbackAttempt, Rating, Ticket
from helpdesk.words import CONTACTS, RESOLVED, SCORES

MOST_ATTEMPTS = 3
CALLS = 100  # on a page
RATEABLE = (Status.CLOSED, Status.ARCHIVED, Status.CALLBACK, Status.REPLIED)


def plan(ticket: Ticket) -> Callback:
    """Put the call onto the list, for the next working morning at the latest."""
    callback = of(ticket)
    if callback is None:
        callback = Callback(
            ticket_id=ticket.id, cycle=ticket.cycle, next_at=now(), state="due", attempts=0
        )
        db.session.add(callback)
    return callback


def of(ticket: Ticket) -> Callback | None:
    """The follow-up call of the ticket's present cycle."""
    query = select(Callback).where(Callback.ticket_id == ticket.id, Callback.cycle == ticket.cycle)
    return db.session.scalar(query)


def is_due(ticket: Ticket) -> bool:
    """Whether a follow-up call waits to be made."""
    callback = of(ticket)
    return callback is not None and callback.state == "due"


def to_make(
    who: Actor, after: str = "", size: int = CALLS
) -> tuple[list[tuple[Callback, Ticket]], str]:
    """A page of the follow-up calls to make, the earliest first, with their tickets; and the cursor
    behind which the next one begins ('' at the end). Raises BadInput for a cursor that is none."""
    query = (
        select(Callback, Ticket)
        .join(Ticket, Ticket.id == Callback.ticket_id)
        .where(Callback.state == "due", Ticket.status == Status.CALLBACK, queries.visible_to(who))
        .options(joinedload(Ticket.person), joinedload(Ticket.category))
        .order_by(Callback.next_at, Callback.id)
        .limit(size + 1)
    )
    if after:
        query = query.where(_later(*queries.read_cursor(after)))
    found = [(callback, ticket) for callback, ticket in db.session.execute(query)]
    last = found[size - 1][0] if len(found) > size else None
    return found[:size], queries.cursor(last.next_at, last.id) if last else ""


def _later(at: datetime | None, last_id: int) -> ColumnElement[bool]:
    """The calls behind this place."""
    if at is None:
        raise BadInput(queries.NO_PAGE)
    same = and_(Callback.next_at == at, Callback.id > last_id)
    return or_(Callback.next_at > at, same)


def drop(ticket: Ticket) -> None:
    """No call any more: the ticket ended or goes into a further cycle."""
    callback = of(ticket)
    if callback is not None and callback.state == "due":
        callback.state = "dropped"


def attempt(
    ticket: Ticket,
    *,
    by: Actor,
    contact: str,
    resolved: str = "",
    words: str = "",
    **scores: int | None,
) -> CallbackAttempt:
    """Note one call. Reached: the customer's judgement is kept (`scores`: result, attitude, speed), the
    promise is met.

    After three attempts in vain the call ends as unreachable. Whoever handled the case may not
    call. Raises BadInput, Refused, NotAllowed.
    """
    with changing(ticket, by, "callback.work") as ticket:
        _independent(ticket, by)
        callback = of(ticket)
        if callback is None or callback.state != "due":
            raise Refused(N_("There is no follow-up call to make on this ticket."))
        _valid(contact, resolved, scores.get("result"))
        callback.attempts += 1
        made = _made(callback, by, contact=contact, resolved=resolved, words=words)
        db.session.add(made)
        _settle(ticket, callback, contact, by)
        if contact == "reached":
            db.session.add(_rating(ticket, "phone", resolved=resolved, words=words, **scores))
        record(
            "callback.attempt",
            by=by,
            ticket=ticket,
            contact=contact,
            resolved=resolved,
            score=scores.get("result"),
            state=callback.state,
            attempts=callback.attempts,
        )
    return made


def _made(callback: Callback, by: Actor, **said: str) -> CallbackAttempt:
    who = {"by_name": by.name, "by_id": by.id}
    return CallbackAttempt(callback_id=callback.id, at=now(), **who, **said)


def _rating(ticket: Ticket, source: str, **said: Any) -> Rating:
    """The customer's judgement of this cycle; `said`: scores, resolved, reason, words."""
    return Rating(ticket_id=ticket.id, cycle=ticket.cycle, source=source, at=now(), **said)


def _independent(ticket: Ticket, by: Actor) -> None:
    own_case = by.kind == "agent" and queries.handled_by(ticket, by)
    if own_case or (by.department_id and by.department_id == ticket.department_id):
        raise NotAllowed(N_("The follow-up call is made by somebody who did not handle the case."))


def _valid(contact: str, resolved: str, result: int | None) -> None:
    errors = {}
    if contact not in CONTACTS:
        errors["contact"] = PICK
    if contact == "reached" and resolved not in RESOLVED:
        errors["resolved"] = N_("Please say whether the matter was solved.")
    if contact == "reached" and result not in SCORES:
        errors["result"] = N_("Please pick a score from 1 to 5.")
    refuse(errors)


def _settle(ticket: Ticket, callback: Callback, contact: str, by: Actor) -> None:
    """Where the call stands after this attempt."""
    if contact == "reached":
        callback.state = "reached"
        promises.meet(ticket, ["callback"], by.name, N_("Customer reached"))
    elif contact in ("refused", "wrong_number") or callback.attempts >= MOST_ATTEMPTS:
        callback.state = "unreachable"
        promises.meet(ticket, ["callback"], by.name, N_("Customer not reached"))
    else:
        half_day = Limit.parse("4 wh")
        calendar = in_force.current().calendars["cn-desk"]
        callback.next_at = due_at(now(), half_day, calendar)


def rated(ticket: Ticket) -> bool:
    """Whether the customer has judged this cycle on the tracking page."""
    own = Rating.ticket_id == ticket.id, Rating.cycle == ticket.cycle, Rating.source == "web"
    return db.session.scalar(select(Rating.id).where(*own)) is not None


def newest_rating(ticket: Ticket) -> Rating | None:
    """What the customer said last of the outcome, by telephone or on the tracking page."""
    said = select(Rating).where(Rating.ticket_id == ticket.id).order_by(Rating.id.desc())
    return db.session.scalar(said.limit(1))


def rate(ticket: Ticket, *, by: Actor, result: int, resolved: str = "", words: str = "") -> Rating:
    """The customer's own judgement on the tracking page, once per cycle."""
    with transaction() as session:
        ticket = locked(ticket)
        if ticket.status not in RATEABLE:
            raise Refused(N_("You can rate when your matter has been answered."))
        if result not in SCORES:
            raise bad_fields(result=N_("Please pick a score from 1 to 5."))
        if rated(ticket):
            raise Refused(N_("You have rated this already. Thank you."))
        rating = _rating(ticket, "web", result=result, resolved=resolved, words=words[:2000])
        session.add(rating)
        record("ticket.rated", by=by, ticket=ticket, score=result, resolved=resolved)
    return rating
