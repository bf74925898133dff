"""Invitations to meetings inside a mail (RFC 5545, RFC 6047): what, when, where, who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .charsets import decode, tidy
from .mime import Part

MAX_BYTES = 200_000  # a longer calendar is an export, not an invitation
_LONGEST = 300  # characters of one field
_BROKEN = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Invite:
    """One meeting. `method` is REQUEST, CANCEL, REPLY ...; `begins` and `ends` are ISO 8601, a
    date alone for a whole day, with the zone's offset when one is told; '' where nothing is."""

    method: str
    title: str
    begins: str
    ends: str
    place: str
    organiser: str


def read_invite(root: Part) -> Invite | None:
    """The first meeting in the mail's calendar parts, None when there is none to be read."""
    for part in root.walk():
        named = part.disposition.get("filename") or part.kind.get("name")
        if part.mime in ("text/calendar", "application/ics") or named.lower().endswith(".ics"):
            return _read(part)
    return None


def _read(part: Part) -> Invite | None:
    content = part.content()
    if len(content) > MAX_BYTES:
        return None
    from icalendar import Calendar  # few mails invite, and a large one's reader starts each time

    try:
        calendar = Calendar.from_ical(decode(content, part.kind.get("charset") or "utf-8"))
        return _first_event(calendar, part.kind.get("method"))
    except _BROKEN:
        return None


def _first_event(calendar: Any, method: str) -> Invite | None:
    event = next(iter(calendar.walk("VEVENT")), None)
    if event is None:
        return None
    return Invite(
        method=_text(calendar.get("METHOD") or method or "PUBLISH").upper(),
        title=_text(event.get("SUMMARY")),
        begins=_moment(event.get("DTSTART")),
        ends=_moment(event.get("DTEND")),
        place=_text(event.get("LOCATION")),
        organiser=_person(event.get("ORGANIZER")),
    )


def _text(value: Any) -> str:
    return " ".join(tidy(str(value or "")).split())[:_LONGEST]


def _moment(value: Any) -> str:
    moment = getattr(value, "dt", None)
    return moment.isoformat() if isinstance(moment, (date, datetime)) else ""


def _person(value: Any) -> str:
    """`Name <address>`, as far as the two are told."""
    address = _text(value)
    address = address[7:] if address.lower().startswith("mailto:") else address
    name = _text(getattr(value, "params", {}).get("CN"))
    return f"{name} <{address}>" if name and name != address else address
