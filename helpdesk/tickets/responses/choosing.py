"""Which row of the policy holds for a ticket: the closest match wins."""

from __future__ import annotations

from helpdesk.clock import Limit, due_at, now
from helpdesk.setup.in_force import Promise, Setup
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.responses.names import DESK_CALENDAR


def applicable(ticket: Ticket, setup: Setup) -> dict[str, Promise]:
    """The policy row for each promise of this ticket: the closest match wins, '' makes none.

    A rule of law that is switched on for such cases adds its promise, or wins where it is earlier.
    """
    ids = setup.categories[ticket.category_id].ids if ticket.category_id in setup.categories else ()
    best: dict[str, tuple[tuple[int, int, int, int], Promise]] = {}
    legal = []
    for row in setup.policy:
        weight = _weight(row, ticket, ids)
        if weight is not None and row.profile:
            legal.append(row)
        elif weight is not None and (row.promise not in best or weight > best[row.promise][0]):
            best[row.promise] = (weight, row)
    found = {promise: row for promise, (_weight_, row) in best.items() if row.limit}
    for row in legal:
        if row.promise not in found or _is_earlier(row, found[row.promise], setup):
            found[row.promise] = row
    return found


def _is_earlier(row: Promise, other: Promise, setup: Setup) -> bool:
    """Whether a promise of now would be due earlier by `row`, on the office's calendar."""
    start, calendar = now(), setup.calendars[DESK_CALENDAR]
    dues = [due_at(start, Limit.parse(r.limit), calendar, beyond="weekly") for r in (row, other)]
    return dues[0] < dues[1]


def limit_for(ticket: Ticket, name: str, setup: Setup) -> Limit | None:
    """The limit that the policy names for this ticket, where it has one."""
    row = applicable(ticket, setup).get(name)
    return Limit.parse(row.limit) if row else None


def _weight(row: Promise, ticket: Ticket, ids: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """How close a policy row is: category (deeper is closer), channel, kind, severity."""
    if row.severity not in ("", ticket.severity) or row.kind not in ("", ticket.kind):
        return None
    if row.channel not in ("", ticket.channel):
        return None
    if row.category_id is not None and row.category_id not in ids:
        return None
    depth = ids.index(row.category_id) + 1 if row.category_id is not None else 0
    return depth, bool(row.channel), bool(row.kind), bool(row.severity)
