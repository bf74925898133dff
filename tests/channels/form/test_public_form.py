"""The customer's pages: form, receipt, tracking, urging, rating."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.clock import moved_to, now
from helpdesk.core import i18n, options
from helpdesk.core.db import db, transaction
from helpdesk.promises.models import Promise
from helpdesk.settings import settings
from helpdesk.setup.categories import actions as categories
from helpdesk.setup.categories.actions import CategoryText
from helpdesk.setup.models import Category, PolicyRow
from helpdesk.tickets import actions, lifecycle, tracking
from helpdesk.tickets.models import Attachment, Message, Rating, Ticket
from tests.help import factories as make

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
CASE = {
    "subject": "冰箱修了三次还是不制冷",
    "body": "师傅来了三次，冰箱还是不制冷。",
    "kind": "complaint",
    "category": "quality.appliance.fridge",
    "name": "王芳",
    "contact": "139 1234 5678",
    "once": "abc",
}


def tickets() -> int:
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


def only_ticket() -> Ticket:
    return db.session.scalars(select(Ticket).execution_options(populate_existing=True)).one()


def test_without_scripts_one_promise_stands_for_each_kind(client: FlaskClient) -> None:
    page = client.get("/new", headers={"Accept-Language": "en"}).get_data(as_text=True)
    lines = re.findall(r'<p data-promise-target="line"[^>]*>', page)
    shown = [line for line in lines if " hidden" not in line]
    assert 0 < len(shown) <= page.count('name="kind"') and len(shown) < len(lines)
    assert all('data-category=""' in line for line in shown)
    assert "<noscript>" in page and "your receipt names yours" in page


def test_the_promises_are_told_anew_with_each_minute_language_and_policy(
    client: FlaskClient,
) -> None:
    def told(language: str = "en") -> list[str]:
        page = client.get("/new", headers={"Accept-Language": language}).get_data(as_text=True)
        return re.findall(r'<p data-promise-target="line".*?</p>', page, re.DOTALL)

    with moved_to(datetime(2026, 11, 25, 3, 0, tzinfo=UTC)) as tick:
        first = told()
        tick(30)
        assert told() == first
        assert told("zh-CN") != first and told() == first
        tick(60)
        later = told()
        assert len(later) == len(first) and later != first
        with transaction() as session:
            for row in session.scalars(
                select(PolicyRow).where(PolicyRow.promise == "first_answer")
            ):
                row.limit = "9 cd"
            options.changed()
        assert told() != later


def test_the_form_follows_the_set_up_and_language_and_each_is_sent_once(
    client: FlaskClient,
) -> None:
    """All that is asked is drawn once for many; a name that changes stands in the next form."""

    def asked(language: str = "en") -> str:
        return client.get("/new", headers={"Accept-Language": language}).get_data(as_text=True)

    boss, before = make.agent("Old Boss", "admin"), asked()
    row = db.session.scalars(select(Category).filter_by(code="quality.appliance.fridge")).one()
    given = CategoryText(row.code, "冰箱冷柜", "Cold things", row.parent_id)
    categories.save(row, given, by=boss.actor)
    assert "Cold things" not in before and "Cold things" in asked()
    assert "冰箱冷柜" in asked("zh") and "What happened?" not in asked("zh")
    keys = {re.search(r'name="once" value="([^"]+)"', asked()).group(1) for _ in range(3)}  # type: ignore[union-attr]
    assert len(keys) == 3, "two who write the same words at once are two"


@pytest.mark.parametrize(("language", "thanks"), [("zh-CN", "谢谢"), ("en", "Thank you")])
def test_a_visitor_sees_number_code_and_promised_time_at_once(
    client: FlaskClient, language: str, thanks: str
) -> None:
    """An anonymous visitor submits in Chinese or English and at once sees number and promise."""
    headers = {"Accept-Language": language}
    assert client.get("/new", headers=headers).status_code == 200
    page = client.post("/new", data=CASE, headers=headers, follow_redirects=True)
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    ticket = only_ticket()
    assert thanks in text
    assert ticket.number in text
    assert tracking.secret(ticket, settings().secret_key) in text
    asked = select(Promise.due_at).where(Promise.promise == "first_answer")
    with i18n.in_language("zh_Hans" if language == "zh-CN" else "en"):
        promised = i18n.when(db.session.scalar(asked))
    wanted = f"最迟于 {promised}|最迟.{{0,6}}{promised}|by {promised} at the latest"
    assert re.search(wanted, re.sub(r"<[^>]+>", "", text))


def test_the_words_arrive_unchanged_with_channel_language_and_facts(client: FlaskClient) -> None:
    words = "第一行\r\n\r\n<b>粗</b> & “引号” 🙂"
    client.post(
        "/new",
        data=CASE | {"body": words, "order_no": "HC-2026-1", "demand": "退款"},
        headers={"Accept-Language": "zh"},
    )
    ticket = only_ticket()
    assert (ticket.channel, ticket.language) == ("web", "zh_Hans")
    assert ticket.facts == {"order_no": "HC-2026-1", "demand": "退款"}
    body = db.session.scalar(select(Message.body))
    assert body == words.replace("\r\n", "\n")


def test_the_customers_words_are_shown_as_text_never_as_html(client: FlaskClient) -> None:
    """What a customer types can't run in anybody's browser."""
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    page = client.post(
        "/new",
        data=CASE | {"subject": attack, "body": attack, "name": attack},
        follow_redirects=True,
    ).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_sending_twice_by_a_double_click_makes_one_ticket(client: FlaskClient) -> None:
    client.post("/new", data=CASE)
    client.post("/new", data=CASE)
    assert tickets() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"subject": ""}, "Please fill this in"),
        ({"body": "  "}, "Please fill this in"),
        ({"subject": "x" * 201}, "too long"),
        ({"body": "x" * 20_001}, "too long"),
        ({"contact": "call me maybe"}, "not a phone number"),
        ({"contact": "wang@nowhere"}, "not a mail address"),
        ({"category": "no.such.thing"}, "choice"),
        ({"kind": "grievance"}, "choice"),
        ({"website": "https://spam.example"}, "leave the last field empty"),
    ],
)
def test_a_wrong_answer_gets_a_sentence_keeps_the_rest_and_stores_nothing(
    client: FlaskClient, wrong: dict[str, str], sentence: str
) -> None:
    answer = client.post(
        "/new", data=CASE | {"place": "上海徐汇店"} | wrong, headers={"Accept-Language": "en"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert "上海徐汇店" in page
    assert tickets() == 0


def test_a_machine_that_sends_too_often_is_slowed_down(client: FlaskClient) -> None:
    codes = [client.post("/new", data=CASE | {"once": str(n)}).status_code for n in range(22)]
    assert codes[:20] == [303] * 20
    assert codes[20:] == [429, 429]


def test_files_come_along_and_only_the_customer_with_the_code_gets_them(
    app: Flask, client: FlaskClient
) -> None:
    """Chinese file names intact, safe headers, access checked."""
    client.post(
        "/new",
        data=CASE | {"files": (io.BytesIO(PNG), "冰箱 照片.png")},
        content_type="multipart/form-data",
    )
    row = db.session.scalar(select(Attachment))
    path = f"/track/{only_ticket().number}/files/{row.key}"
    answer = client.get(path)
    assert answer.data == PNG
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "%E5%86%B0%E7%AE%B1" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert app.test_client().get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.exe", b"MZ..."),
        ("page.html", b"<html>"),
        ("picture.svg", b"<svg/>"),
        ("fake.png", b"<html>"),
    ],
)
def test_a_file_type_that_we_do_not_take_is_named_and_nothing_is_stored(
    client: FlaskClient, name: str, content: bytes
) -> None:
    answer = client.post(
        "/new",
        data=CASE | {"files": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 422
    assert name in answer.get_data(as_text=True)
    assert tickets() == 0


def test_number_and_code_open_the_case_in_another_browser(app: Flask, client: FlaskClient) -> None:
    """No account needed."""
    ticket = make.ticket()
    code = tracking.secret(ticket, settings().secret_key)
    shown = client.post(
        "/track", data={"number": ticket.number, "code": code.lower()}, follow_redirects=True
    )
    assert shown.status_code == 200
    assert ticket.subject in shown.get_data(as_text=True)


def test_the_link_of_a_mail_opens_the_case_and_hides_the_code(client: FlaskClient) -> None:
    ticket = make.ticket()
    code = tracking.secret(ticket, settings().secret_key)
    answer = client.get(f"/track/{ticket.number}/{code}")
    assert answer.headers["Location"] == f"/track/{ticket.number}"
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_strangers_code_opens_nothing_and_tells_nothing(client: FlaskClient) -> None:
    first, second = make.ticket(), make.ticket(subject="Li Lei's secret matter")
    code = tracking.secret(first, settings().secret_key)
    known = client.post("/track", data={"number": second.number, "code": code})
    unknown = client.post("/track", data={"number": "2026-999999", "code": code})
    assert known.status_code == unknown.status_code == 404
    assert "secret matter" not in known.get_data(as_text=True)
    assert client.get(f"/track/{second.number}").status_code == 302
    for path in ("messages", "urge", "rate"):
        assert (
            client.post(
                f"/track/{second.number}/{path}", data={"body": "x", "result": "5"}
            ).status_code
            == 404
        )


def test_guessing_codes_is_slowed_down(client: FlaskClient) -> None:
    ticket = make.ticket()
    codes = [
        client.post("/track", data={"number": ticket.number, "code": "A" * 16}).status_code
        for _ in range(22)
    ]
    assert 429 in codes


def tracked(client: FlaskClient, ticket: Ticket) -> None:
    client.get(f"/track/{ticket.number}/{tracking.own_secret(ticket, settings().secret_key)}")


def test_the_page_never_shows_what_is_internal(client: FlaskClient) -> None:
    """A canary in every internal place, none on the customer's page."""
    quality, agent = make.department(), make.agent()
    ticket = make.ticket()
    actions.accept(ticket, by=agent.actor, comment="CANARY-comment")
    actions.note(ticket, by=agent.actor, body="CANARY-note")
    actions.edit(ticket, by=agent.actor, facts={"root_cause": "CANARY-cause"})
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id, comment="CANARY-dispatch")
    actions.send_message(ticket, by=agent.actor, body="Wir sind dran.")
    tracked(client, ticket)
    page = client.get(f"/track/{ticket.number}").get_data(as_text=True)
    assert "Wir sind dran." in page
    assert "CANARY" not in page


def test_a_customer_adds_words_and_files(client: FlaskClient) -> None:
    """The customer adds text or files."""
    ticket = make.ticket()
    tracked(client, ticket)
    client.post(
        f"/track/{ticket.number}/messages",
        content_type="multipart/form-data",
        data={"body": "发票在附件里", "files": (io.BytesIO(PNG), "发票.png")},
    )
    assert db.session.scalars(select(Message.body).order_by(Message.id)).all()[-1] == "发票在附件里"
    assert db.session.scalar(select(Attachment.name)) == "发票.png"


def test_an_empty_message_is_refused_with_a_sentence(client: FlaskClient) -> None:
    ticket = make.ticket()
    tracked(client, ticket)
    answer = client.post(f"/track/{ticket.number}/messages", data={"body": " "})
    assert answer.status_code == 422


def test_urging_counts_once_per_interval_and_moves_no_clock(client: FlaskClient) -> None:
    """Recorded once per interval; no clock is reset or lengthened."""
    ticket = make.ticket()
    due = ticket.due_at
    tracked(client, ticket)
    for _ in range(3):
        client.post(f"/track/{ticket.number}/urge")
    fresh = only_ticket()
    assert (fresh.urges, fresh.due_at) == (1, due)
    with moved_to(now() + timedelta(hours=25)):
        actions.urge(fresh, by=make.CUSTOMER)
    assert fresh.urges == 2


def test_the_customer_rates_once_after_the_answer(client: FlaskClient) -> None:
    ticket = make.ticket()
    tracked(client, ticket)
    early = client.post(f"/track/{ticket.number}/rate", data={"result": "5"}, follow_redirects=True)
    assert early.status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Rating)) == 0
    actions.accept(ticket, by=make.agent().actor)
    actions.answer_directly(ticket, by=make.agent("Li Na").actor, body="Done.")
    with transaction():
        ticket = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        ticket.status = "closed"
    client.post(
        f"/track/{ticket.number}/rate", data={"result": "2", "resolved": "no", "words": "太慢"}
    )
    client.post(f"/track/{ticket.number}/rate", data={"result": "5"})
    rating = db.session.scalars(select(Rating)).one()
    assert (rating.result, rating.source, rating.words) == (2, "web", "太慢")


def test_every_status_has_a_sentence_for_customers() -> None:
    assert set(tracking.STEPS) == set(lifecycle.Status)


def test_a_merged_case_names_the_one_that_goes_on(client: FlaskClient) -> None:
    lost, kept = make.ticket(), make.ticket(subject="另一个")
    actions.merge(lost, by=make.agent().actor, target=kept)
    tracked(client, lost)
    assert kept.number in client.get(f"/track/{lost.number}").get_data(as_text=True)


def test_the_front_page_leads_to_form_tracking_and_articles(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert all(f'href="{path}"' in page for path in ("/new", "/track", "/kb"))
