"""The files of a form: only types that we know, within limits, all or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Protocol

from helpdesk.core.errors import BadInput, TooLarge
from helpdesk.files.kinds import KINDS, Kind, extension_of, kind_of
from helpdesk.files.names import tidy_name
from helpdesk.files.store import Beyond, Place, StoredFile, keep, opened, place, remove


class Upload(Protocol):
    """A file of a form, as Werkzeug gives it."""

    filename: str | None
    stream: IO[bytes]


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


def store_upload(upload: Upload, settings: Place | None = None) -> StoredFile:
    """Keep one file of a form. Raises BadInput or TooLarge, with a sentence that names it."""
    name, most = tidy_name(upload.filename or ""), place(settings).max_file_bytes
    head, chunks = opened(upload.stream)
    kind = _require_accepted(name, head)
    try:
        key, digest, size = keep(chunks, settings, most)
    except Beyond:
        raise TooLarge(
            "%(name)s is too large: %(most)s MB at most. Please send a smaller one.",
            name=name,
            most=f"{most / 2**20:g}",
        ) from None
    return StoredFile(key, digest, size, kind.mime, name)


def store_uploads(
    uploads: Iterable[Upload], settings: Place | None = None
) -> tuple[StoredFile, ...]:
    """Keep the files of a form; fields left empty are passed over.

    Raises BadInput for a type that we don't take or too many files, TooLarge for too many bytes,
    with a sentence that names the file; then none is kept. If the form is refused later on,
    `discard` them.
    """
    given = [upload for upload in uploads if upload.filename]
    most = place(settings).max_files
    if len(given) > most:
        raise BadInput(
            "These are too many files: %(most)s at most. Please send the others after these.",
            code="too_many_files",
            most=most,
        )
    kept: list[StoredFile] = []
    try:
        for upload in given:
            kept.append(store_upload(upload, settings))
    except BaseException:
        discard(kept, settings)
        raise
    return tuple(kept)


def discard(files: Iterable[StoredFile], settings: Place | None = None) -> None:
    """Delete files whose message was refused: nothing points to them. Those of a form wait on."""
    for file in files:
        if not file.pending:
            remove(file.key, settings)
