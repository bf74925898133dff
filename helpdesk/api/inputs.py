"""What callers may send: the bodies and the parameters of every call, each declared once."""

from __future__ import annotations

from typing import Any

from helpdesk.api.fields import (
    Field,
    Query,
    Schema,
    Shape,
    Wrong,
    choice,
    digits,
    flag,
    moment,
    needed,
    text,
    whole,
)
from helpdesk.calls.words import DIRECTIONS, Happening
from helpdesk.calls.words import State as CallState
from helpdesk.core.i18n import N_
from helpdesk.kb.models import LANGUAGES as KB_LANGUAGES
from helpdesk.notices.fields import ANSWER, NEEDED, ORDER
from helpdesk.notices.lifecycle import Level
from helpdesk.settings import LANGUAGES
from helpdesk.setup import in_force
from helpdesk.statistics import groups, periods, report
from helpdesk.tickets import fields, filters
from helpdesk.tickets.checking import MOST_BODY
from helpdesk.tickets.fields import On, TicketField
from helpdesk.words import LEVELS, casefile

MOST_SHORT = 200
MOST_ROWS = 200
MOST_EVENTS = 1000
MOST_ARTICLES = 50


def _facts(sent: object) -> object:
    """The case file as it was sent; the case file itself checks what stands in it."""
    if sent != [] and not isinstance(sent, dict):
        raise Wrong(N_("Please send an object."))
    return sent or {}


def _fact(known: casefile.Field) -> Schema:
    if known.choices:
        return {"enum": [*known.choices, "", None]}
    return {"type": ["string", "number", "null"], "maxLength": casefile.MOST_CHARACTERS}


CASE_FILE = {
    "type": "object",
    "properties": {known.code: _fact(known) for known in casefile.FIELDS},
    "additionalProperties": False,
}
PERSON = Shape(
    "NewPerson",
    {
        "name": text(MOST_SHORT),
        "email": text(),
        "phone": text(),
        "language": choice(LANGUAGES),
        "level": choice(LEVELS),
        "organisation": text(MOST_SHORT),
    },
)


def _of_ticket(known: TicketField) -> Field:
    """How a field of a ticket is given; a text that may lack is cut where it is too long."""
    if known.type == "choice":
        found = choice(tuple(known.choices))
    elif known.type == "moment":
        found = moment(known.ahead)
    elif known.type == "flag":
        found = flag()
    elif known.type == "category":
        found = text(about="The code of a category")
    else:
        found = text(known.longest if known.needed else None)
    return needed(found) if known.needed else found


NEW_TICKET = Shape(
    "NewTicket",
    {each.name: _of_ticket(each) for each in fields.on(On.GIVEN)}
    | {
        "body": needed(text(MOST_BODY)),
        "external_id": text(MOST_SHORT, "The same one of the same channel is the same ticket"),
        "person": PERSON.inside(),
        "fields": Field({"$ref": "#/components/schemas/CaseFile"}, _facts),
    },
)
NEW_MESSAGE = Shape(
    "NewMessage",
    {"body": needed(text()), "public": flag(), "seen_seq": whole()},
)
UNTIL = text(about="A time; without a zone it is read in the company's")
MOVE = Shape(
    "Move",
    {
        "move": needed(text(about="A move of /meta")),
        "comment": text(),
        "version": whole(),
        "seen_seq": whole(),
        "department": text(about="A department of /meta"),
        "until": UNTIL,
        "reply": text(),
        "body": text(about="The same as reply"),
        "target": text(about="The number of the ticket to merge into"),
    },
)


def _unit(code: object) -> int:
    """The id of the department with this code. Raises Wrong when there is none."""
    unit = in_force.current().unit(str(code))
    if unit is None:
        raise Wrong(N_("This department does not exist. Please pick one of the offered choices."))
    return unit.id


NEW_NOTICE = Shape(
    "NewNotice",
    {
        "department": needed(Field({"type": "string"}, _unit, about="A department of /meta")),
        **{name: text() for name in ORDER if name != "department_id"},
        **{name: needed(text()) for name in NEEDED},
        "level": choice(tuple(Level)),
        "issue": flag(),
    },
)
NOTICE_MOVE = Shape(
    "NoticeMove",
    {
        "move": needed(text(about="A move that the notice offers")),
        "version": whole(),
        **{name: text() for name in ("comment", "result", *ANSWER)},
        **dict.fromkeys(("re_due", "planned_at", "until"), UNTIL),
    },
)


def _name(value: Any) -> str | int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Wrong(N_("Please send text."))
    return value


_NAMED = Field(
    {"type": ["string", "integer", "null"]}, _name, about="An agent: mail address, extension or id"
)
_NUMBER = Field(
    {"type": ["string", "null"]},
    text().read,
    says=True,
    about="Empty, null or “anonymous” for a caller who does not show it",
)
# Types alone: what each value may be is asked in calls/fields.py, for all who hand events in.
CALL_EVENT = Shape(
    "CallEvent",
    {
        "provider": needed(text()),
        "call_id": text(about="Needed, except for the state of an agent"),
        "seq": needed(whole()),
        "event": needed(choice(tuple(Happening))),
        "at": needed(moment(ahead=True)),
        "from": text(
            about="A number; empty, null or “anonymous” for a caller who does not show it"
        ),
        "to": text(),
        "queue": text(),
        "agent": _NAMED,
        "target": _NAMED,
        "direction": choice(tuple(DIRECTIONS)),
        "choice": text(about="What was chosen in the menu: the topic"),
        "language": text(about="What was chosen in the menu: a language"),
        "reason": text(
            about="Why: timeout, empty, callback, moved, closed, lost, busy ...; voicemail, of recorded"
        ),
        "status": text(about="Of an agent"),
        "ticket": text(about="The case that an outgoing call is made for"),
        "score": whole(),
        "recording_url": text(),
    },
)
BODIES = (CALL_EVENT, PERSON, NEW_TICKET, NEW_MESSAGE, MOVE, NEW_NOTICE, NOTICE_MOVE)


NOBODY_OR_ID = filters.Several(("none",), ids=True)  # no token is a "me"
SEVERAL = "One or more, repeated or parted by commas"


def _part(name: str) -> Field:
    """A part of a list's filter; lists.parse() reads it, by the tables that are drawn here."""
    if name in filters.ONE_OF:
        return Field({"type": "string", "enum": [str(each) for each in filters.ONE_OF[name]]})
    if name in filters.SOME_OF:
        return Field(_several(filters.SOME_OF[name]), several=True, about=SEVERAL)
    if name in filters.DAYS:
        return Field({"type": "string", "format": "date"}, about="A day of the company's zone")
    return Field({"type": "string"})


def _several(part: filters.Several) -> Schema:
    words: Schema = {"type": "string", "enum": [str(each) for each in part.words]}
    free: Schema = {"type": "string", "pattern": filters.ID if part.ids else filters.CODE.pattern}
    if part.ids or part.codes:
        return {"type": "array", "items": {"anyOf": [words, free]} if part.words else free}
    return {"type": "array", "items": words}


TICKETS = Query(
    {name: _part(name) for name in filters.NAMES}
    | {
        "assignee": Field(_several(NOBODY_OR_ID), several=True),
        "updated_after": moment(),
        "cursor": digits(),
        "limit": digits(MOST_ROWS),
    }
)
JOURNAL = Query({"after": digits(), "limit": digits(MOST_EVENTS)})
ARTICLES = Query(
    {"q": needed(text()), "language": choice(KB_LANGUAGES), "limit": digits(MOST_ARTICLES)}
)
STATISTICS = Query(
    {name: _part(name) for name in ("from", "to", "promise", *report.NARROWED_BY)}
    | {"period": choice(periods.NAMES), "by": choice(groups.NAMES)}
)
BLOCKED = Query({"number": text(about="Who calls, as the telephone system shows it")})
AS = choice(("json", "lines", "form"), about="lines: name=value each; form: parted by &")
CALL_ADVICE = Query(
    {
        "queue": needed(text(about="Its code")),
        "number": text(about="The caller’s; empty or “anonymous” for one who does not show it"),
        "topic": text(about="What was chosen in the menu"),
        "language": text(about="A code that agents have among their skills"),
        "waited": digits(86_400),
        "as": AS,
    }
)
CASE_STATE = Query(
    {
        "number": needed(text(about="Of the case")),
        "code": needed(text(about="Of the tracking page; or the keys of a telephone for it")),
        "language": choice(LANGUAGES),
        "as": AS,
    }
)
CALLS = Query(
    {
        "from": moment(),
        "to": moment(ahead=True),
        "queue": text(),
        "agent": digits(),
        "state": choice(tuple(CallState)),
        "cursor": text(),
        "limit": digits(MOST_ROWS),
    }
)
