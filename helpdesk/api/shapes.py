"""Rows -> the JSON that outsiders rely on (see the contract of the API)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from flask import current_app
from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.agents.scopes import INTAKE
from helpdesk.api import answers
from helpdesk.api.answers import filled, time
from helpdesk.clock import Span, now
from helpdesk.core.beside import Beside
from helpdesk.core.events import Event
from helpdesk.core.i18n import gettext, language
from helpdesk.core.kept import Keeping, Made
from helpdesk.customers.models import ContactAddress, first_of
from helpdesk.promises import receipts
from helpdesk.promises.models import Promise
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import callbacks, choices, fields, queries, scanning, sight, tracking, whose
from helpdesk.tickets.fields import On
from helpdesk.tickets.models import Attachment, Message, Ticket

# What a row of a list must bring.
COLUMNS = (
    *("id", "department_id", "category_id", "assignee_id", "route_rule", "route_reason"),
    *("confidential", "contact_name"),
    *(each.name for each in fields.on(On.TOLD) if each.type != "category"),
)
# Plain rows, with the customer's addresses as one text.
_ADDRESSES = Beside(
    select(
        *(ContactAddress.__table__.c[name] for name in ("id", "kind", "value", "proven_by"))
    ).where(ContactAddress.person_id == Ticket.person_id),
    of_each=True,
)
ROWS = queries.plain(COLUMNS, _ADDRESSES.column.label("addresses"))
_kept: Keeping[str] = Keeping(most=1_000)


def summaries(rows: Iterable[str], who: Actor) -> list[str]:
    """Texts of ROWS as JSON: what a row is made of is the key under which its JSON is kept."""
    snapshot, base = in_force.current(), settings().base_url
    reader = who.role, who.scopes, language(), base
    return [
        _kept.get(snapshot, (reader, row), partial(_written, row, who, snapshot)) for row in rows
    ]


def _written(text: str, who: Actor, snapshot: in_force.Setup) -> Made[str]:
    row = ROWS.row(text)
    known = sorted(_ADDRESSES.read(row.addresses), key=lambda each: each.id)
    told = summary(row, who, snapshot, known)
    return Made(current_app.json.dumps(told, separators=(",", ":")))


def ticket(
    row: Ticket, promises: Iterable[Promise], who: Actor, snapshot: in_force.Setup | None = None
) -> dict[str, Any]:
    """One ticket with its route and response table; the way in for the customer is not in it."""
    known = row.person.addresses
    return summary(row, who, snapshot or in_force.current(), known) | {
        "responses": [promise(p) for p in promises],
        "fields": row.facts,
        "contact": contact(row, who),
        "rating": rating(row),
        "track": None,
    }


def track(row: Ticket, who: Actor) -> dict[str, str] | None:
    """The customer's link and secret, for a program that has just filed the case for a customer."""
    if INTAKE not in who.scopes:
        return None
    key, base = settings().secret_key, settings().base_url
    return {"url": tracking.own_url(row, key, base), "secret": tracking.secret(row, key)}


def summary(
    row: Ticket, who: Actor, snapshot: in_force.Setup, addresses: Iterable[ContactAddress]
) -> dict[str, Any]:
    """One ticket, or its plain row (see ROWS), as a list has it; `snapshot` names its
    department and category, `addresses` are the customer's."""
    unit = snapshot.departments.get(row.department_id or 0)
    node = snapshot.categories.get(row.category_id or 0)
    return filled(
        answers.SUMMARY,
        row,
        url=f"{settings().base_url}/tickets/{row.number}",
        category=node.code if node else None,
        department=unit.code if unit else None,
        assignee=row.assignee_id,
        route={"rule": row.route_rule or None, "reason": choices.route_words(row)},
        person=person(row, who, addresses),
    )


def person(row: Ticket, who: Actor, addresses: Iterable[ContactAddress]) -> dict[str, Any]:
    """The customer, as far as this reader may know."""
    if not sight.sees(who, row, sight.Field.PERSON):
        return {"name": gettext("Confidential")}
    if whose.only_files(who):
        return {"name": row.contact_name}
    at = {kind: first_of(addresses, kind) for kind in ("email", "phone")}
    values = {kind: address.value if address else "" for kind, address in at.items()}
    return filled(answers.PERSON, row.person, **values)


def contact(row: Ticket, who: Actor) -> dict[str, Any] | None:
    """The address that the case came from and whether it is proven to be the customer's; null
    without one, and for readers who may not know it."""
    if not row.contact or not sight.sees(who, row, sight.Field.ADDRESS):
        return None
    return {
        "channel": row.channel,
        "kind": row.contact_kind,
        "value": row.contact,
        "extension": row.contact_extension,
        "name": row.contact_name,
        "proven": bool(row.contact_proven_by),
        "proven_by": row.contact_proven_by or None,
        "reply_to": row.reply_to,
    }


def rating(row: Ticket) -> dict[str, Any] | None:
    """What the customer said of the outcome, the newest judgement; null before there is one."""
    found = callbacks.newest_rating(row) if row.replied_at else None
    return filled(answers.RATING, found) if found else None


def promise(row: Promise) -> dict[str, Any]:
    """One row of the response table. verdict: null while open and in time, missed when overdue."""
    overdue = row.state == "running" and row.due_at is not None and row.due_at < now()
    verdict = row.verdict or ("missed" if overdue else None)
    return filled(answers.PROMISE, row, verdict=verdict)


def explained(row: Promise, corrections: Iterable[Event] = ()) -> dict[str, Any]:
    """The row with the intervals that were counted, skipped and paused, and what moved it."""
    spans = [_span(each) for each in receipts.spans(row, in_force.current())]
    sums = dict.fromkeys(answers.KINDS_OF_TIME, 0)
    for each in spans:
        sums[each["kind"]] += each["seconds"]
    return promise(row) | filled(
        answers.EXPLANATION,
        row,
        explain=spans,
        sums=sums,
        calendar_version=row.calendar_version or None,
        changes=[correction(each) for each in queries.moving(row, corrections)],
    )


def _span(span: Span) -> dict[str, Any]:
    return filled(answers.SPAN, span, **{"from": time(span.start), "to": time(span.end)})


def correction(row: Event) -> dict[str, Any]:
    """What was corrected, {field: [old, new]}, so that promises were planned anew."""
    reason, changed = row.data.get("comment", ""), row.data.get("changed", {})
    return {"at": time(row.at), "by": row.by_name, "reason": reason, "changed": changed}


def event(row: sight.Noted) -> dict[str, Any]:
    """One journal row."""
    return filled(answers.EVENT, row, by={"kind": row.by_kind, "name": row.by_name})


def message(row: Message, of: Ticket, who: Actor) -> dict[str, Any]:
    """One message of the conversation of a ticket."""
    author, body = sight.author(row, of, who), sight.body(row, of, who)
    return filled(answers.MESSAGE, row, author=author, body=body)


def file(row: Attachment) -> dict[str, Any]:
    """A file of a message, and what a malware scanner said of it; its bytes are given by pages only."""
    return filled(answers.FILE, row, message=row.message_id, scan=scanning.state(row))
