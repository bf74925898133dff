"""What admins have set, as one frozen snapshot that is read again only after a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select

from helpdesk.agents.models import Department
from helpdesk.core import calendars, options
from helpdesk.core.calendars import load_calendars
from helpdesk.core.db import db
from helpdesk.promises.policy import ChainStep, Snapshot, Unit, given_by, terms_of
from helpdesk.setup.models import Category, EscalationChain, PolicyRow, PolicyVersion, RoutingRule
from helpdesk.setup.routing import Rule, wanted_of


@dataclass(frozen=True)
class Node:
    """A category as routing sees it; `ids` runs from the root to this node."""

    id: int
    code: str
    ids: tuple[int, ...]
    names: dict[str, str]
    severity: str | None
    department_id: int | None
    public: bool
    active: bool


@dataclass(frozen=True)
class Setup(Snapshot):
    """Everything that decides how a new ticket is handled: what is promised, and the route."""

    categories: dict[int, Node]
    version: int
    rules: tuple[Rule, ...]

    def category(self, code: str) -> Node | None:
        """The category with this code."""
        return next((n for n in self.categories.values() if n.code == code), None)

    def taking_part(self, department_id: int | None) -> Unit | None:
        """The department with this id, when cases may be sent to it."""
        unit = self.departments.get(department_id or 0)
        return unit if unit and unit.active else None

    def unit(self, code: str) -> Unit | None:
        """The department with this code."""
        return next((u for u in self.departments.values() if u.code == code), None)


_kept: WeakKeyDictionary[Engine, Setup] = WeakKeyDictionary()


def current(version: int | None = None) -> Setup:
    """The snapshot in force. `version` saves the look-up when the caller has just read it."""
    found = options.version() if version is None else version
    kept = _kept.get(db.engine)
    if kept is None or kept.version != found:
        kept = _kept[db.engine] = _load(found)
    return kept


given_by(current)


def forget() -> None:
    """Drop the kept snapshots (tests make new databases under one name)."""
    _kept.clear()
    calendars.forget()
    options.forget()


def _load(version: int) -> Setup:
    session = db.session()
    policy_id = session.scalar(select(PolicyVersion.id).where(PolicyVersion.active)) or 0
    policy = session.scalars(select(PolicyRow).where(PolicyRow.version_id == policy_id))
    chains = session.scalars(select(EscalationChain))
    rules = session.scalars(
        select(RoutingRule).where(RoutingRule.active).order_by(RoutingRule.position, RoutingRule.id)
    )
    return Setup(
        version=version,
        categories={
            row.id: _node(row)
            for row in session.scalars(select(Category).order_by(Category.position, Category.id))
        },
        departments={
            row.id: _unit(row)
            for row in session.scalars(select(Department).order_by(Department.id))
        },
        rules=tuple(rule_of(row) for row in rules),
        policy_version=policy_id,
        policy=tuple(terms_of(row) for row in policy),
        chains={chain.code: tuple(_step(step) for step in chain.steps) for chain in chains},
        calendars=load_calendars(),
    )


def _node(row: Category) -> Node:
    ids = tuple(int(part) for part in row.path.strip("/").split("/") if part) or (row.id,)
    names = {"zh_Hans": row.name_zh, "en": row.name_en}
    return Node(
        row.id, row.code, ids, names, row.severity, row.department_id, row.public, row.active
    )


def _unit(row: Department) -> Unit:
    names = {"zh_Hans": row.name_zh, "en": row.name_en}
    return Unit(row.id, row.code, names, row.calendar, row.active)


def rule_of(row: RoutingRule) -> Rule:
    """A row of the routing rules as routing sees it."""
    return Rule(row.id, row.name, wanted_of(row), row.department_id, row.severity, row.dispatch)


def _step(step: dict[str, Any]) -> ChainStep:
    return ChainStep(int(step["at"]), tuple(step["tell"]))
