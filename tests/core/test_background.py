"""The loops of a serving process, and the timer processes beside each other."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.clock import moved_to, now
from helpdesk.core import alarms, background, heartbeats, jobs, outbox
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.promises.models import Escalation, Promise
from helpdesk.tickets import idempotency
from helpdesk.tickets.models import IdempotencyKey
from tests.help import factories as make
from tests.help.servers import ROOT, environment, wait_until

SUBJECTS = 200


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Alarms of kind 'bell' note their subject here."""
    heard: list[int] = []
    monkeypatch.setitem(alarms._handlers, "bell", lambda ring: heard.append(ring.subject_id))
    return heard


def ring_in(seconds: float, subject: int = 7, kind: str = "bell") -> None:
    with transaction():
        alarms.set_alarm(kind, subject, now() + timedelta(seconds=seconds))


def test_a_round_rings_what_is_due_and_looks_again_at_once(app: Flask, rung: list[int]) -> None:
    ring_in(-1)
    others_wait = db.engine.dialect.name == "sqlite"
    assert background.ring_round() == (background.BREATH if others_wait else 0.0)
    assert rung == [7]


def test_a_round_without_alarms_waits_a_second(app: Flask, rung: list[int]) -> None:
    assert background.ring_round() == background.TICK


def test_a_round_waits_for_the_next_alarm_but_never_longer_than_a_second(
    app: Flask, rung: list[int]
) -> None:
    ring_in(0.5)
    assert 0 < background.ring_round() <= 0.5
    ring_in(600)
    assert background.ring_round() == background.TICK


def test_a_parked_alarm_does_not_keep_the_loop_busy(app: Flask) -> None:
    with transaction() as session:
        session.add(Alarm(kind="bell", subject_id=1, due_at=now(), parked=True))
    assert alarms.next_thing() is None


def test_a_batch_shrinks_to_what_a_slow_machine_manages_and_grows_again() -> None:
    """Nobody who wants to write to SQLite waits longer than a blink for the timers."""
    pace = background.Pace()
    pace.learn(100, background.LONGEST_BATCH * 2)
    assert pace.size == 50
    pace.learn(50, background.LONGEST_BATCH * 60)
    assert pace.size == background.LEAST_ALARMS
    pace.learn(1, 0.001)
    assert pace.size == background.LEAST_ALARMS, "one alarm alone says nothing of many"
    for _full in range(5):
        pace.learn(pace.size, 0.01)
    assert pace.size == 500, "what is quick rings in large sets"


def test_of_a_flood_two_batches_ring_beside_each_other_and_each_alarm_once(
    app: Flask, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: batches ring one after the other")
    monkeypatch.setattr(background, "MOST_ALARMS", 5)
    for subject in range(23):
        ring_in(-1, subject)
    pace, rounds = background.Pace(), []
    while done := pace.ring():
        rounds.append(done)
    assert sorted(rung) == list(range(23)), "none lost, none twice"
    assert rounds[0] == 5 and max(rounds) > 5, "one batch shows that there are more"
    assert not pace.full


def test_a_round_that_throws_is_logged_and_the_loop_goes_on(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []
    stop = threading.Event()

    def work() -> float:
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError
        stop.set()
        return 0.0

    with caplog.at_level(logging.ERROR):
        background.Loop("odd", work, pause_after_error=0.0).run(app, stop)
    assert len(calls) == 2
    assert "A round of the odd loop failed" in caplog.text


def test_a_loop_shows_that_it_is_alive(app: Flask) -> None:
    background.Loop("quiet", lambda: 0.0).round(app)
    beaten = heartbeats.last_beat("quiet")
    assert beaten is not None
    assert now() - beaten < timedelta(seconds=5)


def test_a_heartbeat_is_one_row_that_moves(app: Flask) -> None:
    heartbeats.beat("alarms")
    first = heartbeats.last_beat("alarms")
    heartbeats.beat("alarms")
    second = heartbeats.last_beat("alarms")
    assert first is not None
    assert second is not None
    assert second >= first


def test_every_process_has_a_heartbeat_of_its_own_and_a_dead_one_is_forgotten(app: Flask) -> None:
    with transaction() as session:
        for process, age in (("other:7", 3), ("silent:8", 300), ("gone:9", 90_000)):
            at = now() - timedelta(seconds=age)
            session.add(heartbeats.Heartbeat(name="alarms", process=process, at=at))
    heartbeats.beat("alarms")
    assert heartbeats.alive("alarms", 30) == 2
    known = set(db.session.scalars(db.select(heartbeats.Heartbeat.process)))
    assert known == {"other:7", "silent:8", heartbeats.this_process()}


def test_a_loop_in_trouble_shows_no_life(app: Flask) -> None:
    background.Loop("broken", lambda: 1 / 0).round(app)
    assert heartbeats.last_beat("broken") is None


def test_a_wake_up_ends_the_waiting_of_the_deliveries_loop(app: Flask) -> None:
    jobs.woken.set()
    began = time.monotonic()
    background.Loop("deliveries", time.time, woken=jobs.woken)._wait(60.0, threading.Event())
    assert time.monotonic() - began < 30


def test_the_loops_ring_and_deliver_until_they_are_stopped(
    app: Flask, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int | None] = []
    monkeypatch.setattr(outbox, "_durable", dict(outbox._durable))
    outbox.durable("bell-ringer", "ticket.opened")(lambda noted: told.append(noted.ticket_id))
    ring_in(0.2)
    ticket = make.ticket()
    running = background.start(app, threading.Event())
    try:
        wait_until(lambda: rung == [7] and told == [ticket.id], 60, "the loops")
    finally:
        running.end(within=60)
    assert not any(thread.is_alive() for thread in running.threads)


def overdue_promises(count: int) -> None:
    """One ticket with `count` promises whose breach, the last step of their chain, is due."""
    ticket, start = make.ticket(), now() - timedelta(days=3)
    with transaction() as session:
        rows = [
            Promise(
                subject_kind="ticket",
                subject_id=ticket.id,
                promise="sign",
                cycle=1,
                part=part + 2,
                position=9,
                owner="desk",
                limit="1 h",
                chain="standard",
                calendar="always",
                policy_version=1,
                calendar_version=1,
                started_at=start,
                due_at=start + timedelta(hours=1),
            )
            for part in range(count)
        ]
        session.add_all(rows)
        session.flush()
        alarms.set_alarms(
            [alarms.alarm_row("promise", row.id, row.due_at or now(), level=100) for row in rows]
        )


def test_two_timer_processes_ring_two_hundred_alarms_exactly_once(
    app: Flask, tmp_path: object
) -> None:
    overdue_promises(SUBJECTS)
    environ = environment(
        app.extensions["helpdesk_settings"].instance,
        DATABASE_URL=db.engine.url.render_as_string(hide_password=False),
        SECRET_KEY="a key for tests only",
    )
    db.session.remove()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "alarms", "--once"]
    pair = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], said
    steps = db.session.execute(db.select(Escalation.promise_id, Escalation.level)).all()
    names = ("promise.warned", "promise.breached")
    told = db.session.scalars(
        db.select(Event.data).where(Event.name.in_(names)).order_by(Event.seq)
    ).all()
    assert sorted((data["response"], data["level"]) for data in told) == sorted(map(tuple, steps))
    assert len({row.promise_id for row in steps if row.level == 100}) == SUBJECTS
    assert not db.session.scalars(db.select(Alarm).where(Alarm.tries > 0)).all()
    due = alarms.next_thing()
    assert due is None or due > now()


def test_the_loops_of_a_serving_process_let_go_of_what_waited_too_long(app: Flask) -> None:
    stop = threading.Event()
    running = background.start(app, stop)
    try:
        assert "tidying" in {thread.name for thread in running.threads}
    finally:
        running.end()


def test_a_sweep_that_fails_keeps_no_other_from_its_work(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []
    full = background.BATCH
    sweeps = [lambda: 1 // 0, lambda: swept.append("second") or full]
    monkeypatch.setattr(background, "_forgotten", sweeps)
    assert background.tidy_round() == 0.0  # a full batch: there may be more
    assert swept == ["second"]


def test_keys_of_forms_that_nobody_can_have_open_are_forgotten(app: Flask) -> None:
    old, new = now() - idempotency.FORM_KEYS_KEPT - timedelta(hours=1), now()
    for name, at in (
        (f"{idempotency.FORM}old", old),
        (f"{idempotency.FORM}new", new),
        ("api", old),
    ):
        with transaction() as session:
            session.add(IdempotencyKey(actor="agent:1", key=name, request_hash="", at=at))
    background.tidy_round()
    left = set(db.session.scalars(db.select(IdempotencyKey.key)))
    assert left == {f"{idempotency.FORM}new", "api"}


def test_timers_leave_the_outbox_to_a_worker_that_comes_and_do_what_it_is_late_with(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both swept it side by side: as much work again for nothing."""
    make.ticket()
    waiting = outbox.late_since()
    assert waiting is not None
    monkeypatch.setattr(jobs, "redis_client", lambda: object())
    monkeypatch.setattr(jobs, "run_pending", lambda *_names: None)
    background.deliver_round()
    assert outbox.late_since() == waiting
    with moved_to(now() + background.LATE + timedelta(seconds=1)):
        background.deliver_round()
        assert outbox.late_since() is None
    make.ticket()
    monkeypatch.undo()
    monkeypatch.setattr(jobs, "redis_client", lambda: None)
    background.deliver_round()
    assert outbox.late_since() is None
