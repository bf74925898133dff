"""Fill a new database with the defaults; running it again changes nothing."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.clock import default_calendars
from helpdesk.core import options
from helpdesk.core.calendars import rows_of
from helpdesk.core.db import db, transaction
from helpdesk.kb.seeding import seed_categories
from helpdesk.seeds.content import load
from helpdesk.seeds.legal_data import PROFILES
from helpdesk.seeds.policy_data import CATEGORIES, CHAINS, POLICY
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
        version = PolicyVersion(note="Default", made_by="system", active=True)
        session.add(version)
        session.add_all(EscalationChain(code=code, steps=steps) for code, steps in CHAINS.items())
        session.flush()
        session.add_all(PolicyRow(version_id=version.id, **row) for row in POLICY)
        session.add_all(_profiles())
        session.add_all(CannedReply(**row) for row in load("canned"))
        _categories()
        seed_categories()
        options.changed()


def _profiles() -> list[LegalProfile]:
    names = ("code", "name_zh", "name_en", "rule", "promise", "limit", "source", "sure")
    return [LegalProfile(**dict(zip(names, row, strict=True))) for row in PROFILES]


def _categories() -> None:
    paths: dict[str, tuple[int, str]] = {"": (0, "/")}
    for position, (code, parent, zh, en, severity, public) in enumerate(CATEGORIES):
        parent_id, path = paths[parent]
        row = Category(
            code=code,
            parent_id=parent_id or None,
            name_zh=zh,
            name_en=en,
            severity=severity,
            public=public,
            position=position,
        )
        db.session.add(row)
        db.session.flush()
        row.path = f"{path}{row.id}/"
        paths[code] = (row.id, row.path)
    db.session.flush()
