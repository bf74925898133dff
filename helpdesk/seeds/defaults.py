"""Fill a new database with the defaults; running it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from helpdesk.clock import default_calendars
from helpdesk.core import options
from helpdesk.core.calendars import rows_of
from helpdesk.core.db import db, transaction
from helpdesk.kb.seeding import seed_categories
from helpdesk.seeds.content import load
from helpdesk.setup.models import (
    CannedReply,
    Category,
    EscalationChain,
    LegalProfile,
    PolicyRow,
    PolicyVersion,
)

CALENDAR_NAMES = {
    "cn-office": ("办公时间", "Office hours"),
    "cn-desk": ("服务台时间", "Service desk hours"),
    "always": ("全天候", "Around the clock"),
}


def seed_defaults() -> None:
    """Calendars, the promise policy, chains, categories and replies, where there are none yet."""
    with transaction() as session:
        if session.scalar(select(PolicyVersion.id).limit(1)):
            return
        for calendar in default_calendars():
            session.add_all(rows_of(calendar, *CALENDAR_NAMES[calendar.code]))
        policy = load("policy")
        version = PolicyVersion(note="Default", made_by="system", active=True)
        session.add(version)
        session.add_all(
            EscalationChain(code=c, steps=steps) for c, steps in policy["chains"].items()
        )
        session.flush()
        session.add_all(PolicyRow(version_id=version.id, **row) for row in _rows(policy))
        session.add_all(LegalProfile(**row) for row in load("legal"))
        session.add_all(CannedReply(**row) for row in load("canned"))
        _categories()
        seed_categories()
        options.changed()


def _rows(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of the policy: each promise by severity, then what a closer condition changes. A row
    without a limit makes no promise: only complaints are called back, and enquiries and praise never go
    to a department."""
    for promise, kept in policy["promises"].items():
        for severity, limit in kept["limits"].items():
            chain = "critical" if severity == "S1" else kept["chain"]
            row = {"promise": promise, "severity": severity, "limit": limit}
            yield row | {"owner": kept["owner"], "chain": chain}
    yield from policy["special"]


def _categories() -> None:
    paths: dict[str, tuple[int, str]] = {"": (0, "/")}
    for position, given in enumerate(load("categories")):
        parent_id, path = paths[given.pop("parent")]
        row = Category(parent_id=parent_id or None, position=position, **given)
        db.session.add(row)
        db.session.flush()
        row.path = f"{path}{row.id}/"
        paths[row.code] = (row.id, row.path)
    db.session.flush()
