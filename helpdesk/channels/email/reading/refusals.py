"""Why a server refused a mail: by its words, the code of RFC 3463, the reply of RFC 5321; and when it
said so."""

from __future__ import annotations

from .phrases import REASONS, phrases

_EDGES = "()[]<>:;,.-#\"'"
# What a code alone says; the others need the server's words. The last code of a reason is the one
# that we note for it.
_BY_CODE = {
    "1.1": "unknown recipient",
    "1.10": "no mail",
    "4.4": "unknown domain",
    "1.2": "unknown domain",
    "1.6": "moved",
    "1.7": "spam or policy",
    "1.8": "spam or policy",
    "2.1": "suspended",
    "2.2": "mailbox full",
    "2.3": "too large",
    "3.4": "too large",
    "4.1": "no connection",
    "4.7": "no connection",
    "7.1": "spam or policy",
}
_TO_CODE = {reason: code for code, reason in _BY_CODE.items()}
_TO_CODE |= {"filtered": "2.0", "delayed": "4.7"}
_ADDRESS = ("unknown recipient", "unknown domain", "moved", "no mail")
_BEFORE_RECIPIENT = phrases("bounces", "before_recipient")
_AFTER_RECIPIENT = phrases("bounces", "after_recipient")
_PIPELINED = phrases("bounces", "pipelined")
# A code for these is given only by a server that knows.
_SURE = frozenset({"unknown recipient", "unknown domain", "mailbox full", "moved", "suspended"})


def reason_of(words: str, status: str) -> str:
    """Why the mail came back: by a code that leaves no doubt, the server's words, else the code;
    '' when none tells."""
    lowered = " ".join(words.lower().split())
    by_code = _BY_CODE.get(status.partition(".")[2], "")
    if by_code in _SURE and not _says_otherwise(by_code, lowered):
        return by_code
    by_words = (reason for reason, phrases in REASONS if any(p in lowered for p in phrases))
    return next(by_words, "") or by_code


def _says_otherwise(by_code: str, lowered: str) -> bool:
    """Some servers say 5.1.1 for everything; then their words must not speak of a full mailbox."""
    others = (phrases for reason, phrases in REASONS[:1] if reason != by_code)
    return any(phrase in lowered for phrases in others for phrase in phrases)


def code_for(reason: str, reply: str, delayed: bool) -> str:
    """The code that a server meant which told only words: its class from the reply, if any."""
    first = "4" if delayed or reply.startswith("4") else "5"
    return f"{first}.{_TO_CODE.get(reason, '0.0')}"


def status_in(text: str) -> str:
    """The most telling code like 5.1.1 in the words: the first one that is not just 5.0.0."""
    codes = [code for word in text.replace("#", " ").split() if (code := _as_status(word))]
    return next((code for code in codes if is_telling(code)), next(iter(codes), ""))


def is_telling(status: str) -> bool:
    """Whether the code says more than that something went wrong."""
    return bool(status) and not status.endswith(".0.0") and status != "5.5.1"


def is_sure(status: str) -> bool:
    """Whether the code is about the recipient's address itself, whenever it was said."""
    return status.startswith("5.1.") and _BY_CODE.get(status[2:], "spam or policy") in _ADDRESS


def reply_in(text: str) -> str:
    """The first reply code like 550, '' when there is none."""
    words = (part for word in text.split() for part in word.split("-"))
    bare = (word.strip(_EDGES + "=") for word in words)
    return next(
        (w for w in bare if len(w) == 3 and w.isascii() and w.isdigit() and w[0] in "45"), ""
    )


def stage_of(text: str) -> str:
    """When the server refused: 'sender' before it heard of the recipient, 'content' after it had
    taken the recipient, '' when nobody tells or the recipient itself was refused."""
    lowered = " ".join(text.lower().split())
    if any(words in lowered for words in _PIPELINED):
        return ""
    if any(words in lowered for words in _AFTER_RECIPIENT):
        return "content"
    return "sender" if any(words in lowered for words in _BEFORE_RECIPIENT) else ""


def _as_status(word: str) -> str:
    for bare in (word.strip(_EDGES), word[4:].strip(_EDGES)):  # 550-5.1.1 is two codes in one word
        numbers = bare.split(".")
        known = len(numbers) == 3 and numbers[0] in ("2", "4", "5")
        if known and all(n.isascii() and n.isdigit() and len(n) < 4 for n in numbers[1:]):
            return bare
    return ""
