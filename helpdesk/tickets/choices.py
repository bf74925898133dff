"""What selects offer, as (value, label) in the reader's language, and the controls of a ticket's fields."""

from __future__ import annotations

from functools import partial
from typing import Any

from wtforms import BooleanField, DateTimeLocalField, SelectField, StringField
from wtforms.validators import Optional

from helpdesk.core.i18n import N_, gettext, lazy_gettext, offered
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.setup.names import categories, department_name, departments, reason_words
from helpdesk.tickets import fields
from helpdesk.tickets.fields import TicketField
from helpdesk.tickets.filters import CHOSEN, MOMENTS, NARROWED
from helpdesk.tickets.models import Ticket
from helpdesk.web.forms import at_most
from helpdesk.words import SCORES

LOCAL = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
Choices = list[tuple[str, str]]


def of(column: str) -> Choices:
    """What a field of the ticket may be: kind, status, channel, severity, language."""
    return offered(fields.BY_COLUMN[column].choices)


FILTER_WORDS = {
    **{each.name: each.label for each in NARROWED},
    "category": N_("Category"),
    "department": N_("Department"),
    "assignee": N_("Who is on it"),
    "open": N_("Open"),
    "waiting": N_("Waiting for somebody"),
    "late": N_("Late"),
    "repeat": N_("Repeated"),
    "urged": N_("Urged"),
    "reopened": N_("Reopened or reworked"),
    "returned": N_("Returned by a department"),
    "merged": N_("Merged"),
    "level": N_("Escalated"),
    "call": N_("Follow-up call"),
    "promise": N_("Promise"),
    "verdict": N_("Verdict"),
    "score": N_("Rating"),
    "person": N_("Customer"),
    "queue": N_("Queue"),
}
VALUE_WORDS: dict[str, str] = {
    "yes": N_("Yes"),
    "no": N_("No"),
    "any": N_("any"),
    "soon": N_("within an hour"),
    "on_time": N_("on time"),
    "late": N_("kept late"),
    "missed": N_("overdue"),
    "dropped": N_("no longer counts"),
    **PROMISE_NAMES,
    **{str(score): words for score, words in SCORES.items()},
}


def filter_words(name: str, value: str) -> str:
    """A part of a filter that has no select, in words: 'Late: Yes'."""
    label = gettext(FILTER_WORDS.get(name, name))
    parts = [gettext(VALUE_WORDS.get(part, part)) for part in value.split(",")]
    if name == "queue":
        parts = [department_name(part) for part in value.split(",")]
    return gettext("%(name)s: %(value)s", name=label, value=gettext(", ").join(parts))


def moments() -> Choices:
    """What the dates of a filter may speak of."""
    return offered(MOMENTS)


def words_of(ticket: Ticket) -> dict[str, str]:
    """Status, kind, severity, channel and language of a ticket in words."""
    chosen = [each for each in fields.FIELDS if each.type == "choice"]
    return {each.name: each.said(getattr(ticket, each.column)) for each in chosen}


def control(field: TicketField, label: str = "") -> Any:
    """The control of a form for a field of the ticket, under its own label or another one; open_ticket()
    checks what is chosen."""
    named = lazy_gettext(label or field.label)
    if field.type == "choice":
        return SelectField(named, choices=partial(_offer, field), validate_choice=False)
    if field.type == "moment":
        return DateTimeLocalField(named, [Optional()], format=LOCAL)
    if field.type == "flag":
        return BooleanField(named)
    return StringField(named, [at_most(field.longest)])


def _offer(field: TicketField) -> Choices:
    return [("", ""), *offered(field.choices)]


def route_words(ticket: Ticket) -> str:
    """Why the ticket went where it went: the rule and what it found."""
    return reason_words(ticket.route_rule, ticket.route_reason, ticket.category_id)


def for_filter() -> dict[str, Choices]:
    """The selects above a list."""
    return {
        **{each.name: offered(each.choices) for each in CHOSEN},
        "category": [*categories(), ("none", gettext("No category"))],
        "department": [*departments(), ("none", gettext("No department"))],
        "assignee": [("me", gettext("Me")), ("none", gettext("Nobody"))],
    }
