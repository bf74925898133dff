"""One event of a call as the program takes it, and the checks that each value passes.

Whatever hands events in (the API, a provider's hook, the connector) goes through read_events(): nothing
with a line break, an unknown word, a time that is still to come or a stranger's agent comes further.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from helpdesk.calls.agents import Agents
from helpdesk.calls.words import DIALLED, DIRECTIONS, Happening
from helpdesk.clock import now, read_moment, within_reach
from helpdesk.core.errors import FILL, PICK, BadInput, refuse
from helpdesk.core.i18n import N_
from helpdesk.customers.phones import NO_NUMBER, read_phone
from helpdesk.settings import settings
from helpdesk.words import SCORES

AHEAD = timedelta(seconds=10)  # another machine's clock may be so much before ours
MOST_SEQ = 2**53
MOST_TEXT = 200
CODE = re.compile(r"[\w][\w.-]{0,59}")
SPOOL = "spool:"
IN_FOLDER = re.compile(r"[\w+][\w+.-]*(?:/[\w+][\w+.-]*)*")  # no part begins with a dot
NOBODY = frozenset(
    [
        "anonymous",
        "unknown",
        "<unknown>",
        "private",
        "restricted",
        "withheld",
        "unavailable",
        "blocked",
    ]
)
MORE = ("direction", "choice", "language", "reason", "status", "ticket", "score", "recording_url")
NEEDED: dict[str, tuple[str, ...]] = {  # beside what every event has
    Happening.RINGING: ("from", "to"),
    Happening.QUEUED: ("queue",),
    Happening.RECORDED: ("recording_url",),
    Happening.SURVEYED: ("score",),
    Happening.AGENT: ("agent",),
}
MAY_BE_EMPTY = frozenset({"from", "to"})  # but not left out: nobody is anonymous by mistake
ODD_CODE = N_("Please send letters, digits, dots and dashes, 60 at most.")
ONE_LINE = N_("Please send one line without control characters.")
NO_AGENT = N_("There is no such agent.")
FUTURE = N_("This time lies in the future.")


@dataclass(frozen=True)
class NewEvent:
    """An event that was checked: numbers as they are compared, the agent's id, times in UTC."""

    provider: str
    call_id: str
    seq: int
    event: str
    at: datetime
    caller: str = ""
    called: str = ""
    queue: str = ""
    agent_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


def read_events(given: Sequence[Mapping[str, Any]]) -> list[NewEvent]:
    """The events, each as the contract names its fields. Raises BadInput naming every field that does
    not fit, with its place in a list of several ("3.agent")."""
    agents = Agents(given)
    found: list[NewEvent] = []
    errors: dict[str, str] = {}
    for place, each in enumerate(given):
        try:
            found.append(_read(each, agents))
        except BadInput as wrong:
            before = f"{place}." if len(given) > 1 else ""
            errors |= {f"{before}{name}": said for name, said in wrong.errors.items()}
    refuse(errors)
    return found


def _read(given: Mapping[str, Any], agents: Agents) -> NewEvent:
    errors = dict.fromkeys(_lacking(given), FILL)
    errors |= {name: ONE_LINE for name, value in given.items() if not is_one_line(value)}
    refuse(errors)
    read = _through(READERS, given, errors)
    agent, target = (agents.of(given.get(name)) for name in ("agent", "target"))
    errors |= {name: NO_AGENT for name, one in (("agent", agent), ("target", target)) if one == 0}
    refuse(errors)
    if read["event"] == Happening.TRANSFERRED and target is None:
        target = agents.of_line(given.get("to"))
    more = {name: read.get(name, given.get(name)) for name in MORE} | {"target": target}
    more["hidden"] = True if "from" in given and not read["from"] else None
    return NewEvent(
        provider=read["provider"],
        call_id=read["call_id"],
        seq=read["seq"],
        event=read["event"],
        at=read["at"],
        caller=read["from"],
        called=read["to"],
        queue=read["queue"],
        agent_id=agent,
        data={name: value for name, value in more.items() if value not in (None, "")},
    )


def _through(
    readers: Mapping[str, Callable[[Any], Any]], given: Mapping[str, Any], errors: dict[str, str]
) -> dict[str, Any]:
    """What each reader makes of its value; what does not fit is noted by name."""
    read: dict[str, Any] = {}
    for name, reader in readers.items():
        try:
            read[name] = reader(given.get(name))
        except BadInput as wrong:
            errors[name] = wrong.text
    return read


def read_asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Queue, number, topic and language of a caller about whom a telephone system asks. Raises
    BadInput naming every one that does not fit."""
    errors = {name: ONE_LINE for name, value in given.items() if not is_one_line(value)}
    refuse(errors)
    read = _through(ASKED, given, errors)
    refuse(errors)
    return read


def _lacking(given: Mapping[str, Any]) -> list[str]:
    event = str(given.get("event"))
    wanted = ["provider", "seq", "event", "at", *NEEDED.get(event, ())]
    if event != Happening.AGENT:
        wanted.append("call_id")
    return [
        name
        for name in wanted
        if name not in given or (name not in MAY_BE_EMPTY and given[name] in (None, ""))
    ]


def is_one_line(value: object) -> bool:
    """Whether a value can't end a line somewhere, for whatever reads lines: header, log, dialplan."""
    if not isinstance(value, str):
        return True
    odd = ("Cc", "Zl", "Zp")
    return len(value) <= 2000 and not any(unicodedata.category(c) in odd for c in value)


def _text(value: Any) -> str:
    found = str(value or "").strip()
    if len(found) > MOST_TEXT:
        raise BadInput(N_("This is too long: 200 characters at most."))
    return found


def _code(value: Any) -> str:
    """What names a provider or a queue."""
    found = _text(value)
    if found and not CODE.fullmatch(found):
        raise BadInput(ODD_CODE)
    return found


def _seq(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SEQ:
        raise BadInput(N_("Please send a whole number that is not too large."))
    return value


def _event(value: Any) -> str:
    if value not in tuple(Happening):
        raise BadInput(PICK)
    return str(value)


def _at(value: Any) -> datetime:
    try:
        at = value if isinstance(value, datetime) else read_moment(str(value).replace(" ", "+"))
        at = at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(
            N_("Please send a time with its zone, like 2026-03-05T09:30:00+08:00.")
        ) from None
    if at > now() + AHEAD:
        raise BadInput(FUTURE)
    if not within_reach(at):
        raise BadInput(N_("This date is too far away: please give one between 1970 and 2100."))
    return at


def number(value: Any) -> str:
    """The number to compare and to dial: E.164 where it can be one, an extension's digits, "" for a
    caller who does not show it. Raises BadInput for what is no number."""
    written = _text(value)
    if not written or written.casefold() in NOBODY:
        return ""
    try:
        phone = read_phone(written)
    except BadInput:
        digits = re.sub(r"[ ()./-]", "", written)
        if not DIALLED.fullmatch(digits):
            raise BadInput(NO_NUMBER) from None
        return digits
    return phone.number


def recording_url(value: Any) -> str:
    """An address to fetch a recording from: on a host that was allowed for it, or `spool:` with a path
    below the folder of an exchange on this machine. Raises BadInput."""
    written = str(value or "")
    if not written:
        return ""
    if written.startswith(SPOOL):
        if not settings().recording_folder or not IN_FOLDER.fullmatch(written, len(SPOOL)):
            raise BadInput(NO_URL)
        return written
    try:
        parts = urlsplit(written)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(NO_URL) from None
    where = f"{host}:{port}" if port else host
    if parts.scheme not in ("http", "https") or parts.username or parts.password:
        raise BadInput(NO_URL)
    if where not in settings().recording_hosts or re.search(r"[\s\\]", written):
        raise BadInput(NO_URL)
    return written


NO_URL = N_(
    "Recordings are fetched only over http(s) from the hosts that HELPDESK_RECORDING_HOSTS names."
)


def _score(value: Any) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, bool) or value not in SCORES:
        raise BadInput(N_("Please pick a score from 1 to 5."))
    return int(value)


def _direction(value: Any) -> str:
    if value and value not in DIRECTIONS:
        raise BadInput(PICK)
    return str(value or "")


READERS: dict[str, Callable[[Any], Any]] = {
    "provider": _code,
    "call_id": _text,
    "seq": _seq,
    "event": _event,
    "at": _at,
    "from": number,
    "to": number,
    "queue": _code,
    "direction": _direction,
    "choice": _text,
    "language": _code,
    "reason": _text,
    "status": _text,
    "ticket": _text,
    "score": _score,
    "recording_url": recording_url,
}
ASKED = {"queue": _code, "number": number, "topic": _text, "language": _code}
