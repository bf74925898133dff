"""Survey mail has one-click unsubscribe (RFC 8058), and it is obeyed within one send."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core.db import db
from helpdesk.core.outbox import deliver_due
from helpdesk.notify import failures, optouts
from helpdesk.notify.envelopes import send_due
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from tests.help import factories as make
from tests.help.smtp_sink import Sink

WHO = "wang.fang@example.com"


def asked(language: str = "en", **more: object) -> None:
    """A case from its receipt to the question how we did."""
    ticket = make.ticket(kind="enquiry", language=language, **more)
    actions.answer_directly(ticket, by=make.SUPERVISOR, body="Yes, we do.")
    actions.close(ticket, by=make.SUPERVISOR)
    deliver_due()


def link(mail: object) -> str:
    """The path that a mail program posts to."""
    found = str(mail["List-Unsubscribe"]).strip("<>")  # type: ignore[index]
    return "/unsubscribe/" + found.rpartition("/unsubscribe/")[2]


def test_a_question_how_we_did_can_be_stopped_by_its_headers_and_by_its_words(sink: Sink) -> None:
    """What a case needs has no such header: it is no bulk mail."""
    asked()
    receipt, answer, survey = sink.taken
    assert survey["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link(survey) in survey.get_content()
    assert receipt["List-Unsubscribe"] is answer["List-Unsubscribe"] is None


def test_one_click_of_a_mail_program_without_cookie_is_obeyed_by_the_next_send(
    app: Flask, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    asked()
    with app.test_client() as program:
        answer = program.post(link(sink.taken[-1]), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    sink.taken.clear()
    asked(subject="Another")
    subjects = [mail["Subject"] for mail in sink.taken]
    assert len(subjects) == 2, "the receipt and the answer still come"
    assert not any("How did we do" in subject for subject in subjects)
    states = select(Envelope.state).where(Envelope.purpose == "survey")
    assert db.session.scalars(states.order_by(Envelope.id)).all() == ["sent", "withdrawn"]


def test_a_mail_that_waits_to_be_tried_again_is_not_sent_any_more(sink: Sink) -> None:
    """Within one send, also for what was on its way; no colleague can send it either."""
    with moved_to(now()) as tick:
        asked()
        sink.refuse[WHO] = "451 later"
        asked(subject="Another")
        optouts.opt_out(WHO.upper())
        sink.refuse.clear()
        sink.taken.clear()
        tick(120)
        send_due()
        last = select(Envelope).where(Envelope.purpose == "survey")
        row = db.session.scalars(last.order_by(Envelope.id.desc()).limit(1)).one()
        assert (row.state, failures.can_send_again(row)) == ("withdrawn", False)
    assert len(sink.taken) == 2
    assert not any("How did we do" in mail["Subject"] for mail in sink.taken)


def test_to_look_at_the_page_changes_nothing_and_its_button_does(
    client: FlaskClient, sink: Sink
) -> None:
    """Scanners open every link."""
    asked()
    address = link(sink.taken[-1])
    page = client.get(address).get_data(as_text=True)
    assert WHO in page and "Don’t ask me again" in page and not optouts.is_out(WHO)
    assert client.head(address).status_code == 200 and not optouts.is_out(WHO)
    page = client.post(address).get_data(as_text=True)
    assert "no more questions" in page and optouts.is_out(WHO)
    page = client.post(f"{address}/back").get_data(as_text=True)
    assert "Don’t ask me again" in page and not optouts.is_out(WHO)
    sink.taken.clear()
    asked(subject="Another")
    assert "How did we do" in sink.taken[-1]["Subject"]


def test_the_page_speaks_the_language_of_the_mail(client: FlaskClient, sink: Sink) -> None:
    """Whatever the browser or the mail program asks for."""
    asked(language="zh_Hans")
    page = client.get(link(sink.taken[-1]), headers={"Accept-Language": "en"})
    assert "不再询问我" in page.get_data(as_text=True)


@pytest.mark.parametrize("token", ["1", "1.", "1.0", "x.y", ".", "²." + "0" * 32, "é.ü"])
def test_a_link_that_we_did_not_sign_changes_nothing(
    client: FlaskClient, sink: Sink, token: str
) -> None:
    asked()
    for ask in (client.get, client.post):
        assert ask(f"/unsubscribe/{token}").status_code == 404
    assert client.post(f"/unsubscribe/{token}/back").status_code == 404
    assert not optouts.is_out(WHO)


def test_the_link_of_one_mail_says_nothing_about_another(client: FlaskClient, sink: Sink) -> None:
    asked()
    seq, _dot, signature = link(sink.taken[-1]).rpartition("/")[2].partition(".")
    assert client.post(f"/unsubscribe/{int(seq) - 1}.{signature}").status_code == 404


def test_clicking_twice_is_the_same_as_once(app: Flask) -> None:
    for _ in range(2):
        optouts.opt_out(WHO)
    for _ in range(2):
        optouts.opt_in(WHO)
    row = db.session.get_one(optouts.OptOut, WHO)
    assert row.back_at is not None and row.back_at - row.out_at < timedelta(minutes=1)
