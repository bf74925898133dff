"""One verb on many tickets: each in a transaction of its own, with its own rights and journal row.

What is refused for one ticket never stops the others; every refusal is told with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, HelpdeskError
from helpdesk.core.i18n import N_, gettext
from helpdesk.tickets import queries, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket

MOST = 500
TOO_MANY = N_("At most %(most)s tickets can be changed at once. Please narrow the list down.")
Verb = Callable[[Ticket], object]


@dataclass
class Outcome:
    """The numbers that were done, and those that were refused with the sentence why."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def numbers_of(filter: Filter, who: Actor) -> list[str]:
    """The tickets of a list, newest first. Raises BadInput when they are too many for one go."""
    found = ticket_lists.page(filter, who, size=MOST)
    if found.next:
        raise BadInput(TOO_MANY, most=MOST)
    return [ticket.number for ticket in found.tickets]


def run(numbers: Sequence[str], who: Actor, verb: Verb) -> Outcome:
    """Run the verb on each of these tickets that `who` may see. Raises BadInput over 500."""
    if len(numbers) > MOST:
        raise BadInput(TOO_MANY, most=MOST)
    outcome = Outcome()
    for number in dict.fromkeys(numbers):
        try:
            verb(queries.by_number(number, who))
            outcome.done.append(number)
        except HelpdeskError as error:
            db.session.rollback()
            outcome.refused.append((number, _why(error)))
    return outcome


def _why(error: HelpdeskError) -> str:
    """The sentence, and those of its fields."""
    fields = [gettext(text) for text in getattr(error, "errors", {}).values()]
    return " ".join(dict.fromkeys([error.sentence(gettext), *fields]))
