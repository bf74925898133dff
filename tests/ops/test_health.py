"""What watches the installation: /healthz, /readyz, /metrics."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from helpdesk.agents.models import ApiToken
from helpdesk.calls import exchange
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms, heartbeats, jobs
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.core.outbox import Delivery
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.ops import health
from tests.help import factories as make
from tests.help import installations
from tests.help.calls import new_token
from tests.help.servers import helpdesk, wait_until

OUTSIDE = {"REMOTE_ADDR": "203.0.113.7"}


def token(role: str) -> dict[str, str]:
    """The header of a program with this role."""
    secret, kept = new_token()
    with transaction() as session:
        session.add(ApiToken(name="Watcher", role=role, token_hash=kept))
    return {"Authorization": f"Bearer {secret}"}


def delivery(seconds_late: float, state: str = "waiting", key: str = "mail:t1") -> None:
    """A row of the outbox whose turn was so many seconds ago."""
    seq = db.session.scalar(db.select(db.func.max(Event.seq)))
    at = now() - timedelta(seconds=seconds_late)
    with transaction() as session:
        session.add(
            Delivery(event_seq=seq, subscriber="mail", order_key=key, state=state, next_at=at)
        )


def test_healthz_answers_without_asking_the_database(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(db.session, "execute", fail)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"ok": True})


def test_readyz_is_content_when_the_timer_process_reports(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["ready"] is True
    assert set(answer.json["checks"]) == {
        "database",
        "disk",
        "redis",
        "alarms",
        "outbox",
        "mail",
        "scanner",
    }


def test_readyz_says_that_no_timer_process_has_ever_reported(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["alarms"]["problem"] == "no timer process has ever reported"


def test_readyz_says_that_the_timer_process_has_gone_silent(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    with transaction() as session:
        session.scalars(db.select(heartbeats.Heartbeat)).one().at = now() - timedelta(seconds=95)
    problem = client.get("/readyz").json["checks"]["alarms"]["problem"]
    assert problem.startswith("no timer process has reported for 9")


def test_readyz_says_that_alarms_ring_late(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    with transaction():
        alarms.set_alarm("promise", 1, now() - timedelta(seconds=100))
    found = client.get("/readyz").json["checks"]["alarms"]
    assert found["ok"] is False
    assert "late" in found["problem"]


def test_readyz_says_that_the_outbox_is_stuck(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    make.ticket()
    delivery(500)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["outbox"]["late_seconds"] >= 500


def test_a_delivery_behind_a_failing_one_of_its_ticket_is_not_late(client: FlaskClient) -> None:
    make.ticket()
    with transaction() as session:
        session.execute(db.delete(Delivery))
    delivery(-60)
    delivery(500)
    assert health.delivery_lateness() == 0.0
    delivery(300, key="mail:t2")
    assert 300 <= health.delivery_lateness() < 310


def test_readyz_reports_a_database_that_is_gone_and_tells_no_secret(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_more: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("password=hunter2 host=10.1.2.3"))

    monkeypatch.setattr(db.session, "execute", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["database"] == {"ok": False, "problem": "it can't be reached"}
    assert "hunter2" not in answer.text


def test_readyz_reports_a_redis_that_is_configured_and_gone(client: FlaskClient) -> None:
    before = jobs._url
    jobs.connect("redis://127.0.0.1:1/0")
    try:
        found = client.get("/readyz").json["checks"]["redis"]
    finally:
        jobs.connect(before)
    assert found == {"ok": False, "problem": "it can't be reached"}


def mailbox(**more: object) -> Mailbox:
    """A mailbox that is to be fetched, connected an hour ago."""
    given = {"name": "desk", "address": "desk@example.com", "kind": "imap"}
    with transaction() as session:
        box = Mailbox(**{**given, "connected_at": now() - timedelta(hours=1), **more})
        session.add(box)
    return box


def test_readyz_turns_bad_when_a_mailbox_exists_and_nobody_fetches_it(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    mailbox()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["mail"]["unattended"] == 1
    assert "flask mail fetch" in answer.json["checks"]["mail"]["problem"]


@pytest.mark.parametrize(
    "seen",
    [
        {"last_fetch": timedelta(minutes=-6)},
        {"leased_until": timedelta(minutes=2), "last_fetch": timedelta(hours=-2)},
        {"connected_at": timedelta(minutes=-3)},
        {"kind": "smtp"},
        {"active": False},
    ],
    ids=["fetched lately", "a fetcher is there", "just added", "mail is brought", "not in use"],
)
def test_readyz_is_content_with_a_mailbox_that_is_looked_after(
    client: FlaskClient, seen: dict[str, object]
) -> None:
    heartbeats.beat("alarms")
    moments = {k: now() + v for k, v in seen.items() if isinstance(v, timedelta)}
    mailbox(**seen | moments)
    assert client.get("/readyz").json["checks"]["mail"]["ok"]


def test_metrics_count_requests_and_show_what_waits(client: FlaskClient) -> None:
    make.ticket()
    client.get("/healthz")
    told = client.get("/metrics").text
    assert "helpdesk_open_tickets 1.0" in told
    assert "helpdesk_alarm_lateness_seconds 0.0" in told
    assert 'helpdesk_deliveries{state="dead"} 0.0' in told
    assert 'helpdesk_requests_total{status="200"}' in told
    assert 'helpdesk_request_seconds_bucket{endpoint="health.healthz"' in told


def test_metrics_tell_how_long_a_telephone_system_is_gone(client: FlaskClient) -> None:
    def down() -> float:
        told = client.get("/metrics").text
        return float(told.partition("\nhelpdesk_phone_down_seconds ")[2].split("\n")[0])

    assert down() == 0, "without a telephone system nothing is missing"
    fence = exchange.hold("asterisk", "this process")
    assert fence and down() >= 0
    exchange.report("asterisk", fence, "up")
    assert down() == 0
    with moved_to(now() + exchange.LEASE + timedelta(seconds=30)):
        assert 29 <= down() <= 32, "nobody speaks for it any more"


def test_metrics_are_closed_to_the_outside(client: FlaskClient) -> None:
    refused = client.get("/metrics", environ_base=OUTSIDE, headers={"Accept": "application/json"})
    assert refused.status_code == 401
    assert "helpdesk_" not in refused.text


PROXY_HEADERS = (
    "X-Forwarded-For", "X-Real-IP", "X-REAL-IP", "x-real-ip", "X-Real-Ip", "X-Forwarded-Proto",
    "X-Forwarded-Host", "Forwarded", "FORWARDED", "Via", "CF-Connecting-IP", "True-Client-IP",
    "X-Client-IP", "X-Cluster-Client-IP", "Fastly-Client-IP", "X-Original-Forwarded-For",
)  # fmt: skip


@pytest.mark.parametrize("name", PROXY_HEADERS)
def test_metrics_are_closed_to_a_proxy_on_this_machine(client: FlaskClient, name: str) -> None:
    """Whatever single header it sets, in whatever writing."""
    headers = {name: "203.0.113.7", "Accept": "application/json"}
    assert client.get("/metrics", headers=headers).status_code == 401


def test_metrics_are_closed_to_a_proxy_that_passes_the_name_only(client: FlaskClient) -> None:
    headers = {"Host": "desk.example.com", "Accept": "application/json"}
    assert client.get("/metrics", headers=headers).status_code == 401
    for host in ("127.0.0.1:5000", "localhost", "[::1]:5000"):
        assert client.get("/metrics", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("auditor", 200), ("agent", 403)])
def test_metrics_take_the_token_of_an_administrator_or_auditor(
    client: FlaskClient, role: str, status: int
) -> None:
    headers = token(role) | {"Accept": "application/json"}
    assert client.get("/metrics", environ_base=OUTSIDE, headers=headers).status_code == status


@pytest.mark.thorough
def test_the_embedded_server_is_ready_on_its_own(app: Flask, tmp_path: Path) -> None:
    with helpdesk(installations.ready(tmp_path)) as server:
        wait_until(lambda: server.get("/readyz").status == 200, 10, "readiness")
