"""What came of the promises: sums by severity, and single tickets row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import duration, in_language
from helpdesk.promises import receipts, verdicts
from helpdesk.promises.models import Promise
from helpdesk.tickets.models import Ticket

TOLD = ("acknowledge", "first_answer", "resolve")
ANSWERS = ("ticket.reply", "ticket.answer_directly")
KEPT_BY = {
    "acknowledge": ("ticket.opened", "ticket.accept"),
    "sign": ("ticket.sign", "ticket.refuse_return"),
    "close": ("ticket.close",),
}
WORDS = {1: "on time", 2: "late", 3: "missed"}


def kept_by_severity() -> Iterator[str]:
    """One line per severity and promise: on time, late, missed; a case counts by its worst row."""
    worst = (
        select(Ticket.severity, Promise.promise, func.max(verdicts.rank()).label("rank"))
        .join(Promise, Promise.of(Ticket))
        .where(Promise.promise.in_(TOLD))
        .group_by(Ticket.id, Ticket.severity, Promise.promise)
        .subquery()
    )
    rows = db.session.execute(
        select(worst.c.severity, worst.c.promise, worst.c.rank, func.count())
        .where(worst.c.rank > 0)
        .group_by(worst.c.severity, worst.c.promise, worst.c.rank)
    )
    found = {(severity, promise, rank): count for severity, promise, rank, count in rows}
    for severity, promise in sorted({key[:2] for key in found}):
        told = "  ".join(
            f"{word} {found.get((severity, promise, rank), 0):>6}" for rank, word in WORDS.items()
        )
        yield f"{severity}  {promise:<14}{told}"


def text_of(ids: Sequence[int]) -> str:
    """Each ticket with its response table: start, due, pauses, met, verdict, and the receipt."""
    with in_language("en"):
        return "\n".join(line for id_ in ids for line in _ticket(id_)) + "\n"


def _ticket(ticket_id: int) -> Iterator[str]:
    ticket = db.session.get_one(Ticket, ticket_id, populate_existing=True)
    yield f"{ticket.number}  {ticket.external_id}  {ticket.severity}  {ticket.status}"
    for told in receipts.table(list(promises.table(ticket))):
        row = told.row
        if row.started_at is None:
            continue
        yield (
            f"  {row.promise:<17}round {row.cycle}.{row.part}  {row.limit:<7}"
            f"start {_at(row.started_at)}  due {_at(row.due_at)}  met {_at(row.met_at)}  "
            f"{told.verdict or 'open'}"
        )
        yield f"    counted {told.counted}, paused {told.paused or '0'}, taken {_taken(row)}"
        for begin, end in promises.pauses_of(row):
            yield f"    paused {_at(begin)} to {_at(end)}"
        yield f"    receipt: {_receipt(row)}"
    yield ""


def _at(moment: object) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "-"  # type: ignore[attr-defined]


def _taken(row: Promise) -> str:
    return duration(row.taken) if row.taken is not None else "-"


def _receipt(row: Promise) -> str:
    """The line of the journal that kept the promise."""
    if row.met_at is None:
        return "none"
    kept_by = Event.name.in_(KEPT_BY.get(row.promise, ANSWERS))
    noted = db.session.scalar(
        select(Event)
        .where(Event.ticket_id == row.subject_id, Event.at >= row.met_at)
        .order_by(kept_by.desc(), Event.seq)
        .limit(1)
    )
    return f"journal {noted.seq} {noted.name} by {noted.by_name}" if noted else "none"
