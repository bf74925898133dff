"""Calls as a provider tells of them, for tests: events with times counted from one moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from helpdesk.calls import taking_in
from helpdesk.calls.fields import read_events
from helpdesk.clock import now

WANG = "+8613912345678"
DESK = "+862166668888"


def event(name: str, after: float = 0, seq: int | None = None, **more: Any) -> dict[str, Any]:
    """One event `after` so many seconds of a call that began ten minutes ago."""
    began = more.pop("began", now() - timedelta(minutes=10))
    at = began + timedelta(seconds=after)
    number = int(after * 10) if seq is None else seq
    known = {"provider": "test", "call_id": "c1", "seq": number, "event": name}
    if name == "ringing":
        known |= {"from": WANG, "to": DESK}
    if name == "queued":
        known |= {"queue": "complaints"}
    return known | {"at": at.isoformat()} | more


def answered(agent: str, call_id: str = "c1", **more: Any) -> list[dict[str, Any]]:
    """A call that waits 12 seconds, is answered, held for 5 and talked for 60."""
    began = now() - timedelta(minutes=10)
    return [
        event(name, after, call_id=call_id, began=began, **(said | more if at == 0 else said))
        for at, (name, after, said) in enumerate(
            (
                ("ringing", 0, {}),
                ("menu", 2, {"choice": "fridge"}),
                ("queued", 3, {}),
                ("offered", 10, {"agent": agent}),
                ("answered", 15, {"agent": agent}),
                ("held", 20, {"agent": agent}),
                ("resumed", 25, {"agent": agent}),
                ("hungup", 75, {}),
                ("wrapped", 90, {"agent": agent}),
                ("surveyed", 95, {"score": 2}),
            )
        )
    ]


def abandoned(waits: float, call_id: str = "c1", **more: Any) -> list[dict[str, Any]]:
    """A caller who gives up after so many seconds in the queue; `began`: when they called."""
    began = more.pop("began", now() - timedelta(minutes=10))
    steps = (("ringing", 0), ("queued", 3), ("abandoned", 3 + waits), ("hungup", 3 + waits))
    return [
        event(name, after, seq, call_id=call_id, began=began, **(more if seq == 0 else {}))
        for seq, (name, after) in enumerate(steps)
    ]


def take(*events: dict[str, Any]) -> taking_in.Taken:
    """Hand these in as an adapter does."""
    return taking_in.take(read_events(events))


def take_each(events: Sequence[dict[str, Any]]) -> None:
    """The same, one by one."""
    for each in events:
        take(each)
