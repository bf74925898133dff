"""Rectification notices over the API: draft or issue from a ticket, read, move."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from helpdesk import i18n
from helpdesk.api import read
from helpdesk.api.auth import api_actor, with_token
from helpdesk.api.shapes import event, time
from helpdesk.api.tickets import bp
from helpdesk.errors import BadInput
from helpdesk.i18n import N_
from helpdesk.tickets import notice_moving, notice_queries, notices, queries, setup
from helpdesk.tickets.models import Notice
from helpdesk.tickets.once import done_once
from helpdesk.web import settings

TEXTS = (
    "title",
    "problem",
    "requirement",
    "level",
    "source",
    *("basis", "check_method"),
    "responsible",
    "cc",
    "evidence",
    "sanction",
)
TAKEN = frozenset({*TEXTS, "department", "issue"})


@bp.post("/tickets/<number>/notices")
@with_token
def write_notice(number: str) -> tuple[Response, int]:
    """A notice about this ticket: a draft, or with "issue": true numbered and sent at once."""
    sent, by = read.body(), api_actor()
    ticket = queries.by_number(number, by)
    values = _values(sent)
    write = notices.issue_at_once if sent.get("issue") else notices.draft

    def work() -> Notice:
        return write(by=by, ticket=ticket, **values)

    made = done_once(read.once_key(), sent, by, work, Notice)
    return jsonify(shape(made)), 201


def _values(sent: dict[str, Any]) -> dict[str, Any]:
    """The verb's values. Raises BadInput naming every wrong or unknown field."""
    errors = {name: N_("This field is not known.") for name in sent if name not in TAKEN}
    values: dict[str, Any] = {}
    for name in TEXTS:
        given = sent.get(name)
        if given is not None and not isinstance(given, str):
            errors[name] = N_("Please send text.")
        elif given or name in ("title", "problem", "requirement"):
            values[name] = given or ""
    if not isinstance(sent.get("issue", False), bool):
        errors["issue"] = N_("Please send true or false.")
    unit = setup.current().unit(str(sent.get("department", "")))
    if unit is None:
        errors["department"] = N_(
            "This department does not exist. Please pick one of the offered choices."
        )
    if errors:
        raise BadInput(read.LOOK, errors=errors)
    return values | {"department_id": unit.id if unit else 0}


@bp.get("/notices/<reference>")
@with_token
def show_notice(reference: str) -> Response:
    """One notice (2026-12, or the Chinese number) with its history."""
    notice = notice_queries.by_number(reference, api_actor())
    history = [event(row) for row in notice_queries.history(notice)]
    return jsonify(shape(notice) | {"events": history})


@bp.post("/notices/<reference>/moves")
@with_token
def move_notice(reference: str) -> Response:
    """Take a step of the notices' table of moves; 409 with the reason when it is not possible."""
    sent, by = read.body(), api_actor()
    (version,) = read.whole_numbers(sent, "version")
    notice = notice_queries.by_number(reference, by)

    def work() -> Notice:
        return notice_moving.make_move(
            str(sent.get("move", "")),
            notice,
            by=by,
            values=sent,
            zone=i18n.zone(),
            version=version,
        )

    moved = done_once(read.once_key(), sent, by, work, Notice)
    return jsonify(shape(moved))


def shape(notice: Notice) -> dict[str, Any]:
    """One notice as JSON."""
    reference = notice_queries.slug(notice)
    return {
        "number": notice.number,
        "reference": reference,
        "url": f"{settings().base_url}/notices/{reference}",
        "status": notice.status,
        "level": notice.level,
        "department": notice.department.code,
        "title": notice.title,
        "problem": notice.problem,
        "requirement": notice.requirement,
        "round": notice.round,
        "due_at": time(notice.due_at),
        "overdue": notices.is_overdue(notice),
        "issued_at": time(notice.issued_at),
        "signed_at": time(notice.signed_at),
        "closed_at": time(notice.closed_at),
        "answer": notice.answer,
        "check": notice.check,
        "version": notice.version,
        "moves": [m.code for m in notices.legal_moves(notice, api_actor())],
    }
