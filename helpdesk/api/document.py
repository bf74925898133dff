"""The OpenAPI 3.1 description, made from the same tables as the program, and its page."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, jsonify, render_template

from helpdesk.api.tickets import bp
from helpdesk.statistics import measures
from helpdesk.tickets import lifecycle, responses, routing
from helpdesk.tickets.intake import CHANNELS
from helpdesk.tickets.notices_lifecycle import Level, State

TEXT: dict[str, Any] = {"type": "string"}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
NUMBER: dict[str, Any] = {"type": "integer"}


def _choice(values: Any) -> dict[str, Any]:
    return {"type": "string", "enum": [str(v) for v in values]}


def _object(required: tuple[str, ...] = (), **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    return _opening() | _working() | _notices()


def _opening() -> dict[str, Any]:
    return {
        "Person": _object(
            name=TEXT,
            email=TEXT,
            phone=TEXT,
            language=_choice(("zh_Hans", "en")),
            level=_choice(("plain", "silver", "gold", "vip")),
            organisation=TEXT,
        ),
        "NewTicket": _object(
            ("kind", "subject", "body"),
            kind=_choice(lifecycle.Kind),
            channel=_choice(CHANNELS),
            subject=TEXT | {"maxLength": 200},
            body=TEXT | {"maxLength": 100_000},
            category=TEXT,
            severity=_choice(routing.SEVERITIES),
            place=TEXT,
            language=_choice(("zh_Hans", "en")),
            external_id=TEXT,
            received_at=TIME,
            external_due_at=TIME,
            person=_ref("Person"),
            fields={"type": "object"},
        ),
        "Promise": _object(
            promise=_choice(responses.ORDER),
            owner=TEXT,
            state=TEXT,
            limit=TEXT,
            due_at=TIME,
            met_at=TIME,
            verdict=TEXT,
        ),
        "Ticket": _object(
            number=TEXT,
            url=TEXT,
            kind=TEXT,
            status=_choice(lifecycle.Status),
            severity=TEXT,
            department=TEXT,
            queue=TEXT,
            version=NUMBER,
            route=_object(rule=TEXT, reason=TEXT),
            responses=_list(_ref("Promise")),
            track=_object(url=TEXT, secret=TEXT)
            | {
                "nullable": True,
                "description": "only in the first answer to a token with the scope intake",
            },
        ),
    }


def _working() -> dict[str, Any]:
    return {
        "NewMessage": _object(
            ("body", "public"), body=TEXT, public={"type": "boolean"}, seen_seq=NUMBER
        ),
        "Message": _object(id=NUMBER, kind=TEXT, public={"type": "boolean"}, body=TEXT, at=TIME),
        "Move": _object(
            ("move",),
            move=_choice(lifecycle.CODES),
            comment=TEXT,
            version=NUMBER,
            department=TEXT,
            until=TIME,
            reply=TEXT,
            target=TEXT,
        ),
        "Article": _object(
            code=TEXT,
            url=TEXT,
            title=TEXT,
            excerpt=TEXT,
            language=_choice(("zh_Hans", "en")),
            languages=_list(TEXT),
            category=TEXT,
            visibility=_choice(("internal", "public")),
            state=TEXT,
            updated_at=TIME,
        ),
        "Statistic": _object(
            measure=_choice(measures.BY_CODE),
            definition=TEXT,
            unit=_choice(("count", "share", "time")),
            rows=_list(_object(key=TEXT, name=TEXT, count=NUMBER, list_url=TEXT)),
            total=NUMBER,
            list_url=TEXT,
        ),
        "Event": _object(seq=NUMBER, at=TIME, name=TEXT, data={"type": "object"}),
        "Problem": _object(
            type=TEXT, status=NUMBER, code=TEXT, title=TEXT, detail=TEXT, errors={"type": "object"}
        ),
    }


def _notices() -> dict[str, Any]:
    return {
        "NewNotice": _object(
            ("department", "title", "problem", "requirement"),
            department=TEXT,
            title=TEXT,
            problem=TEXT,
            requirement=TEXT,
            level=_choice(Level),
            issue={"type": "boolean"},
        ),
        "Notice": _object(
            number=TEXT,
            reference=TEXT,
            status=_choice(State),
            level=TEXT,
            department=TEXT,
            due_at=TIME,
            overdue={"type": "boolean"},
            version=NUMBER,
        ),
        "NoticeMove": _object(("move",), move=TEXT, comment=TEXT, version=NUMBER),
    }


# method, path, summary, names in the address, body, answer, status
OPERATIONS: list[tuple[str, str, str, tuple[str, ...], str, dict[str, Any], int]] = [
    ("post", "/tickets", "Open a ticket", (), "NewTicket", _ref("Ticket"), 201),
    (
        "get",
        "/tickets",
        "List tickets, newest first",
        ("status", "department", "queue", "assignee", "q", "updated_after", "cursor", "limit"),
        "",
        _object(items=_list(_ref("Ticket")), next=TEXT),
        200,
    ),
    ("get", "/tickets/{number}", "One ticket", (), "", _ref("Ticket"), 200),
    (
        "get",
        "/tickets/{number}/events",
        "The ticket's journal",
        ("after", "limit"),
        "",
        _object(items=_list(_ref("Event")), seq=NUMBER),
        200,
    ),
    (
        "get",
        "/events",
        "The whole journal",
        ("after", "limit"),
        "",
        _object(items=_list(_ref("Event")), seq=NUMBER),
        200,
    ),
    (
        "post",
        "/tickets/{number}/messages",
        "Answer the customer or add a note",
        (),
        "NewMessage",
        _ref("Message"),
        201,
    ),
    ("post", "/tickets/{number}/moves", "Take a step", (), "Move", _ref("Ticket"), 200),
    (
        "get",
        "/tickets/{number}/responses",
        "The response table with the sum behind each due time",
        (),
        "",
        _object(items=_list(_ref("Promise"))),
        200,
    ),
    (
        "get",
        "/kb/search",
        "Published articles that hold every word, the best first",
        ("q", "language", "limit"),
        "",
        _object(items=_list(_ref("Article"))),
        200,
    ),
    (
        "get",
        "/statistics/{measure}",
        "A measure by groups, each number with the list behind it",
        (
            "from",
            "to",
            "period",
            "by",
            "promise",
            "department",
            "channel",
            "category",
            "kind",
            "severity",
        ),
        "",
        _ref("Statistic"),
        200,
    ),
    (
        "post",
        "/tickets/{number}/notices",
        "Write a rectification notice",
        (),
        "NewNotice",
        _ref("Notice"),
        201,
    ),
    ("get", "/notices/{reference}", "One notice with its history", (), "", _ref("Notice"), 200),
    (
        "post",
        "/notices/{reference}/moves",
        "Take a step of a notice",
        (),
        "NoticeMove",
        _ref("Notice"),
        200,
    ),
    ("get", "/meta", "Lists of choices", (), "", {"type": "object"}, 200),
]


def document() -> dict[str, Any]:
    """The OpenAPI description."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation[1], {})[operation[0]] = _operation(*operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Helpdesk", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    method: str,
    path: str,
    summary: str,
    query: tuple[str, ...],
    body: str,
    answer: dict[str, Any],
    status: int,
) -> dict[str, Any]:
    parameters = [{"name": n, "in": "query", "schema": TEXT, "required": False} for n in query]
    for name in re.findall(r"{(\w+)}", path):
        parameters.append({"name": name, "in": "path", "schema": TEXT, "required": True})
    if method == "post":
        parameters.append(
            {"name": "Idempotency-Key", "in": "header", "schema": TEXT, "required": False}
        )
    problem = {
        "description": "Refused",
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": parameters,
        "operationId": method + path.replace("/", "_").replace("{", "").replace("}", ""),
        "responses": {
            str(status): {
                "description": "Done",
                "content": {"application/json": {"schema": answer}},
            },
            "4XX": problem,
        },
    }
    if body:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(body)}},
        }
    return found


@bp.get("/openapi.json")
def openapi() -> Response:
    """The description for programs."""
    return jsonify(document())


@bp.get("/docs")
def docs() -> str:
    """The description for people."""
    return render_template("api/docs.html", document=document())
