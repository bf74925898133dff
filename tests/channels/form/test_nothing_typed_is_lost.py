"""A refusal of a customer's form costs no word and no file, with or without JavaScript."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.clock import moved_to, now
from helpdesk.core import background, options
from helpdesk.core.db import db
from helpdesk.files import PendingFile, location
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import factories

WORDS = "The door of the oven does not close, and it is the third time."
CASE = {"subject": "Oven door", "body": WORDS, "kind": "complaint", "contact": "li@example.org"}
PHOTO = b"\x89PNG\r\n\x1a\n" + b"0" * 50


def photo(name: str = "door.png", content: bytes = PHOTO) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def send(client: FlaskClient, *brought: tuple[io.BytesIO, str], **more: object):
    return client.post("/new?lang=en", data={**CASE, "files": list(brought), **more})


def kept(page: str) -> list[str]:
    return [unescape(token) for token in re.findall(r'name="kept" value="([^"]+)"', page)]


def has_bytes(key: str) -> bool:
    return location(key).is_file()


def names() -> list[str]:
    return sorted(db.session.scalars(select(Attachment.name)))


@pytest.fixture
def strict(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


def test_a_good_file_stays_when_another_is_refused_and_goes_with_the_next_try(
    client: FlaskClient,
) -> None:
    page = send(client, photo(), photo("virus.exe", b"MZ"))
    assert page.status_code == 422
    assert "virus.exe" in page.text and "door.png" in page.text
    assert re.search(r'<details class="more" open', page.text)
    assert names() == []
    done = send(client, kept=kept(page.text))
    assert done.status_code == 303
    assert names() == ["door.png"]
    assert db.session.scalar(select(func.count()).select_from(PendingFile)) == 0


def test_a_missing_answer_keeps_the_files_too(client: FlaskClient) -> None:
    page = send(client, photo(), subject="")
    assert page.status_code == 422 and len(kept(page.text)) == 1
    assert WORDS in page.text
    assert send(client, kept=kept(page.text)).status_code == 303
    assert names() == ["door.png"]


def test_too_many_tries_show_the_form_again_with_words_and_files(client: FlaskClient) -> None:
    for n in range(options.get("form_per_hour")):
        assert send(client, subject=f"Case {n}", once=str(n)).status_code == 303
    page = send(client, photo(), subject="One more")
    assert page.status_code == 429
    assert "Retry-After" in page.headers
    assert WORDS in page.text and 'value="One more"' in page.text
    assert len(kept(page.text)) == 1 and '<form class="stack-wide" method="post"' in page.text


def test_a_lost_token_shows_the_form_again_with_words_and_files(
    strict: Flask, client: FlaskClient
) -> None:
    page = send(client, photo())
    assert page.status_code == 422
    assert WORDS in page.text and len(kept(page.text)) == 1
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token
    done = send(client, kept=kept(page.text), csrf_token=token[1])
    assert done.status_code == 303 and names() == ["door.png"]


def test_a_form_that_another_site_sent_is_not_shown_again(
    strict: Flask, client: FlaskClient
) -> None:
    page = client.post("/new", data=CASE, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 422 and WORDS not in page.text


def test_a_removed_file_is_gone_and_the_words_stay(client: FlaskClient) -> None:
    page = send(client, photo(), photo("b.png"), subject="")
    first, second = kept(page.text)
    page = send(client, kept=[first, second], let_go=first)
    assert page.status_code == 422
    assert kept(page.text) == [second] and WORDS in page.text
    assert db.session.scalar(select(func.count()).select_from(PendingFile)) == 1


def test_files_that_wait_are_nobody_elses(client: FlaskClient) -> None:
    page = send(client, photo(), subject="")
    token = kept(page.text)[0]
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    ticket = factories.ticket()
    factories.sign_in(client, factories.agent())
    for wrong in (token, forged):  # a customer's file is no colleague's
        data = {"mode": "note", "body": "x", "kept": wrong}
        client.post(f"/tickets/{ticket.number}/messages", data=data)
    assert names() == []
    assert client.get(f"/files/{db.session.scalar(select(PendingFile.key))}").status_code == 404


def test_a_file_can_be_sent_once_only(client: FlaskClient) -> None:
    token = kept(send(client, photo(), subject="").text)
    assert send(client, kept=token).status_code == 303
    again = send(client, kept=token, subject="Another case")
    assert again.status_code == 422 and "choose it again" in again.text
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_what_is_never_sent_is_swept_after_a_day(client: FlaskClient) -> None:
    send(client, photo(), subject="")
    key = db.session.scalar(select(PendingFile.key))
    assert background.tidy_round() == background.TIDY and has_bytes(key)
    with moved_to(now() + timedelta(days=1, minutes=1)):
        background.tidy_round()  # nobody keeps a further file
    assert not has_bytes(key)
    assert db.session.scalar(select(func.count()).select_from(PendingFile)) == 0


def test_a_page_can_send_a_file_ahead(client: FlaskClient) -> None:
    ahead = client.post("/new/files", data={"files": photo()})
    assert ahead.status_code == 201
    assert send(client, kept=ahead.json["token"]).status_code == 303
    assert names() == ["door.png"]
    wrong = client.post(
        "/new/files",
        data={"files": photo("a.exe", b"MZ")},
        headers={"Accept": "application/json"},
    )
    assert wrong.status_code == 422 and "a.exe" in wrong.json["errors"]["files"]


def test_an_agents_refused_answer_keeps_its_files(client: FlaskClient) -> None:
    ticket = factories.ticket()
    factories.sign_in(client, factories.agent())
    home = f"/tickets/{ticket.number}/messages"
    data = {"mode": "message", "body": "Here it is.", "files": [photo(), photo("a.exe", b"MZ")]}
    page = client.post(home, data=data)
    assert page.status_code == 422 and "a.exe" in page.text
    sent = {"mode": "message", "body": "Here it is.", "kept": kept(page.text)}
    assert client.post(home, data=sent).status_code == 303
    assert names() == ["door.png"]


def test_a_lost_token_at_the_desk_shows_the_words_and_sends_them_again(
    strict: Flask, client: FlaskClient
) -> None:
    ticket = factories.ticket()
    factories.sign_in(client, factories.agent())
    home = f"/tickets/{ticket.number}/messages"
    page = client.post(home, data={"mode": "note", "body": WORDS})
    assert page.status_code == 422 and WORDS in page.text
    assert f'action="{home}' in page.text and 'name="mode" value="note"' in page.text


@pytest.mark.parametrize("once", [{}, {"once": "from-the-form"}])
def test_the_same_words_with_a_file_that_waited_are_one_message_however_late_the_second_comes(
    client: FlaskClient, once: dict[str, str]
) -> None:
    """A lost line, and the browser sends it again: it is done already, and nobody is told of a fault."""
    path = re.sub(r"\?.*", "", send(client).location)
    token = client.post("/new/files", data={"files": [photo()]}).json["token"]
    form = {"body": "Here is the photo.", "kept": token} | once
    answers = [client.post(f"{path}/messages", data=form).status_code for _ in range(2)]
    said = select(func.count()).select_from(Message).where(Message.body == form["body"])
    assert (answers, db.session.scalar(said), names()) == ([303, 303], 1, ["door.png"])
