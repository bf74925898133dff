"""Tickets over the API: open, list, read, answer, move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from helpdesk import i18n
from helpdesk.agents.rights import require
from helpdesk.api import read, shapes
from helpdesk.api.auth import api_actor, with_token
from helpdesk.db import db
from helpdesk.errors import BadInput
from helpdesk.events import Event, last_seq
from helpdesk.i18n import N_
from helpdesk.tickets import actions, moving, queries, responses, setup, sight
from helpdesk.tickets.intake import open_ticket
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.once import done_once, open_once
from helpdesk.web import csrf

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)
MOST_ROWS = 200
BIGGEST = 2**53


@bp.post("/tickets")
@with_token
def create() -> tuple[Response, int]:
    """Open a ticket; the same Idempotency-Key or external_id gives the ticket that was made."""
    by = api_actor()
    require(by, "ticket.open")
    sent = read.body()
    key = request.headers.get("Idempotency-Key", "").strip()
    intake = read.intake(sent)
    opened = open_once(key, sent, intake, by) if key else open_ticket(intake, by)
    if not opened.new:
        return _answer(queries.by_number(opened.ticket.number, by), opened.responses, 201)
    # What the caller has just made is neither read again nor hidden, and told the secret of once.
    track = shapes.track(opened.ticket, by)
    return _answer(opened.ticket, opened.responses, 201, opened.snapshot, track=track)


def _answer(
    ticket: Ticket,
    promises: list[Any],
    status: int,
    snapshot: setup.Setup | None = None,
    **more: Any,
) -> tuple[Response, int]:
    """The ticket as JSON, as far as the caller may see it."""
    answer = jsonify(shapes.ticket(ticket, promises, api_actor(), snapshot) | more)
    answer.headers["Location"] = f"/api/v1/tickets/{ticket.number}"
    return answer, status


@bp.get("/tickets")
@with_token
def index() -> Response:
    """Tickets, newest first, in keyset pages: {items, next}."""
    limit = read.number_argument("limit", 50, MOST_ROWS) or 50
    cursor = read.number_argument("cursor", 0, BIGGEST)
    query = queries.with_addresses(api_actor()).where(
        *queries.api_conditions(request.args, read.time_argument("updated_after"))
    )
    if cursor:
        query = query.where(Ticket.id < cursor)
    if request.args.get("q"):  # a hidden name is not found by either
        query = query.where(queries.known_with_person(api_actor()))
    rows = list(db.session.scalars(query.order_by(Ticket.id.desc()).limit(limit + 1)).unique())
    after = str(rows[limit - 1].id) if len(rows) > limit else None
    snapshot = setup.current()
    items = [shapes.summary(row, api_actor(), snapshot) for row in rows[:limit]]
    return jsonify({"items": items, "next": after})


@bp.get("/tickets/<number>")
@with_token
def show(number: str) -> Response:
    """One ticket with its response table and public and internal messages."""
    ticket = queries.by_number(number, api_actor())
    body = shapes.ticket(ticket, responses.table(ticket), api_actor())
    body["messages"] = [
        shapes.message(each, ticket, api_actor()) for each in queries.conversation(ticket)
    ]
    body["moves"] = [move.code for move in queries.moves_of(ticket, api_actor())]
    return jsonify(body)


@bp.get("/tickets/<number>/events")
@with_token
def ticket_events(number: str) -> Response:
    """The ticket's journal after a number."""
    ticket = queries.by_number(number, api_actor())
    rows = _journal_rows(Event.ticket_id == ticket.id)
    return _journal(rows, queries.entries(rows, ticket, api_actor()))


@bp.get("/events")
@with_token
def all_events() -> Response:
    """The whole journal after a number, for callers who may read it."""
    require(api_actor(), "journal.read")
    rows = _journal_rows()
    return _journal(rows, rows)


def _journal_rows(*conditions: Any) -> Sequence[Event]:
    """The rows of the journal after the number that was asked for, oldest first."""
    limit = read.number_argument("limit", 200, 1000) or 200
    asked = select(Event).where(Event.seq > _after(), *conditions)
    return db.session.scalars(asked.order_by(Event.seq).limit(limit)).all()


def _after() -> int:
    return read.number_argument("after", 0, BIGGEST)


def _journal(rows: Sequence[Event], told: Sequence[sight.Noted]) -> Response:
    newest = rows[-1].seq if rows else _after()
    items = [shapes.event(each) for each in told]
    return jsonify({"items": items, "seq": newest, "last": last_seq()})


@bp.post("/tickets/<number>/messages")
@with_token
def add_message(number: str) -> tuple[Response, int]:
    """Words to the customer (public) or an internal note; 409 when something newer was said."""
    sent = read.body()
    ticket, by = queries.by_number(number, api_actor()), api_actor()
    body: Any = sent.get("body")
    seen = sent.get("seen_seq")
    _shape(sent, body, seen)

    def work() -> Message:
        if sent.get("public"):
            return actions.send_message(ticket, by=by, body=body, seen_seq=seen)
        actions.require_seen(ticket, by, seen)
        return actions.note(ticket, by=by, body=body)

    message = done_once(read.once_key(), sent, by, work, Message)
    return jsonify(shapes.message(message, ticket, by) | {"seq": last_seq()}), 201


def _shape(sent: dict[str, Any], body: Any, seen: Any) -> None:
    errors = {}
    if not isinstance(body, str):
        errors["body"] = N_("Please send text.")
    if not read.is_whole(seen):
        errors["seen_seq"] = read.WHOLE
    if not isinstance(sent.get("public", False), bool):
        errors["public"] = N_("Please send true or false.")
    if errors:
        raise BadInput(read.LOOK, errors=errors)


@bp.post("/tickets/<number>/moves")
@with_token
def move(number: str) -> tuple[Response, int]:
    """Take a step of the table of moves; 409 with the reason when it is not possible now."""
    sent = read.body()
    ticket = queries.by_number(number, api_actor())
    version, seen = read.whole_numbers(sent, "version", "seen_seq")

    def work() -> Ticket:
        return moving.make_move(
            str(sent.get("move", "")),
            ticket,
            by=api_actor(),
            values=sent,
            zone=i18n.zone(),
            version=version,
            seen_seq=seen,
        )

    moved = done_once(read.once_key(), sent, api_actor(), work, Ticket)
    fresh = queries.by_number(moved.number, api_actor())
    return _answer(fresh, list(responses.table(moved)), 200)


@bp.get("/tickets/<number>/responses")
@with_token
def response_table(number: str) -> Response:
    """The response table, each row with the sum that gave its due time."""
    ticket = queries.by_number(number, api_actor())
    moved = queries.corrections(ticket)
    items = [shapes.explained(row, moved) for row in responses.table(ticket)]
    return jsonify({"items": items})
