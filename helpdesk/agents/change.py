"""The frame of every change of the set-up: the right, one transaction, caches told, journal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.agents.models import Department
from helpdesk.agents.rights import STAFF, Actor, Role, require
from helpdesk.core import options
from helpdesk.core.db import Model, db, transaction
from helpdesk.core.errors import PICK
from helpdesk.core.events import record
from helpdesk.core.i18n import N_

T = TypeVar("T", bound=Model)


@dataclass
class Change:
    """One change in progress: fill in id, old and new, or let a method do that for one row."""

    session: Session
    id: int | str | None = None
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None

    def keep(self, row: Any, new: Mapping[str, Any]) -> None:
        """Give a row these values; one that is new is stored, and has its id afterwards."""
        if row.id is not None:
            self.old = {name: getattr(row, name) for name in new}
        for name, value in new.items():
            setattr(row, name, value)
        self.session.add(row)
        self.session.flush()
        self.id, self.new = row.id, dict(new)

    def remove(self, row: Any) -> None:
        """Delete a row; the journal keeps its columns."""
        self.id = row.id
        self.old = {each.name: getattr(row, each.name) for each in row.__table__.columns}
        self.session.delete(row)

    def end_of(self, model: Any) -> int:
        """The `position` behind all rows of this model."""
        return (self.session.scalar(select(func.max(model.position))) or 0) + 1

    def move(self, row: Any, step: int, among: Sequence[Any]) -> None:
        """Put a row earlier (-1) or later (+1) among these, by their `position`; at an end it stays."""
        rows = list(among)
        place = rows.index(row)
        self.id, self.old = row.id, {"order": [one.id for one in rows]}
        rows.insert(max(0, place + step), rows.pop(place))
        for position, one in enumerate(rows, 1):
            one.position = position
        self.new = {"order": [one.id for one in rows]}


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


def saved(
    what: str, model: type[T], row: T | None, given: Any, by: Actor, check: Callable[..., None]
) -> T:
    """A new row of a model with a code, or a change of this one, whose code stays. `given`: a dataclass
    of its columns, which `check` refuses when it is odd (given, whether the row is new)."""
    with change(what, by) as making:
        check(given, row is None)
        kept: Any = row or model(code=given.code)
        making.keep(kept, asdict(given) | {"code": kept.code})
    return cast("T", kept)


def odd_code(model: Any, code: str, shape: re.Pattern[str], sentence: str) -> dict[str, str]:
    """What is wrong with the code of a new row, by field: its shape, or that there is such a row."""
    if not shape.fullmatch(code):
        return {"code": sentence}
    with_code = select(model.code).where(model.code == code)
    taken = db.session.scalar(with_code) is not None
    return {"code": N_("This code is taken already.")} if taken else {}


def odd_post(role: str, department_id: int | None) -> dict[str, str]:
    """What is wrong, by field, with the place at which somebody works."""
    if role == Role.HANDLER and not department_id:
        return {"department_id": N_("A handler works for a department. Please pick it.")}
    errors = {} if role in STAFF else {"role": PICK}
    return errors | ({"department_id": PICK} if is_lacking(Department, department_id) else {})


def is_lacking(model: Any, row_id: int | None) -> bool:
    """Whether a row is named that there is not."""
    return bool(row_id) and db.session.get(model, row_id) is None
