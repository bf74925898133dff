"""What a request may carry: told before it is read, at every door, whatever it is called."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.web import bodies
from tests.help import factories as make
from tests.help.calls import CASE, headers, tickets
from tests.help.forms import FORM

__all__ = ["headers"]
FILES = "multipart/form-data"


class Endless(io.RawIOBase):
    """A body of so many bytes that is made while it is read, and counted."""

    def __init__(self, unit: bytes, size: int) -> None:
        self.unit, self.left, self.read_bytes = unit, size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = min(len(buffer), self.left)
        buffer[:size] = (self.unit * (size // len(self.unit) + 1))[:size]
        self.left -= size
        self.read_bytes += size
        return size


def asked(client: FlaskClient, path: str, body: Endless, kind: str, **more: Any) -> TestResponse:
    told = {"wsgi.input": body, "CONTENT_LENGTH": str(body.left), "CONTENT_TYPE": kind}
    return client.post(path, environ_overrides=told, **more)


def test_sixty_megabytes_of_json_are_refused_before_they_are_read(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    body = Endless(b"{},", 60 * 2**20)
    began = time.process_time()
    answer = asked(client, "/api/v1/tickets", body, "application/json", headers=headers)
    assert time.process_time() - began < 1
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert "2 MB" in answer.get_data(as_text=True)
    assert body.read_bytes <= bodies.MOST_BYTES + 2**20


@pytest.mark.parametrize(
    "path", ["/sign-in", "/track", "/language", "/tickets/2026-000001/messages"]
)
def test_a_page_without_files_reads_two_megabytes_at_most(client: FlaskClient, path: str) -> None:
    """Also a page with files, as long as nobody is signed in."""
    begin = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
    body = Endless(begin + b"a" * 2**20, 190 * 2**20)
    answer = asked(client, path, body, f"{FILES}; boundary=x")
    assert answer.status_code == 413
    assert body.read_bytes <= bodies.MOST_BYTES + 2**20


def test_a_body_that_does_not_tell_its_length_ends_at_the_limit_too(client: FlaskClient) -> None:
    body = Endless(b"a=b&", 50 * 2**20)
    told = {
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    answer = client.post("/sign-in", environ_overrides=told)
    assert answer.status_code == 413
    assert body.read_bytes <= bodies.MOST_BYTES + 2**20


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (nested(21), 422, "20 levels"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", 422, "20 levels"),
        (b'{"a":[' + b"1," * 20_001 + b"1]}", 413, "20000 at most"),
        (b'{"a":[' + b"{}," * 20_001 + b"1]}", 413, "20000 at most"),
        (b'{"a\\"[[[":[' + b"[],[]," * 20_001 + b"1]}", 413, "20000 at most"),
        (b'{"a":NaN}', 422, "JSON object"),
        (b'{"a":1e999}', 422, "JSON object"),
        (b'{"a":' + b"9" * 5000 + b"}", 422, "JSON object"),
        ('{"a":1}'.encode("utf-16"), 422, "JSON object"),
        (b'{"a":"' + b"\xff" + b'"}', 422, "JSON object"),
        (b"[1]", 422, "JSON object"),
        (b'"text"', 422, "JSON object"),
        (b"", 422, "JSON object"),
    ],
)
def test_json_is_counted_before_it_is_made(
    client: FlaskClient, headers: dict[str, str], body: bytes, status: int, word: str
) -> None:
    answer = client.post(
        "/api/v1/tickets", data=body, content_type="application/json", headers=headers
    )
    assert answer.status_code == status
    assert word in answer.get_data(as_text=True)


def test_brackets_and_commas_inside_of_texts_count_for_nothing(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    odd = '[{,\\"' * 3000
    answer = client.post("/api/v1/tickets", json=CASE | {"body": odd}, headers=headers)
    assert answer.status_code == 201


def test_a_form_of_a_million_fields_is_refused(client: FlaskClient) -> None:
    answer = client.post(
        "/sign-in", data=b"a&" * 10**6, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert "5000 at most" in answer.get_data(as_text=True)


@pytest.fixture
def tracked(client: FlaskClient) -> str:
    """The number of a case that this browser may follow."""
    ticket = make.ticket()
    code = tracking.secret(ticket, settings().secret_key)
    assert client.post("/track", data={"number": ticket.number, "code": code}).status_code == 303
    return ticket.number


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", FILES])
def test_text_in_the_place_of_files_is_told(client: FlaskClient, tracked: str, kind: str) -> None:
    before = tickets()
    for path in ("/new", f"/track/{tracked}/messages"):
        answer = client.post(
            path,
            data=FORM | {"files": "a picture"},
            content_type=kind,
            headers={"Accept-Language": "en"},
        )
        assert answer.status_code == 422
        assert "Text stands where a file belongs" in answer.get_data(as_text=True)
    assert tickets() == before


def doors(app: Flask) -> Iterator[str]:
    """The address of every page that takes a form."""
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            values = dict.fromkeys(rule.arguments, "1") | {"decision": "open", "what": "off"}
            built = rule.build(values, append_unknown=False)
            assert built
            yield built[1]


def test_a_file_in_the_place_of_a_text_is_refused_at_every_door(
    app: Flask, client: FlaskClient, tracked: str
) -> None:
    """Signed in or not: no field that is a text is ever read from a file."""
    for path in [*doors(app), f"/track/{tracked}/messages"]:
        sent = {"subject": (io.BytesIO(b"x"), "a.txt"), "body": (io.BytesIO(b"x"), "b.txt")}
        answer = client.post(path, data=sent, content_type=FILES, headers={"Accept-Language": "en"})
        assert answer.status_code == 422, path
        assert "A file stands where none is taken" in answer.get_data(as_text=True), path


@pytest.mark.parametrize("name", ["subject", "body", "contact", "kind", "category", "once"])
def test_a_field_that_comes_twice_is_told_at_the_field(client: FlaskClient, name: str) -> None:
    values = FORM | {"once": "a", name: ["complaint", "praise"] if name == "kind" else ["a", "b"]}
    answer = client.post("/new", data=values, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert tickets() == 0


ODD = [[], {}, ["a"], {"a": 1}, 1, -1, 10**30, 1.5, True, None, "", "x", [[]], "9" * 400]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (
            "/api/v1/tickets",
            "kind channel subject body category severity place language "
            "external_id received_at person fields confidential external_due_at",
        ),
        ("/api/v1/tickets/{number}/messages", "body public seen_seq"),
        (
            "/api/v1/tickets/{number}/moves",
            "move comment version seen_seq reply until reason "
            "department kind severity words category result resolved into",
        ),
        (
            "/api/v1/tickets/{number}/notices",
            "title problem requirement level source department "
            "issue basis check_method responsible cc evidence sanction",
        ),
    ],
)
def test_any_kind_of_value_under_any_name_is_never_an_error_of_ours(
    client: FlaskClient, headers: dict[str, str], path: str, names: str
) -> None:
    ticket = make.ticket()
    for name in names.split():
        for value in ODD:
            body = CASE | {"move": "accept", "title": "a", "problem": "b"} | {name: value}
            answer = client.post(
                path.format(number=ticket.number), data=json.dumps(body),
                content_type="application/json", headers=headers,
            )  # fmt: skip
            assert answer.status_code < 500, (name, value, answer.json)


def test_every_form_with_files_names_a_door_that_takes_them(app: Flask) -> None:
    """A page whose form brings files, and whose view was not marked, would refuse them."""
    marked = {
        name for name, view in app.view_functions.items() if getattr(view, "file_fields", None)
    }
    assert marked >= {
        "public.send", "track.add", "moves.write", "setup.calendar_import",
        "notices.move", "notices.create", "notices.save",
    }  # fmt: skip
    public = {n for n in marked if getattr(app.view_functions[n], "files_of_anybody", False)}
    assert public == {"public.send", "track.add", "public.keep_file"}
