"""ASVS 6.3.3: codes of an authenticator app, codes from paper, and who must have them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import passwords, second_factor
from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now, tick
from helpdesk.core import options
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed, TooMany
from helpdesk.core.events import Event
from tests.help import factories as make
from tests.help.second_factor import SECRET

PASSWORD = "three fridges and a fox"
HASH = passwords.hashed(PASSWORD)
MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def now_code(later: int = 0) -> str:
    return second_factor.code(SECRET, second_factor.current_step() + later)


@pytest.fixture
def zhang(app: Flask) -> Agent:
    make.agent("Old Admin", "admin")
    return make.agent("Zhang Wei", password_hash=HASH)


@pytest.fixture
def paper(zhang: Agent) -> list[str]:
    """The codes for paper of Zhang Wei, whose second factor is on since long ago."""
    with moved_to(datetime(2026, 1, 1, tzinfo=UTC)):
        return second_factor.turn_on(zhang, SECRET, now_code())


class TestCodes:
    @pytest.mark.parametrize(
        ("seconds", "code"),
        [
            (59, "287082"),
            (1111111109, "081804"),
            (1111111111, "050471"),
            (1234567890, "005924"),
            (2000000000, "279037"),
            (20000000000, "353130"),
        ],
    )
    def test_the_examples_of_the_standard_come_out(self, seconds: int, code: str) -> None:
        assert second_factor.code(SECRET, seconds // 30) == code

    def test_a_phone_whose_clock_is_half_a_minute_off_still_fits(self) -> None:
        with moved_to(MORNING):
            here = second_factor.current_step()
            for off in (-1, 0, 1):
                code = second_factor.code(SECRET, here + off)
                assert second_factor.matching_step(SECRET, code) == here + off
            for off in (-2, 2):
                assert second_factor.matching_step(SECRET, now_code(off)) is None

    @pytest.mark.parametrize(
        "odd", ["", "12345", "1234567", "abcdef", "密码密码密码", "０", "-12345"]
    )
    def test_what_is_no_code_is_only_wrong(self, odd: str) -> None:
        with moved_to(MORNING):
            assert second_factor.matching_step(SECRET, odd) is None

    def test_blanks_and_full_width_digits_do_not_matter(self) -> None:
        with moved_to(MORNING):
            code = now_code()
            wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
            spaced = f" {code[:3]} {code[3:]} "
            assert second_factor.matching_step(SECRET, wide) is not None
            assert second_factor.matching_step(SECRET, spaced) is not None

    def test_nobody_without_a_secret_can_fit_a_code(self) -> None:
        assert second_factor.matching_step("", "123456") is None

    def test_a_new_secret_has_160_bits_is_another_each_time_and_stands_in_no_token(
        self, zhang: Agent
    ) -> None:
        setup, other = second_factor.begin(), second_factor.begin()
        one, two = (second_factor.secret_of(each, zhang) for each in (setup, other))
        assert len(base64.b32decode(one)) == 20 and one != two
        assert second_factor.secret_of(setup, zhang) == one and one not in setup
        with moved_to(now() + timedelta(minutes=16)), pytest.raises(BadInput):
            second_factor.secret_of("made up", zhang)

    def test_the_address_for_the_app_names_company_and_person(self) -> None:
        said = second_factor.address(SECRET, "zhang.wei@example.com", "晨光 & Co")
        assert said.startswith("otpauth://totp/%E6%99%A8%E5%85%89%20%26%20Co%3Azhang.wei")
        assert f"secret={SECRET}" in said and "issuer=" in said


class TestVerify:
    def test_a_code_works_once(self, zhang: Agent, paper: list[str]) -> None:
        with moved_to(MORNING):
            second_factor.verify(zhang, now_code())
            with pytest.raises(BadInput):
                second_factor.verify(zhang, now_code())
            tick(30)
            second_factor.verify(zhang, now_code())

    def test_an_older_code_than_the_last_is_worth_nothing(
        self, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            second_factor.verify(zhang, now_code(1))
            with pytest.raises(BadInput):
                second_factor.verify(zhang, now_code())

    def test_a_code_from_paper_works_once_however_it_is_typed(
        self, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            second_factor.verify(zhang, paper[0].upper().replace("-", " "))
            with pytest.raises(BadInput):
                second_factor.verify(zhang, paper[0])
            second_factor.verify(zhang, paper[1])
        db.session.refresh(zhang)
        assert len(zhang.paper_codes) == 6

    def test_paper_codes_are_kept_only_as_hashes(self, zhang: Agent, paper: list[str]) -> None:
        assert len(paper) == len(set(paper)) == 8
        assert all(code not in str(zhang.paper_codes) for code in paper)

    def test_the_sixth_wrong_code_has_to_wait(self, zhang: Agent, paper: list[str]) -> None:
        with moved_to(MORNING):
            for _ in range(5):
                with pytest.raises(BadInput):
                    second_factor.verify(zhang, "000000")
            with pytest.raises(TooMany):
                second_factor.verify(zhang, now_code())
            tick(300)
            second_factor.verify(zhang, now_code())

    def test_turning_it_on_takes_a_code_that_fits(self, zhang: Agent) -> None:
        with moved_to(MORNING), pytest.raises(BadInput):
            second_factor.turn_on(zhang, SECRET, "000000")
        assert zhang.totp_secret == ""

    def test_only_the_person_and_administrators_turn_it_off(
        self, zhang: Agent, paper: list[str]
    ) -> None:
        with pytest.raises(NotAllowed):
            second_factor.turn_off(zhang, make.agent("Liu Yang", "supervisor").actor)
        second_factor.turn_off(zhang, zhang.actor)
        assert (zhang.totp_secret, zhang.paper_codes) == ("", [])

    def test_on_off_and_paper_codes_stand_in_the_journal(
        self, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            second_factor.verify(zhang, paper[0])
        second_factor.turn_off(zhang, zhang.actor)
        names = list(db.session.scalars(db.select(Event.name).order_by(Event.seq)))
        assert names == [
            "agent.second_factor_on",
            "agent.paper_code_used",
            "agent.second_factor_off",
        ]


class TestSignIn:
    def enter(self, client: FlaskClient, **more: str):
        sent = {"email": "zhang.wei@example.com", "password": PASSWORD}
        return client.post("/sign-in", data=sent | more)

    def test_the_password_alone_opens_nothing(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        answer = self.enter(client)
        assert (answer.status_code, answer.location) == (303, "/sign-in/code")
        assert client.get("/me").location.startswith("/sign-in")
        assert "six digits" in client.get("/sign-in/code").text

    def test_password_and_code_lead_to_where_one_wanted_to_go(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            self.enter(client, next="/me")
            answer = client.post("/sign-in/code", data={"code": now_code()})
            assert (answer.status_code, answer.location) == (303, "/me")
            assert client.get("/me").status_code == 200

    def test_a_wrong_code_is_told_and_can_be_typed_again(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            self.enter(client)
            wrong = client.post("/sign-in/code", data={"code": "000000"})
            assert wrong.status_code == 422 and "This code is not right" in wrong.text
            assert client.post("/sign-in/code", data={"code": paper[0]}).status_code == 303

    def test_the_half_sign_in_ends_after_five_minutes(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            self.enter(client)
            tick(301)
            answer = client.post("/sign-in/code", data={"code": now_code()})
            assert answer.location.startswith("/sign-in")
            assert client.get("/me").status_code == 302

    def test_the_code_page_is_nothing_without_a_password_first(self, client: FlaskClient) -> None:
        assert client.get("/sign-in/code").location.startswith("/sign-in?next=")

    def test_a_deactivated_person_does_not_get_in_by_the_code(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        with moved_to(MORNING):
            self.enter(client)
            with transaction():
                zhang.active = False
            client.post("/sign-in/code", data={"code": now_code()})
            assert client.get("/me").status_code == 302


class TestOwnAccount:
    def begin(self, client: FlaskClient, password: str = PASSWORD) -> tuple[str, str]:
        page = client.post("/me/second-factor", data={"current": password}).text
        setup = page.split('name="setup" type="hidden" value="')[1].split('"')[0]
        return page.split("<code>")[1].split("</code>")[0], setup

    def test_it_is_turned_on_with_password_and_first_code_and_shows_the_paper_codes_once(
        self, client: FlaskClient, zhang: Agent
    ) -> None:
        make.sign_in(client, zhang)
        secret, setup = self.begin(client)
        code = second_factor.code(secret, second_factor.current_step())
        answer = client.post("/me/second-factor/on", data={"code": code, "setup": setup})
        assert answer.text.count("<li><code>") == 8
        assert zhang.totp_secret == secret
        assert secret not in client.get("/me/second-factor").text

    def test_without_the_password_nobody_sees_a_secret_and_nothing_is_turned_on(
        self, client: FlaskClient, zhang: Agent
    ) -> None:
        make.sign_in(client, zhang)
        assert "<path d=" not in client.get("/me/second-factor").text
        wrong = client.post("/me/second-factor", data={"current": "guess"})
        assert wrong.status_code == 422 and "<path d=" not in wrong.text
        for forged in ("", "made-up", "e30.x.y"):
            sent = {"code": "123456", "setup": forged}
            assert client.post("/me/second-factor/on", data=sent).status_code == 422
        assert zhang.totp_secret == ""

    def test_the_secret_lies_readable_neither_in_the_cookie_nor_in_the_form(
        self, client: FlaskClient, zhang: Agent
    ) -> None:
        make.sign_in(client, zhang)
        secret, setup = self.begin(client)
        with client.session_transaction() as session:
            assert secret not in str(dict(session))
        readable = base64.urlsafe_b64decode(setup.split(".")[0] + "==")
        assert secret.encode() not in readable and base64.b32decode(secret) not in readable

    def test_the_token_of_one_person_makes_another_secret_for_somebody_else(
        self, client: FlaskClient, zhang: Agent
    ) -> None:
        setup = second_factor.begin()
        other = make.agent("Li Na")
        assert second_factor.secret_of(setup, zhang) != second_factor.secret_of(setup, other)

    def test_a_wrong_first_code_shows_the_same_picture_again(
        self, client: FlaskClient, zhang: Agent
    ) -> None:
        make.sign_in(client, zhang)
        secret, setup = self.begin(client)
        answer = client.post("/me/second-factor/on", data={"code": "000000", "setup": setup})
        assert answer.status_code == 422 and secret in answer.text
        assert zhang.totp_secret == ""

    def test_new_paper_codes_take_the_password_and_end_the_old_ones(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        make.sign_in(client, zhang)
        wrong = client.post("/me/second-factor/paper", data={"current": "guess"})
        assert wrong.status_code == 422 and "<li><code>" not in wrong.text
        right = client.post("/me/second-factor/paper", data={"current": PASSWORD}).text
        assert right.count("<li><code>") == 8
        with pytest.raises(BadInput):
            second_factor.verify(zhang, paper[0])

    def test_turning_it_off_takes_the_password(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        make.sign_in(client, zhang)
        assert "8 codes on paper are left" in client.get("/me/second-factor").text
        wrong = client.post("/me/second-factor/off", data={"current": "guess"})
        assert wrong.status_code == 422 and zhang.totp_secret
        right = client.post("/me/second-factor/off", data={"current": PASSWORD})
        assert right.status_code == 303 and not zhang.totp_secret

    def test_an_administrator_helps_after_a_lost_phone(
        self, client: FlaskClient, zhang: Agent, paper: list[str]
    ) -> None:
        make.sign_in(client, make.agent("Chen Jie", "admin", password_hash=HASH))
        page = f"/admin/people/{zhang.id}"
        assert "second-factor-off" in client.get(page).text
        for wrong in ({}, {"current": "guess"}):
            client.post(f"{page}/second-factor-off", data=wrong)
            assert zhang.totp_secret != ""
        client.post(f"{page}/second-factor-off", data={"current": PASSWORD})
        assert zhang.totp_secret == ""


class TestRequired:
    @pytest.fixture(autouse=True)
    def required(self, app: Flask) -> None:
        with transaction():
            options.put("second_factor_for_admins", True)

    def test_an_administrator_without_one_can_only_set_it_up(
        self, client: FlaskClient, app: Flask
    ) -> None:
        make.sign_in(client, make.agent("Chen Jie", "admin"))
        assert client.get("/admin").location == "/me/second-factor"
        assert client.post("/admin/people/new").location == "/me/second-factor"
        assert client.get("/me/second-factor").status_code == 200
        assert client.post("/sign-out").status_code == 303

    def test_with_one_everything_is_open(self, client: FlaskClient, app: Flask) -> None:
        admin = make.agent("Chen Jie", "admin", totp_secret=SECRET)
        assert make.sign_in(client, admin).get("/admin").status_code == 200

    def test_others_are_not_asked(self, client: FlaskClient, app: Flask) -> None:
        make.sign_in(client, make.agent("Liu Yang", "supervisor"))
        assert client.get("/admin").status_code == 200

    def test_an_invitation_leads_an_administrator_there_too(
        self, client: FlaskClient, app: Flask
    ) -> None:
        admin = make.agent("Chen Jie", "admin", password_hash=HASH)
        client.post("/sign-in", data={"email": admin.email, "password": PASSWORD})
        assert client.get("/queue").location == "/me/second-factor"
