"""A full disk and read-only data are told as such: on the page, to programs, in /readyz, once in the log."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from helpdesk.core import heartbeats, shortage
from helpdesk.core.db import db
from helpdesk.core.errors import Busy
from helpdesk.files import store
from helpdesk.ops import storage
from helpdesk.ops.doctor import surroundings
from tests.help import factories as make
from tests.help import installations
from tests.help.forms import FORM, LANGUAGES, heard, nothing_written, spoken
from tests.help.servers import helpdesk, wait_until
from tests.help.stores import POSTGRES

SENTENCE = "The disk is full: nothing was stored. Please tell your administrator."
only_sqlite = pytest.mark.skipif(bool(POSTGRES), reason="the limit of pages is SQLite's")


@pytest.fixture(autouse=True)
def plenty() -> Iterator[None]:
    storage.forget()
    shortage._Told.code = ""
    yield
    storage.forget()
    shortage._Told.code = ""


@pytest.fixture
def full(app: Flask) -> Iterator[None]:
    """A database that can't have one page more."""
    heartbeats.beat("alarms")

    def stop_growing(connection: object, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]  # what there is

    db.session.remove()
    raw = db.engine.raw_connection()
    raw.execute("VACUUM")  # type: ignore[attr-defined]  # no page is left over from what was deleted
    raw.close()
    db.engine.dispose()
    event.listen(db.engine, "connect", stop_growing)
    yield
    event.remove(db.engine, "connect", stop_growing)
    db.session.remove()
    db.engine.dispose()


@only_sqlite
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_disk_is_told_to_whoever_writes(
    client: FlaskClient, full: None, language: str
) -> None:
    with nothing_written():
        answer = client.post("/new", data=FORM | {"body": "x" * 20_000}, headers=heard(language))
    spoken(answer, 503, language, "磁盘已满", SENTENCE)


@only_sqlite
def test_readyz_tries_a_write_and_says_that_the_disk_is_full(
    client: FlaskClient, full: None
) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["disk"]["problem"] == "the disk is full"  # type: ignore[index]
    finding = surroundings.writable()
    assert (finding.ok, list(finding.examples)) == (False, ["the disk is full"])


@only_sqlite
def test_the_log_says_once_that_it_is_full_and_once_that_there_is_room(
    client: FlaskClient,
    full: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.WARNING, logger="helpdesk.core.shortage")
    for _each in range(3):
        client.post("/new", data=FORM | {"body": "x" * 20_000})
    assert [r.getMessage() for r in caplog.records if r.name == "helpdesk.core.shortage"] == [
        "The disk is full: nothing is stored until there is room."
    ]
    monkeypatch.setattr(shortage, "QUIET", 0.0)
    shortage.note(None)
    shortage.note(None)
    assert len(caplog.records) == 2
    assert "There is room again" in caplog.records[-1].getMessage()


def test_readyz_is_content_after_a_trial_that_leaves_nothing(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    assert client.get("/readyz").json["checks"]["disk"]["ok"]  # type: ignore[index]
    assert db.session.scalar(sa.text("SELECT count(*) FROM heartbeat WHERE name = 'trial'")) == 0


def test_the_trial_is_made_every_few_seconds_only(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(storage, "_write_row", lambda: made.append(1))
    assert {storage.problem() for _each in range(50)} == {""}
    assert made == [1]


def test_too_little_room_is_full(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "free", lambda: 1000)
    assert storage.problem() == "the disk is full"


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EROFS, "read_only")],
)
def test_a_file_that_finds_no_room_says_why(
    app: Flask, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def refuse(*_given: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(sys.modules["helpdesk.files.store"], "_copy", refuse)
    with pytest.raises(Busy) as refused:
        store(b"a", "a.txt", "text/plain")
    assert refused.value.code == code


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_upload_that_does_not_fit_on_its_way_is_told_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    def refuse(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("helpdesk.web.bodies._require_files_where_they_belong", refuse)
    sent = {"data": FORM, "content_type": "multipart/form-data", "headers": heard(language)}
    answer = client.post("/new", **sent)  # type: ignore[arg-type]
    spoken(answer, 503, language, "磁盘已满", SENTENCE)


@only_sqlite
def test_data_that_are_read_only_are_told_as_such(client: FlaskClient) -> None:
    heartbeats.beat("alarms")
    db.session.remove()
    db.engine.dispose()

    def forbid(connection: object, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]

    event.listen(db.engine, "connect", forbid)
    try:
        answer = client.post("/new", data=FORM, headers=heard("en"))
        spoken(answer, 503, "en", "", "Nothing can be written now")
        disk = client.get("/readyz").json["checks"]["disk"]  # type: ignore[index]
        assert disk["problem"] == "the data can't be written to"
    finally:
        event.remove(db.engine, "connect", forbid)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@only_sqlite
@pytest.mark.thorough
def test_a_real_disk_that_runs_full_loses_nothing_and_recovers(
    small_disk: Path, tmp_path: Path
) -> None:
    """Every case that was answered is there; /readyz knows; with room all goes on."""
    ballast, log = small_disk / "ballast", tmp_path / "server.log"
    with helpdesk(installations.ready(small_disk)) as server:
        base = server.url
        assert disk(base)["ok"]
        with pytest.raises(OSError), ballast.open("wb", buffering=0) as file:  # noqa: PT012
            while True:
                file.write(bytes(65536))
        answers = [post(base, n) for n in range(4)]
        assert {answer.status_code for answer in answers[1:]} <= {503, 303}
        full = [answer for answer in answers if answer.status_code == 503]
        assert full and all("The disk is full" in answer.text for answer in full)
        wait_until(lambda: disk(base).get("problem") == "the disk is full", 30)
        ballast.unlink()
        assert post(base, 9).status_code == 303
    assert not log.exists() or "Traceback" not in log.read_text()


def disk(base: str) -> dict[str, object]:
    told = requests.get(f"{base}/readyz", timeout=30).json()
    found: dict[str, object] = told["checks"]["disk"]
    return found


def post(base: str, n: int) -> requests.Response:
    with requests.Session() as browser:
        browser.headers["Accept-Language"] = "en"
        page = browser.get(f"{base}/new", timeout=30).text
        token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        sent = FORM | {"csrf_token": token, "once": str(n)}
        return browser.post(f"{base}/new", data=sent, allow_redirects=False, timeout=60)


def test_what_the_database_means_is_known_by_its_codes() -> None:
    class Full(Exception):
        sqlstate = "53100"

    class ReadOnly(Exception):
        sqlstate = "25006"

    def of(cause: Exception) -> str:
        found = shortage.shortage_of(sa.exc.DBAPIError("INSERT", {}, cause))
        return found.code if found else ""

    assert (of(Full()), of(ReadOnly())) == ("disk_full", "read_only")
    assert of(Exception("database or disk is full")) == "disk_full"
    assert of(Exception("attempt to write a readonly database")) == "read_only"
    assert of(Exception("database is locked")) == ""
    assert make.CUSTOMER
