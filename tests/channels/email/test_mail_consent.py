"""OAuth2 instead of a password: consent, tokens that are renewed, and what happens when it ends."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from helpdesk.channels.email.boxes import consent
from helpdesk.clock import moved_to, now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.mail import tokens
from helpdesk.notify.mail.grants import MailGrant
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.mail.medium import smtp_of
from helpdesk.notify.mail.oauth import NoToken
from helpdesk.notify.mail.smtp import connected, hand_over
from helpdesk.notify.models import Envelope
from tests.help import factories as make
from tests.help.consents import box, granted
from tests.help.servers import free_port
from tests.help.smtp_sink import Sink
from tests.help.token_server import CLIENT, SECRET, TokenServer

OWN = {
    "authority": "own",
    "client_id": CLIENT,
    "client_secret": SECRET,
    "tenant": "",
    "authorize_url": "https://login.example.com/authorize",
    "scope": "mail",
}


def fresh(box_id: int) -> MailGrant:
    db.session.rollback()
    return db.session.get_one(MailGrant, box_id, populate_existing=True)


def test_consent_is_given_by_an_administrator_at_the_provider(
    app: Flask, client: FlaskClient, provider: TokenServer
) -> None:
    """State and code challenge lead there; the answer's code becomes sealed tokens."""
    make.sign_in(client, make.agent(role="admin"))
    made = box()
    page = client.get(f"/admin/mailboxes/{made.id}/consent").get_data(as_text=True)
    assert consent.answer_address() in page
    given = OWN | {"token_url": provider.url}
    page = client.post(f"/admin/mailboxes/{made.id}/consent", data=given).get_data(as_text=True)
    question = page.split('href="https://login.example.com/authorize?')[1].split('"')[0]
    asked = {k: v[0] for k, v in parse_qs(question.replace("&amp;", "&")).items()}
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, consent.answer_address())
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    provider.codes["c0de"] = asked["code_challenge"]
    answer = f"/admin/mailboxes/consent?state={asked['state']}&code=c0de"
    assert "Consent was given" in client.get(answer, follow_redirects=True).get_data(as_text=True)
    grant = fresh(made.id)
    assert grant.is_given and tokens.access_token(made.id) == "access"
    assert provider.asked == ["authorization_code"]
    assert "too late" in client.get(answer, follow_redirects=True).get_data(as_text=True)
    assert len(provider.asked) == 1


def test_nothing_secret_is_stored_in_clear_noted_or_shown(
    app: Flask, client: FlaskClient, provider: TokenServer
) -> None:
    make.sign_in(client, make.agent(role="admin"))
    made = box()
    granted(made, provider.url)
    tokens.access_token(made.id)
    client.post(f"/admin/mailboxes/{made.id}/consent", data=OWN | {"token_url": provider.url})
    stored = str(db.session.execute(text("SELECT * FROM mail_grant")).all())
    noted = str(db.session.scalars(select(Event.data)).all())
    page = client.get(f"/admin/mailboxes/{made.id}/consent").get_data(as_text=True)
    for secret in (SECRET, "refresh-1", "refresh-2", "access'"):
        assert secret not in stored + noted + page


def test_another_administrators_or_an_old_answer_is_refused(
    app: Flask, client: FlaskClient, provider: TokenServer
) -> None:
    """V3.5.1: who makes somebody open the answer's address connects nothing."""
    made, admin = box(), make.agent(role="admin")
    given = OWN | {"token_url": provider.url}
    fields = {name: given[name] for name in consent.FIELDS}
    for late in (timedelta(0), consent.PATIENCE + timedelta(seconds=1)):
        asked = consent.ask(admin.actor, made.id, fields, SECRET)
        state = parse_qs(urlsplit(asked).query)["state"][0]
        challenge = parse_qs(urlsplit(asked).query)["code_challenge"][0]
        provider.codes["c0de"] = challenge
        who = make.agent("Eve", role="admin") if not late else admin
        make.sign_in(client, who)
        with moved_to(now() + late):
            page = client.get(
                f"/admin/mailboxes/consent?state={state}&code=c0de", follow_redirects=True
            )
        assert "too late" in page.get_data(as_text=True)
    assert not fresh(made.id).is_given and provider.asked == []


def test_only_administrators_and_only_safe_addresses(app: Flask, client: FlaskClient) -> None:
    made = box()
    make.sign_in(client, make.agent(role="supervisor"))
    assert client.get(f"/admin/mailboxes/{made.id}/consent").status_code == 403
    assert client.get("/admin/mailboxes/consent?state=x&code=y").status_code == 403
    admin = make.agent("Admin", role="admin").actor
    for url in ("http://example.com/token", "ftp://127.0.0.1/", "", "https://"):
        with pytest.raises(BadInput) as refused:
            consent.ask(admin, made.id, OWN | {"token_url": url}, "")
        assert set(refused.value.errors) == {"token_url"}
    with pytest.raises(BadInput):
        consent.ask(admin, made.id, OWN | {"authority": "microsoft", "tenant": "a/../b"}, "")


@pytest.mark.parametrize(
    ("code", "where", "wanted"),
    [
        ("google", "https://accounts.google.com/", {"access_type": ["offline"]}),
        ("microsoft", "https://login.microsoftonline.com/firma.example/", {}),
    ],
)
def test_google_and_microsoft_are_known(
    app: Flask, code: str, where: str, wanted: dict[str, list[str]]
) -> None:
    """Endpoints and scopes are data; nobody types them."""
    admin = make.agent(role="admin").actor
    given = {"authority": code, "client_id": "x", "tenant": "firma.example"}
    asked = consent.ask(admin, box().id, given, "s")
    query = parse_qs(urlsplit(asked).query)
    assert asked.startswith(where)
    assert ("offline" in asked) and query.items() >= wanted.items()


def test_a_microsoft_mailbox_goes_on_to_the_consent_page(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent(role="admin"))
    form = {"address": "a@outlook.com", "name": "a", "kind": "imap", "user": "a@outlook.com"}
    form |= {"host": "outlook.office365.com", "port": "993", "tls": "tls", "smtp_port": "587"}
    answer = client.post("/admin/mailboxes/new", data=form | {"smtp_tls": "starttls"})
    assert answer.status_code == 303
    assert answer.location.endswith("/consent")


def test_an_ended_token_is_renewed_once_however_many_ask(app: Flask, provider: TokenServer) -> None:
    """Four processes at once; the rotated refresh token is stored, so the next one works."""
    made = box()
    granted(made, provider.url, access_token=encryption.encrypted("old"), expires_at=now())
    got: list[str] = []

    def ask() -> None:
        with app.app_context():
            got.append(tokens.access_token(made.id))
            db.session.remove()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["access"] * 4
    assert provider.asked == ["refresh_token"]
    assert tokens.access_token(made.id) == "access"
    assert len(provider.asked) == 1
    assert tokens.access_token(made.id, refused="access") == "access"
    assert provider.asked == ["refresh_token"] * 2


def test_who_died_while_renewing_holds_nobody_for_long(app: Flask, provider: TokenServer) -> None:
    made = box()
    granted(made, provider.url, refreshing_by="dead", refreshing_until=now() + tokens.LEASE)
    with moved_to(now() + tokens.LEASE + timedelta(seconds=1)):
        assert tokens.access_token(made.id) == "access"


def test_a_provider_that_is_away_ends_nothing(app: Flask, provider: TokenServer) -> None:
    made = box()
    granted(made, "http://127.0.0.1:9/token")
    with pytest.raises(NoToken) as away:
        tokens.access_token(made.id)
    assert not away.value.over
    assert fresh(made.id).is_given
    assert db.session.scalars(select(Event).where(Event.name == "mailbox.consent_over")).all() == []


def test_consent_that_was_taken_back_is_told_once_and_given_anew_in_the_page(
    app: Flask, client: FlaskClient, provider: TokenServer
) -> None:
    """Mail to every administrator, red on the page, bad at /readyz, and a way back."""
    made, admin = box(kind="imap", host="h"), make.agent(role="admin")
    granted(made, provider.url)
    provider.refusal = "invalid_grant"
    for _ in range(3):
        with pytest.raises(NoToken) as over:
            tokens.access_token(made.id)
        assert over.value.over
    assert len(provider.asked) == 1
    deliver_due()
    told = select(Envelope).where(Envelope.purpose == "consent")
    letters = db.session.scalars(told).all()
    assert [(each.recipient, each.mailbox) for each in letters] == [(admin.email, "")]
    assert "support@example.net" in letters[0].subject and "invalid_grant" in letters[0].body
    make.sign_in(client, admin)
    assert "Open the mailbox and give consent" in client.get("/admin/mailboxes").get_data(
        as_text=True
    )
    assert "Consent has ended" in client.get(f"/admin/mailboxes/{made.id}/consent").get_data(
        as_text=True
    )
    with moved_to(now() + timedelta(minutes=11)):
        assert not client.get("/readyz").json["checks"]["mail"]["ok"]
    provider.refusal = ""
    asked = consent.ask(admin.actor, made.id, OWN | {"token_url": provider.url}, "")
    query = parse_qs(urlsplit(asked).query)
    provider.codes["new"] = query["code_challenge"][0]
    consent.answered(admin.actor, query["state"][0], "new")
    assert fresh(made.id).is_given
    assert db.session.get_one(Mailbox, made.id, populate_existing=True).last_error == ""
    assert tokens.access_token(made.id) == "access"


def test_the_password_is_used_again_when_consent_is_ended_here(
    app: Flask, client: FlaskClient, provider: TokenServer
) -> None:
    made = box()
    granted(made, provider.url)
    make.sign_in(client, make.agent(role="admin"))
    assert client.post(f"/admin/mailboxes/{made.id}/consent/end").status_code == 303
    assert consent.of(made) is None


class Guarded:
    """An SMTP server's handler that lets in who has the token, and explains a refusal first."""

    def __init__(self, token: str) -> None:
        self.said, self.tries = f"user=u\1auth=Bearer {token}\1\1", 0

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        self.tries += 1
        fine = base64.b64decode(args[1]).decode() == self.said
        if not fine:
            assert await server.challenge_auth('{"status":"401"}') == b""
        return AuthResult(success=fine, handled=False)


def test_sending_signs_in_with_the_token_and_once_more_with_a_new_one(
    app: Flask, provider: TokenServer
) -> None:
    """SMTP: the first token is refused, the second is taken; never a third."""
    guard = Guarded("access")
    server = Controller(guard, hostname="127.0.0.1", port=free_port(), auth_require_tls=False)
    server.start()
    try:
        made = box(smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none")
        year = now().replace(year=now().year + 1)
        granted(made, provider.url, access_token=encryption.encrypted("stale"), expires_at=year)
        with connected(smtp_of(made)) as connection:
            assert connection.noop()[0] == 250
        assert (guard.tries, provider.asked) == (2, ["refresh_token"])
        guard.said = "nobody"
        ended = hand_over(smtp_of(made), "u@example.net", "x@example.com", EmailMessage())
        assert (ended.state, guard.tries) == ("unreachable", 4)
    finally:
        server.stop()


def test_a_mail_waits_while_consent_is_over(app: Flask, provider: TokenServer) -> None:
    """Nothing that we wrote is lost with the leave."""
    made = box(smtp_host="127.0.0.1", smtp_port=free_port(), smtp_tls="none")
    granted(made, provider.url)
    provider.refusal = "invalid_grant"
    with pytest.raises(NoToken):
        tokens.access_token(made.id)
    taker = Sink()
    with transaction() as session:
        session.get_one(Mailbox, made.id).smtp_port = taker.server_address[1]
    ended = hand_over(smtp_of(made), "u@example.net", "x@example.com", EmailMessage())
    assert ended.state == "unreachable"
    taker.shutdown()
    taker.server_close()
