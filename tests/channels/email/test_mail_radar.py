"""The loop radar and the lists of held mails: seen, released, emptied."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.channels.email.deciding import brakes
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db
from helpdesk.core.errors import NotAllowed
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.mails import count, mail, our_id, said

WANG = "wang.fang@example.com"


def loop(number: int, start: int = 0) -> list[InboundMail]:
    """The same words again and again."""
    ids = range(start, start + number)
    return [deliver(mail("同样的话", **{"Message-ID": f"<{n}@example.com>"})) for n in ids]


def test_the_radar_shows_who_is_stopped_and_until_when(app: Flask, client: FlaskClient) -> None:
    """Mails by hour, the brake's end, and a list behind each number."""
    with moved_to(now() - timedelta(hours=3)):
        deliver(mail("früher", **{"Message-ID": "<old@example.com>"}))
    rows = loop(6)
    agent = make.agent()
    (line,) = brakes.busy_senders(agent.actor)
    assert (line.sender, line.day, line.last_hour, line.held) == (WANG, 7, 6, 3)
    assert (line.hours[-4] + line.hours[-3], line.hours[-1]) == (1, 6)
    assert line.braked_until == rows[0].received_at + brakes.LOOP_TIME
    make.sign_in(client, agent)
    page = client.get("/mail/radar").get_data(as_text=True)
    assert "stopped until" in page and page.count("<rect") >= brakes.HOURS
    held = client.get("/mail?outcome=held&from=" + WANG).get_data(as_text=True)
    assert held.count('name="mail"') == 3


def test_the_brake_ends_when_the_radar_says_so(app: Flask) -> None:
    loop(4)
    until = brakes.braked_until(WANG)
    assert until is not None
    with moved_to(until - timedelta(seconds=1)):
        assert loop(1, 10)[0].outcome == "held"
    with moved_to(until + timedelta(seconds=1)):
        assert brakes.braked_until(WANG) is None
        assert loop(1, 11)[0].outcome == "ticket"


def test_a_released_sender_is_let_through_and_stopped_again_by_a_new_loop(
    app: Flask, client: FlaskClient
) -> None:
    """Release."""
    loop(5)
    make.sign_in(client, make.agent())
    answer = client.post("/mail/radar/release", data={"from": WANG})
    assert (answer.status_code, "from=" in answer.location) == (303, True)
    outcomes = [row.outcome for row in loop(5, 20)]
    assert outcomes == ["ticket"] * brakes.SAME_MAILS + ["held"] * 2


def test_many_small_senders_do_not_fill_the_radar(app: Flask) -> None:
    for n in range(3):
        deliver(mail(f"wort {n}", From=f"p{n}@example.com", **{"Message-ID": f"<{n}@x>"}))
    deliver(mail("alarm", From="m@example.com", Auto_Submitted="auto-generated"))
    assert [line.sender for line in brakes.busy_senders(make.agent().actor)] == ["m@example.com"]


def test_only_the_desk_sees_the_radar_and_releases(app: Flask) -> None:
    stranger = Actor(kind="customer", id=None, name="x", role="customer")  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        brakes.busy_senders(stranger)
    with pytest.raises(NotAllowed):
        brakes.release(stranger, WANG)


@pytest.mark.parametrize(("decision", "outcome"), [("in", "ticket"), ("aside", "ignored")])
def test_held_mails_are_emptied_in_two_clicks(
    app: Flask, client: FlaskClient, decision: str, outcome: str
) -> None:
    """Tick all, then one decision; loops, strangers' replies and the rest."""
    held = [row for row in loop(6) if row.outcome == "held"]
    ticket = make.ticket(subject="eins")
    stranger = deliver(mail("ich auch", From="eve@example.org", In_Reply_To=our_id(ticket)))
    before = count(Ticket)
    make.sign_in(client, make.agent())
    page = client.get("/mail?outcome=held&all=1").get_data(as_text=True)
    ids = [part.split('"')[0] for part in page.split('name="mail" value="')[1:]]
    assert len(ids) == 4 == page.count(" checked>")
    sent = {"mail": ids, "decision": decision, "back": "/mail?outcome=held"}
    done = client.post("/mail/many", data=sent, follow_redirects=True).get_data(as_text=True)
    assert "4 mails are decided." in done
    db.session.rollback()
    assert db.session.scalars(select(InboundMail).where(InboundMail.outcome == "held")).all() == []
    assert {db.session.get_one(InboundMail, r.id).outcome for r in held} == {outcome}
    assert ("ich auch" in said(ticket)) is (decision == "in")
    assert count(Ticket) == before + (3 if decision == "in" else 0)
    assert db.session.get_one(InboundMail, stranger.id).decided_by != ""


def test_what_was_decided_meanwhile_is_left_alone(app: Flask, client: FlaskClient) -> None:
    row = deliver(mail())
    make.sign_in(client, make.agent())
    sent = {"mail": [str(row.id), "999999", "x"], "decision": "in", "back": "//evil.example"}
    answer = client.post("/mail/many", data=sent)
    assert (answer.status_code, answer.location) == (303, "/")
    assert count(Ticket) == 1
