"""The frame of every change of the set-up: the right, one transaction, caches told, journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.agents.rights import Actor, require
from helpdesk.core import options
from helpdesk.core.db import transaction
from helpdesk.core.events import record


@dataclass
class Change:
    """One change in progress: fill in id, old and new."""

    session: Session
    id: int | str | None = None
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None


@contextmanager
def change(what: str, by: Actor) -> Iterator[Change]:
    """Change one thing of the set-up. Raises NotAllowed; nothing is noted when old equals new."""
    require(by, "settings.edit")
    with transaction() as session:
        making = Change(session)
        yield making
        if making.old == making.new:
            return
        options.changed()
        record("setup.changed", by=by, what=what, id=making.id, old=making.old, new=making.new)


def values(row: object, names: tuple[str, ...]) -> dict[str, Any]:
    """These columns of a row, for the journal."""
    return {name: getattr(row, name) for name in names}
