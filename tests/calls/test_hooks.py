"""A provider's own messages are taken when they are signed, each once; a wrong signature leaves nothing."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.calls import registry
from helpdesk.calls.models import Call, CallEvent
from helpdesk.channels.phone import webhooks
from helpdesk.clock import now
from helpdesk.core.db import db
from tests.help.telephone import DESK, WANG

SECRET = "a secret of the carrier"
HOOK = "/api/v1/calls/hooks/carrier"
SAID = {"id": "evt_1", "type": "call.started", "call": "CA1", "from": WANG, "to": DESK}


@pytest.fixture(autouse=True)
def known(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.extensions["helpdesk_settings"]
    secrets = (("carrier", SECRET),)
    monkeypatch.setitem(
        app.extensions, "helpdesk_settings", replace(settings, phone_secrets=secrets)
    )


def send(
    client: FlaskClient, said: Any, *, secret: str = SECRET, age: int = 0, to: str = HOOK
) -> Any:
    body, signed = json.dumps(said).encode(), str(int(time.time()) - age)
    head = f"t={signed},v1={webhooks.signature(secret, signed, body)}"
    return client.post(
        to, data=body, headers={webhooks.SIGNATURE: head}, content_type="application/json"
    )


def said(**more: Any) -> dict[str, Any]:
    return SAID | {"at": now().isoformat()} | more


def kept() -> list[CallEvent]:
    return list(db.session.scalars(select(CallEvent)))


def test_a_signed_message_sent_twice_is_one_event(client: FlaskClient) -> None:
    message = said()
    assert send(client, message).json == {"taken": 1, "known": 0}
    assert send(client, message).json == {"taken": 0, "known": 1}
    [event] = kept()
    assert (event.provider, event.event, event.caller) == ("carrier", "ringing", WANG)
    assert (
        send(client, [said(), said(id="evt_2", type="queue.joined", queue="a")]).json["taken"] == 1
    )
    assert db.session.scalars(select(Call)).one().state == "waiting"


@pytest.mark.parametrize(
    "how", [{"secret": "another secret of theirs"}, {"age": 301}, {"age": -301}], ids=str
)
def test_a_wrong_or_old_signature_is_refused_and_leaves_no_record(
    client: FlaskClient, how: dict[str, Any]
) -> None:
    answer = send(client, said(), **how)
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.json["code"] == "signature" and kept() == []


@pytest.mark.parametrize("head", ["", "v1=", "t=1,v1=x", "t=x,v1=é", "nonsense", "t=９,v1=0"])
def test_no_signature_at_all_is_a_wrong_one(client: FlaskClient, head: str) -> None:
    answer = client.post(
        HOOK, json=said(), headers={webhooks.SIGNATURE: head.encode("utf-8").decode("latin1")}
    )
    assert answer.status_code == 403 and kept() == []


def test_a_changed_body_is_not_what_was_signed(client: FlaskClient) -> None:
    signed = str(int(time.time()))
    head = f"t={signed},v1={webhooks.signature(SECRET, signed, b'{}')}"
    answer = client.post(HOOK, json=said(), headers={webhooks.SIGNATURE: head})
    assert answer.status_code == 403 and kept() == []


def test_a_provider_without_a_secret_has_no_hook(client: FlaskClient) -> None:
    assert send(client, said(), to="/api/v1/calls/hooks/stranger").status_code == 404


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("id", {"id": None}),
        ("type", {"type": "call.exploded"}),
        ("call_id", {"call": ""}),
        ("from", {"from": "x\r\ny"}),
        ("agent", {"agent": "nobody@example.com"}),
    ],
)
def test_an_odd_message_is_refused_by_the_name_of_its_field(
    client: FlaskClient, field: str, change: dict[str, Any]
) -> None:
    answer = send(client, said(**change))
    assert (answer.status_code, set(answer.json["errors"])) == (422, {field})
    assert kept() == []


def test_the_provider_of_a_message_is_the_one_that_signed_it(client: FlaskClient) -> None:
    send(client, said(provider="another"))
    assert [event.provider for event in kept()] == ["carrier"]


def test_a_system_says_what_it_can_do_and_an_unknown_one_can_do_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_known", {})
    registry.register(registry.Adapter("pbx", "PBX", frozenset({registry.Can.HOLD})))
    assert registry.able("pbx", registry.Can.HOLD) and not registry.able("pbx", registry.Can.SPY)
    assert not registry.able("carrier", registry.Can.HOLD)
