"""Rectification notices over the API: draft or issue from a ticket, read, move."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from helpdesk.api import inputs, read
from helpdesk.api.answers import NOTICE, filled, ref, time
from helpdesk.api.auth import api_actor
from helpdesk.api.operations import takes
from helpdesk.api.shapes import event
from helpdesk.core import i18n
from helpdesk.notices import actions, moving
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.settings import settings
from helpdesk.tickets import queries
from helpdesk.tickets.idempotency import done_once
from helpdesk.web.sent import Sent


@takes(
    "POST /tickets/<number>/notices",
    "Write a rectification notice",
    body=inputs.NEW_NOTICE,
    answer=ref("Notice"),
    status=201,
)
def write_notice(number: str, sent: dict[str, Any]) -> tuple[Response, int]:
    """A notice about this ticket: a draft, or with "issue": true numbered and sent at once."""
    by = api_actor()
    ticket = queries.by_number(number, by)
    given = dict(sent)
    unit, at_once = given.pop("department"), given.pop("issue", False)
    write = actions.issue_at_once if at_once else actions.draft

    def work() -> Notice:
        return write(by=by, ticket=ticket, department_id=unit, **given)

    made = done_once(read.once_key(), read.body(), by, work, Notice)
    return jsonify(shape(made)), 201


@takes("GET /notices/<reference>", "One notice with its history", answer=ref("WholeNotice"))
def show_notice(reference: str) -> Response:
    """One notice (2026-12, or the Chinese number) with its history."""
    notice = notice_queries.by_number(reference, api_actor())
    history = [event(row) for row in notice_queries.history(notice)]
    return jsonify(shape(notice) | {"events": history})


@takes(
    "POST /notices/<reference>/moves",
    "Take a step of a notice",
    body=inputs.NOTICE_MOVE,
    answer=ref("Notice"),
)
def move_notice(reference: str, sent: dict[str, Any]) -> Response:
    """Take a step of the notices' table of moves; 409 with the reason when it is not possible."""
    by, given = api_actor(), Sent(sent, i18n.zone())
    notice, version = notice_queries.by_number(reference, by), sent.get("version")

    def work() -> Notice:
        return moving.make_move(sent["move"], notice, given, by=by, version=version)

    moved = done_once(read.once_key(), read.body(), by, work, Notice)
    return jsonify(shape(moved))


def _next_step(notice: Notice) -> dict[str, Any] | None:
    """What is due next, by when, and the limit by which that was counted ("4 wh" is working time)."""
    due = notice.next
    return {"step": due.promise, "due_at": time(due.due_at), "limit": due.limit} if due else None


def shape(notice: Notice) -> dict[str, Any]:
    """One notice as JSON."""
    reference = notice_queries.slug(notice)
    return filled(
        NOTICE,
        notice,
        reference=reference,
        url=f"{settings().base_url}/notices/{reference}",
        department=notice.department.code,
        next_step=_next_step(notice),
        overdue=actions.is_overdue(notice),
        moves=[move.code for move in actions.legal_moves(notice, api_actor())],
    )
