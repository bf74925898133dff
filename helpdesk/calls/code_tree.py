"""The tree of codes by which calls are written up, as an administrator gives it: by a page, or as a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import select, update

from helpdesk.agents.change import odd_code, saved
from helpdesk.agents.rights import Actor, require
from helpdesk.calls.terms_models import WrapUpCode
from helpdesk.calls.wrapping import STEPS
from helpdesk.core.db import change_rows, db, stored, transaction
from helpdesk.core.errors import FILL, PICK, refuse
from helpdesk.core.events import record
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_
from helpdesk.setup import in_force

PATH = re.compile(r"(?=.{1,60}\Z)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
ODD = N_("Please send letters, digits, dots and dashes, 60 at most.")
ODD_DAYS = N_("Please give a whole number of days, 0 to 365.")
NO_PARENT = N_("The code above it is missing.")


@dataclass(frozen=True)
class Code:
    """What an administrator says of one code. `next_step`, after so many `days`, is what follows where
    the agent says nothing; `category` is given to a case that has none."""

    code: str
    name_zh: str
    name_en: str
    next_step: str = ""
    days: int | None = 1
    category: str = ""
    active: bool = True


def listed() -> Sequence[WrapUpCode]:
    """The whole tree, each code above those that lie under it."""
    return sorted(db.session.scalars(select(WrapUpCode)), key=lambda row: row.code.split("."))


def found(code_id: int) -> WrapUpCode:
    """This code. Raises NotFound."""
    return stored(WrapUpCode, code_id, N_("There is no such code."))


def save(row: WrapUpCode | None, given: Code, by: Actor) -> WrapUpCode:
    """A new code, or a change of this one, which stays where it is. What lies under one that is not in
    use is not offered either. Raises NotAllowed, or BadInput naming each odd field."""
    return saved("wrap-up code", WrapUpCode, row, given, by, _check)


def _check(given: Code, new: bool) -> None:
    errors = _odd(given)
    if new:
        known = {row.code for row in listed()}
        errors |= odd_code(WrapUpCode, given.code, PATH, ODD)
        errors |= _odd_place(given.code, known)
    else:
        errors.pop("code", None)  # it stays
    refuse(errors)


def plant(rows: Iterable[Mapping[str, Any]], *, by: Actor) -> int:
    """The tree of codes as these rows say, the ones that are left out no longer offered; gives how many
    there are. A row: code, name_zh, name_en, next_step, days, category. Raises BadInput by row."""
    require(by, "settings.edit")
    read = [_read(each) for each in rows]
    known = {each.code for each in read}
    refuse(
        {
            f"{place}.{name}": words
            for place, each in enumerate(read, start=1)
            for name, words in (_odd(each) | _odd_place(each.code, known)).items()
        }
    )
    with transaction() as session:
        change_rows(update(WrapUpCode).values(active=False))
        held = {row.code: row for row in session.scalars(select(WrapUpCode))}
        for each in read:
            row = held.get(each.code) or WrapUpCode(code=each.code)
            for name, value in asdict(each).items():
                setattr(row, name, value)
            session.add(row)
        record("calls.codes", by=by, codes=sorted(known))
    return len(known)


def _read(given: Mapping[str, Any]) -> Code:
    names = [each.name for each in fields(Code) if each.name not in ("days", "active")]
    text: dict[str, Any] = {name: str(given.get(name) or "").strip() for name in names}
    return Code(**text, days=whole(str(given.get("days") or "").strip() or "1"))


def _odd(given: Code) -> dict[str, str]:
    """What is wrong with one code by itself, by field."""
    errors = {name: FILL for name in ("name_zh", "name_en") if not getattr(given, name).strip()}
    if not PATH.fullmatch(given.code):
        errors["code"] = ODD if given.code else FILL
    if given.next_step and given.next_step not in STEPS:
        errors["next_step"] = PICK
    if given.days is None or not 0 <= given.days <= 365:
        errors["days"] = ODD_DAYS
    if given.category and in_force.current().category(given.category) is None:
        errors["category"] = PICK
    return errors


def _odd_place(code: str, known: Iterable[str]) -> dict[str, str]:
    """That the code above it is not among those that are known."""
    above = code.rpartition(".")[0]
    return {"code": NO_PARENT} if above and above not in known else {}
