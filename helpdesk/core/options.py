"""Business settings that admins edit: declared here with their defaults, kept as rows.

An unknown name is an error. version() tells caches when a setting, rule or policy has changed.
"""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import JsonData, Model, db

DEFAULTS: dict[str, Any] = {
    "required_to_close": ["validity", "cause_code", "root_cause", "remedy"],
    "urge_hours": 24,
    "reopen_days": 30,
    "repeat_days": 30,
    "unmerge_hours": 24,
    "notice_prefix": "质整",
    "notice_major_containment": "24 h",
    "notice_major_plan": "3 wd",
    "notice_major_done": "10 wd",
    "notice_minor_plan": "5 wd",
    "notice_minor_done": "15 wd",
    "notice_observation_done": "30 wd",
    "notice_check": "5 wd",
    "notice_watch_days": 60,
    "form_per_hour": 20,
    "offer_work": True,
    "undo_seconds": 10,
    "mail_kind": "complaint",
    "mail_copies": "one",
    "second_factor_for_admins": False,
    "company_zh": "",
    "company_en": "",
}
KEPT = "helpdesk.core.options"  # in a request's environ


class Option(Model):
    """One setting that differs from its default; 'version' counts all changes of the set-up."""

    __tablename__ = "option"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JsonData)


def get(name: str) -> Any:
    """The value of a setting. Raises KeyError for an undeclared name."""
    default = DEFAULTS[name]
    if _only_reads():
        return _all().get(name, default)
    row = db.session.get(Option, name)
    return default if row is None else row.value


def _only_reads() -> bool:
    """A page that is only looked at reads the settings once; what changes something, anew."""
    return has_request_context() and request.method == "GET"


def _all() -> dict[str, Any]:
    if KEPT not in request.environ:
        rows = db.session.execute(select(Option.name, Option.value))
        request.environ[KEPT] = {row.name: row.value for row in rows}
    found: dict[str, Any] = request.environ[KEPT]
    return found


def put(name: str, value: Any) -> None:
    """Change a setting inside the caller's transaction."""
    if name not in DEFAULTS:
        raise KeyError(name)
    row = db.session.get(Option, name)
    if row is None:
        db.session.add(Option(name=name, value=value))
        db.session.flush()  # so that a second put() in this transaction finds it
    else:
        row.value = value
    changed()


def version() -> int:
    """Counts changes of settings, rules, categories, policies: the key of every cache of them."""
    if _only_reads():
        return int(_all().get("version", 0))
    return db.session.scalar(select(Option.value).where(Option.name == "version")) or 0


def hold() -> None:
    """Until this transaction ends nobody else changes a setting; get() gives what is stored now."""
    _counter()
    db.session.scalars(select(Option).execution_options(populate_existing=True)).all()


def _counter() -> int | None:
    counter = select(Option.value).where(Option.name == "version").with_for_update()
    return db.session.scalar(counter)


def changed() -> None:
    """Note that the set-up has changed; called by every verb that edits it."""
    session, row = db.session(), _counter()
    if row is None:
        session.execute(insert(Option).values(name="version", value=1))
    else:
        session.execute(
            update(Option)
            .where(Option.name == "version")
            .values(value=row + 1)
            .execution_options(synchronize_session=False)
        )
