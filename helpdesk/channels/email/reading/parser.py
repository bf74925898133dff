"""Reads one raw mail. Whatever is wrong with it, the reader gets the most that can be read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from .addresses import Address, read_addresses
from .attachments import Attachment
from .automatic import read_signs
from .bodies import Body, read_body
from .bounces import Report, read_report
from .charsets import tidy
from .headers import Headers
from .html_text import new_html_to_text
from .inline_answers import has_answers
from .invites import Invite, read_invite
from .lists import is_listed, list_addresses, writer_of
from .mime import Part, read_tree
from .protection import Protection, read_protection
from .replies import new_words

MAX_BYTES = 40 * 1024 * 1024
MAX_REFERENCES = 200
MAX_RESULTS = 20
_SENDER_HEADERS = ("from", "reply-to", "sender", "return-path", "x-envelope-from", "envelope-from")
_PRINTED = (
    "from_email", "from_name", "to", "cc", "reply_to", "delivered_to", "subject", "text", "html",
    "reply_text", "attachments", "message_id", "in_reply_to", "references", "date", "received_at",
    "auto_submitted", "is_bounce", "report", "protection", "invite", "defects",
)  # fmt: skip
_PRINTED_OF_FILES = ("name", "mime", "size", "content_id", "inline")
_DELIVERED_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to")


class Unreadable(Exception):
    """There is nothing to read at all."""

    reason = "unreadable"  # what is said of it: see verdicts.REASONS


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One mail as people understand it. Times are UTC; `html` is as sent and must be cleaned
    before anybody sees it; `defects` names what was cut because it was beyond a limit."""

    from_email: str
    from_name: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    subject: str
    text: str
    html: str | None
    reply_text: str
    attachments: tuple[Attachment, ...]
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    date: datetime | None
    received_at: datetime | None
    auto_submitted: bool  # a machine wrote it
    report: Report | None = None
    protection: Protection | None = None
    invite: Invite | None = None
    defects: tuple[str, ...] = ()
    thread_index: str = ""  # Outlook's, as it came
    machine: str = ""  # '', 'answer', 'other': see automatic.read_signs
    quiet: bool = False  # its writer asks for no automatic answer
    listed: bool = False  # a mailing list passed it on
    lists: tuple[str, ...] = ()  # where one writes to these lists
    writer: Address | None = None  # who wrote it, when a list put itself into From
    passed_by: str = ""  # what stood in From, when that is our own list: see our_addresses
    original_from: str = ""  # X-Original-From, as lists write it: shown, never believed
    auth_results: tuple[str, ...] = ()  # as they stand, the newest first: see proof.proof_of

    @property
    def is_bounce(self) -> bool:
        """Whether the mail says that one of ours was not delivered, or not yet."""
        return self.report is not None and self.report.kind != "complaint"

    def facts(self) -> dict[str, Any]:
        """What the page shows above the words, only what there is: see components/mail.html."""
        found = {"protection": self.protection, "invite": self.invite}
        told = {name: asdict(each) for name, each in found.items() if each is not None}
        return told | ({"thread_index": self.thread_index} if self.thread_index else {})

    def as_json(self) -> dict[str, Any]:
        """The mail as `flask mail parse` prints it: plain values, attachments without bytes."""
        return {name: _as_json(getattr(self, name)) for name in _PRINTED}


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, Address):
        return value.email
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Attachment):
        return {name: getattr(value, name) for name in _PRINTED_OF_FILES}
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def parse(raw: bytes) -> ParsedMail:
    """Everything that can be read out of a raw mail.

    Raises Unreadable for an empty mail and for nothing else. A mail over MAX_BYTES is read up to
    there, parts over mime.MAX_PARTS or below mime.MAX_DEPTH are left out; `defects` says so.
    """
    if not raw.strip(b"\x00 \t\r\n"):
        raise Unreadable("empty")
    root, parts_left_out = read_tree(raw[:MAX_BYTES])
    limits = {"too large": len(raw) > MAX_BYTES, "too many parts": parts_left_out}
    return _assemble(root, read_body(root), tuple(name for name, hit in limits.items() if hit))


def _assemble(root: Part, body: Body, defects: tuple[str, ...]) -> ParsedMail:
    headers = root.headers
    sender = _sender(headers)
    report = read_report(root, body.text, sender)
    machine, quiet = read_signs(root, sender, report)
    return ParsedMail(
        from_email=sender.email if sender else "",
        from_name=sender.name if sender else "",
        to=_addresses(headers, "to"),
        cc=_addresses(headers, "cc"),
        reply_to=_addresses(headers, "reply-to"),
        delivered_to=_delivered_to(headers),
        subject=_one_line(headers.text("subject")),
        text=body.text,
        html=body.html,
        reply_text=_reply_text(body),
        attachments=body.attachments,
        message_id=_first_id(headers.plain("message-id")),
        in_reply_to=_first_id(headers.plain("in-reply-to")),
        thread_index="".join(headers.plain("thread-index").split())[:200],
        references=_ids(headers.plain("references")),
        date=_date(headers.plain("date")),
        received_at=_date(headers.plain("received").rpartition(";")[2]),
        auto_submitted=bool(machine),
        report=report,
        protection=read_protection(root, body.text),
        invite=read_invite(root),
        defects=defects,
        machine=machine,
        quiet=quiet,
        listed=is_listed(headers),
        lists=list_addresses(headers),
        writer=writer_of(headers, sender),
        original_from=next((a.email for a in _addresses(headers, "x-original-from")), ""),
        auth_results=tuple(
            each[:4000] for each in headers.all("authentication-results")[:MAX_RESULTS]
        ),
    )


def _reply_text(body: Body) -> str:
    """The new words; the whole text when some of them stand inside the quote."""
    if body.plain.strip() or body.html is None:
        words = new_words(body.plain or body.text)
    else:
        words = new_words(new_html_to_text(body.html)) or body.text
    return body.text if has_answers(words, body.text, body.html) else words


def _sender(headers: Headers) -> Address | None:
    """The first address in the header that names the sender best; others stand in for it."""
    for name in _SENDER_HEADERS:
        found = read_addresses(headers.raw(name), headers.charset)
        if found:
            return found[0]
    return None


def _addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    values = [value for key, value in headers.fields if key == name]
    return read_addresses(b", ".join(values), headers.charset)


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    found = (address.email for name in _DELIVERED_HEADERS for address in _addresses(headers, name))
    return tuple(dict.fromkeys(found))


def _one_line(text: str) -> str:
    return " ".join(tidy(text).replace("\n", " ").replace("\r", " ").split("\t")).strip()


def _ids(value: str) -> tuple[str, ...]:
    """Message-IDs without their brackets, each once, in their order, the last ones of many."""
    marked = [part.partition(">")[0] for part in value.split("<")[1:]]
    plain = marked or value.replace(",", " ").split()
    found = dict.fromkeys("".join(each.split()) for each in plain if each.strip())
    return tuple(found)[-MAX_REFERENCES:]


def _first_id(value: str) -> str:
    return next(iter(_ids(value)), "")


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value.strip())
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
