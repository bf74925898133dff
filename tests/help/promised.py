"""A promise and a policy by hand, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from helpdesk.clock import default_calendars
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot

NINE = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)


def snapshot(**more: Any) -> Snapshot:
    """What is set: the calendars that come along, and whatever else is given."""
    calendars = {each.code: each for each in default_calendars()}
    empty: dict[str, Any] = {"categories": {}, "departments": {}, "policy": (), "chains": {}}
    return Snapshot(**(empty | {"policy_version": 1, "calendars": calendars} | more))


def promise(name: str = "resolve", **more: Any) -> Promise:
    """A running promise of eight hours by the clock, from nine to five."""
    usual: dict[str, Any] = {
        "id": 1,
        "subject_kind": "ticket",
        "subject_id": 1,
        "cycle": 1,
        "part": 1,
        "position": 0,
        "state": "running",
        "verdict": "",
        "owner": "desk",
        "limit": "8 h",
        "chain": "standard",
        "calendar": "cn-office",
        "calendar_version": 0,
        "policy_version": 1,
        "profile": "",
        "bound": "",
        "owner_name": "",
        "started_at": NINE,
        "due_at": NINE + 8 * HOUR,
        "level": 0,
        "pauses": [],
    }
    return Promise(promise=name, **(usual | more))


def pause(begin: datetime, end: datetime) -> list[str]:
    """One time on hold as a row keeps it."""
    return [begin.isoformat(), end.isoformat()]
