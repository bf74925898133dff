"""What cases tell the kept sums, read from their rows by the filters and conditions that count them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from helpdesk.agents.rights import SYSTEM
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone
from helpdesk.customers.models import Person
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.statistics import counting, groups
from helpdesk.statistics.counting import Edges
from helpdesk.statistics.measures import parts
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket

CASE_FILE = ("cause_code", "product", "lot", "validity", "liability", "remedy_type")


def told(ids: Sequence[int], moment: datetime) -> Iterator[dict[str, Any]]:
    """What these cases tell now, as rows of CaseFact."""
    zone, promises, said = company_zone(), _promises(ids), _said(ids)
    for ticket in _tickets(ids):
        mine = promises[ticket.id]
        turns = [*(row.due_at for row in mine), None if ticket.closed_at else ticket.due_at]
        tells = not ticket.merged_into_id
        yield {
            "ticket_id": ticket.id,
            "told": _told(ticket, mine, said[ticket.id], moment, zone) if tells else {},
            "turns_at": min((at for at in turns if at and at >= moment), default=None),
        }


def _told(
    ticket: Any, rows: Iterable[Any], said: Iterable[str], moment: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    marks = [f"received.{code}" for code in parts() if getattr(ticket, f"is_{code}")]
    marks += [f"received.level_{ticket.escalation}"] if ticket.escalation else []
    marks += [f"said.{answer}" for answer in said]
    now = {"now.open": not ticket.closed_at, "now.overdue": ticket.is_late}
    return {
        "groups": {name: str(getattr(ticket, name) or "") for name in groups.COLUMNS},
        "file": {name: value for name in CASE_FILE if (value := ticket.facts.get(name))}
        | {"place": ticket.place, "level": ticket.level},
        "received": _day(ticket.received_at, zone),
        "closed": _day(ticket.closed_at, zone),
        "marks": dict.fromkeys(marks, 1),
        "now": {name: 1 for name, holds in now.items() if holds},
        "rows": [
            [row.promise, _day(row.due_at, zone, moment), row.rank, row.taken]
            for row in rows
            if row.rank or row.taken is not None
        ],
    }


def _day(at: datetime | None, zone: ZoneInfo, before: datetime | None = None) -> str:
    """The day of a moment, '' for none and for one that does not lie `before` another."""
    if at is None or (before and at >= before):
        return ""
    return at.astimezone(zone).date().isoformat()


def _tickets(ids: Sequence[int]) -> Sequence[Any]:
    """The cases with what they are counted for: the measures' own filters say so."""
    wanted = {f"is_{code}": part for code, part in parts().items()} | {
        "is_late": Filter(late="yes")
    }
    flags = counting.flags(wanted, SYSTEM)
    columns = [
        Ticket.id, Ticket.received_at, Ticket.closed_at, Ticket.due_at, Ticket.merged_into_id,
        Ticket.escalation, Ticket.place, Ticket.facts, Person.level,
        *(column.label(name) for name, column in groups.COLUMNS.items()),
        *(flag.label(name) for name, flag in zip(wanted, flags, strict=True)),
    ]  # fmt: skip
    query = select(*columns).join(Person, Person.id == Ticket.person_id)
    return db.session.execute(query.where(Ticket.id.in_(ids))).all()


def _promises(ids: Sequence[int]) -> dict[int, list[Any]]:
    columns = (Promise.subject_id, Promise.promise, Promise.due_at, Promise.taken)
    query = select(*columns, verdicts.rank().label("rank")).where(
        Promise.subject_kind == Ticket.subject_kind,
        Promise.subject_id.in_(ids),
        or_(Promise.verdict != "dropped", Promise.taken.is_not(None)),
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(query.order_by(Promise.id)):
        found[row.subject_id].append(row)
    return found


def _said(ids: Sequence[int]) -> dict[int, list[str]]:
    edges = Edges(0, 0, min(ids), max(ids))
    found: dict[int, list[str]] = defaultdict(list)
    query = counting.answers(Ticket.id, [Ticket.id.in_(ids)], edges)
    for id_, answer, _one in db.session.execute(query):
        found[id_].append(answer)
    return found
