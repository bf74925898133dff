"""The numbers in a refusal: the code of RFC 3463, the reply of RFC 5321, and when it was said."""

from __future__ import annotations

_EDGES = "()[]<>:;,.-#\"'"
# What a code alone says; the others need the server's words.
_BY_CODE = {
    "1.1": "unknown recipient",
    "1.10": "no mail",
    "1.2": "unknown domain",
    "1.6": "moved",
    "1.7": "spam or policy",
    "1.8": "spam or policy",
    "2.1": "suspended",
    "2.2": "mailbox full",
    "2.3": "too large",
    "3.4": "too large",
    "4.1": "no connection",
    "4.4": "unknown domain",
    "4.7": "no connection",
    "7.1": "spam or policy",
}
_ADDRESS = ("unknown recipient", "unknown domain", "moved", "no mail")
_TO_CODE = {
    "unknown recipient": "1.1",
    "unknown domain": "1.2",
    "moved": "1.6",
    "no mail": "1.10",
    "suspended": "2.1",
    "mailbox full": "2.2",
    "filtered": "2.0",
    "too large": "3.4",
    "no connection": "4.7",
    "delayed": "4.7",
    "spam or policy": "7.1",
}
_BEFORE_RECIPIENT = (
    "after mail from", "reply to mail from", ">>> mail from", "our mail from", "after ehlo",
    "after helo", "reply to helo", "reply to ehlo", "my name was rejected", "does not like sender",
    "after initial connection", "sender address rejected", "sender rejected", "bad sender",
)  # fmt: skip
_AFTER_RECIPIENT = (
    "end of data", "end-of-data", "after data", "reply to data", ">>> data", "our data",
    "failed after i sent the message", "after sending the message",
)  # fmt: skip
# The reply to the recipient came while DATA was on its way already (RFC 2920).
_PIPELINED = ("no valid recipient", "need rcpt")


def reason_by_code(status: str) -> str:
    """What the code means when no words explain it, '' when it is too general."""
    return _BY_CODE.get(status.partition(".")[2], "")


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
    return next((word for word in bare if _is_reply(word)), "")


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


def _is_reply(word: str) -> bool:
    return len(word) == 3 and word.isascii() and word.isdigit() and word[0] in "45"
