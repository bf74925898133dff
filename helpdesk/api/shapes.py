"""Rows -> the JSON that outsiders rely on (see the contract of the API)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.agents.scopes import INTAKE
from helpdesk.clock import Limit, explain, now
from helpdesk.core.events import Event
from helpdesk.core.i18n import gettext
from helpdesk.customers.models import Person
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.tickets import (
    callbacks,
    choices,
    queries,
    scanning,
    sight,
    tracking,
    whose,
)
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.web.http import settings


def time(at: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def ticket(
    row: Ticket, promises: Iterable[Promise], who: Actor, snapshot: in_force.Setup | None = None
) -> dict[str, Any]:
    """One ticket with its route and response table; the way in for the customer is not in it."""
    return summary(row, who, snapshot or in_force.current()) | {
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


def summary(row: Ticket, who: Actor, snapshot: in_force.Setup) -> dict[str, Any]:
    """One ticket as a list has it; `snapshot` names its department and category."""
    unit = snapshot.departments.get(row.department_id or 0)
    node = snapshot.categories.get(row.category_id or 0)
    return {
        "number": row.number,
        "url": f"{settings().base_url}/tickets/{row.number}",
        "kind": row.kind,
        "status": row.status,
        "severity": row.severity,
        "channel": row.channel,
        "subject": row.subject,
        "language": row.language,
        "category": node.code if node else None,
        "place": row.place,
        "department": unit.code if unit else None,
        "queue": row.queue,
        "assignee": row.assignee_id,
        "cycle": row.cycle,
        "version": row.version,
        "route": {
            "rule": row.route_rule or None,
            "reason": choices.route_words(row),
        },
        "person": person(row, who),
        "received_at": time(row.received_at),
        "due_at": time(row.due_at),
        "external_due_at": time(row.external_due_at),
        "replied_at": time(row.replied_at),
        "closed_at": time(row.closed_at),
        "updated_at": time(row.updated_at),
    }


def person(row: Ticket, who: Actor) -> dict[str, Any]:
    """The customer, as far as this reader may know."""
    if not sight.sees(who, row, sight.Field.PERSON):
        return {"name": gettext("Confidential")}
    if whose.only_files(who):
        return {"name": row.contact_name}
    known = row.person
    return {
        "id": known.id,
        "name": known.name,
        "level": known.level,
        "language": known.language,
        "email": _first(known, "email"),
        "phone": _first(known, "phone"),
    }


def _first(known: Person, kind: str) -> str:
    mine = [each for each in known.addresses if each.kind == kind]
    return min(mine, key=lambda each: not each.proven_by).value if mine else ""


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
    if found is None:
        return None
    names = ("source", "result", "attitude", "speed", "words", "cycle")
    told = {name: getattr(found, name) for name in names}
    return told | {"resolved": found.resolved or None, "at": time(found.at)}


def promise(row: Promise) -> dict[str, Any]:
    """One row of the response table. verdict: null while open and in time, missed when overdue."""
    overdue = row.state == "running" and row.due_at is not None and row.due_at < now()
    return {
        "promise": row.promise,
        "owner": row.owner,
        "state": row.state,
        "limit": row.limit,
        "started_at": time(row.started_at),
        "due_at": time(row.due_at),
        "warned_at": time(row.warned_at),
        "met_at": time(row.met_at),
        "met_by": row.met_by or None,
        "done": row.done or None,
        "verdict": row.verdict or ("missed" if overdue else None),
        "cycle": row.cycle,
        "part": row.part,
    }


def explained(row: Promise, corrections: Iterable[Event] = ()) -> dict[str, Any]:
    """The row with the intervals that were counted, skipped and paused, and what moved it."""
    spans: list[dict[str, Any]] = []
    if row.started_at and row.due_at:
        calendar = in_force.current().calendar_of(row)
        pauses = promises.pauses_of(row)
        for span in explain(row.started_at, row.due_at, Limit.parse(row.limit), calendar, pauses):
            spans.append(
                {
                    "kind": span.kind,
                    "from": time(span.start),
                    "to": time(span.end),
                    "seconds": span.seconds,
                    "why": span.why,
                    "name": span.name,
                }
            )
    sums = dict.fromkeys(("counted", "skipped", "paused"), 0)
    for each in spans:
        sums[each["kind"]] += each["seconds"]
    return promise(row) | {
        "explain": spans,
        "sums": sums,
        "bound": row.bound or None,
        "extended_to": time(row.extended_to),
        "calendar": row.calendar,
        "calendar_version": row.calendar_version or None,
        "policy_version": row.policy_version,
        "provisional": row.provisional,
        "changes": [correction(each) for each in queries.moving(row, corrections)],
    }


def correction(row: Event) -> dict[str, Any]:
    """What was corrected, {field: [old, new]}, so that promises were planned anew."""
    return {
        "at": time(row.at),
        "by": row.by_name,
        "reason": row.data.get("comment", ""),
        "changed": row.data.get("changed", {}),
    }


def event(row: sight.Noted) -> dict[str, Any]:
    """One journal row."""
    return {
        "seq": row.seq,
        "at": time(row.at),
        "name": row.name,
        "ticket_id": row.ticket_id,
        "by": {"kind": row.by_kind, "name": row.by_name},
        "data": row.data,
    }


def message(row: Message, of: Ticket, who: Actor) -> dict[str, Any]:
    """One message of the conversation of a ticket."""
    return {
        "id": row.id,
        "kind": row.kind,
        "public": row.public,
        "author": sight.author(row, of, who),
        "body": sight.body(row, of, who),
        "at": time(row.at),
        "channel": row.channel,
    }


def file(row: Attachment) -> dict[str, Any]:
    """A file of a message, and what a malware scanner said of it; its bytes are given by pages only."""
    return {
        "message": row.message_id,
        "name": row.name,
        "mime": row.mime,
        "size": row.size,
        "public": row.public,
        "scan": scanning.state(row),
    }
