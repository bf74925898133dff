"""Holds every answer that the API gives in any test against its published description."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft202012Validator

from helpdesk.api.document import schemas
from helpdesk.api.fields import Schema
from helpdesk.api.operations import OPERATIONS


def validator(schema: Schema) -> Draft202012Validator:
    """A validator of a schema that may name others of the description."""
    return Draft202012Validator(schema | {"components": {"schemas": schemas()}})


@cache
def _of_answer(endpoint: str) -> Draft202012Validator:
    return validator(OPERATIONS[endpoint].answer)


@cache
def _of_problem() -> Draft202012Validator:
    return validator({"$ref": "#/components/schemas/Problem"})


def faults(found: Draft202012Validator, body: Any) -> list[str]:
    """What is not as described, each with its place."""
    return [f"{error.json_path}: {error.message[:300]}" for error in found.iter_errors(body)]


def watch(app: Flask) -> None:
    """Let every answer of a described call fail its test when it is not as described."""
    app.after_request(_hold)


def _hold(answer: Response) -> Response:
    operation = OPERATIONS.get(request.endpoint or "")
    if operation is None or request.method in ("HEAD", "OPTIONS"):
        return answer
    if answer.status_code < 400:
        assert answer.status_code == operation.status, (request.path, answer.status)
        if answer.mimetype in operation.plain:
            return answer
        wrong = faults(_of_answer(request.endpoint or ""), answer.json)
    else:
        wrong = faults(_of_problem(), answer.json)
    assert wrong == [], "; ".join([request.method, request.path, *wrong[:5]])
    return answer
