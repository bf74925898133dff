"""The commands of the mail channel: what a mail server in front of them is told."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.channels.email import cli
from tests.help.mails import mail

ROOT = Path(__file__).parents[3]
PATIENCE = 300  # seconds


def flask(*command: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", "mail", *command]


def surroundings(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return kept | {"HELPDESK_INSTANCE": str(tmp_path), "HELPDESK_LANGUAGE": "en"} | more


def test_while_the_database_is_away_the_pipe_asks_to_try_again(tmp_path: Path) -> None:
    """Accept = commit; everything else is exit status 75."""
    gone = surroundings(
        tmp_path,
        HELPDESK_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        HELPDESK_SECRET_KEY="a key for tests only",
    )
    done = subprocess.run(
        flask("deliver"), input=mail(), cwd=ROOT, env=gone, capture_output=True, timeout=PATIENCE
    )
    assert done.returncode == 75, done.stderr


def test_a_fetch_that_fails_ends_with_status_1(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(cli.mail, ["fetch", "--once"]).exit_code == 0


@pytest.mark.thorough
def test_the_receiver_starts_keeps_and_stops_when_told(tmp_path: Path) -> None:
    """The receiver in a process of its own: what it answered 250 for is there after its end."""
    around = surroundings(tmp_path)
    prepare = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env=around, check=True, timeout=PATIENCE, capture_output=True)
    serving = subprocess.Popen(
        flask("serve", "--port", "0"), cwd=ROOT, env=around, stdout=subprocess.PIPE, text=True
    )
    try:
        assert serving.stdout is not None
        line = serving.stdout.readline()
        port = int(line.split(":")[1].split()[0])
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
            client.sendmail("x@example.com", ["support@example.net"], mail())
    finally:
        serving.send_signal(signal.SIGKILL)
        serving.wait(60)
    again = subprocess.run(
        flask("deliver"), input=mail(), cwd=ROOT, env=around, capture_output=True, timeout=PATIENCE
    )
    assert again.returncode == 0
    assert again.stdout.split()[0] in (b"stored", b"ticket")  # known: no second one


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


@pytest.mark.thorough
def test_a_mail_of_60_mb_is_refused_without_its_memory(tmp_path: Path) -> None:
    """At the door the sender's server hears 552, once; whether it told the size or not."""
    around = surroundings(tmp_path)
    prepare = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env=around, check=True, timeout=PATIENCE, capture_output=True)
    serving = subprocess.Popen(
        flask("serve", "--port", "0"), cwd=ROOT, env=around, stdout=subprocess.PIPE, text=True
    )
    try:
        assert serving.stdout is not None
        port = int(serving.stdout.readline().split(":")[1].split()[0])
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
            client.sendmail("x@example.com", ["support@example.net"], mail("Vorher."))
            before = peak(serving.pid)
            assert client.mail("x@example.com", [f"SIZE={60 << 20}"])[0] == 552
            client.rset()
            client.mail("x@example.com")
            client.rcpt("support@example.net")
            huge = mail() + (b"x" * 76 + b"\r\n") * ((60 << 20) // 78)
            assert client.data(huge)[0] == 552
            client.sendmail("x@example.com", ["support@example.net"], mail("Nun klein."))
        assert peak(serving.pid) - before < 75 << 20, "it was held as a whole"
    finally:
        serving.send_signal(signal.SIGKILL)
        serving.wait(60)
