"""Sign-in, its limits, fixation, redirects, and how a session ends."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import accounts, passwords
from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now, tick
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from tests.help import factories as make

SECRET = "three fridges and a fox"
HASH = passwords.hashed(SECRET)
MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def zhang(app: Flask) -> Agent:
    make.agent("Old Admin", "admin")
    return make.agent("Zhang Wei", password_hash=HASH)


def enter(
    client: FlaskClient, email: str = "zhang.wei@example.com", password: str = SECRET, **more
):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def test_the_right_password_opens_the_desk(client: FlaskClient, zhang: Agent) -> None:
    answer = enter(client)
    assert (answer.status_code, answer.location) == (303, "/queue")
    assert client.get("/me").status_code == 200


def test_the_mail_address_may_be_written_in_any_case(client: FlaskClient, zhang: Agent) -> None:
    assert enter(client, " Zhang.Wei@Example.com ").status_code == 303


def test_a_wrong_password_and_an_unknown_person_get_the_same_words(
    client: FlaskClient, zhang: Agent
) -> None:
    wrong = enter(client, password="something else")
    unknown = enter(client, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 422
    sentence = "This mail address and this password don&#39;t fit together."
    assert sentence in wrong.text and sentence in unknown.text
    assert "Everything you typed is kept" not in wrong.text  # the password is not


@pytest.mark.usefixtures("dear_passwords")
def test_an_unknown_person_takes_as_long_as_a_wrong_password(
    client: FlaskClient, zhang: Agent
) -> None:
    def least_time(email: str) -> float:
        times = []
        for _ in range(3):
            start = time.thread_time()
            enter(client, email=email, password="something else")
            times.append(time.thread_time() - start)
        return min(times)

    with transaction():
        zhang.password_hash = passwords.hashed(SECRET)
    known, unknown = least_time("zhang.wei@example.com"), least_time("nobody@example.com")
    assert unknown > known / 2


def test_a_deactivated_person_cannot_sign_in(client: FlaskClient, zhang: Agent) -> None:
    with transaction():
        zhang.active = False
    assert enter(client).status_code == 422


def test_one_address_cannot_try_many_accounts(client: FlaskClient, zhang: Agent) -> None:
    for number in range(20):
        assert enter(client, email=f"guess{number}@example.com").status_code == 422
    refused = enter(client, email="guess21@example.com")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")


def test_good_sign_ins_from_one_office_never_reach_the_limit(
    client: FlaskClient, zhang: Agent
) -> None:
    assert {enter(client).status_code for _ in range(12)} == {303}


def test_a_session_from_before_the_sign_in_is_not_kept(client: FlaskClient, zhang: Agent) -> None:
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        before = dict(session)
    enter(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["name"] and session.get("csrf_token") != before.get("csrf_token")


def test_two_sign_ins_make_two_sessions(client: FlaskClient, zhang: Agent) -> None:
    enter(client)
    with client.session_transaction() as session:
        first = session["name"]
    enter(client)
    with client.session_transaction() as session:
        assert session["name"] != first and len(session["name"]) >= 22


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_after_the_sign_in_nobody_is_sent_to_another_site(
    client: FlaskClient, zhang: Agent, target: str
) -> None:
    assert enter(client, next=target).location == "/queue"


def test_after_the_sign_in_one_is_where_one_wanted_to_go(client: FlaskClient, zhang: Agent) -> None:
    asked = client.get("/me?a=1&b=2")
    assert asked.location == "/sign-in?next=/me%3Fa%3D1%26b%3D2"
    form = client.get(asked.location).text
    assert 'value="/me?a=1&amp;b=2"' in form
    assert enter(client, next="/me?a=1&b=2").location == "/me?a=1&b=2"


def test_a_program_that_asks_for_json_gets_401(client: FlaskClient, zhang: Agent) -> None:
    answer = client.get("/me", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["code"] == "not_signed_in"


def test_htmx_is_told_to_load_the_sign_in_page(client: FlaskClient, zhang: Agent) -> None:
    answer = client.get("/me", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


def test_a_session_ends_after_eight_hours_without_use(client: FlaskClient, zhang: Agent) -> None:
    with moved_to(MORNING):
        make.sign_in(client, zhang)
        tick(7.9 * 3600)
        assert client.get("/me").status_code == 200
        tick(2 * 3600)
        assert client.get("/me").status_code == 200
    with moved_to(MORNING):
        make.sign_in(client, zhang)
        tick(8 * 3600 + 1)
        assert client.get("/me").status_code == 302


def test_a_session_ends_after_twelve_hours_however_busy(client: FlaskClient, zhang: Agent) -> None:
    with moved_to(MORNING):
        make.sign_in(client, zhang)
        for _hour in range(12):
            assert client.get("/me").status_code == 200
            tick(3600)
        tick(1)
        assert client.get("/me").status_code == 302


def test_a_new_session_key_ends_all_sessions_at_once(app: Flask, zhang: Agent) -> None:
    phone, desk = app.test_client(), app.test_client()
    make.sign_in(phone, zhang), make.sign_in(desk, zhang)
    accounts.end_sessions(zhang, zhang.actor)
    assert phone.get("/me").status_code == desk.get("/me").status_code == 302


def test_ending_all_sessions_from_the_account_page_signs_out_here_too(
    client: FlaskClient, zhang: Agent
) -> None:
    make.sign_in(client, zhang)
    assert client.post("/me/end-sessions").location == "/sign-in"
    assert client.get("/me").status_code == 302


def test_signing_out_ends_this_session_even_for_a_copied_cookie(
    app: Flask, client: FlaskClient, zhang: Agent
) -> None:
    make.sign_in(client, zhang)
    thief, other = app.test_client(), app.test_client()
    with client.session_transaction() as session, thief.session_transaction() as copied:
        copied.update(session)
    make.sign_in(other, zhang)
    assert client.post("/sign-out").location == "/sign-in"
    assert thief.get("/me").status_code == client.get("/me").status_code == 302
    assert other.get("/me").status_code == 200


def test_the_list_of_ended_sessions_forgets_what_is_over_anyway(
    client: FlaskClient, zhang: Agent
) -> None:
    with moved_to(MORNING):
        make.sign_in(client, zhang)
        client.post("/sign-out")
    with moved_to(MORNING + timedelta(hours=13)):
        make.sign_in(client, zhang)
        client.post("/sign-out")
    db.session.refresh(zhang)
    assert len(zhang.ended_sessions) == 1


def test_a_deactivated_person_is_out_at_once(client: FlaskClient, zhang: Agent) -> None:
    make.sign_in(client, zhang)
    with transaction():
        zhang.active = False
    assert client.get("/me").status_code == 302


def test_a_sign_in_is_noted_in_the_journal(client: FlaskClient, zhang: Agent) -> None:
    enter(client)
    noted = db.session.scalar(db.select(Event).filter_by(name="agent.signed_in"))
    assert (noted.by_id, noted.data["address"]) == (zhang.id, "127.0.0.1")


def test_the_session_cookie_is_hidden_from_scripts_and_other_sites(
    client: FlaskClient, zhang: Agent
) -> None:
    cookie = next(
        c for c in enter(client).headers.getlist("Set-Cookie") if c.startswith("helpdesk=")
    )
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_one_browser_never_sees_the_session_of_another(
    app: Flask, client: FlaskClient, zhang: Agent
) -> None:
    make.sign_in(client, zhang)
    assert client.get("/me").status_code == 200
    assert app.test_client().get("/me").status_code == 302


def test_the_present_moment_is_taken_from_the_clock(client: FlaskClient, zhang: Agent) -> None:
    with moved_to(MORNING):
        make.sign_in(client, zhang)
        with client.session_transaction() as session:
            assert session["since"] == int(now().timestamp()) == int(MORNING.timestamp())
