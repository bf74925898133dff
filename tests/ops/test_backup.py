"""One command backs everything up, one brings it back."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk import files
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import Delivery
from helpdesk.ops import backup, doctor
from helpdesk.ops.backup import BackupError, archive
from helpdesk.settings import Settings
from helpdesk.tickets.models import Attachment, Ticket
from tests.help import factories as make
from tests.help import installations
from tests.help.servers import environment, find, flask

pytestmark = pytest.mark.skipif(
    find("pg_dump") is None, reason="PostgreSQL's client programs are not installed"
)


@pytest.fixture
def settings(app: Flask) -> Settings:
    return app.extensions["helpdesk_settings"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "helpdesk.tar.gz"


def count(kind: type = Ticket) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def test_a_restored_installation_is_what_was_backed_up(settings: Settings, copy: Path) -> None:
    photo = files.store(b"a photo", "fridge.txt", "text/plain")
    number = make.ticket(files=(photo,)).number
    made = backup.write(copy, settings)
    assert (made.tickets, made.files >= 1) == (1, True)
    make.ticket(subject="after the backup")
    files.remove(photo.key)
    backup.restore(copy, settings, force=True)
    assert [t.number for t in db.session.scalars(sa.select(Ticket))] == [number]
    assert files.open_file(photo.key).read() == b"a photo"
    assert doctor.broken_promises() == []
    assert make.ticket(subject="life goes on").number > number


def test_an_installation_in_use_is_not_replaced_by_accident(settings: Settings, copy: Path) -> None:
    backup.write(copy, settings)
    make.ticket()
    with pytest.raises(BackupError, match=r"people or tickets here already.*--force"):
        backup.restore(copy, settings)
    assert count() == 1


def test_f27_what_waited_to_be_sent_is_held_back_after_restoring(
    settings: Settings, copy: Path
) -> None:
    make.ticket()
    with transaction() as session:
        session.execute(sa.delete(Delivery))
        for state in ("waiting", "running", "done", "dead"):
            session.add(waiting(state))
    backup.write(copy, settings)
    backup.restore(copy, settings, force=True)
    states = dict(db.session.execute(sa.select(Delivery.order_key, Delivery.state)).all())
    assert states == {"waiting": "dead", "running": "dead", "done": "done", "dead": "dead"}
    held = db.session.scalar(sa.select(Delivery.error).where(Delivery.order_key == "waiting"))
    assert held == archive.HELD


def waiting(state: str) -> Delivery:
    return Delivery(
        event_seq=1, subscriber="mail", order_key=state, state=state, next_at=now(), done_at=now()
    )


def test_what_waited_can_be_sent_again_when_somebody_says_so(
    settings: Settings, copy: Path
) -> None:
    make.ticket()
    with transaction() as session:
        session.execute(sa.delete(Delivery))
        session.add(waiting("waiting"))
    backup.write(copy, settings)
    backup.restore(copy, settings, force=True, resend=True)
    assert db.session.scalar(sa.select(Delivery.state)) == "waiting"


def test_only_its_owner_can_read_a_backup(settings: Settings, copy: Path) -> None:
    backup.write(copy, settings)
    assert copy.stat().st_mode & 0o077 == 0


def test_the_secret_key_comes_along(settings: Settings, copy: Path) -> None:
    backup.write(copy, settings)
    backup.restore(copy, settings, force=True)
    kept = settings.instance / "secret_key"
    assert kept.read_text(encoding="utf8") == settings.secret_key
    assert kept.stat().st_mode & 0o077 == 0


def test_a_backup_leaves_nothing_beside_itself(settings: Settings, copy: Path) -> None:
    backup.write(copy, settings)
    backup.write(copy, settings)
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_folder_that_does_not_exist_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="There is no folder"):
        backup.write(tmp_path / "nowhere" / "x.tar.gz", settings)


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_a_backup_that_was_cut_off_changes_nothing(
    settings: Settings, copy: Path, size: int
) -> None:
    ticket = make.ticket().number
    backup.write(copy, settings)
    copy.write_bytes(copy.read_bytes()[:size])
    with pytest.raises(BackupError, match=r"not a complete backup.*Nothing was changed"):
        backup.restore(copy, settings, force=True)
    assert db.session.scalar(sa.select(Ticket.number)) == ticket


def changed(source: Path, target: Path, name: str, content: bytes) -> None:
    """The backup again, with one member put in."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            if member.name != name:
                new.addfile(member, old.extractfile(member))
        member = tarfile.TarInfo(name)
        member.size = len(content)
        new.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/tmp/x", "files/../secret_key", "files/x"])
def test_a_member_that_no_backup_has_is_refused(
    settings: Settings, copy: Path, tmp_path: Path, name: str
) -> None:
    backup.write(copy, settings)
    changed(copy, tmp_path / "odd.tar.gz", name, b"x")
    with pytest.raises(BackupError, match="A backup has no"):
        backup.restore(tmp_path / "odd.tar.gz", settings, force=True)


def test_a_backup_of_the_other_database_is_refused(
    settings: Settings, copy: Path, tmp_path: Path
) -> None:
    made = backup.write(copy, settings)
    other = {**vars(made), "database": "oracle"}
    changed(copy, tmp_path / "other.tar.gz", "manifest.json", json.dumps(other).encode())
    with pytest.raises(BackupError, match="This backup is of oracle"):
        backup.restore(tmp_path / "other.tar.gz", settings, force=True)


def test_a_damaged_sqlite_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"SQLite format 3\x00" + b"garbage" * 999)
    url = sa.make_url(f"sqlite:///{tmp_path / 'target'}")
    with pytest.raises(BackupError, match="is damaged"):
        archive.sqlite.load(tmp_path / "bad", url)


def test_without_pg_dump_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="apt install postgresql-client"):
        archive.postgresql.dump(sa.make_url("postgresql://nobody@127.0.0.1:1/x"), tmp_path / "x")


def test_the_password_of_postgresql_is_no_argument() -> None:
    url = sa.make_url(
        "postgresql+psycopg://desk:hunter2@db.example.com:5433/helpdesk?sslmode=require"
    )
    assert archive.postgresql._connection(url) == {
        "PGHOST": "db.example.com",
        "PGPORT": "5433",
        "PGUSER": "desk",
        "PGPASSWORD": "hunter2",
        "PGSSLMODE": "require",
    }


@pytest.mark.thorough
def test_f27_a_backup_under_load_is_whole(app: Flask, settings: Settings, copy: Path) -> None:
    """Tickets with files are opened while the copy is made; whatever is in it is complete."""
    stop, begun = threading.Event(), threading.Event()

    def work() -> None:
        with app.app_context():
            while not stop.is_set():
                make.ticket(files=(files.store(b"words", "x.txt", "text/plain"),))
                begun.set()

    make.ticket()
    db.session.commit()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert begun.wait(20)
        for _ in range(3):
            backup.write(copy, settings)
    finally:
        stop.set()
        thread.join()
    backup.restore(copy, settings, force=True)
    assert doctor.broken_promises() == []
    assert count() >= count(Attachment) >= 1


@pytest.mark.thorough
def test_the_commands_move_an_installation_to_another_folder(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    source, target = environment(installations.demo(here)), environment(there)
    copy = str(tmp_path / "copy.tar.gz")
    made = flask("backup", copy, environ=source)
    assert made.returncode == 0, made.stderr
    done = flask("restore", copy, environ=target)
    assert done.returncode == 0, done.stderr
    assert "Restored the state of" in done.stdout
    # What fell due since the copy was made has had nobody to ring it: no server runs here.
    assert flask("alarms", "--once", environ=target).returncode == 0
    assert flask("doctor", environ=target).returncode == 0
    assert numbers(here) == numbers(there) != []
    again = flask("restore", copy, environ=target)
    assert again.returncode == 1
    assert "--force" in again.stderr


def numbers(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "helpdesk.sqlite3")
    found = connection.execute("SELECT number, status FROM ticket ORDER BY number").fetchall()
    connection.close()
    return found
