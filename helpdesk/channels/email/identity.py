"""When two raw mails are the same mail: what the sender wrote, without the marks of transport.

A Message-ID alone is no identity: some mails have none, and some senders use one for many.
"""

from __future__ import annotations

import hashlib

_TRACE = (
    b"received",
    b"x-received",
    b"return-path",
    b"delivered-to",
    b"x-delivered-to",
    b"x-original-to",
    b"envelope-to",
    b"x-envelope-",
    b"delivery-date",
    b"authentication-results",
    b"arc-",
    b"x-spam",
    b"x-virus",
    b"x-uid",
    b"x-keywords",
    b"x-mozilla-",
    b"status",
    b"x-status",
    b"content-length",
)
_HEAD = 1 << 20  # bytes in which the header block is looked for


def identity(raw: bytes) -> str:
    """SHA-256 of the mail without trace headers and without the line ends of its way here."""
    text = raw.replace(b"\r\n", b"\n")
    head, blank, body = text[:_HEAD].partition(b"\n\n")
    digest = hashlib.sha256()
    if blank:
        digest.update(b"\n".join(_lasting(head.split(b"\n"))))
        digest.update(blank)
        digest.update(
            body.rstrip(b"\n") if len(text) <= _HEAD else body + text[_HEAD:].rstrip(b"\n")
        )
    else:
        digest.update(text.rstrip(b"\n"))
    return digest.hexdigest()


def _lasting(lines: list[bytes]) -> list[bytes]:
    """The header lines that stay the same on every way."""
    kept, skipping = [], False
    for place, line in enumerate(lines):
        if not line.startswith((b" ", b"\t")):
            envelope = place == 0 and line.startswith(b"From ")
            skipping = envelope or line.lower().startswith(_TRACE)
        if not skipping:
            kept.append(line)
    return kept
