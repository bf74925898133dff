"""Files of a form that is not taken yet: they wait, known by a signed token that stands in the form, until
it is sent. A refusal costs nobody the choice of files; what is never sent goes after a day.

No address shows them: who has the token can send them along or let them go, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask, has_request_context, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import FileStorage

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime, after_commit, db, transaction
from helpdesk.core.errors import BadInput, HelpdeskError
from helpdesk.core.i18n import N_, gettext
from helpdesk.files.store import StoredFile, remove
from helpdesk.files.uploads import discard, store_upload
from helpdesk.settings import settings

HERE = "helpdesk.received"  # in the request, whose form is read once
KEPT_FOR = timedelta(days=1)
OF_FILE = ("key", "name", "mime", "size", "sha256")  # what a row keeps of its file
MOST_FILES, MOST_BYTES = 200, 2**30  # that wait for one address
TOO_MANY = N_("These are too many files: %(most)s at most. Please send the others after these.")
CROWDED = N_("%(name)s can't wait here: too many files from your network do. Please send first.")
GONE = N_("A file was sent already, or waited for more than a day. Please choose it again.")
LET_GO = N_("The file is removed. Everything else is kept.")


class PendingFile(Model):
    """A file that waits until its form is sent; `owner` is who may send it, the address is hashed."""

    __tablename__ = "pending_file"
    __table_args__ = (
        Index("ix_pending_file_address", "address"),
        Index("ix_pending_file_at", "at"),
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    address: Mapped[str]
    name: Mapped[str]
    mime: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcTime)

    @property
    def file(self) -> StoredFile:
        """The file as a verb takes it."""
        return StoredFile(**{name: getattr(self, name) for name in OF_FILE}, pending=True)

    @property
    def token(self) -> str:
        """What stands in the form for it."""
        return str(_signer().dumps([self.key, self.owner]))


@dataclass
class Received:
    """The files of this request: those that wait now, and what was wrong with the others."""

    rows: list[PendingFile] = field(default_factory=list)
    lost: list[StoredFile] = field(default_factory=list)  # sent already, or swept
    problems: list[str] = field(default_factory=list)
    let_go: bool = False


def init(app: Flask) -> None:
    """Let templates show what waits, and say what a form may bring."""
    app.jinja_env.globals |= {
        "waiting_files": waiting,
        "most_files": lambda: settings().max_files,
        "most_file_bytes": lambda: settings().max_file_bytes,
    }


def hold(owner: str) -> Received:
    """Keep the files that this form brings and those that it brought before. Raises nothing.

    They stand in the form when it is shown again. A second call gives what the first one found.
    """
    if HERE not in request.environ:
        request.environ[HERE] = _received(owner)
    found: Received = request.environ[HERE]
    return found


def received(owner: str) -> tuple[StoredFile, ...]:
    """The files of this form, ready for a verb.

    Raises BadInput, which names each file that was not taken and why; the others stay in the form.
    """
    found = hold(owner)
    if found.let_go:
        raise BadInput(LET_GO, code="let_go")
    if found.problems:
        told = " ".join(found.problems)
        raise BadInput(told.replace("%", "%%"), errors={"files": told}, code="files")
    return (*(row.file for row in found.rows), *found.lost)


def waiting() -> list[PendingFile]:
    """The files that the form of this request holds: for showing it again."""
    found: Received | None = request.environ.get(HERE) if has_request_context() else None
    return found.rows if found else []


def settle(files: Iterable[StoredFile]) -> None:
    """Inside the caller's transaction: these files have found their place and wait no more.

    Raises BadInput when one of them was sent with another form, or was swept meanwhile.
    """
    keys = [file.key for file in files if file.pending]
    if keys:
        gone = db.session.execute(delete(PendingFile).where(PendingFile.key.in_(keys)))
        if gone.rowcount != len(keys):  # type: ignore[attr-defined]
            raise BadInput(GONE, errors={"files": GONE}, code="file_gone")


def drop(files: Iterable[StoredFile]) -> None:
    """Inside the caller's transaction: these files came twice. What waits of them goes, and what never
    waited; one that was sent already stays where it is."""
    given = list(files)
    _let_go([file.key for file in given if file.pending])
    after_commit(lambda: discard(given))


def sweep(limit: int = 100) -> int:
    """Let go of what has waited for more than a day; how many files that were."""
    old = select(PendingFile.key).where(PendingFile.at < now() - KEPT_FOR).limit(limit)
    with transaction() as session:
        return _let_go(session.scalars(old).all())


def _received(owner: str) -> Received:
    found = _kept(request.form.getlist("kept"), owner)
    if gone := request.form.get("let_go"):
        with transaction():
            _let_go([row.key for row in found.rows if row.token == gone])
        found.rows, found.let_go = [row for row in found.rows if row.token != gone], True
    for upload in request.files.getlist("files"):
        if upload.filename:
            _take(upload, owner, found)
    return found


def _kept(tokens: list[str], owner: str) -> Received:
    """The files behind the tokens, in their order; a token that is not this owner's brings nothing."""
    keys = list(dict.fromkeys(key for token in tokens if (key := _key(token, owner))))
    mine = select(PendingFile).where(PendingFile.key.in_(keys))
    rows = {row.key: row for row in db.session.scalars(mine)} if keys else {}
    lost = [StoredFile(key, "", 0, "", "", pending=True) for key in keys if key not in rows]
    return Received([rows[key] for key in keys if key in rows], lost)


def _key(token: str, owner: str) -> str:
    try:
        key, of = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return ""
    return str(key) if of == owner else ""


def _take(upload: FileStorage, owner: str, found: Received) -> None:
    """Keep one file, or note why not."""
    most = settings().max_files
    if len(found.rows) >= most:
        if (told := gettext(TOO_MANY, most=most)) not in found.problems:
            found.problems.append(told)
        return
    try:
        stored = store_upload(upload)
        found.rows.append(_wait(stored, owner))
    except HelpdeskError as error:
        found.problems.append(error.sentence(gettext))


def _wait(stored: StoredFile, owner: str) -> PendingFile:
    address = hashlib.sha256((request.remote_addr or "").encode()).hexdigest()
    sums = select(func.count(), func.coalesce(func.sum(PendingFile.size), 0))
    count, size = db.session.execute(sums.where(PendingFile.address == address)).one()
    if count >= MOST_FILES or size + stored.size > MOST_BYTES:
        remove(stored.key)
        raise BadInput(CROWDED, name=stored.name)
    file = {name: getattr(stored, name) for name in OF_FILE}
    row = PendingFile(owner=owner, address=address, at=now(), **file)
    with transaction() as session:
        session.add(row)
    return row


def _let_go(keys: Iterable[str]) -> int:
    """Inside a transaction: forget these files; the bytes of a row that we deleted go after it."""
    wanted = list(keys)
    if not wanted:
        return 0
    forgotten = delete(PendingFile).where(PendingFile.key.in_(wanted)).returning(PendingFile.key)
    gone = db.session.scalars(forgotten).all()
    after_commit(lambda: _remove(gone))
    return len(gone)


def _remove(keys: Iterable[str]) -> None:
    for key in keys:
        remove(key)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="pending-file")
