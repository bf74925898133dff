"""The telephone systems that are known, and what each can do: a page hides what one can't."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# What a telephone system may be asked to do. Members: add, remove, pause; spy: listen, whisper, barge.
Can = StrEnum(
    "Can",
    [
        "ORIGINATE",
        "ANSWER",
        "HANGUP",
        "HOLD",
        "TRANSFER_BLIND",
        "TRANSFER_ATTENDED",
        "MEMBERS",
        "SPY",
        "RECORD_PAUSE",
        "SNAPSHOT",
    ],
)


@dataclass(frozen=True)
class Adapter:
    """A telephone system by its name (the `provider` of its events), for people `label`.

    `hook`: what a message of its own that it sends us by itself says, as events for read_events();
    without one it has no hook.
    """

    name: str
    label: str
    can: frozenset[Can] = frozenset()
    hook: Callable[[Mapping[str, Any]], list[dict[str, Any]]] | None = None


_known: dict[str, Adapter] = {}


def register(adapter: Adapter) -> Adapter:
    """Let the program know of a telephone system."""
    _known[adapter.name] = adapter
    return adapter


def adapter(name: str) -> Adapter:
    """The telephone system of this name; of one that only hands in events, that it can't do anything."""
    return _known.get(name) or Adapter(name, name)


def able(name: str, what: Can) -> bool:
    """Whether this system can do that."""
    return what in adapter(name).can
