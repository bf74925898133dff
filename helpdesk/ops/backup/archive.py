"""The archive: manifest, database, secret key and files in one tar.gz."""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from sqlalchemy import Engine, func, inspect, select, update

from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core import migrating
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.outbox import Delivery
from helpdesk.files import location, stored_keys
from helpdesk.notify.models import Envelope
from helpdesk.ops.backup import postgresql, sqlite
from helpdesk.ops.backup.errors import BackupError
from helpdesk.settings import Settings
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket

FORMAT = 1
MANIFEST, SECRET = "manifest.json", "secret_key"
KEY = re.compile(r"files/([0-9a-f]{32})")
HELD = "Held back: it waited when the copy was made, and may have been sent since."


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    made_at: str
    database: str
    revision: str
    tickets: int
    files: int = 0


def write(target: Path, settings: Settings) -> Manifest:
    """Back everything up into `target`, which only its owner can read. Raises BackupError.

    The file appears when it is complete; an earlier one of the same name is replaced then.
    """
    engine, place = db.engine, target.absolute().parent
    if not place.is_dir():
        raise BackupError(f"There is no folder {place}.")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=place) as folder:
        copy, made = Path(folder) / "database", Path(folder) / "made"
        _profile(engine).dump(engine.url, copy)
        made.touch(mode=0o600)
        with tarfile.open(made, "w:gz", compresslevel=6) as tar:
            tar.add(copy, _profile(engine).NAME)
            _add(tar, Path(folder), SECRET, settings.secret_key)
            manifest = _manifest(engine, _add_files(tar))
            _add(tar, Path(folder), MANIFEST, json.dumps(asdict(manifest), indent=2))
        made.replace(target)
    return manifest


def _profile(engine: Engine) -> ModuleType:
    return sqlite if engine.dialect.name == "sqlite" else postgresql


def _add(tar: tarfile.TarFile, folder: Path, name: str, text: str) -> None:
    aside = folder / name
    aside.write_text(text, encoding="utf8")
    tar.add(aside, name)


def _add_files(tar: tarfile.TarFile) -> int:
    count = 0
    for key in stored_keys():
        with suppress(FileNotFoundError):  # removed meanwhile, with its row
            tar.add(location(key), f"files/{key}")
            count += 1
    return count


def _manifest(engine: Engine, files: int) -> Manifest:
    heads = migrating.here(engine)
    tickets = db.session.scalar(select(func.count()).select_from(Ticket)) or 0
    return Manifest(FORMAT, now().isoformat(), engine.dialect.name, ",".join(heads), tickets, files)


def restore(
    source: Path, settings: Settings, *, force: bool = False, resend: bool = False
) -> Manifest:
    """Make this installation what the backup holds. `force` replaces one that is in use already.

    Waiting deliveries are held back for a person, unless `resend`. Raises BackupError.
    """
    if not force and is_in_use():
        raise BackupError(
            "There are people or tickets here already. Nothing was changed. "
            "To replace them by the backup: --force"
        )
    place = settings.instance
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=place) as folder:
        manifest = _unpack(source, Path(folder))
        _put_files(Path(folder) / "files")
        _load(Path(folder), manifest)
        _keep_secret((Path(folder) / SECRET).read_text(encoding="utf8"), settings)
    migrating.upgrade()
    in_force.forget()
    if not resend:
        hold_back()
    return manifest


def is_in_use() -> bool:
    """Whether there are people or tickets in the database."""
    if not inspect(db.engine).has_table(Ticket.__tablename__):
        return False
    return any(db.session.scalar(select(kind.id).limit(1)) for kind in (Ticket, Agent))


def _unpack(source: Path, folder: Path) -> Manifest:
    """The members that a backup has, and nothing else, into a folder of our own."""
    (folder / "files").mkdir()
    try:
        with tarfile.open(source, "r:gz") as tar:
            for member in tar:
                _take(tar, member, folder)
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf8")))
    except (OSError, EOFError, tarfile.TarError, ValueError, TypeError) as error:
        raise BackupError(
            f"{source} is not a complete backup: {error}. Nothing was changed."
        ) from error
    profile = db.engine.dialect.name
    if manifest.format != FORMAT or manifest.database != profile:
        raise BackupError(
            f"This backup is of {manifest.database} (format {manifest.format}), "
            f"this installation uses {profile} (format {FORMAT}). Nothing was changed."
        )
    return manifest


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    names = {MANIFEST, SECRET, sqlite.NAME, postgresql.NAME}
    if not member.isreg() or not (member.name in names or KEY.fullmatch(member.name)):
        raise BackupError(f"A backup has no {member.name!r}. Nothing was changed.")
    content = tar.extractfile(member)
    assert content is not None
    with (folder / member.name).open("xb") as kept:
        shutil.copyfileobj(content, kept)


def _put_files(folder: Path) -> None:
    """Stored files first: bytes without a row do no harm, a row without bytes would."""
    for file in folder.iterdir():
        target = location(file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    os.sync()


def _load(folder: Path, manifest: Manifest) -> None:
    engine = db.engine
    profile = _profile(engine)
    copy = folder / profile.NAME
    if not copy.exists():
        raise BackupError(f"The backup has no {manifest.database} database. Nothing was changed.")
    db.session.remove()
    engine.dispose()
    profile.load(copy, engine.url)
    engine.dispose()


def _keep_secret(secret: str, settings: Settings) -> None:
    """Links and sessions go on when the key comes along; it lies where the embedded default looks."""
    path = settings.instance / "secret_key"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(secret, encoding="utf8")


def hold_back() -> None:
    """Let what waits to be sent wait for a person."""
    with transaction():
        change_rows(
            update(Delivery)
            .where(Delivery.state.in_(("waiting", "running")))
            .values(state="dead", error=HELD)
        )
        change_rows(
            update(Envelope)
            .where(Envelope.next_at.is_not(None))
            .values(state="uncertain", next_at=None, error=HELD)
        )
