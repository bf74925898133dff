"""Tickets as a table for spreadsheets: one column per fact, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from helpdesk.agents.rights import Actor
from helpdesk.core.i18n import N_, language
from helpdesk.tickets import fields, sight
from helpdesk.tickets.fields import On, TicketField
from helpdesk.tickets.models import Ticket


@dataclass(frozen=True)
class Column:
    """A header (a message id) and what stands under it."""

    label: str
    value: Callable[[Ticket, Actor], Any]


def _own(field: TicketField) -> Column:
    """A field of the ticket; choices and categories in words, all else as it is."""
    in_words = field.type in ("choice", "category")

    def value(ticket: Ticket, _who: Actor) -> Any:
        stored = getattr(ticket, field.column)
        return field.said(stored) if in_words else stored

    return Column(field.label, value)


BESIDE = {  # what is no field of the ticket, by the field that it stands behind
    "category": [Column(N_("Customer"), sight.name)],
    "place": [
        Column(
            N_("Department"),
            lambda ticket, who: ticket.department.name(language()) if ticket.department else "",
        ),
        Column(
            N_("Who is on it"),
            lambda ticket, who: ticket.assignee.name if ticket.assignee else "",
        ),
    ],
    "urges": [Column(N_("Repeated"), lambda ticket, who: ticket.repeat_of_id is not None)],
}
COLUMNS = [
    column for field in fields.on(On.CSV) for column in (_own(field), *BESIDE.get(field.name, ()))
]


def rows(tickets: Iterable[Ticket], who: Actor) -> Iterator[list[Any]]:
    """The table's rows, one at a time, with what this reader may see."""
    for ticket in tickets:
        yield [column.value(ticket, who) for column in COLUMNS]
