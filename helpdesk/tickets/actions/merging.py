"""One matter told twice becomes one ticket, and two again when that was wrong."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import db, locked
from helpdesk.core.errors import Refused, bad_fields
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.setup import in_force
from helpdesk.tickets import callbacks, holds, queries
from helpdesk.tickets.actions.step import Step, move, step
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Link, Merging, Ticket


def merge(
    ticket: Ticket,
    *,
    by: Actor,
    target: Ticket | None,
    version: int | None = None,
    comment: str = "",
) -> Ticket:
    """This ticket lives on in `target`: its promises no longer count, later words go there."""
    with step("merge", ticket, by, version, target=target, comment=comment) as (ticket, it):
        assert target is not None
        stays = locked(target)
        queries.require_visible(stays, by)
        if stays.id == ticket.id or stays.merged_into_id:
            wrong = N_(
                "A ticket can only be merged into another one that has not been merged itself."
            )
            raise bad_fields(target=wrong)
        db.session.add(_remembered(ticket, stays, by))
        promises.drop_open(ticket)
        callbacks.drop(ticket)
        holds.forget(ticket)
        ticket.merged_into_id, ticket.closed_at, ticket.due_at = stays.id, now(), None
        ticket.waiting_since = None
        db.session.add(Link(from_id=ticket.id, to_id=stays.id, kind="merged"))
        it.data["into"] = stays.number
        record("ticket.merged_in", by=by, ticket=stays, number=ticket.number)
    return ticket


def _remembered(ticket: Ticket, stays: Ticket, by: Actor) -> Merging:
    waiting = ticket.waiting_since
    return Merging(
        ticket_id=ticket.id,
        into_id=stays.id,
        by_name=by.name,
        status=ticket.status,
        waiting_since=waiting,
        rows=promises.before_merge(ticket),
        called=callbacks.is_due(ticket),
    )


@move("unmerge")
def unmerge(ticket: Ticket, it: Step) -> None:
    """Undo a merge: both tickets as before, the clocks as if they had never stopped.

    Words that came in meanwhile stay with the other ticket. Raises Refused after the set time.
    """
    merging = _undoable(ticket)
    stays = locked(db.session.get_one(Ticket, merging.into_id))
    queries.require_visible(stays, it.by)
    ticket.merged_into_id, ticket.closed_at = None, None
    ticket.waiting_since, it.to = merging.waiting_since, merging.status
    promises.put_back(ticket, merging.rows, in_force.current())
    if merging.called:
        callbacks.plan(ticket).state = "due"
    if merging.status == Status.WAITING and ticket.hold_until:
        holds.wake_at(ticket, ticket.hold_until)
    merging.undone_at = now()
    db.session.execute(delete(Link).where(Link.from_id == ticket.id, Link.kind == "merged"))
    it.data["into"] = stays.number
    record("ticket.merge_undone", by=it.by, ticket=stays, number=ticket.number)


def _undoable(ticket: Ticket) -> Merging:
    """The merge that can still be undone. Raises Refused with the sentence that the user sees."""
    hours = options.get("unmerge_hours")
    merging = db.session.scalar(
        select(Merging)
        .where(Merging.ticket_id == ticket.id, Merging.undone_at.is_(None))
        .order_by(Merging.id.desc())
        .limit(1)
    )
    if merging is None or now() - merging.at > timedelta(hours=hours):
        raise Refused(
            N_("A merge can be undone for %(hours)s hours; that time is over."), hours=hours
        )
    return merging
