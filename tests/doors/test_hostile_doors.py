"""Hostile texts at every public door: their cost grows with their length and no faster, nothing is an
error of ours, and the process goes on answering."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import count, cycle
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.channels.email.reading.parser import parse
from helpdesk.channels.form import tracking_pages as web_tracking
from helpdesk.core.errors import BadInput
from helpdesk.core.html_depth import shallow
from helpdesk.customers import addresses, phones
from helpdesk.kb.plain import excerpt, plain
from helpdesk.notify.mail.mime import html_of
from helpdesk.paper.line_breaks import lines
from helpdesk.search.words import shared_terms, terms, tokens
from helpdesk.settings import settings
from helpdesk.setup.calendars import files
from helpdesk.tickets import tracking
from helpdesk.web import exports, sanitize
from tests.help import factories as make
from tests.help.articles import article
from tests.help.calls import CASE, headers
from tests.help.files import GOOD
from tests.help.forms import FORM
from tests.help.hostile import FEW, UNITS, slow
from tests.help.sampled import few

__all__ = ["headers"]
Reader = Callable[[str], object]


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_tracking, "spend", lambda *_given: nullcontext())


@pytest.fixture
def anybody(client: FlaskClient) -> Iterator[FlaskClient]:
    """A browser that comes from another address each time; at the end the process still answers."""
    given, numbers = client.open, count(1)

    def from_elsewhere(*args: Any, **more: Any) -> object:
        n = next(numbers)
        client.environ_base["REMOTE_ADDR"] = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        answer = given(*args, **more)
        assert answer.status_code < 500, answer.get_data(as_text=True)
        return answer

    client.open = from_elsewhere  # type: ignore[method-assign, assignment]
    yield client
    assert given("/healthz").status_code == 200


@pytest.fixture
def number(anybody: FlaskClient) -> str:
    """A case that this browser may follow."""
    ticket = make.ticket()
    code = tracking.own_secret(ticket, settings().secret_key)
    assert anybody.post("/track", data={"number": ticket.number, "code": code}).status_code == 303
    return ticket.number


# The quick run tries the pieces that tell most, .ci/run all.
pieces = pytest.mark.parametrize("units", few([FEW, UNITS], FEW), ids=["few", "all"])


def none_is_slow(read: Reader, length: int, units: tuple[str, ...] = FEW) -> None:
    assert list(slow(read, length, units)) == []


def refusing(read: Reader) -> Reader:
    """The same; that it is refused with a sentence is an answer too."""

    def told(text: str) -> object:
        try:
            return read(text)
        except BadInput as error:
            return error

    return told


def mail(head: str, body: str = "hello") -> bytes:
    return f"From: a@b.example\r\nTo: c@d.example\r\n{head}\r\n\r\n{body}".encode("utf8", "replace")


HEADERS = (
    "From", "To", "Subject", "Message-ID", "References", "In-Reply-To", "Date", "Received",
    "Content-Disposition", "Auto-Submitted", "Return-Path", "Authentication-Results", "X-Odd",
    "Thread-Index", "Reply-To", "Content-Type",
)  # fmt: skip
BODIES = {
    "plain": ("text/plain; charset=utf-8", ""),
    "quoted": ("text/plain", "hello\r\nOn Mon, A <a@b> wrote:\r\n> "),
    "flowed": ("text/plain; format=flowed; delsp=yes", ""),
    "html": ("text/html; charset=utf-8", "<html><body><div>hello</div><blockquote>"),
    "quoted-printable": ("text/plain\r\nContent-Transfer-Encoding: quoted-printable", ""),
    "base64": ("text/plain\r\nContent-Transfer-Encoding: base64", ""),
    "uuencode": ("text/plain\r\nContent-Transfer-Encoding: x-uuencode", "begin 644 a\n"),
    "multipart": ('multipart/mixed; boundary="x"', "--x\r\n\r\nhello\r\n--x\r\n"),
    "escapes": ("text/plain; charset=iso-2022-jp", ""),
    "utf-7": ("text/plain; charset=utf-7", ""),
    "report": (
        'multipart/report; report-type=delivery-status; boundary="x"',
        "--x\r\n\r\nfailed\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: ",
    ),
    "calendar": ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:"),
    "a mail in a mail": ("message/rfc822", "Subject: "),
}


@pieces
def test_the_headers_of_a_mail(units: tuple[str, ...]) -> None:
    def read(text: str) -> object:
        line = " ".join(text.split())
        return parse(mail("\r\n".join(f"{name}: {line}" for name in HEADERS)))

    none_is_slow(read, 6_000, units)


@pytest.mark.parametrize("name", ["boundary", "name", "filename*", "charset", "x"])
def test_the_parameters_of_a_header_of_a_mail(name: str) -> None:
    def read(text: str) -> object:
        line = " ".join(text.split())
        return parse(mail(f'Content-Type: multipart/mixed; {name}="{line}; {name}*0*={line}'))

    none_is_slow(read, 12_000)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", BODIES)
def test_the_body_of_a_mail(kind: str) -> None:
    head, before = BODIES[kind]
    none_is_slow(lambda text: parse(mail(f"Content-Type: {head}", before + text)), 16_000, UNITS)


def test_parts_inside_of_parts_of_a_mail() -> None:
    def read(text: str) -> object:
        levels = len(text) // 60
        begun = "".join(
            f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n'
            for n in range(levels)
        )
        return parse(b"From: a@b.example\r\n" + begun.encode() + b"\r\nhello")

    none_is_slow(read, 240_000, ("x",))


def test_the_form_with_texts_longer_than_it_takes(anybody: FlaskClient) -> None:
    def send(text: str) -> object:
        return anybody.post("/new", data=dict.fromkeys(FORM, text) | {"name": text, "once": text})

    none_is_slow(send, 12_000, FEW[::2])


def test_the_form_with_texts_as_long_as_it_takes(anybody: FlaskClient) -> None:
    once = count()

    def send(text: str) -> object:
        short = dict.fromkeys(("subject", "place", "product"), text[:200])
        more = {"name": text[:80], "demand": text[:5000], "once": str(next(once))}
        return anybody.post("/new", data=FORM | short | more | {"body": text[:20_000]})

    none_is_slow(send, 20_000)


def test_a_number_and_an_address_in_the_form(anybody: FlaskClient) -> None:
    def send(text: str) -> object:
        fields = {"contact": text[:200], "phone": text[:40], "kind": text, "category": text}
        return anybody.post("/new", data=FORM | fields)

    none_is_slow(send, 2_000)


def test_files_of_every_kind_in_the_form(anybody: FlaskClient) -> None:
    kinds, once = cycle(GOOD.items()), count()

    def send(text: str) -> object:
        extension, head = next(kinds)
        file = (io.BytesIO(head + text.encode("utf8")), f"{text[:300]}.{extension}")
        sent = FORM | {"once": str(next(once)), "files": file}
        return anybody.post("/new", data=sent, content_type="multipart/form-data")

    none_is_slow(send, 30_000)


def test_files_of_text_in_the_form(anybody: FlaskClient) -> None:
    once = count()

    def send(text: str) -> object:
        file = (io.BytesIO(text.encode("utf8")), "notes.txt")
        sent = FORM | {"once": str(next(once)), "files": file}
        return anybody.post("/new", data=sent, content_type="multipart/form-data")

    none_is_slow(send, 30_000)


def test_number_and_code_of_a_case(anybody: FlaskClient) -> None:
    none_is_slow(lambda t: anybody.post("/track", data={"number": t, "code": t}), 20_000)
    none_is_slow(lambda t: anybody.post("/track", data={"number": t[:40], "code": t[:40]}), 1_000)


def test_words_and_files_of_a_customer(anybody: FlaskClient, number: str) -> None:
    def send(text: str) -> object:
        file = (io.BytesIO(text.encode("utf8")), "notes.txt")
        sent = {"body": text[:20_000], "files": file}
        return anybody.post(f"/track/{number}/messages", data=sent)

    none_is_slow(send, 20_000, FEW[::2])


def test_urging_and_rating(anybody: FlaskClient, number: str) -> None:
    def send(text: str) -> object:
        anybody.post(f"/track/{number}/urge", data={"words": text})
        sent = {"result": text, "resolved": text, "words": text}
        anybody.post(f"/track/{number}/rate", data=sent | {"result": "1", "resolved": "yes"})
        return anybody.post(f"/track/{number}/rate", data=sent)

    none_is_slow(send, 16_000, FEW[::2])


@pytest.mark.parametrize("path", ["/kb", "/kb/related"])
def test_words_to_search_for(anybody: FlaskClient, path: str) -> None:
    article()
    none_is_slow(lambda text: anybody.get(path, query_string={"q": text, "category": text}), 8_000)


def test_whether_an_article_helped(anybody: FlaskClient) -> None:
    code = article().code
    none_is_slow(lambda text: anybody.post(f"/kb/{code}/vote", data={"helped": text}), 30_000)


def test_signing_in(anybody: FlaskClient) -> None:
    def send(text: str) -> object:
        anybody.post("/sign-in/code", data={"code": text})
        anybody.post("/language", data={"language": text, "next": text})
        fields = {"email": text, "password": text, "next": text}
        return anybody.post("/sign-in", data=fields)

    none_is_slow(send, 16_000, FEW[::2])


@pytest.mark.parametrize(
    "path", ["/unsubscribe/{}", "/track/{0}/{0}", "/invitation/{}", "/kb/{}", "/{}"]
)
def test_addresses_of_pages(anybody: FlaskClient, path: str) -> None:
    def send(text: str) -> object:
        where = path.format(text.replace("/", "%2F").replace("?", "%3F").replace("#", "%23"))
        anybody.post(where)
        return anybody.get(where)

    none_is_slow(send, 4_000, FEW[::3])


@pytest.mark.parametrize(
    "name",
    ["Cookie", "Accept-Language", "Accept", "Authorization", "Referer", "Range", "Content-Type",
     "Idempotency-Key", "X-Forwarded-For", "Origin", "If-None-Match", "HX-Request"],
)  # fmt: skip
def test_headers_of_requests(anybody: FlaskClient, headers: dict[str, str], name: str) -> None:
    def send(text: str) -> object:
        line = " ".join(text.encode("latin-1", "replace").decode("latin-1").split())
        return anybody.post("/api/v1/tickets", json=CASE, headers=headers | {name: line[:8000]})

    none_is_slow(send, 8_000, FEW[::3])


@pytest.mark.parametrize("verb", ["messages", "moves", "notices"])
def test_bodies_of_the_api(anybody: FlaskClient, headers: dict[str, str], verb: str) -> None:
    ticket = make.ticket()
    names = ("body", "move", "comment", "title", "problem", "requirement", "department", "level")

    def send(text: str) -> object:
        sent = dict.fromkeys(names, text)
        return anybody.post(f"/api/v1/tickets/{ticket.number}/{verb}", json=sent, headers=headers)

    none_is_slow(send, 20_000, FEW[::2])


def test_cases_over_the_api(anybody: FlaskClient, headers: dict[str, str]) -> None:
    def send(text: str) -> object:
        person = {"name": text[:80], "email": text, "phone": text, "organisation": text[:200]}
        fields = {"product": text, "order_no": text, text[:50]: text}
        sent = CASE | {"body": text, "external_id": text[:100], "received_at": text}
        anybody.post("/api/v1/tickets", json=sent | {"person": person}, headers=headers)
        anybody.post("/api/v1/tickets", json=CASE | {"fields": fields}, headers=headers)
        sent = CASE | {"subject": text[:200], "body": text[:20_000]}
        anybody.get("/api/v1/tickets", query_string={"q": text}, headers=headers)
        return anybody.post("/api/v1/tickets", json=sent, headers=headers)

    none_is_slow(send, 20_000, FEW[::2])


@pytest.mark.parametrize("name", ["days.csv", "days.ics"])
def test_days_that_an_administrator_brings(name: str) -> None:
    begin = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:" if name.endswith("ics") else "date,kind\n"
    read = refusing(lambda text: files.read((begin + text).encode("utf8"), name))
    none_is_slow(read, 40_000)


@pytest.mark.parametrize("read", [phones.read_phone, addresses.mail])
def test_numbers_and_addresses(read: Reader) -> None:
    none_is_slow(refusing(read), 100_000, UNITS)


@pieces
@pytest.mark.parametrize(
    "read",
    [
        tokens,
        terms,
        shared_terms,
        plain,
        excerpt,
        sanitize.markdown_to_html,
        sanitize.text_to_html,
        sanitize.clean_mail_html,
        lambda text: list(lines(text, 9, 80)),
        lambda text: exports.harmless(text),
    ],
    ids=[
        "index",
        "query",
        "alike",
        "article",
        "excerpt",
        "markdown",
        "text",
        "mail",
        "paper",
        "csv",
    ],
)
def test_what_reads_texts_that_were_stored(read: Reader, units: tuple[str, ...]) -> None:
    none_is_slow(read, 8_000, units)


@pytest.mark.parametrize(
    "unit",
    ["<div>", "<ul><li>", "<blockquote>", "<b><p>", "<svg><td>", "<div><table><td></div>", "< ",
     "<x></y>", "<div/a>", "<font><a href=x>", "</p>", "<div><button></div>"],
)  # fmt: skip
def test_html_that_is_nested_without_end(unit: str) -> None:
    """Sixty thousand characters of it once took a second, two million a quarter of an hour."""
    none_is_slow(sanitize.clean_mail_html, 200_000, (unit,))


def test_html_of_a_few_levels_stays_as_it_is() -> None:
    deep = "<div>" * 150 + "here" + "</div>" * 150
    wide = "<table>" + "<tr><td><p>a<br><td>b" * 500 + "</table>" + "<ul>" + "<li>x</li>" * 500
    for html in (deep, wide, "a < b", "<p", ""):
        assert shallow(html) == html
    assert "here" in sanitize.clean_mail_html("<div>" * 5000 + "here").html


@pytest.mark.thorough
def test_a_case_of_hostile_words_is_shown_and_printed(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent(language="en"))

    def show(text: str) -> object:
        ticket = make.ticket(subject=text[:200], body=text[:20_000])
        for page in ("", "/response-table", "/response-table.pdf"):
            assert client.get(f"/tickets/{ticket.number}{page}").status_code in (200, 404)
        return html_of(text, "en")

    none_is_slow(show, 2_000, FEW[::9])
