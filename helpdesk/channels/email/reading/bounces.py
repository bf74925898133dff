"""Reports about our own mail: not delivered, delayed, or called spam by its reader.

Order of trust: the machine-readable part (RFC 3464, RFC 5965), then the words that mail servers
use. A report belongs on the message that failed, so its Message-ID is looked for as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from .addresses import Address, read_addresses
from .bounce_failures import (
    MAX_FAILURES,
    TEXT_READ,
    Failure,
    from_status,
    from_words,
    tells_of_recipient,
)
from .charsets import decode
from .headers import Headers, read_headers
from .mime import Part
from .phrases import phrases

_SUBJECTS = phrases("bounces", "subjects")
_OPENINGS = phrases("bounces", "openings")
_COMPLAINTS = phrases("bounces", "complaints")
_STATUS_READ = 200_000  # bytes of a machine-readable report
_ROBOTS = ("mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon", "mailsystem")
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global")


@dataclass(frozen=True, slots=True)
class Report:
    """What came back: `kind` is 'failed', 'delayed', 'delivered' or 'complaint'."""

    kind: str
    failures: tuple[Failure, ...]
    original_id: str


def read_report(root: Part, text: str, sender: Address | None) -> Report | None:
    """The report that the mail is, None for every other mail. `text` is its visible text."""
    if _is_complaint(root):
        return Report("complaint", (), _original_id(root, text))
    groups = _status_groups(root)
    if not groups and not _is_report_in_words(root, text, sender):
        return None
    named = read_addresses(root.headers.raw("x-failed-recipients"))
    failures = from_status(groups, text) or from_words(named, text)
    return Report(_kind(failures, groups), failures, _original_id(root, text))


def has_null_sender(headers: Headers) -> bool:
    """`Return-Path: <>`: nobody wants an answer to this mail."""
    return any(value.strip() == "<>" for value in headers.all("return-path"))


def _is_complaint(root: Part) -> bool:
    if any(part.mime == "message/feedback-report" for part in root.walk()):
        return True
    return root.headers.text("subject").strip().lower().startswith(_COMPLAINTS)


def _status_groups(root: Part) -> list[Headers]:
    """The groups of fields of all delivery-status parts: one per recipient."""
    groups: list[Headers] = []
    for part in root.walk():
        if part.mime in ("message/delivery-status", "message/global-delivery-status"):
            groups += _groups(part.content()[:_STATUS_READ])
    return [group for group in groups if tells_of_recipient(group)]


def _groups(data: bytes) -> list[Headers]:
    groups: list[Headers] = []
    at = 0
    while at < len(data) and len(groups) < MAX_FAILURES:
        headers, following = read_headers(data, at, len(data))
        if headers.fields:
            groups.append(headers)
        # A line that is no field is stepped over whole: byte by byte would take for ever.
        at = following if headers.fields else _behind_line(data, max(following, at))
    return groups


def _behind_line(data: bytes, at: int) -> int:
    return data.find(b"\n", at) + 1 or len(data)


def _is_report_in_words(root: Part, text: str, sender: Address | None) -> bool:
    if root.mime == "multipart/report":
        return root.kind.get("report-type").lower() in ("", "delivery-status")
    headers = root.headers
    if headers.has("x-failed-recipients"):
        return True
    if not (has_null_sender(headers) or _is_robot(headers, sender)):
        return False
    subject = headers.text("subject").lower()
    opening = " ".join(text[:1_500].lower().split())
    return any(words in subject for words in _SUBJECTS) or any(
        words in opening for words in _OPENINGS
    )


def _is_robot(headers: Headers, sender: Address | None) -> bool:
    name = sender.email if sender else headers.plain("from")
    return name.strip(' <"').lower().startswith(_ROBOTS)


def _kind(failures: tuple[Failure, ...], groups: list[Headers]) -> str:
    actions = {group.plain("action").strip().lower() for group in groups}
    if actions and actions <= {"delivered", "relayed", "expanded"}:
        return "delivered"
    return "delayed" if failures and all(each.delayed for each in failures) else "failed"


def _original_id(root: Part, text: str) -> str:
    """The Message-ID of the returned mail: out of its own headers, or quoted in the words."""
    for part in root.walk():
        if part is not root and part.mime in _RETURNED:
            content = part.content()
            found = read_headers(content, 0, len(content))[0].raw("message-id")
            if found:
                return _bare_id(decode(found))
    for line in text[:TEXT_READ].split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip(" >").lower() == "message-id":
            return _bare_id(value)
    return ""


def _bare_id(value: str) -> str:
    return value.strip().strip("<>").strip()
