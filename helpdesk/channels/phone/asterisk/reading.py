"""How names, numbers and times are written in what Asterisk says; its words -> ours. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from helpdesk.calls.words import DIALLED, Happening
from helpdesk.channels.phone.asterisk.ami import Message

DIALLING = "hd-call-"  # channels that we asked for are named by us
SPYING = "hd-spy-"
NUMBERED = re.compile(r"-[0-9a-f]{8}(;[12])?\Z")  # one of a line's channels
CAUSES = {
    "17": "busy",
    "21": "declined",
    "18": "no answer",
    "3": "unavailable",
    "20": "unavailable",
}
RANG_OUT = "no answer"
UNREACHED = {
    "BUSY": "busy",
    "NOANSWER": RANG_OUT,
    "CANCEL": "cancelled",
    "CONGESTION": "unavailable",
    "CHANUNAVAIL": "unavailable",
}
LEFT_BY = {  # QUEUESTATUS -> why the stay ended unanswered
    "TIMEOUT": "timeout",
    "JOINEMPTY": "empty",
    "LEAVEEMPTY": "empty",
    "JOINUNAVAIL": "empty",
    "LEAVEUNAVAIL": "empty",
    "FULL": "empty",
    "CLOSED": "closed",  # said by a dialplan that asked for advice
}
TURNED_AWAY = ("JOINEMPTY", "JOINUNAVAIL", "FULL", "CLOSED")  # such a caller never was in the queue
PHONES = {
    "1": "free",
    "2": "busy",
    "3": "busy",
    "5": "unavailable",
    "6": "ringing",
    "7": "ringing",
    "8": "hold",
}
RANK = {word: place for place, word in enumerate(Happening)}


def line_of(name: str) -> str:
    """The extension in a channel's or a member's name: PJSIP/1001-0000001f, Local/1001@queue/n."""
    kind, _slash, rest = name.partition("/")
    if not (kind.isascii() and kind.isalnum()):
        return ""
    line, at, _context = rest.partition("@")
    return line if at else NUMBERED.sub("", line)


def moment(message: Message, otherwise: datetime) -> datetime:
    """When it happened, to the microsecond; needs `timestampevents = yes`."""
    seconds, _dot, fraction = message.get("Timestamp", "").partition(".")
    if not seconds.isdecimal():
        return otherwise
    whole = datetime.fromtimestamp(int(seconds), UTC)
    return whole + timedelta(microseconds=int(f"{fraction:0<6}"[:6] or 0))


def numbered(event: str, *names: str) -> int:
    """The number of an event that these names tell from all others of its call; of two at the same
    moment the one that comes first in a call has the smaller one."""
    digest = blake2b("\0".join((*names, event)).encode(), digest_size=6).digest()
    return (RANK[Happening(event)] << 48) | int.from_bytes(digest, "big")


def shown(number: str) -> str:
    """The number of a party, "" where none is shown."""
    plain = re.sub(r"[ ()./-]", "", number)
    return plain if DIALLED.fullmatch(plain) else ""
