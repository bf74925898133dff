"""The files of a form: only types that we know, within limits."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.datastructures import FileStorage

from helpdesk.core.errors import BadInput, TooLarge
from helpdesk.files.kinds import KINDS, Kind, extension_of, kind_of
from helpdesk.files.names import tidy_name
from helpdesk.files.store import Beyond, StoredFile, keep, opened, remove
from helpdesk.settings import settings


def _require_accepted(name: str, head: bytes) -> Kind:
    """The kind of a form's file. Raises BadInput with what is wrong with it."""
    if extension_of(name) not in KINDS:
        raise BadInput(
            "We don't take files like %(name)s. Pictures, PDF, Office documents, text, archives,"
            " sound and video are welcome.",
            code="file_type",
            name=name,
        )
    if not head:
        raise BadInput("%(name)s is empty. Please choose it again.", code="file_empty", name=name)
    kind = kind_of(name, head)
    if not kind:
        raise BadInput(
            "The content of %(name)s is not what its name says. Please save it anew and send that.",
            code="file_content",
            name=name,
        )
    return kind


def store_upload(upload: FileStorage) -> StoredFile:
    """Keep one file of a form. Raises BadInput or TooLarge, with a sentence that names it."""
    name, most = tidy_name(upload.filename or ""), settings().max_file_bytes
    head, chunks = opened(upload.stream)
    kind = _require_accepted(name, head)
    try:
        key, digest, size = keep(chunks, most)
    except Beyond:
        raise TooLarge(
            "%(name)s is too large: %(most)s MB at most. Please send a smaller one.",
            name=name,
            most=f"{most / 2**20:g}",
        ) from None
    return StoredFile(key, digest, size, kind.mime, name)


def discard(files: Iterable[StoredFile]) -> None:
    """Delete files whose message was refused: nothing points to them. Those of a form wait on."""
    for file in files:
        if not file.pending:
            remove(file.key)
