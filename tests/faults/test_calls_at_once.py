"""The same events of the same calls from several processes at once: each call and each case is one."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from helpdesk.calls.models import Call, CallEvent, Interaction, Stay
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.ops import doctor
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.telephone import abandoned, answered, take


def at_once(app: Flask, sets: list[list[dict[str, Any]]]) -> list[str]:
    """Everybody hands in their events, a few at a time; what went wrong."""
    wrong: list[str] = []
    ready = threading.Barrier(len(sets))

    def work(said: list[dict[str, Any]]) -> None:
        with app.app_context():
            ready.wait(60)
            for at in range(0, len(said), 3):
                try:
                    take(*said[at : at + 3])
                except Exception as error:
                    db.session.rollback()
                    wrong.append(repr(error))

    db.session.remove()
    threads = [threading.Thread(target=work, args=(said,)) for said in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_the_same_events_from_four_at_once_make_each_call_and_case_once(app: Flask) -> None:
    agent = make.agent("Zhang Wei").email
    began = now() - timedelta(hours=1)
    said = [
        each for n in range(3) for each in answered(agent, f"a{n}", **{"from": f"1391234000{n}"})
    ]
    said += [each for n in range(4) for each in abandoned(30, f"m{n}", began=began)]
    sets = [random.Random(seed).sample(said, len(said)) for seed in range(4)]
    assert at_once(app, sets) == []
    states = sorted(db.session.scalars(select(Call.state)))
    assert states == ["abandoned"] * 4 + ["answered"] * 3
    assert len(db.session.scalars(select(CallEvent)).all()) == len(said)
    talks = db.session.scalars(select(Interaction)).all()
    assert len({talk.ticket_id for talk in talks}) == len(talks) == 3
    missed = db.session.scalars(select(Stay).where(Stay.state == "abandoned")).all()
    assert len(missed) == 4 and len({stay.ticket_id for stay in missed}) == 1
    assert len(db.session.scalars(select(Ticket)).all()) == 4
    notes = select(Message).where(Message.kind == "note")
    assert len(db.session.scalars(notes).all()) == 4
    assert doctor.broken_promises() == []
