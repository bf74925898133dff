"""The description is drawn from what checks: they never say two things of one call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

import helpdesk.api
from helpdesk.api import inputs
from helpdesk.api.document import document, schemas
from helpdesk.api.fields import Shape
from helpdesk.api.operations import OPERATIONS
from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import gettext, in_language
from helpdesk.tickets import fields
from helpdesk.tickets.fields import On
from helpdesk.words import SEVERITY_NAMES, casefile
from tests.help import factories as make
from tests.help.calls import CASE, NOTICE, headers, token
from tests.help.described import faults, validator

__all__ = ["headers"]
SAMPLES: dict[str, dict[str, Any]] = {
    "NewPerson": {"name": "Li Lei"},
    "NewTicket": CASE,
    "NewMessage": {"body": "words"},
    "Move": {"move": "accept"},
    "NewNotice": NOTICE | {"department": "quality"},
    "NoticeMove": {"move": "sign"},
    "CallEvent": {
        "provider": "carrier",
        "call_id": "c1",
        "seq": 1,
        "event": "ringing",
        "at": "2026-03-05T09:30:00Z",
    },
}
ODD = (None, "", " ", "x", "x" * 201, 5, -1, 1.5, True, [], ["x"], {}, {"colour": "red"})
BODIES = {shape.name: shape for shape in inputs.BODIES}


def test_the_description_is_one_that_openapi_tools_read(client: FlaskClient) -> None:
    published = client.get("/api/v1/openapi.json").json
    assert published == document()
    assert [str(error) for error in OpenAPIV31SpecValidator(published).iter_errors()] == []


def variants(shape: Shape) -> Iterator[dict[str, Any]]:
    """The sample with each field in turn replaced by every odd value, and with one too many."""
    sample = SAMPLES[shape.name]
    yield sample
    yield sample | {"colour": "red"}
    for name in shape.fields:
        yield {key: value for key, value in sample.items() if key != name}
        yield from (sample | {name: value} for value in ODD)


def taken(shape: Shape, body: dict[str, Any]) -> bool:
    try:
        shape.check(body)
    except BadInput:
        return False
    return True


@pytest.mark.parametrize("name", BODIES)
def test_what_the_description_allows_is_taken_and_nothing_else(
    client: FlaskClient, name: str
) -> None:
    """The published schema and the check give one verdict on every odd value of every field."""
    make.department()
    described = validator({"$ref": f"#/components/schemas/{name}"})
    differing = []
    for body in variants(BODIES[name]):
        allowed = faults(described, body) == []
        if allowed != taken(BODIES[name], body) and not _is_known_elsewhere(name, body):
            differing.append((body, "allowed" if allowed else "refused"))
    assert differing == []


def _is_known_elsewhere(name: str, body: dict[str, Any]) -> bool:
    """What JSON Schema does not say: times are a format, a department is looked up, the case file
    is checked by its own table.
    """
    times = [body.get(each) for each in ("received_at", "external_due_at", "at")]
    unit = name == "NewNotice" and body.get("department") in ("x", "x" * 201)
    facts = name == "NewTicket" and body.get("fields") == {"colour": "red"}
    return unit or facts or any(each in ("x", "x" * 201, " ") for each in times)


@pytest.mark.parametrize("value", ODD[3:], ids=repr)
@pytest.mark.parametrize("code", ["product", "validity"])
def test_the_case_file_is_described_as_it_is_checked(code: str, value: Any) -> None:
    described = validator({"$ref": "#/components/schemas/CaseFile"})
    try:
        casefile.cleaned({code: value})
        taken = True
    except BadInput:
        taken = False
    assert taken == (faults(described, {code: value}) == [])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tickets", CASE),
        ("/tickets/{number}/messages", {"body": "words", "public": False}),
        ("/tickets/{number}/moves", {"move": "accept"}),
        ("/tickets/{number}/notices", NOTICE | {"department": "quality"}),
    ],
)
def test_a_field_that_is_not_known_is_named_and_nothing_is_done(
    client: FlaskClient, path: str, body: dict[str, Any]
) -> None:
    make.department()
    ticket = make.ticket()
    address = f"/api/v1{path.format(number=ticket.number)}"
    answer = client.post(address, json=body | {"pubic": True, "x": 1}, headers=token("supervisor"))
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"pubic", "x"})
    answer = client.get(f"/api/v1/tickets/{ticket.number}", headers=token())
    assert (answer.json["version"], answer.json["status"]) == (ticket.version, "registered")


def test_every_object_of_an_answer_is_closed() -> None:
    """Nothing may be answered that is not described, but where a map is free on purpose."""
    free = {"fields", "data", "answer", "check", "errors", "changed"}
    opened = [
        place
        for name, schema in schemas().items()
        for place, each in objects(name, schema)
        if each.get("additionalProperties") is not False and place.rpartition(".")[2] not in free
    ]
    assert opened == []


def objects(place: str, schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object within a schema, with its place."""
    if isinstance(schema, list):
        for each in schema:
            yield from objects(place, each)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        yield place, schema
    for name, each in schema.items():
        if name == "properties":
            for key, value in each.items():
                yield from objects(f"{place}.{key}", value)
        elif name in ("items", "anyOf"):
            yield from objects(place, each)


def test_a_ticket_is_described_with_every_key_that_is_sent(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    number = client.post("/api/v1/tickets", json=CASE, headers=headers).json["number"]
    sent = client.get(f"/api/v1/tickets/{number}", headers=headers).json
    described = schemas()["WholeTicket"]["properties"]
    assert set(sent) == set(described)


def test_a_view_is_mounted_by_its_declaration_alone() -> None:
    """So no call can be added that checks one thing and describes another."""
    folder = Path(helpdesk.api.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        beside = called & {
            "blueprint.get",
            "blueprint.post",
            "blueprint.route",
            "blueprint.add_url_rule",
            "request.args.get",
        }
        assert not beside or path.name == "operations.py", (path.name, beside)
    assert OPERATIONS


def test_the_error_of_a_field_is_in_the_language_of_the_caller(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    chinese = headers | {"Accept-Language": "zh-CN"}
    errors = client.post(
        "/api/v1/tickets", json=CASE | {"severity": "S9", "colour": 1}, headers=chinese
    ).json["errors"]
    with in_language("zh_Hans"):
        pick = gettext("Please pick one of the offered choices.")
        unknown = gettext("This field is not known.")
    assert errors == {"severity": pick, "colour": unknown}


def test_every_field_that_the_list_tells_is_described_and_what_a_door_gives_may_be_sent() -> None:
    """The one list of ticket fields draws both, so a field is never answered beside the description."""
    summary, sent = schemas()["TicketSummary"]["properties"], schemas()["NewTicket"]["properties"]
    assert {each.name for each in fields.on(On.TOLD)} <= set(summary)
    assert {each.name for each in fields.on(On.GIVEN)} <= set(sent)
    assert summary["severity"]["enum"] == list(SEVERITY_NAMES)
    assert summary["received_at"]["type"] == "string", "always there"
    assert summary["external_due_at"]["type"] == ["string", "null"], "as its column is"
