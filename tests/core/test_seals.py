"""The journal under seal: what was written and changed later shows (I7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import moved_to, now
from helpdesk.core import jobs, seals
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.core.outbox import Delivery
from helpdesk.core.seals import Seal
from tests.help import factories as make


def force(statement: sa.Executable) -> None:
    """Change rows behind the back of every rule."""
    with transaction() as session:
        session.execute(statement, execution_options={"synchronize_session": False})
    db.session.expire_all()


@pytest.fixture
def sealed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Seven rows of the journal under three seals, one more without."""
    monkeypatch.setattr(seals, "MOST", 3)
    for _ in range(7):
        make.ticket()
    while seals.seal():
        pass
    make.ticket()
    return app


def test_every_row_is_covered_by_one_seal(sealed: Flask) -> None:
    rows = db.session.scalars(sa.select(Seal).order_by(Seal.first_seq)).all()
    assert [(row.first_seq, row.last_seq) for row in rows] == [(1, 3), (4, 6), (7, 7)]
    assert list(seals.broken()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"by_name": "Nobody"},
        {"name": "ticket.closed"},
        {"ticket_id": 1},
        {"data": {"old": "other"}},
        {"at": sa.text("'2020-01-01'")},
    ],
)
def test_i7_a_changed_row_breaks_its_own_seal_and_no_other(sealed: Flask, change: dict) -> None:
    force(sa.update(Event).where(Event.seq == 5).values(**change))
    assert list(seals.broken()) == ["4-6"]


def test_i7_a_row_that_is_taken_away_breaks_its_seal(sealed: Flask) -> None:
    force(sa.delete(Delivery))
    force(sa.delete(Event).where(Event.seq == 2))
    assert list(seals.broken()) == ["1-3"]


def test_i7_a_seal_that_was_written_anew_breaks_the_next_one(sealed: Flask) -> None:
    force(sa.update(Event).where(Event.seq == 2).values(by_name="Nobody"))
    rows = db.session.execute(
        sa.select(*seals.COLUMNS).where(Event.seq <= 3).order_by(Event.seq)
    ).all()
    force(sa.update(Seal).where(Seal.first_seq == 1).values(digest=seals.digest("", rows)))
    assert list(seals.broken()) == ["4-6"]


def test_i7_a_seal_that_is_gone_leaves_a_gap(sealed: Flask) -> None:
    force(sa.delete(Seal).where(Seal.first_seq == 4))
    assert list(seals.broken()) == ["7-7"]


def test_a_journal_without_seals_breaks_nothing(app: Flask) -> None:
    assert list(seals.broken()) == []
    assert seals.seal() == 0


def test_few_rows_wait_for_ten_minutes_and_many_do_not(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    assert seals.seal_what_waits() == 1
    make.ticket()
    assert seals.seal_what_waits() == 0
    with moved_to(now() + timedelta(minutes=11)):
        assert seals.seal_what_waits() == 1
    monkeypatch.setattr(seals, "ENOUGH", 2)
    make.ticket()
    assert seals.seal_what_waits() == 0
    make.ticket()
    assert seals.seal_what_waits() == 2


def test_of_two_processes_that_seal_at_once_one_wins(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    seals.seal()
    monkeypatch.setattr(seals, "latest", lambda: None)
    assert seals.seal() == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Seal)) == 1


def test_sealing_is_a_job_of_the_background(app: Flask) -> None:
    make.ticket()
    jobs.run(seals.JOB)
    assert seals.latest().last_seq == 1
