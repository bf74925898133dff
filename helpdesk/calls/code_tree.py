"""The tree of codes by which calls are written up, as an administrator gives it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, update

from helpdesk.agents.rights import Actor, require
from helpdesk.calls.models import PhoneQueue, WrapUpCode
from helpdesk.calls.wrapping import STEPS
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.errors import FILL, PICK, NotFound, bad_fields, refuse
from helpdesk.core.events import record
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_

PATH = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
ODD = N_("Please send letters, digits, dots and dashes, 60 at most.")
ODD_DAYS = N_("Please give a whole number of days, 0 to 365.")
NO_PARENT = N_("The code above it is missing.")


def use_codes(queue: str, root: str, *, by: Actor) -> None:
    """Calls of this queue are written up by the codes below `root`; "" is the whole tree."""
    require(by, "settings.edit")
    with transaction():
        if root and db.session.scalar(select(WrapUpCode.id).filter_by(code=root)) is None:
            raise bad_fields(codes=PICK)
        there = change_rows(
            update(PhoneQueue)
            .where(PhoneQueue.code == queue)
            .values(codes=root, version=PhoneQueue.version + 1)
        )
        if not there.rowcount:
            raise NotFound(N_("There is no such queue."))
        record("calls.codes_used", by=by, queue=queue, codes=root)


def plant(rows: Iterable[Mapping[str, Any]], *, by: Actor) -> int:
    """The tree of codes as these rows say, the ones that are left out no longer offered; gives how many
    there are. A row: code, name_zh, name_en, next_step, days, category. Raises BadInput by row."""
    require(by, "settings.edit")
    read = [_read(each, place) for place, each in enumerate(rows, start=1)]
    known = {each["code"] for each in read}
    errors = {
        f"{place}.code": NO_PARENT
        for place, each in enumerate(read, start=1)
        if "." in each["code"] and each["code"].rpartition(".")[0] not in known
    }
    refuse(errors)
    with transaction() as session:
        change_rows(update(WrapUpCode).values(active=False))
        held = {row.code: row for row in session.scalars(select(WrapUpCode))}
        for each in read:
            row = held.get(each["code"]) or WrapUpCode(code=each["code"])
            for name, value in (each | {"active": True}).items():
                setattr(row, name, value)
            session.add(row)
        record("calls.codes", by=by, codes=sorted(known))
    return len(known)


def _read(given: Mapping[str, Any], place: int) -> dict[str, Any]:
    """One row, checked. Raises BadInput naming its fields with its place."""
    text = {name: str(given.get(name) or "").strip() for name in ROW}
    days = whole(text["days"] or "1")
    errors = {name: FILL for name in ("code", "name_zh", "name_en") if not text[name]}
    if text["code"] and not (len(text["code"]) <= 60 and PATH.fullmatch(text["code"])):
        errors["code"] = ODD
    if text["next_step"] and text["next_step"] not in STEPS:
        errors["next_step"] = PICK
    if days is None or days > 365:
        errors["days"] = ODD_DAYS
    refuse({f"{place}.{name}": words for name, words in errors.items()})
    return text | {"days": days}


ROW = ("code", "name_zh", "name_en", "next_step", "days", "category")
