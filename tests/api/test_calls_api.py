"""Calls over the API: events come in checked and whole, lists and single calls go out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.agents import tokens
from helpdesk.agents.rights import SYSTEM
from helpdesk.agents.scopes import Bounds
from helpdesk.calls.models import Call, CallEvent
from helpdesk.clock import now
from helpdesk.core.db import db
from tests.help import factories as make
from tests.help.calls import token
from tests.help.telephone import WANG, abandoned, answered, event

EVENTS = "/api/v1/calls/events"


def kept() -> int:
    return db.session.scalar(select(func.count()).select_from(CallEvent)) or 0


def test_one_event_or_a_list_is_taken_and_the_same_again_changes_nothing(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    said = abandoned(34)
    first = client.post(EVENTS, json=said[0], headers=headers)
    assert (first.status_code, first.json["taken"], first.json["known"]) == (200, 1, 0)
    rest = client.post(EVENTS, json=said, headers=headers).json
    assert (rest["taken"], rest["known"], rest["calls"]) == (3, 1, first.json["calls"])
    assert client.post(EVENTS, json=said, headers=headers).json["taken"] == 0
    assert kept() == 4


ODD: list[tuple[str, dict[str, Any]]] = [
    ("event", {"event": "exploded"}),
    ("at", {"at": (now() + timedelta(hours=1)).isoformat()}),
    ("at", {"at": "yesterday"}),
    ("at", {"at": "2026-03-05T09:30:00"}),
    ("agent", {"agent": "nobody@example.com"}),
    ("agent", {"agent": 999999}),
    ("agent", {"agent": True}),
    ("target", {"target": "nobody@example.com"}),
    ("from", {"from": "call me"}),
    ("from", {"from": "+12"}),
    ("to", {"to": "8" * 30}),
    ("from", {"from": "+8613912345678\r\nAction: Originate"}),
    ("queue", {"queue": "complaints\nx"}),
    ("queue", {"queue": "two words"}),
    ("call_id", {"call_id": "c1\r"}),
    ("reason", {"reason": "a\u2028b"}),
    ("provider", {"provider": "../etc"}),
    ("seq", {"seq": -1}),
    ("seq", {"seq": "1"}),
    ("seq", {"seq": 2**60}),
    ("recording_url", {"event": "recorded", "recording_url": "http://169.254.169.254/x.wav"}),
    ("recording_url", {"event": "recorded", "recording_url": "file:///etc/passwd"}),
    ("recording_url", {"event": "recorded"}),
    ("score", {"event": "surveyed", "score": 9}),
    ("direction", {"direction": "sideways"}),
    ("mood", {"mood": "bad"}),
    *((name, {name: None}) for name in ("provider", "call_id", "seq", "event", "at")),
]


@pytest.mark.parametrize(("field", "change"), ODD)
def test_an_odd_event_is_refused_by_the_name_of_its_field_and_nothing_is_kept(
    client: FlaskClient, headers: dict[str, str], field: str, change: dict[str, Any]
) -> None:
    fine = event("ringing", call_id="fine")
    odd = event("ringing") | change
    alone = client.post(EVENTS, json=odd, headers=headers)
    assert alone.status_code == 422 and alone.mimetype == "application/problem+json"
    assert set(alone.json["errors"]) == {field}
    among_others = client.post(EVENTS, json=[fine, odd], headers=headers)
    assert set(among_others.json["errors"]) == {f"1.{field}"}
    assert kept() == 0 and not db.session.scalars(select(Call)).all()


@pytest.mark.parametrize("name", ["provider", "call_id", "seq", "event", "at", "from", "to"])
def test_a_field_that_lacks_is_named(
    client: FlaskClient, headers: dict[str, str], name: str
) -> None:
    odd = event("ringing")
    del odd[name]
    answer = client.post(EVENTS, json=odd, headers=headers)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {name})


@pytest.mark.parametrize("body", ["", "[]", "3", '"x"', "[3]", "[[]]"])
def test_what_is_no_event_is_none(client: FlaskClient, headers: dict[str, str], body: str) -> None:
    answer = client.post(EVENTS, data=body, headers=headers, content_type="application/json")
    assert answer.status_code == 422 and kept() == 0


def test_a_recording_is_taken_from_the_host_that_was_allowed(
    client: FlaskClient, headers: dict[str, str], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    known = app.extensions["helpdesk_settings"]
    monkeypatch.setitem(
        app.extensions, "helpdesk_settings", replace(known, recording_hosts=("pbx.example.com",))
    )
    for url, status in (
        ("https://pbx.example.com/r/1.wav", 200),
        ("https://pbx.example.com.evil.net/r/1.wav", 422),
        ("https://pbx.example.com@evil.net/r/1.wav", 422),
        ("https://pbx.example.com:8080/r/1.wav", 422),
    ):
        said = event("recorded", 60, seq=len(url), recording_url=url)
        assert client.post(EVENTS, json=said, headers=headers).status_code == status, url


@pytest.mark.parametrize(
    ("role", "scopes", "status"),
    [
        ("agent", (), 200),
        ("admin", ("calls",), 200),
        ("agent", ("work",), 200),
        ("agent", ("read",), 403),
        ("agent", ("intake",), 403),
        ("auditor", (), 403),
    ],
)
def test_events_are_handed_in_by_those_who_may(
    client: FlaskClient, role: str, scopes: tuple[str, ...], status: int
) -> None:
    _row, text = tokens.add("pbx", role, SYSTEM, bounds=Bounds(scopes=scopes))
    headers = {"Authorization": f"Bearer {text}"}
    answer = client.post(EVENTS, json=event("ringing"), headers=headers)
    assert answer.status_code == status


def test_a_list_of_calls_narrows_and_goes_on_page_by_page(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    agent = make.agent("Zhang Wei")
    for number in range(5):
        began = now() - timedelta(hours=number + 1)
        client.post(EVENTS, json=abandoned(30, f"a{number}", began=began), headers=headers)
    client.post(EVENTS, json=answered(agent.email, "talked"), headers=headers)

    def listed(asked: str) -> list[str]:
        return [
            each["call_id"]
            for each in client.get(f"/api/v1/calls?{asked}", headers=headers).json["items"]
        ]

    assert listed("state=answered") == ["talked"]
    assert listed(f"agent={agent.id}") == ["talked"]
    assert listed("queue=billing") == [] and len(listed("queue=complaints")) == 6
    since = (now() - timedelta(hours=2, minutes=30)).isoformat().replace("+", "%2B")
    assert listed(f"from={since}") == ["talked", "a0", "a1"]
    assert listed(f"to={since}") == ["a2", "a3", "a4"]
    seen, after = [], ""
    while after is not None:
        page = client.get(
            f"/api/v1/calls?limit=2&cursor={after.replace('+', '%2B')}", headers=headers
        ).json
        seen += [each["call_id"] for each in page["items"]]
        after = page["next"]
    assert seen == ["talked", "a0", "a1", "a2", "a3", "a4"]
    odd = client.get("/api/v1/calls?mood=bad", headers=headers)
    assert (odd.status_code, set(odd.json["errors"])) == (422, {"mood"})


def test_one_call_is_told_with_its_stays_legs_and_talks(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    agent = make.agent("Zhang Wei")
    made = client.post(EVENTS, json=answered(agent.email), headers=headers).json["calls"][0]
    call = client.get(f"/api/v1/calls/{made}", headers=headers).json
    assert (call["from"], call["state"], call["topic"]) == (WANG, "answered", "fridge")
    assert [(s["queue"], s["waited"], s["agent"]) for s in call["stays"]] == [
        ("complaints", 12.0, "Zhang Wei")
    ]
    assert [leg["state"] for leg in call["legs"]] == ["answered"]
    assert [talk["held"] for talk in call["talks"]] == [5.0]
    for unknown in ("999999", "x", "99999999999999999999"):
        assert client.get(f"/api/v1/calls/{unknown}", headers=headers).status_code == 404


def test_a_department_sees_no_call_that_is_on_none_of_its_cases(client: FlaskClient) -> None:
    unit = make.department()
    made = client.post(EVENTS, json=abandoned(30), headers=token()).json["calls"][0]
    theirs = token("handler", unit)
    assert client.get("/api/v1/calls", headers=theirs).json["items"] == []
    assert client.get(f"/api/v1/calls/{made}", headers=theirs).status_code == 404
