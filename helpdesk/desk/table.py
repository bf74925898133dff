"""Tickets as a table for spreadsheets: one column per fact, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from helpdesk.agents.rights import Actor
from helpdesk.core.i18n import N_, gettext, language
from helpdesk.setup.names import category_name
from helpdesk.tickets import sight
from helpdesk.tickets.lifecycle import STATUS_NAMES, Status
from helpdesk.tickets.models import Ticket
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES, Kind
from helpdesk.words.languages import LANGUAGES
from helpdesk.words.severities import SEVERITY_NAMES


@dataclass(frozen=True)
class Column:
    """A header (a message id) and what stands under it."""

    label: str
    value: Callable[[Ticket, Actor], Any]


COLUMNS = (
    Column(N_("Number"), lambda ticket, who: ticket.number),
    Column(N_("Kind"), lambda ticket, who: gettext(KIND_NAMES[Kind(ticket.kind)])),
    Column(N_("Status"), lambda ticket, who: gettext(STATUS_NAMES[Status(ticket.status)])),
    Column(N_("Severity"), lambda ticket, who: gettext(SEVERITY_NAMES[ticket.severity])),
    Column(N_("Channel"), lambda ticket, who: gettext(CHANNELS[ticket.channel])),
    Column(N_("Subject"), lambda ticket, who: ticket.subject),
    Column(N_("Category"), lambda ticket, who: category_name(ticket.category_id)),
    Column(N_("Customer"), lambda ticket, who: sight.name(ticket, who)),
    Column(N_("Place"), lambda ticket, who: ticket.place),
    Column(
        N_("Department"),
        lambda ticket, who: ticket.department.name(language()) if ticket.department else "",
    ),
    Column(N_("Who is on it"), lambda ticket, who: ticket.assignee.name if ticket.assignee else ""),
    Column(N_("Received"), lambda ticket, who: ticket.received_at),
    Column(N_("Due"), lambda ticket, who: ticket.due_at),
    Column(N_("Replied"), lambda ticket, who: ticket.replied_at),
    Column(N_("Closed"), lambda ticket, who: ticket.closed_at),
    Column(N_("Rounds"), lambda ticket, who: ticket.cycle),
    Column(N_("Returns"), lambda ticket, who: ticket.returns),
    Column(N_("Urges"), lambda ticket, who: ticket.urges),
    Column(N_("Repeated"), lambda ticket, who: ticket.repeat_of_id is not None),
    Column(N_("Language"), lambda ticket, who: gettext(LANGUAGES[ticket.language])),
)


def rows(tickets: Iterable[Ticket], who: Actor) -> Iterator[list[Any]]:
    """The table's rows, one at a time, with what this reader may see."""
    for ticket in tickets:
        yield [column.value(ticket, who) for column in COLUMNS]
