"""Tickets over the API: open, list, read, answer, move."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy import Integer, Select, bindparam, select

from helpdesk import promises
from helpdesk.agents.rights import require
from helpdesk.api import answers, inputs, read, shapes
from helpdesk.api.answers import ref
from helpdesk.api.auth import api_actor
from helpdesk.api.operations import takes
from helpdesk.core import i18n
from helpdesk.core.db import UtcTime, db
from helpdesk.core.errors import PICK, refuse
from helpdesk.core.events import Event, last_seq
from helpdesk.desk import moving
from helpdesk.setup import in_force
from helpdesk.tickets import actions, filters, queries, sight, ticket_lists
from helpdesk.tickets.idempotency import done_once, open_once
from helpdesk.tickets.intake import open_ticket
from helpdesk.tickets.models import Message, Ticket
from helpdesk.web.sent import Sent


@takes("POST /tickets", "Open a ticket", body=inputs.NEW_TICKET, answer=ref("Ticket"), status=201)
def create(sent: dict[str, Any]) -> tuple[Response, int]:
    """Open a ticket; the same Idempotency-Key or external_id gives the ticket that was made."""
    by = api_actor()
    require(by, "ticket.open")
    key = request.headers.get("Idempotency-Key", "").strip()
    intake = read.intake(sent)
    opened = open_once(key, read.body(), intake, by) if key else open_ticket(intake, by)
    if not opened.new:
        return _answer(queries.by_number(opened.row.number, by), opened.promises, 201)
    # What the caller has just made is neither read again nor hidden, and told the secret of once.
    track = shapes.track(opened.row, by)
    return _answer(opened.row, opened.promises, 201, opened.snapshot, track=track)


def _answer(
    ticket: Ticket,
    promises: list[Any],
    status: int,
    snapshot: in_force.Setup | None = None,
    **more: Any,
) -> tuple[Response, int]:
    """The ticket as JSON, as far as the caller may see it."""
    answer = jsonify(shapes.ticket(ticket, promises, api_actor(), snapshot) | more)
    answer.headers["Location"] = f"/api/v1/tickets/{ticket.number}"
    return answer, status


NARROWING = {  # beside the filter
    "updated_after": Ticket.updated_at > bindparam("updated_after", type_=UtcTime),
    "cursor": Ticket.id < bindparam("cursor", type_=Integer),
}


@takes("GET /tickets", "List tickets, newest first", query=inputs.TICKETS, answer=answers.TICKETS)
def index(asked: dict[str, Any]) -> Response:
    """Tickets, newest first, in keyset pages: {items, next}."""
    who, limit = api_actor(), asked.get("limit") or 50
    narrows = [name for name in NARROWING if asked.get(name)]

    def made(found: list[Any]) -> Select[Any]:
        query = shapes.ROWS.query.where(*found, *(NARROWING[name] for name in narrows))
        return query.order_by(Ticket.id.desc()).limit(limit + 1)

    shape, given = ("api", limit, *narrows), {name: asked[name] for name in narrows}
    rows = ticket_lists.read(_filter(), who, shape, made, given)
    after = str(shapes.ROWS.row(rows[limit - 1]).id) if len(rows) > limit else None
    items = ",".join(shapes.summaries(rows[:limit], who))
    return Response(
        f'{{"items":[{items}],"next":{json.dumps(after)}}}\n', mimetype="application/json"
    )


def _filter() -> filters.Filter:
    """What the address narrows down to. Raises BadInput also for a department that there is not."""
    filter, known = filters.parse(request.args), in_force.current()
    errors = {}
    if any(code != "none" and known.unit(code) is None for code in filter.department):
        errors["department"] = PICK
    if "me" in filter.assignee:  # a token is nobody
        errors["assignee"] = PICK
    refuse(errors)
    return filter


@takes("GET /tickets/<number>", "One ticket", answer=ref("WholeTicket"))
def show(number: str) -> Response:
    """One ticket with its response table and public and internal messages."""
    ticket = queries.by_number(number, api_actor())
    body = shapes.ticket(ticket, promises.table(ticket), api_actor())
    body["messages"] = [
        shapes.message(each, ticket, api_actor()) for each in queries.conversation(ticket)
    ]
    told = {each["id"] for each in body["messages"]}
    body["files"] = [shapes.file(f) for f in queries.files(ticket) if f.message_id in told]
    body["moves"] = [move.code for move in queries.moves_of(ticket, api_actor())]
    return jsonify(body)


@takes(
    "GET /tickets/<number>/events",
    "The ticket's journal",
    query=inputs.JOURNAL,
    answer=answers.JOURNAL,
)
def ticket_events(number: str, asked: dict[str, Any]) -> Response:
    """The ticket's journal after a number."""
    ticket = queries.by_number(number, api_actor())
    rows = _journal_rows(asked, Event.ticket_id == ticket.id)
    return _journal(asked, rows, queries.entries(rows, ticket, api_actor()))


@takes("GET /events", "The whole journal", query=inputs.JOURNAL, answer=answers.JOURNAL)
def all_events(asked: dict[str, Any]) -> Response:
    """The whole journal after a number, for callers who may read it."""
    require(api_actor(), "journal.read")
    rows = _journal_rows(asked)
    return _journal(asked, rows, rows)


def _journal_rows(asked: dict[str, Any], *conditions: Any) -> Sequence[Event]:
    """The rows of the journal after the number that was asked for, oldest first."""
    later = select(Event).where(Event.seq > asked.get("after", 0), *conditions)
    limit = asked.get("limit") or 200
    return db.session.scalars(later.order_by(Event.seq).limit(limit)).all()


def _journal(asked: dict[str, Any], rows: Sequence[Event], told: Sequence[sight.Noted]) -> Response:
    newest = rows[-1].seq if rows else asked.get("after", 0)
    items = [shapes.event(each) for each in told]
    return jsonify({"items": items, "seq": newest, "last": last_seq()})


@takes(
    "POST /tickets/<number>/messages",
    "Answer the customer or add a note",
    body=inputs.NEW_MESSAGE,
    answer=ref("NewestMessage"),
    status=201,
)
def add_message(number: str, sent: dict[str, Any]) -> tuple[Response, int]:
    """Words to the customer (public) or an internal note; 409 when something newer was said."""
    ticket, by = queries.by_number(number, api_actor()), api_actor()
    body, seen = sent["body"], sent.get("seen_seq")

    def work() -> Message:
        if sent.get("public"):
            return actions.send_message(ticket, by=by, body=body, seen_seq=seen)
        return actions.note(ticket, by=by, body=body, seen_seq=seen)

    message = done_once(read.once_key(), read.body(), by, work, Message)
    return jsonify(shapes.message(message, ticket, by) | {"seq": last_seq()}), 201


@takes("POST /tickets/<number>/moves", "Take a step", body=inputs.MOVE, answer=ref("Ticket"))
def move(number: str, sent: dict[str, Any]) -> tuple[Response, int]:
    """Take a step of the table of moves; 409 with the reason when it is not possible now."""
    ticket, by = queries.by_number(number, api_actor()), api_actor()
    given = Sent(sent, i18n.zone())
    seen = {name: sent.get(name) for name in ("version", "seen_seq")}

    def work() -> Ticket:
        return moving.make_move(sent["move"], ticket, given, by=by, **seen)

    moved = done_once(read.once_key(), read.body(), by, work, Ticket)
    fresh = queries.by_number(moved.number, by)
    return _answer(fresh, list(promises.table(moved)), 200)


@takes(
    "GET /tickets/<number>/responses",
    "The response table with the sum behind each due time",
    answer=answers.page_of("ExplainedPromise"),
)
def response_table(number: str) -> Response:
    """The response table, each row with the sum that gave its due time."""
    ticket = queries.by_number(number, api_actor())
    moved = queries.corrections(ticket)
    items = [shapes.explained(row, moved) for row in promises.table(ticket)]
    return jsonify({"items": items})
