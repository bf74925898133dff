"""Business settings that admins edit: rows, where one differs from its default.

Which there are helpdesk.setup.options declares; an unknown name is an error. version() tells caches
when a setting, rule or policy has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from flask import has_request_context, request
from sqlalchemy import Engine, Text, cast, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core import along
from helpdesk.core.db import JsonData, Model, change_rows, db
from helpdesk.core.driven import Driven

T = TypeVar("T")
_defaults: dict[str, Any] = {}
KEPT = "helpdesk.core.options"  # in a request's environ
_read: WeakKeyDictionary[Engine, dict[str, Any]] = WeakKeyDictionary()  # as they were last read
_once: ContextVar[dict[str, Any] | None] = ContextVar("settings read once", default=None)


class Option(Model):
    """One setting that differs from its default; 'version' counts all changes of the set-up."""

    __tablename__ = "option"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JsonData)


_stands = select(Option.value).where(Option.name == "version")
along.reads("version", _stands.scalar_subquery())
_version = Driven(_stands.with_only_columns(cast(Option.value, Text)))


def declare(defaults: Mapping[str, Any]) -> None:
    """Say which settings there are, and what each is until somebody has changed it."""
    _defaults.update(defaults)


def is_declared(name: str) -> bool:
    """Whether there is such a setting."""
    return name in _defaults


def get(name: str) -> Any:
    """The value of a setting. Raises KeyError for an undeclared name."""
    default = _defaults[name]
    kept = _kept()
    if kept is not None:
        return kept.get(name, default)
    row = db.session.get(Option, name)
    return default if row is None else row.value


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, the settings are read once: for a set of work that changes none of them."""
    token = _once.set({})
    try:
        yield
    finally:
        _once.reset(token)


def once(name: str, read: Callable[[], T]) -> T:
    """What `read` gives; where the settings are read once, so is this."""
    kept = _once.get()
    if kept is None:
        return read()
    if name not in kept:
        kept[name] = read()
    found: T = kept[name]
    return found


def _kept() -> dict[str, Any] | None:
    """All settings where they are read once, as for a page that is only looked at: after a change only;
    None where what changes something reads anew."""
    kept = _once.get()
    if kept is None and has_request_context() and request.method == "GET":
        last, stands = _read.get(db.engine), along.get("version")
        if stands is None and KEPT not in request.environ:
            stands = int(_version.value() or 0)
        if last and last["version"] == stands:
            request.environ.setdefault(KEPT, last)
        kept = request.environ.setdefault(KEPT, {})
    if kept is not None and "version" not in kept:
        rows = db.session.execute(select(Option.name, Option.value))
        kept.update({"version": 0} | {row.name: row.value for row in rows})
        _read[db.engine] = kept
    return kept


def forget() -> None:
    """Drop what was read (tests make new databases under one name)."""
    _read.clear()


def put(name: str, value: Any) -> None:
    """Change a setting inside the caller's transaction."""
    if name not in _defaults:
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
    kept = _kept()
    if kept is not None:
        return int(kept["version"])
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
        change_rows(update(Option).where(Option.name == "version").values(value=row + 1))
