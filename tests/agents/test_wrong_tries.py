"""Only wrong passwords count, they slow and never lock, a known device passes, the owner hears of them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import accounts, invitations, passwords, second_factor, tries
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import moved_to, now, tick
from helpdesk.core import outbox
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, TooMany
from helpdesk.core.events import Event
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.second_factor import SECRET as TOTP

PASSWORD = "three fridges and a fox"
HASH = passwords.hashed(PASSWORD)
MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def zhang(app: Flask) -> Agent:
    make.agent("Old Admin", "admin", password_hash=HASH)
    return make.agent("Zhang Wei", password_hash=HASH)


def enter(
    client: FlaskClient,
    password: str = PASSWORD,
    address: str = "203.0.113.5",
    email: str = "zhang.wei@example.com",
) -> int:
    return client.post(
        "/sign-in",
        data={"email": email, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
    ).status_code


def attacked(app: Flask, times: int) -> list[int]:
    """So many wrong passwords from as many addresses."""
    return [enter(app.test_client(), "wrong", f"198.51.100.{n}") for n in range(times)]


def test_guessing_one_account_from_many_addresses_waits_longer_and_longer_up_to_five_minutes(
    app: Flask, zhang: Agent
) -> None:
    with moved_to(MORNING):
        assert attacked(app, 10) == [422] * 10
        waits = []
        for number in range(8):
            refused = app.test_client().post(
                "/sign-in",
                data={"email": zhang.email, "password": PASSWORD},
                environ_overrides={"REMOTE_ADDR": f"198.51.101.{number}"},
            )
            assert refused.status_code == 429
            waits.append(int(refused.headers["Retry-After"]))
            tick(waits[-1])
            assert enter(app.test_client(), "wrong", f"198.51.102.{number}") == 422
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


def test_the_owner_on_a_known_device_is_never_held_up_by_others(app: Flask, zhang: Agent) -> None:
    office, elsewhere = app.test_client(), app.test_client()
    with moved_to(MORNING):
        assert enter(office) == 303
        office.post("/sign-out")
        attacked(app, 40)
        assert enter(elsewhere) == 429
        assert enter(office) == 303
        tick(300)
        assert enter(elsewhere) == 303


def test_a_known_device_waits_for_its_own_mistakes(app: Flask, zhang: Agent) -> None:
    office = app.test_client()
    with moved_to(MORNING):
        enter(office)
        office.post("/sign-out")
        assert [enter(office, "wrong") for _ in range(12)] == [422] * 10 + [429] * 2
        assert enter(app.test_client(), address="203.0.113.99") == 303


def test_a_device_is_known_only_for_those_who_signed_in_with_it(app: Flask, zhang: Agent) -> None:
    shared = app.test_client()
    with moved_to(MORNING):
        assert enter(shared, email="old.admin@example.com") == 303
        shared.post("/sign-out")
        attacked(app, 10)
        assert enter(shared) == 429


def test_a_lost_device_is_unknown_again_when_all_sessions_are_ended(
    app: Flask, zhang: Agent
) -> None:
    lost = app.test_client()
    with moved_to(MORNING):
        enter(lost)
        accounts.end_sessions(zhang, zhang.actor)
        attacked(app, 10)
        assert enter(lost) == 429


def test_a_device_cookie_that_somebody_made_up_helps_nobody(app: Flask, zhang: Agent) -> None:
    forger = app.test_client()
    forger.set_cookie("helpdesk_device", '{"name": "x", "people": {"1": "y"}}')
    with moved_to(MORNING):
        attacked(app, 10)
        assert enter(forger) == 429


def test_a_shift_that_starts_at_once_from_one_address_gets_in(app: Flask, zhang: Agent) -> None:
    team = [make.agent(f"Person {n}", password_hash=HASH) for n in range(10)]
    answers: list[int] = []
    gate = threading.Barrier(24)

    def come(number: int) -> None:
        gate.wait()
        answers.append(enter(app.test_client(), email=team[number % 10].email))

    threads = [threading.Thread(target=come, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 24
    assert enter(app.test_client(), email="old.admin@example.com") == 303


def test_right_passwords_never_count(app: Flask, zhang: Agent) -> None:
    assert {enter(app.test_client()) for _ in range(25)} == {303}


def test_tries_that_were_refused_make_nobody_wait_longer(app: Flask, zhang: Agent) -> None:
    with moved_to(MORNING):
        attacked(app, 10)
        assert {enter(app.test_client(), "wrong") for _ in range(20)} == {429}
        tick(10)
        assert enter(app.test_client()) == 303


def test_many_guesses_at_the_same_moment_gain_nothing(
    app: Flask, zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = passwords.fits

    def overtaken(kept: str, password: str) -> bool:
        """While the right guess is compared, ten wrong ones of the same burst are counted."""
        if password == PASSWORD:
            monkeypatch.setattr(passwords, "fits", fits)
            attacked(app, 10)
        return fits(kept, password)

    monkeypatch.setattr(passwords, "fits", overtaken)
    with moved_to(MORNING):
        assert enter(app.test_client(), address="198.51.100.200") == 429


def test_an_address_waits_a_minute_at_most_and_a_known_device_there_does_not(
    app: Flask, zhang: Agent
) -> None:
    office = app.test_client()
    with moved_to(MORNING):
        enter(office)
        for number in range(60):
            tick(60)
            enter(app.test_client(), "wrong", email=f"guess{number}@example.com")
        colleague = app.test_client()
        assert enter(colleague, email="old.admin@example.com") == 429
        assert enter(office) == 303
        tick(60)
        assert enter(colleague, email="old.admin@example.com") == 303


def test_the_owner_hears_of_wrong_tries_once_by_mail_and_sees_them_on_the_account_page(
    app: Flask, zhang: Agent
) -> None:
    with moved_to(MORNING):
        attacked(app, 9)
        outbox.deliver_due()
        mails = db.session.scalars(db.select(Envelope)).all()
        assert [(mail.recipient, mail.purpose) for mail in mails] == [(zhang.email, "wrong_tries")]
        assert "198.51.100.4" in mails[0].body and "/me" in mails[0].body
        page = make.sign_in(app.test_client(), zhang).get("/me").text
        assert page.count("198.51.100.") == 9


def test_one_typing_mistake_is_no_mail_and_one_on_the_own_device_neither(
    app: Flask, zhang: Agent
) -> None:
    office = app.test_client()
    enter(office)
    office.post("/sign-out")
    for _ in range(7):
        enter(office, "typing mistake")
    attacked(app, 4)
    assert not db.session.scalars(db.select(Event).filter_by(name="agent.wrong_tries")).all()


def test_wrong_tries_of_nobody_are_kept_nowhere_and_old_ones_are_forgotten(
    app: Flask, zhang: Agent
) -> None:
    enter(app.test_client(), "wrong", email="nobody@example.com")
    count = db.select(db.func.count()).select_from(tries.WrongTry)
    assert db.session.scalar(count) == 0
    with moved_to(MORNING):
        enter(app.test_client(), "wrong")
    with moved_to(MORNING + timedelta(days=31)):
        enter(app.test_client(), "wrong")
    assert len(tries.latest(zhang)) == 1


class TestCodes:
    @pytest.fixture(autouse=True)
    def _on(self, zhang: Agent) -> None:
        with moved_to(MORNING), transaction():
            zhang.totp_secret = TOTP

    def test_right_codes_never_count(self, zhang: Agent) -> None:
        with moved_to(MORNING):
            for _ in range(12):
                tick(30)
                code = second_factor.code(TOTP, second_factor.current_step())
                second_factor.verify(zhang, code)

    def test_wrong_ones_wait_longer_and_longer_and_are_told(self, zhang: Agent) -> None:
        with moved_to(MORNING):
            for _ in range(5):
                with pytest.raises(BadInput):
                    second_factor.verify(zhang, "000000", "198.51.100.1")
            with pytest.raises(TooMany) as refused:
                second_factor.verify(zhang, "000000", "198.51.100.1")
            assert refused.value.retry_after == 30
            code = second_factor.code(TOTP, second_factor.current_step())
            second_factor.verify(zhang, code, "203.0.113.1", device="the office")
            assert {row.what for row in tries.latest(zhang)} == {"code"}


class TestLinks:
    def test_a_right_tracking_link_passes_while_a_neighbour_guesses(
        self, app: Flask, client: FlaskClient
    ) -> None:
        ticket = make.ticket()
        code = tracking.secret(ticket, settings().secret_key)
        for path in (f"/track/{ticket.number}/{'A' * 16}", "/track"):
            form = {"number": ticket.number, "code": "A" * 16}
            send = client.get if path.count("/") > 1 else client.post
            answers = [send(path, data=form).status_code for _ in range(40)]
            assert answers[-1] == 429
        assert client.get(f"/track/{ticket.number}/{code}").status_code == 302
        right = {"number": ticket.number, "code": code}
        assert {client.post("/track", data=right).status_code for _ in range(30)} == {303}

    def test_a_right_invitation_passes_while_a_neighbour_guesses(
        self, app: Flask, client: FlaskClient, zhang: Agent
    ) -> None:
        secret = invitations.invite(zhang, by=SYSTEM)
        answers = [client.get(f"/invitation/{n}").status_code for n in range(35)]
        assert answers[-1] == 429
        assert {client.get(f"/invitation/{secret}").status_code for _ in range(40)} == {200}


class TestForms:
    CASE = {"subject": "Leak", "body": "It leaks.", "kind": "complaint"}

    def test_a_new_case_that_was_refused_does_not_count(self, client: FlaskClient) -> None:
        for number in range(30):
            sent = self.CASE | {"website": "https://spam.example", "once": str(number)}
            assert client.post("/new", data=sent).status_code == 422
        assert client.post("/new", data=self.CASE).status_code == 303

    def test_a_message_that_was_refused_does_not_count(self, client: FlaskClient) -> None:
        ticket = make.ticket()
        client.get(f"/track/{ticket.number}/{tracking.secret(ticket, settings().secret_key)}")
        address = f"/track/{ticket.number}/messages"
        assert {client.post(address, data={"body": " "}).status_code for _ in range(40)} == {422}
        assert client.post(address, data={"body": "Hello"}).status_code == 303
        with moved_to(now()):
            answers = [client.post(address, data={"body": f"No {n}"}) for n in range(30)]
        assert [a.status_code for a in answers] == [303] * 29 + [429]
        assert db.session.get_one(Ticket, ticket.id)
