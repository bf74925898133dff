"""Two questions that are not one: did a machine write the mail, and may we answer it by ourselves?

A person's mail may ask for no automatic answer (Outlook sets X-Auto-Response-Suppress, lists set
Precedence, Microsoft marks what a rule passed on): then there is no receipt, and nothing else is
different. What a machine wrote is filed: it reopens nothing and wakes nothing.
"""

from __future__ import annotations

from .addresses import Address, read_addresses
from .bounces import Report, has_null_sender
from .headers import Headers
from .lists import is_listed
from .mime import Part
from .phrases import phrases

_BULK = frozenset({"bulk", "list", "junk"})
_ANSWER = frozenset({"auto_reply", "auto-reply", "autoreply"})
_ANSWERING = (
    "x-autoreply",
    "x-autoreply-from",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-auto-response",
    "x-mail-autoreply",
)
_FAILING = ("x-loop", "x-mailer-daemon", "x-failed-recipients", "x-amazon-ses-bounce")
_NOT_SO = frozenset({"", "no", "false", "0", "none", "off", "never"})
# What stays of the mark 'auto-generated' when a rule of Microsoft's or a forwarding passed on what
# a person wrote; an absence note from there carries them too, but says so in its subject.
_PASSED_ON = (
    "x-ms-exchange-generated-message-source",
    "x-ms-exchange-inbox-rules-loop",
    "x-ms-exchange-forwardingloop",
    "resent-from",
    "x-forwarded-to",
)
_ABSENT = phrases("answers", "absent")
_DAEMONS = ("mailer-daemon", "postmaster")
_ROBOTS = (*_DAEMONS, "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply")


def read_signs(root: Part, sender: Address | None, report: Report | None) -> tuple[str, bool]:
    """What kind of machine wrote the mail: 'answer' (out of office), 'other', '' for a person; and
    whether its writer asks for no automatic answer. By all that RFC 3834 and common practice tell."""
    headers = root.headers
    asks = _asks_for_quiet(headers)
    if report is not None or root.mime == "multipart/report":
        return "other", asks
    if _is_answer(headers, asks):
        return "answer", asks
    return "other" if _is_machine(headers, sender) else "", asks


def is_robot(sender: Address | None) -> bool:
    """Whether the address belongs to a program by its name: noreply, mailer-daemon."""
    return sender is not None and sender.email.lower().startswith(_ROBOTS)


def _asks_for_quiet(headers: Headers) -> bool:
    suppress = headers.plain("x-auto-response-suppress").strip().lower()
    return (
        suppress not in ("", "none")
        or _submitted(headers) not in ("", "no")
        or (_precedence(headers) in _BULK and not is_listed(headers))  # else the list says it
        or any(_is_commercial(value) for value in headers.all("feedback-id"))
    )


def _is_commercial(feedback_id: str) -> bool:
    """Who sends for many marks each mail so; one provider of mailboxes does it to people's, too."""
    return not feedback_id.strip().lower().endswith(":fastmail")


def _submitted(headers: Headers) -> str:
    return headers.plain("auto-submitted").partition(";")[0].strip().lower()


def _precedence(headers: Headers) -> str:
    return headers.plain("precedence").strip().lower()


def _is_answer(headers: Headers, asks: bool) -> bool:
    """An answer that a program gave for somebody who is away."""
    if _submitted(headers).startswith("auto-replied") or _precedence(headers) in _ANSWER:
        return True
    if any(_says_so(headers, name) for name in _ANSWERING):
        return True
    marked = asks or has_null_sender(headers) or _precedence(headers) in _BULK
    return marked and _has_absent_subject(headers)


def _has_absent_subject(headers: Headers) -> bool:
    subject = " ".join(headers.text("subject")[:200].lower().split())
    return subject.lstrip("[(【").startswith(_ABSENT)


def _says_so(headers: Headers, name: str) -> bool:
    """Whether the header is there with a value that means yes."""
    values = (value.partition(";")[0].strip().lower() for value in headers.all(name))
    return any(value not in _NOT_SO for value in values)


def _is_machine(headers: Headers, sender: Address | None) -> bool:
    submitted = _submitted(headers)
    passed_on = submitted == "auto-generated" and any(headers.has(name) for name in _PASSED_ON)
    return (
        (submitted not in ("", "no") and not passed_on)
        or has_null_sender(headers)
        or any(_says_so(headers, name) for name in _FAILING)
        or (headers.has("x-mlserver") and not headers.has("x-mail-count"))  # its own words, no post
        or (is_robot(sender) and not _writes_for_somebody(headers, sender))
    )


def _writes_for_somebody(headers: Headers, sender: Address | None) -> bool:
    """A form on a website writes from noreply@ and names the person who filled it in."""
    if sender is None or sender.email.lower().startswith(_DAEMONS):
        return False
    told = read_addresses(headers.raw("reply-to"), headers.charset)[:1]
    return any(not is_robot(each) and each.email.lower() != sender.email.lower() for each in told)
