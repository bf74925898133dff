"""Whether a person wrote the mail: automatic mail is filed but never answered automatically."""

from __future__ import annotations

from .addresses import Address
from .bounces import Report, has_null_sender
from .headers import Headers
from .mime import Part

_SUPPRESS = frozenset({"all", "autoreply", "oof", "dr", "rn", "nrn"})
_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_ANSWERING = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply")
_LOOP_HEADERS = (
    *_ANSWERING,
    "x-loop",
    "x-mailer-daemon",
    "x-failed-recipients",
    "x-amazon-ses-bounce",
    "feedback-id",
    "x-feedback-id",
)
_ROBOTS = ("noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster")


def is_automatic(root: Part, sender: Address | None, report: Report | None) -> bool:
    """True when any sign of RFC 3834 or of common practice says that a machine sent the mail."""
    headers = root.headers
    return (
        report is not None
        or _says_automatic(headers)
        or has_null_sender(headers)
        or any(name.startswith("list-") or name in _LOOP_HEADERS for name in headers.names())
        or root.mime == "multipart/report"
        or is_robot(sender)
    )


def kind_of(root: Part, automatic: bool) -> str:
    """What kind of machine: 'answer' (out of office), 'bulk' (lists, newsletters), 'other'; '' for
    a person."""
    headers = root.headers
    said = headers.plain("auto-submitted").strip().lower()
    precedence = headers.plain("precedence").strip().lower()
    if not automatic:
        return ""
    if said.startswith("auto-replied") or precedence in ("auto_reply", "auto-reply"):
        return "answer"
    if any(headers.has(name) for name in _ANSWERING):
        return "answer"
    listed = any(name.startswith("list-") or "feedback-id" in name for name in headers.names())
    return "bulk" if listed or precedence in _BULK else "other"


def is_robot(sender: Address | None) -> bool:
    """Whether the address belongs to a program by its name: noreply, mailer-daemon."""
    return sender is not None and sender.email.lower().startswith(_ROBOTS)


def _says_automatic(headers: Headers) -> bool:
    said = headers.plain("auto-submitted").partition(";")[0].strip().lower()
    suppress = headers.plain("x-auto-response-suppress").lower().replace(",", " ").split()
    return (
        said not in ("", "no")
        or any(word in _SUPPRESS for word in suppress)
        or headers.plain("precedence").strip().lower() in _BULK
    )
