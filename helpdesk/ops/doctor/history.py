"""Status histories are paths through the tables of moves; numbers are neither lost nor doubled.

The journal is read as a stream: its length costs time, not memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Integer, Select, cast, func, select

from helpdesk.core import seals
from helpdesk.core.db import db
from helpdesk.core.events import Counter, Event
from helpdesk.core.moves import Move
from helpdesk.notices import lifecycle as notices_lifecycle
from helpdesk.notices.models import Notice
from helpdesk.ops.doctor.finding import Broken, check
from helpdesk.tickets import lifecycle
from helpdesk.tickets.models import Ticket

Legal = set[tuple[str, Any, Any]]  # move, from, to
OPENED, UNSENT = "ticket.opened", "ticket.unsend"
STEP = (Event.data["old"].as_string(), Event.data["new"].as_string())


@check("I5", "tickets moved only as their table says")
def tickets() -> Broken:
    """I5: every ticket's status came about by legal moves, one after the other.

    One that never moved stands where tickets begin. (Bulk data may have no journal at all.)
    """
    codes = (f"ticket.{code}" for code in lifecycle.TABLE.codes)
    told = select(Ticket.number, Ticket.status, Event.name, *STEP).order_by(Ticket.id, Event.seq)
    rows = _steps(told.join(Event, Event.ticket_id == Ticket.id), [OPENED, UNSENT, *codes])
    return _off_the_table(rows, lifecycle.TABLE, lifecycle.Status.REGISTERED)


@check("I5", "notices moved only as their table says")
def notices() -> Broken:
    """I5: the same for rectification notices."""
    codes = [f"notice.{code}" for code in notices_lifecycle.TABLE.codes]
    told = select(Notice.id, Notice.status, Event.name, *STEP).order_by(Notice.id, Event.seq)
    rows = _steps(told.join(Event, Event.notice_id == Notice.id), codes)
    return _off_the_table(rows, notices_lifecycle.TABLE, notices_lifecycle.State.DRAFT)


def _steps(told: Select[Any], names: list[str]) -> Iterable[Any]:
    """The rows of the journal with these names, as a stream."""
    return db.session.execute(told.where(Event.name.in_(names))).yield_per(1000)


def _off_the_table(rows: Iterable[Any], table: Iterable[Move], first: str) -> Iterator[str]:
    """Which things have a step that is not in the table, a gap, or another status than the last."""
    legal = {
        (move.code, source, end)
        for move in table
        for source in move.sources
        for end in move.ends(source)
    }
    for (thing, status), steps in groupby(rows, key=lambda row: (row[0], row[1])):
        if _end(steps, legal, first) != status:
            yield str(thing)


def _end(steps: Iterable[Any], legal: Legal, here: str) -> str:
    """Where these steps lead; '' when one of them is not legal where it was made."""
    came_from: dict[str, str] = {}  # where the last step of each kind was made
    for _thing, _status, name, old, new in steps:
        if name == OPENED:
            continue
        step = (name.partition(".")[2], old, new)
        if not (_undoes(step, came_from) or step in legal) or old != here:
            return ""
        came_from[step[0]] = here
        here = new
    return here


def _undoes(step: tuple[str, Any, Any], came_from: dict[str, str]) -> bool:
    """Whether the step leads back to where a merge or an answer was made."""
    code, old, new = step
    if code == "unmerge":
        return bool(old == lifecycle.Status.MERGED and new == came_from.get("merge"))
    answered = {"reply": lifecycle.Status.REPLIED, "answer_directly": old}
    return code == "unsend" and (
        old == new or any(new == came_from.get(c) for c, to in answered.items() if old == to)
    )


@check("I6", "the journal's numbers have no gap")
def journal() -> Broken:
    """I6: the journal's numbers have neither gap nor twin."""
    known = select(Counter.value).where(Counter.name == "event").scalar_subquery()
    count, last, drawn = db.session.execute(
        select(func.count(), func.coalesce(func.max(Event.seq), 0), func.coalesce(known, 0))
    ).one()
    return [] if count == last == drawn else [f"{count} of {last}, {drawn} drawn"]


@check("I7", "the journal is what was sealed")
def journal_seals() -> Broken:
    """I7: no row of the journal was changed, added or taken away after it was sealed."""
    return seals.broken()


@check("I6", "ticket numbers are drawn and unique")
def ticket_numbers() -> Broken:
    """I6: no ticket has a number that was not drawn."""
    year = func.substr(Ticket.number, 1, 4)
    serial = cast(func.substr(Ticket.number, 6), Integer)
    rows = db.session.execute(
        select(year, func.max(serial), func.count(func.distinct(Ticket.number)), func.count())
        .where(Ticket.number.like("____-%"))
        .group_by(year)
    )
    return [
        which
        for which, last, numbers, count in rows
        if last > drawn(f"ticket:{which}") or numbers != count
    ]


@check("I6", "notice numbers have no gap")
def notice_numbers() -> Broken:
    """I6: the numbers of a year's notices run from 1 without a gap."""
    rows = db.session.execute(
        select(Notice.year, func.max(Notice.serial), func.count())
        .where(Notice.serial.is_not(None))
        .group_by(Notice.year)
    )
    return [which for which, last, count in rows if not last == count == drawn(f"notice:{which}")]


def drawn(name: str) -> int:
    """The last number that was drawn from a counter."""
    return db.session.scalar(select(Counter.value).where(Counter.name == name)) or 0
