"""Whom a report is about, and why each of them did not get the mail.

The Status field is often general (5.0.0) or invented by the reporting server; what the refusing
server said counts more. A refusal of the sender, or of the content after the recipient was taken,
says nothing against the address.
"""

from __future__ import annotations

from dataclasses import dataclass

from .addresses import Address, read_addresses
from .headers import Headers
from .phrases import phrases
from .refusals import code_for, is_sure, is_telling, reason_of, reply_in, stage_of, status_in

MAX_FAILURES = 100
TEXT_READ = 20_000  # characters of a report in words that are looked at
_DEAD = frozenset({"unknown recipient", "unknown domain", "moved", "no mail"})
_COPY_FOLLOWS = phrases("bounces", "copy_follows")
_COPIED_HEADERS = ("received:", "return-path:", "dkim-signature:", "message-id:", "x-originating")
_ADDRESS_EDGES = "<>()[]{}:;,.\"'*|"
_FIELDS = ("final-recipient", "original-recipient", "action", "status", "diagnostic-code")
_SERVERS_LINES = 4  # lines that one sentence of a server is broken into at most


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient of a report. `status` is the code of RFC 3463; `told` is False when the
    server gave only words and the code is what they mean. `delayed` means that the server still
    tries; `dead` that the address will never work; `diagnostic` is what the server said."""

    recipient: str
    status: str
    reason: str
    delayed: bool
    dead: bool
    diagnostic: str
    told: bool = True


def from_status(groups: list[Headers], text: str) -> tuple[Failure, ...]:
    """The failures of a machine-readable report; `text` is what it says to people."""
    return tuple(_failure(group, own_words(text)) for group in groups[:MAX_FAILURES])


def from_words(named: tuple[Address, ...], text: str) -> tuple[Failure, ...]:
    """The failures that a report in words tells of; `named` are the recipients in its header."""
    words = own_words(text)
    sections = _sections(words, {address.email.lower() for address in named})
    if sections:
        return tuple(_from_section(email, part, words) for email, part in sections[:MAX_FAILURES])
    found = named or _addresses_in(words)
    return (_from_section(found[0].email if found else "", words, words),)


def own_words(text: str) -> str:
    """The report without the copy of our mail below it."""
    lines = text[:TEXT_READ].split("\n")
    stop = next((at for at, line in enumerate(lines) if at and _copy_begins(line)), len(lines))
    return "\n".join(lines[:stop])


def _copy_begins(line: str) -> bool:
    lowered = " ".join(line.lower().split())
    return lowered.startswith(_COPIED_HEADERS) or any(mark in lowered for mark in _COPY_FOLLOWS)


def _failure(group: Headers, words: str) -> Failure:
    named = group.raw("final-recipient") or group.raw("original-recipient")
    found = read_addresses(named.rpartition(b";")[2])
    said = group.text("diagnostic-code").partition(";")[2].strip() or group.text("diagnostic-code")
    field = (group.plain("status").split() or [""])[0]
    inner = status_in(said)
    status = inner if is_telling(inner) else field or inner
    if not is_telling(status):
        status = _section_status(words, found) or status
    action = group.plain("action").strip().lower()
    delayed = action == "delayed" or (action != "failed" and status.startswith("4."))
    return _judged(found[0].email if found else "", status, said, words, delayed)


def _section_status(words: str, found: tuple[Address, ...]) -> str:
    """The code in the sentence about this recipient, when the fields tell none of use."""
    about = dict(_sections(words, {each.email.lower() for each in found}))
    code = status_in(about.get(found[0].email.lower(), "")) if found else ""
    return code if is_telling(code) else ""


def _from_section(recipient: str, part: str, whole: str) -> Failure:
    """One failure out of the server's words; when its own part is silent, the whole speaks."""
    is_silent = not (status_in(part) or reply_in(part) or reason_of(part, ""))
    words = whole if is_silent else part
    status = status_in(words)
    said = _said_by_server(words, status)
    failure = _judged(recipient, status, said, words, status.startswith("4."))
    if failure.reason != "delayed" or failure.delayed:
        return failure
    return _judged(recipient, status, said, words, delayed=True)


def _judged(recipient: str, status: str, said: str, words: str, delayed: bool) -> Failure:
    reason = reason_of(said, status) or reason_of(words, status) or "other"
    stage = stage_of(f"{said}\n{words}")
    if reason in _DEAD and stage and not is_sure(status):
        reason = "filtered" if stage == "content" else "spam or policy"
    code = status or code_for(reason, reply_in(said) or reply_in(words), delayed)
    dead = reason in _DEAD and not code.startswith("4")
    return Failure(recipient, code, reason, delayed, dead, said, told=bool(status))


def _sections(words: str, wanted: set[str]) -> list[tuple[str, str]]:
    """The words by recipient: from each line that begins with one to the next such line."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in words.split("\n"):
        email = _named_by(line, wanted)
        if email:
            current = found.setdefault(email, [])
        if current is not None:
            current.append(line)
    return [(email, "\n".join(lines)) for email, lines in found.items()]


def _named_by(line: str, wanted: set[str]) -> str:
    """The address with which a line begins, '' when it begins otherwise."""
    words = line.split(maxsplit=1)
    if words and words[0] in (">>>", "Recipient:", "-", "*"):
        words = words[1].split(maxsplit=1) if len(words) > 1 else []
    email = words[0].strip(_ADDRESS_EDGES).lower() if words else ""
    local, at, domain = email.partition("@")
    is_address = bool(local and at and domain and "@" not in domain and "=" not in domain)
    return email if is_address and (not wanted or email in wanted) else ""


def _said_by_server(text: str, status: str) -> str:
    """The sentence in which the refusing server speaks: from the line with a code like 5.1.1 or
    550 to the end of its paragraph."""
    lines = text.split("\n")
    at = next(
        (at for at, line in enumerate(lines) if (status and status in line) or reply_in(line)), None
    )
    if at is None:
        return ""
    rest = [line.strip() for line in lines[at : at + _SERVERS_LINES]]
    stop = next((n for n, line in enumerate(rest) if n and _is_new_sentence(line)), len(rest))
    return " ".join(rest[:stop])


def _is_new_sentence(line: str) -> bool:
    marked = line.startswith(("-", "<", ">", "*", "...", "Giving up", "I'm not"))
    return not line or marked or bool(reply_in(line[:12]))


def _addresses_in(text: str) -> tuple[Address, ...]:
    word = next((word for word in text.split() if "@" in word[1:-1]), "")
    return read_addresses(word.strip("<>()[]:;,.\"'").encode())


def tells_of_recipient(group: Headers) -> bool:
    """Whether a group of fields is about one recipient, not about the whole report."""
    return any(group.has(name) for name in _FIELDS[:4])
