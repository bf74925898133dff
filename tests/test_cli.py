"""The flask commands, as people type them."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from benchmarks.load.cli import load
from helpdesk import settings
from helpdesk.clock import now
from helpdesk.core import alarms, heartbeats, jobs
from helpdesk.core.db import db, transaction
from helpdesk.notices import lifecycle as notices_lifecycle
from helpdesk.ops import doctor
from helpdesk.setup.models import Category
from helpdesk.tickets import lifecycle
from helpdesk.tickets.models import Ticket
from tests.help import installations
from tests.help.servers import ROOT, environment, find, flask, redis, wait_until


def invoke(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=arguments)
    return done.exit_code, done.output


def test_the_defaults_can_be_seeded_again_without_a_change(app: Flask) -> None:
    before = db.session.scalar(db.select(db.func.count(Category.id)))
    assert invoke(app, "seed", "defaults") == (0, "The defaults are there.\n")
    assert db.session.scalar(db.select(db.func.count(Category.id))) == before


def test_the_table_of_moves_is_printed_for_the_manual(app: Flask) -> None:
    status, said = invoke(app, "lifecycle")
    assert status == 0
    assert said.count("\n| ") == len(lifecycle.TABLE.rows) + len(notices_lifecycle.TABLE.rows) + 4
    assert "| accept | registered | accepted |" in said


def test_alarms_once_rings_what_is_due_and_shows_that_it_was_there(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(alarms._handlers, "bell", lambda ring: None)
    with transaction():
        alarms.set_alarm("bell", 1, now() - timedelta(seconds=1))
    assert invoke(app, "alarms", "--once") == (0, "1 alarms rung, 0 deliveries tried.\n")
    assert heartbeats.last_beat("alarms") is not None


def test_a_worker_without_redis_says_what_is_missing(app: Flask) -> None:
    if app.extensions["helpdesk_settings"].redis_url:
        pytest.skip("this run has a Redis")
    status, said = invoke(app, "worker")
    assert status == 1
    assert "HELPDESK_REDIS_URL is not set" in said


ODD = {"TIMEZONE": "Asia/Atlantis"}


def test_an_odd_setting_is_named_in_one_sentence(tmp_path: Path) -> None:
    done = flask("doctor", environ=environment(tmp_path, **ODD))
    assert done.returncode == 1
    assert "Helpdesk can't start: HELPDESK_TIMEZONE: there is no time zone" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPDESK_PORT", "99999"),
        ("HELPDESK_REDIS_URL", "nonsense"),
        ("HELPDESK_SECRET_KEY_FILE", "/no/such/file"),
        ("HELPDESK_INSTANCE", "/dev/null/folder"),
    ],
)
def test_a_setting_that_can_not_be_used_refuses_to_start(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(settings.SettingsError, match=name):
        settings.load({"HELPDESK_INSTANCE": str(tmp_path), name: value})


def test_a_pipe_with_an_odd_setting_asks_the_mail_server_to_try_again(tmp_path: Path) -> None:
    """Any other exit status than 0 and 75 would send the customer's mail back; other commands end
    with 1 then, as the test above shows."""
    odd = environment(tmp_path, **ODD)
    assert flask("mail", "deliver", environ=odd, text="From: a@example.com\n\nx").returncode == 75


def test_the_doctor_of_an_empty_database_says_what_is_missing(tmp_path: Path) -> None:
    done = flask("doctor", environ=environment(tmp_path))
    assert done.returncode == 1
    assert "the tables are those of this release" in done.stdout
    assert "Traceback" not in done.stderr


def test_prepare_makes_an_empty_folder_ready_and_healthy(tmp_path: Path) -> None:
    environ = environment(installations.ready(tmp_path))  # an empty folder, and `prepare` in it
    again = flask("prepare", environ=environ)
    assert again.returncode == 0, again.stderr
    assert flask("alarms", "--once", environ=environ).returncode == 0  # what fell due since then
    checked = flask("doctor", environ=environ)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.thorough
def test_one_command_brings_the_demo_and_its_sign_ins_once(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    first = flask("prepare", "--demo", environ=environ)
    again = flask("prepare", "--demo", environ=environ)
    assert first.returncode == 0, first.stderr
    assert "Loading the demo ..." in first.stdout
    assert "There are tickets already" in again.stdout
    for role in ("agent", "handler", "supervisor", "admin", "auditor"):
        assert f"\n  {role}" in first.stdout
        assert f"\n  {role}" in again.stdout
    refused = flask("seed", "demo", environ=environ)
    assert refused.returncode == 1
    assert "needs an empty database" in refused.stderr


def test_bulk_data_is_loaded_and_keeps_every_promise(app: Flask) -> None:
    sizes = ("--tickets", "60", "--open", "7", "--agents", "5", "--articles", "3")
    done = app.test_cli_runner().invoke(load, sizes)
    assert done.exit_code == 0, done.output
    said = done.output
    assert "60 tickets (7 open)" in said
    assert db.session.scalar(db.select(db.func.count(Ticket.id))) == 60
    assert doctor.broken_promises() == []
    assert "3 articles" in said
    assert "has twenty messages" in said


def started(environ: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """A flask command that goes on until it is told to stop."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)


@pytest.mark.thorough
def test_the_timer_process_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    assert flask("prepare", environ=environ).returncode == 0
    process = started(environ, "alarms")
    try:
        assert process.stdout is not None
        assert "Ringing alarms" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    finally:
        process.kill()


@pytest.mark.thorough
@pytest.mark.redis
@pytest.mark.skipif(find("redis-server") is None, reason="Redis is not installed")
def test_a_worker_does_what_another_process_asked_for(tmp_path: Path) -> None:
    with redis() as url:
        environ = environment(tmp_path, REDIS_URL=url)
        assert flask("prepare", environ=environ).returncode == 0
        client = Redis.from_url(url)
        before = jobs._url
        jobs.connect(url)
        jobs.wake("deliver")
        jobs.connect(before)
        process = started(environ, "worker")
        try:
            wait_until(lambda: not client.exists("rq:queue:helpdesk"), 60, "the worker")
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
        assert not client.exists("rq:failed:helpdesk")


@pytest.mark.thorough
def test_the_command_line_has_the_migrations_though_serving_loads_none_of_them(
    tmp_path: Path,
) -> None:
    environ = environment(installations.ready(tmp_path))
    done = flask("db", "current", environ=environ)
    assert done.returncode == 0 and "(head)" in done.stdout, done.stderr
    asked = "import sys, wsgi; print({'alembic', 'mako'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert loaded.stdout.strip() == "set()", loaded.stderr
