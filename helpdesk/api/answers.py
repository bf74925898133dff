"""What callers get: the JSON schema of every answer, by which filled() reads it from a row.

Tests hold each answer of theirs against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from helpdesk.agents.rights import Role
from helpdesk.api.fields import Schema
from helpdesk.calls.words import DIRECTIONS, StayState
from helpdesk.calls.words import State as CallState
from helpdesk.customers.people import PROOFS
from helpdesk.kb.drafts import Visibility
from helpdesk.kb.lifecycle import State as ArticleState
from helpdesk.notices import clock
from helpdesk.notices.lifecycle import Level, State
from helpdesk.promises.words import ORDER, OWNER_NAMES
from helpdesk.settings import LANGUAGES
from helpdesk.statistics import groups, measures
from helpdesk.tickets import fields, filters, lifecycle
from helpdesk.tickets.fields import On, TicketField
from helpdesk.tickets.models import Ticket
from helpdesk.words import CHANNELS, LEVELS, RESOLVED, Kind

TEXT: Schema = {"type": "string"}
TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
TIME: Schema = {"type": "string", "format": "date-time"}
TIME_OR_NONE: Schema = {"type": ["string", "null"], "format": "date-time"}
NUMBER: Schema = {"type": "integer"}
NUMBER_OR_NONE: Schema = {"type": ["integer", "null"]}
SHARE_OR_NONE: Schema = {"type": ["number", "null"]}
FLAG: Schema = {"type": "boolean"}
FREE: Schema = {"type": "object"}


def one_of(values: Any, or_none: bool = False) -> Schema:
    """One of these words."""
    words: list[str | None] = [str(each) for each in values]
    return {"enum": [*words, None] if or_none else words}


def or_null(item: Schema) -> Schema:
    """This, or null."""
    return {"anyOf": [item, {"type": "null"}]}


def some(item: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": item}


def ref(name: str) -> Schema:
    """The schema with this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def thing(maybe: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object with exactly these properties; those in `maybe` may lack."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in maybe],
        "additionalProperties": False,
    }


def page_of(name: str, **more: Schema) -> Schema:
    """A list of things of this name, and what else stands beside it."""
    return thing(items=some(ref(name)), **more)


def filled(described: Mapping[str, Schema], row: Any, **given: Any) -> dict[str, Any]:
    """An object as it is described: what is not `given` is the row's own, by name.

    Times are told in UTC, and '' is null where the description allows it.
    """
    return {
        name: given[name] if name in given else _plain(schema, getattr(row, name))
        for name, schema in described.items()
    }


def _plain(schema: Schema, value: Any) -> Any:
    if value == "":
        may_be_null = "null" in schema.get("type", ()) or None in schema.get("enum", ())
        return None if may_be_null else value
    return time(value) if isinstance(value, datetime) else value


def time(at: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _of_ticket(field: TicketField) -> Schema:
    """What a field of a ticket holds."""
    if field.type == "choice":
        return one_of(field.choices)
    if field.type == "moment":
        return TIME_OR_NONE if Ticket.__table__.columns[field.column].nullable else TIME
    return {"number": NUMBER, "flag": FLAG, "category": TEXT_OR_NONE}.get(field.type, TEXT)


SUMMARY: dict[str, Schema] = {each.name: _of_ticket(each) for each in fields.on(On.TOLD)} | {
    "url": TEXT,
    "department": TEXT_OR_NONE,
    "assignee": NUMBER_OR_NONE,
    "route": thing(rule=TEXT_OR_NONE, reason=TEXT),
    "person": ref("Person"),
}
TICKET: dict[str, Schema] = SUMMARY | {
    "responses": some(ref("Promise")),
    "fields": FREE,
    "contact": or_null(ref("Contact"))
    | {"description": "Where the case came from; null for readers who may not know who it is"},
    "rating": or_null(ref("Rating"))
    | {"description": "What the customer said of the outcome, the newest judgement"},
    "track": or_null(thing(url=TEXT, secret=TEXT))
    | {"description": "Only in the first answer to a token with the scope intake"},
}
CONTACT: dict[str, Schema] = {
    "channel": one_of(CHANNELS),
    "kind": one_of(("email", "phone")),
    "value": TEXT,
    "extension": TEXT,
    "name": TEXT | {"description": "as it was given with the case"},
    "proven": FLAG,
    "proven_by": one_of(filter(None, PROOFS), or_none=True),
    "reply_to": TEXT | {"description": "where mails of the case go; empty is nowhere"},
}
RATING: dict[str, Schema] = {
    "source": one_of(("phone", "web")),
    "result": NUMBER | {"description": "5 (very satisfied) to 1"},
    "attitude": NUMBER_OR_NONE,
    "speed": NUMBER_OR_NONE,
    "resolved": one_of(RESOLVED, or_none=True),
    "words": TEXT,
    "cycle": NUMBER,
    "at": TIME,
}
PROMISE: dict[str, Schema] = {
    "promise": one_of(ORDER),
    "owner": one_of(OWNER_NAMES),
    "state": TEXT,
    "limit": TEXT,
    "started_at": TIME_OR_NONE,
    "due_at": TIME_OR_NONE,
    "warned_at": TIME_OR_NONE,
    "met_at": TIME_OR_NONE,
    "met_by": TEXT_OR_NONE,
    "done": TEXT_OR_NONE,
    "verdict": one_of(filters.VERDICTS, or_none=True),
    "cycle": NUMBER,
    "part": NUMBER,
}
KINDS_OF_TIME = ("counted", "skipped", "paused")
SPAN: dict[str, Schema] = {
    "kind": one_of(KINDS_OF_TIME),
    "seconds": NUMBER,
    "why": TEXT,
    "name": TEXT,
    "from": TIME,
    "to": TIME,
}
EXPLANATION: dict[str, Schema] = {
    "explain": some(thing(**SPAN)),
    "sums": thing(**dict.fromkeys(KINDS_OF_TIME, NUMBER)),
    "bound": TEXT_OR_NONE,
    "extended_to": TIME_OR_NONE,
    "calendar": TEXT,
    "calendar_version": NUMBER_OR_NONE,
    "policy_version": NUMBER_OR_NONE,
    "provisional": FLAG,
    "changes": some(thing(at=TIME, by=TEXT, reason=TEXT, changed=FREE)),
}
MESSAGE: dict[str, Schema] = {
    "id": NUMBER,
    "kind": TEXT,
    "public": FLAG,
    "author": TEXT,
    "body": TEXT,
    "at": TIME,
    "channel": TEXT_OR_NONE,
}
FILE: dict[str, Schema] = {
    "message": NUMBER_OR_NONE,
    "name": TEXT,
    "mime": TEXT,
    "size": NUMBER,
    "public": FLAG,
    "scan": one_of(("clean", "infected", "not_scanned")),
}
EVENT: dict[str, Schema] = {
    "seq": NUMBER,
    "at": TIME,
    "name": TEXT,
    "ticket_id": NUMBER_OR_NONE,
    "by": thing(kind=TEXT, name=TEXT),
    "data": FREE,
}
PERSON: dict[str, Schema] = {
    "id": NUMBER,
    "name": TEXT,
    "level": one_of(LEVELS),
    "language": one_of(LANGUAGES),
    "email": TEXT_OR_NONE,
    "phone": TEXT_OR_NONE,
}
NOTICE: dict[str, Schema] = {
    "number": TEXT_OR_NONE,
    "reference": TEXT,
    "url": TEXT,
    "status": one_of(State),
    "level": one_of(Level),
    "department": TEXT,
    "title": TEXT,
    "problem": TEXT,
    "requirement": TEXT,
    "round": NUMBER,
    "due_at": TIME_OR_NONE,
    "next_step": or_null(ref("NextStep")),
    "overdue": FLAG,
    "issued_at": TIME_OR_NONE,
    "signed_at": TIME_OR_NONE,
    "closed_at": TIME_OR_NONE,
    "answer": FREE,
    "check": FREE,
    "version": NUMBER,
    "moves": some(TEXT),
}
ARTICLE: dict[str, Schema] = {
    "code": TEXT,
    "url": TEXT,
    "title": TEXT,
    "excerpt": TEXT,
    "language": one_of(LANGUAGES),
    "languages": some(one_of(LANGUAGES)),
    "category": TEXT,
    "visibility": one_of(Visibility),
    "state": one_of(ArticleState),
    "expires_at": TIME_OR_NONE,
    "updated_at": TIME,
}
STAY: dict[str, Schema] = {
    "queue": TEXT,
    "state": one_of(StayState),
    "joined_at": TIME,
    "ended_at": TIME_OR_NONE | {"description": "of the waiting"},
    "waited": SHARE_OR_NONE | {"description": "seconds"},
    "agent": TEXT_OR_NONE,
    "agent_id": NUMBER_OR_NONE,
    "reason": TEXT_OR_NONE,
    "ticket": TEXT_OR_NONE | {"description": "the case of a missed call"},
}
LEG: dict[str, Schema] = {
    "queue": TEXT_OR_NONE,
    "state": one_of(("ringing", "answered", "missed", "gone")),
    "offered_at": TIME,
    "ended_at": TIME_OR_NONE,
    "agent": TEXT_OR_NONE,
    "agent_id": NUMBER_OR_NONE,
    "reason": TEXT_OR_NONE,
}
TALK: dict[str, Schema] = {
    "id": NUMBER,
    "queue": TEXT_OR_NONE,
    "began_at": TIME,
    "ended_at": TIME_OR_NONE,
    "held": SHARE_OR_NONE | {"description": "seconds on hold"},
    "transferred": FLAG,
    "agent": TEXT_OR_NONE,
    "agent_id": NUMBER_OR_NONE,
    "score": NUMBER_OR_NONE,
    "ticket": TEXT_OR_NONE,
}
RECORDING: dict[str, Schema] = {
    "at": TIME,
    "state": one_of(("waiting", "kept", "failed", "deleted", "unwanted")),
    "voicemail": FLAG,
    "seconds": SHARE_OR_NONE,
}
CALL: dict[str, Schema] = {
    "id": NUMBER,
    "provider": TEXT,
    "call_id": TEXT,
    "direction": one_of(DIRECTIONS),
    "state": one_of(CallState),
    "from": TEXT_OR_NONE | {"description": "null for a caller who does not show it"},
    "to": TEXT_OR_NONE,
    "topic": TEXT_OR_NONE,
    "blocked": FLAG,
    "started_at": TIME,
    "answered_at": TIME_OR_NONE,
    "ended_at": TIME_OR_NONE,
    "reason": TEXT_OR_NONE,
    "person_id": NUMBER_OR_NONE | {"description": "whose number it is, where it is one customer's"},
    "ticket": TEXT_OR_NONE,
    "stays": some(ref("Stay")),
    "legs": some(ref("Leg")),
    "talks": some(ref("Talk")),
    "recordings": some(thing(**RECORDING)),
}
FIGURE: dict[str, Schema] = {
    "value": SHARE_OR_NONE,
    "list_url": TEXT,
    "of": NUMBER,
    "of_list_url": TEXT,
    "median": SHARE_OR_NONE,
    "ninety": SHARE_OR_NONE,
}
SHARES_AND_TIMES = ("of", "of_list_url", "median", "ninety")
STATISTIC = thing(
    SHARES_AND_TIMES,
    measure=one_of(measures.BY_CODE),
    name=TEXT,
    definition=TEXT,
    unit=one_of(("count", "share", "time")),
    to={"type": "string", "format": "date"},
    zone=TEXT,
    by=one_of(("", *groups.NAMES)),
    rows=some(thing(SHARES_AND_TIMES, key=TEXT, name=TEXT, count=NUMBER, **FIGURE)),
    total=NUMBER,
    **FIGURE,
    **{"from": {"type": "string", "format": "date"}},
)
MOVE: dict[str, Schema] = {
    "code": TEXT,
    "name": TEXT,
    "from": some(one_of(lifecycle.Status)),
    "to": one_of(lifecycle.Status, or_none=True),
    "roles": some(one_of(Role)),
    "needs": some(TEXT),
    "kinds": some(one_of(Kind)),
}
MEASURE: dict[str, Schema] = {"code": TEXT, "name": TEXT, "definition": TEXT, "unit": TEXT}
NAMED = some(thing(code=TEXT, name=TEXT))
META = thing(
    **dict.fromkeys(
        ("kinds", "statuses", "promises", "severities", "channels", "roles", "groups"), NAMED
    ),
    moves=some(thing(**MOVE)),
    categories=some(thing(code=TEXT, name=TEXT, level=NUMBER)),
    departments=NAMED,
    measures=some(thing(**MEASURE)),
    fields=some(thing(code=TEXT, name=TEXT, choices=some(TEXT))),
)
SCHEMAS: dict[str, Schema] = {
    "Person": thing(tuple({*PERSON} - {"name"}), **PERSON),  # of a hidden one the name alone
    "TicketSummary": thing(**SUMMARY),
    "Ticket": thing(**TICKET),
    "WholeTicket": thing(
        **TICKET, messages=some(ref("Message")), files=some(ref("File")), moves=some(TEXT)
    ),
    "File": thing(**FILE),
    "Contact": thing(**CONTACT),
    "Rating": thing(**RATING),
    "Promise": thing(**PROMISE),
    "ExplainedPromise": thing(**PROMISE, **EXPLANATION),
    "Message": thing(**MESSAGE),
    "NewestMessage": thing(**MESSAGE, seq=NUMBER),
    "Event": thing(**EVENT),
    "NextStep": thing(step=one_of(clock.STEPS), due_at=TIME, limit=TEXT),
    "Notice": thing(**NOTICE),
    "WholeNotice": thing(**NOTICE, events=some(ref("Event"))),
    "Article": thing(**ARTICLE),
    "Call": thing(**CALL),
    "Stay": thing(**STAY),
    "Leg": thing(**LEG),
    "Talk": thing(**TALK),
    "Statistic": STATISTIC,
    "Meta": META,
    "Problem": thing(
        type=TEXT,
        status=NUMBER,
        code=TEXT,
        title=TEXT,
        detail=TEXT,
        message=TEXT,
        errors={"type": "object", "additionalProperties": TEXT},
    ),
}
TICKETS = page_of("TicketSummary", next=TEXT_OR_NONE)
JOURNAL = page_of("Event", seq=NUMBER, last=NUMBER)
CALLS = page_of("Call", next=TEXT_OR_NONE)
BLOCKED = thing(blocked=FLAG | {"description": "whether the call is to ring nobody"})
TAKEN = thing(
    taken=NUMBER | {"description": "how many events were new"},
    known=NUMBER | {"description": "how many were there already"},
    calls=some(NUMBER) | {"description": "the ids of the calls that have changed"},
)
