"""One's own account: language, zone, rows, password; the language switch; the navigation."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import accounts, passwords
from helpdesk.agents.models import Agent
from helpdesk.core.errors import BadInput, TooMany
from helpdesk.desk.nav import count_for, nav
from tests.help import factories as make

SECRET = "three fridges and a fox"
HASH = passwords.hashed(SECRET)
NEW = "a wholly different fox"


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent("Zhang Wei", password_hash=HASH)


def test_the_page_speaks_the_language_of_the_person(client: FlaskClient, zhang: Agent) -> None:
    make.sign_in(client, zhang)
    assert '<html lang="en"' in client.get("/me", headers={"Accept-Language": "zh"}).text
    accounts.prefer(zhang, language="zh_Hans")
    assert '<html lang="zh-Hans"' in client.get("/me", headers={"Accept-Language": "en"}).text


def test_preferences_are_kept_and_follow_the_person(client: FlaskClient, zhang: Agent) -> None:
    make.sign_in(client, zhang)
    wishes = {"language": "zh_Hans", "timezone": "Europe/London", "density": "compact"}
    answer = client.post("/me", data=wishes)
    assert answer.status_code == 303
    assert (zhang.language, zhang.timezone) == ("zh_Hans", "Europe/London")
    assert 'data-density="compact"' in client.get("/me").text


def test_an_empty_zone_means_the_companys(client: FlaskClient, zhang: Agent) -> None:
    accounts.prefer(zhang, timezone="Europe/London")
    accounts.prefer(zhang, timezone="")
    assert zhang.timezone is None


def test_an_unknown_zone_is_refused_at_its_field(client: FlaskClient, zhang: Agent) -> None:
    make.sign_in(client, zhang)
    answer = client.post(
        "/me", data={"language": "en", "timezone": "Mars/North", "density": "compact"}
    )
    assert answer.status_code == 422
    assert "There is no such time zone." in answer.text
    assert zhang.timezone is None and "density" not in zhang.preferences


@pytest.mark.parametrize("wish", [{"language": "tlh"}, {"density": "huge"}, {"timezone": "X/Y"}])
def test_only_offered_choices_are_taken(zhang: Agent, wish: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        accounts.prefer(zhang, **wish)


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(
    app: Flask, client: FlaskClient, zhang: Agent
) -> None:
    other = make.sign_in(app.test_client(), zhang)
    make.sign_in(client, zhang)
    answer = client.post("/me/password", data={"current": SECRET, "password": NEW, "again": NEW})
    assert answer.status_code == 303
    assert client.get("/me").status_code == 200
    assert other.get("/me").status_code == 302
    assert passwords.fits(zhang.password_hash, NEW)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"current": "wrong", "password": NEW, "again": NEW}, "This is not it."),
        ({"current": SECRET, "password": NEW, "again": "slip"}, "The two are not the same."),
        ({"current": SECRET, "password": "12345678", "again": "12345678"}, "guessed first"),
        ({"current": SECRET, "password": "zhang wei", "again": "zhang wei"}, "easy to guess"),
    ],
)
def test_a_password_change_says_what_is_wrong_and_changes_nothing(
    client: FlaskClient, zhang: Agent, given: dict[str, str], sentence: str
) -> None:
    make.sign_in(client, zhang)
    answer = client.post("/me/password", data=given)
    assert answer.status_code == 422 and sentence in answer.text
    assert passwords.fits(zhang.password_hash, SECRET)


def test_a_borrowed_desk_cannot_try_passwords_for_ever(zhang: Agent) -> None:
    for _ in range(10):
        with pytest.raises(BadInput):
            accounts.change_password(zhang, "wrong", NEW)
    with pytest.raises(TooMany):
        accounts.change_password(zhang, SECRET, NEW)


def test_the_language_switch_sets_the_cookie_and_comes_back(
    client: FlaskClient, app: Flask
) -> None:
    answer = client.post("/language", data={"language": "zh_Hans", "next": "/sign-in?"})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    make.agent("Old Admin", "admin")
    assert '<html lang="zh-Hans"' in client.get("/sign-in", headers={"Accept-Language": "en"}).text


def test_the_language_switch_is_remembered_with_the_person(
    client: FlaskClient, zhang: Agent
) -> None:
    make.sign_in(client, zhang)
    client.post("/language", data={"language": "zh_Hans", "next": "https://evil.example"})
    assert zhang.language == "zh_Hans"


def test_the_language_switch_takes_only_languages_there_are(client: FlaskClient) -> None:
    assert client.post("/language", data={"language": "tlh"}).status_code == 422


def test_the_navigation_shows_what_the_role_may_open(app: Flask, zhang: Agent) -> None:
    admin = make.agent("Old Admin", "admin")
    with app.test_request_context("/me"):
        assert nav(None) == []
        theirs = {entry.code for entry in nav(zhang.actor)}
        assert theirs < {entry.code for entry in nav(admin.actor)} | {"admin"}
        assert "admin" not in theirs


def test_the_keys_of_the_navigation_are_digits_in_order(app: Flask) -> None:
    admin = make.agent("Old Admin", "admin")
    with app.test_request_context("/me"):
        keys = [entry.key for entry in nav(admin.actor)]
    assert keys == [*"1234567890"[: len(keys)], *[""] * (len(keys) - 10)]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/queue", "queue"),
        ("/tickets", "tickets"),
        ("/tickets/2026-000001/history", "queue"),
        ("/customers/12", "customers"),
    ],
)
def test_a_page_belongs_to_one_entry_of_the_navigation(app: Flask, path: str, code: str) -> None:
    agent = make.agent("Old Hand")
    with app.test_request_context(path):
        assert [entry.code for entry in nav(agent.actor) if entry.current] == [code]


def test_a_part_can_count_its_open_work_in_the_navigation(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = make.agent("Old Admin", "admin")
    monkeypatch.setattr("helpdesk.desk.nav._counters", {})
    monkeypatch.setattr("helpdesk.desk.nav.is_installed", lambda url: True)
    count_for("queue")(lambda who: 7)
    with app.test_request_context("/queue/sales"):
        queue = nav(admin.actor)[0]
    assert (queue.code, queue.waiting, queue.current) == ("queue", 7, True)
