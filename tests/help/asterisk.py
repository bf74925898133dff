"""What a real Asterisk 22 said in nineteen situations, and short words for what we make of it.

situations.jsonl was recorded over AMI; fields that nobody reads were left out. Channels that the program
dialled bear the names that it gives them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from helpdesk.channels.phone.asterisk.tracking import Tracker
from helpdesk.channels.phone.asterisk.translating import hear

Message = dict[str, str]
RECORDED = Path(__file__).parents[1] / "channels" / "phone" / "situations.jsonl"
LINES = frozenset({"1001", "1002", "1003", "1004"})
LATER = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _all() -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for line in RECORDED.read_text(encoding="utf8").splitlines():
        message = json.loads(line)
        if "situation" in message:
            name = message["situation"]
            found[name] = []
        else:
            found[name].append(message)
    return found


def situation(name: str) -> list[Message]:
    """The messages of the situation whose name begins so."""
    return next(messages for title, messages in _all().items() if title.startswith(name))


def every_situation() -> dict[str, list[Message]]:
    """All of them."""
    return _all()


def tracker(**more: Any) -> Tracker:
    """One that knows the agents of the recordings."""
    found = Tracker("asterisk", "from-agents", LINES, "http://pbx.test/recordings")
    found.expected = {"hd-call-42": {"to": "+4420555010", "ticket": "T-42"}}
    found.expected["hd-call-43"] = {"to": "+4420555010"}
    vars(found).update(more)
    return found


def told(messages: Iterable[Message], by: Tracker | None = None) -> list[dict[str, Any]]:
    """What is made of these, and of the silence after them."""
    by = by or tracker()
    said = [each for message in messages for each in hear(by, message, LATER)]
    return said + by.quiet(LATER)


def in_words(said: Iterable[dict[str, Any]]) -> list[str]:
    """Each event in one line, in the order in which it is folded."""
    known = {"provider", "call_id", "seq", "event", "at"}
    found = []
    for each in sorted(said, key=lambda one: (one["at"], one["seq"])):
        more = [f"{name}={value}" for name, value in each.items() if name not in known]
        found.append(" ".join([each["event"], *more]))
    return found
