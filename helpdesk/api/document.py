"""The OpenAPI 3.1 description, drawn from the declarations that check, and its page."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, jsonify, render_template

from helpdesk.api import answers, inputs
from helpdesk.api.fields import Field, Schema
from helpdesk.api.operations import OPERATIONS, Operation, open_page

PART = re.compile(r"{(\w+)}")


def document() -> dict[str, Any]:
    """The OpenAPI description."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS.values():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Helpdesk", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def schemas() -> dict[str, Schema]:
    """Every named schema: what may be sent, and what is answered."""
    sent = {shape.name: shape.drawn for shape in inputs.BODIES}
    return sent | {"CaseFile": inputs.CASE_FILE} | answers.SCHEMAS


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "operationId": operation.endpoint,
        "responses": {
            str(operation.status): _content("Done", "application/json", operation.answer),
            "4XX": _content("Refused", "application/problem+json", answers.ref("Problem")),
        },
    }
    for mime in operation.plain:
        found["responses"][str(operation.status)]["content"][mime] = {"schema": answers.TEXT}
    if operation.body:
        one = answers.ref(operation.body.name)
        either = {"oneOf": [one, {"type": "array", "minItems": 1, "items": one}]}
        body = _content("", "application/json", either if operation.several else one)
        found["requestBody"] = {"required": True, "content": body["content"]}
    return found


def _content(about: str, mime: str, schema: Schema) -> dict[str, Any]:
    return {"description": about, "content": {mime: {"schema": schema}}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        _parameter(name, "path", True, answers.TEXT) for name in PART.findall(operation.path)
    ]
    in_query = [_asked(name, each) for name, each in operation.query.fields.items()]
    in_head = [_parameter(name, "header", False, answers.TEXT) for name in operation.headers]
    return [*in_path, *in_query, *in_head]


def _asked(name: str, each: Field) -> dict[str, Any]:
    about = {"description": each.about} if each.about else {}
    return _parameter(name, "query", each.needed, each.schema) | about


def _parameter(name: str, place: str, is_needed: bool, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": place, "required": is_needed, "schema": schema}


@open_page("/openapi.json")
def openapi() -> Response:
    """The description for programs."""
    return jsonify(document())


@open_page("/docs")
def docs() -> str:
    """The description for people."""
    return render_template("api/docs.html", document=document())
