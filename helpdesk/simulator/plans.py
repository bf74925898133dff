"""What is tried: other promises, other calendars, other routing rules; each may be left as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from helpdesk.clock import WorkCalendar
from helpdesk.core.calendars import Calendar, calendar_of
from helpdesk.core.db import db
from helpdesk.promises.policy import Terms, terms_of
from helpdesk.setup import in_force
from helpdesk.setup.models import PolicyRow, PolicyVersion, RoutingRule
from helpdesk.setup.routing import Rule


@dataclass(frozen=True)
class Plan:
    """The set-up to try. None and {} mean: as it was."""

    policy: tuple[Terms, ...] | None
    calendars: Mapping[str, WorkCalendar]
    rules: tuple[Rule, ...] | None


def as_data(
    *,
    lines: Sequence[Terms] | None = None,
    edition: int = 0,
    calendars: Mapping[str, int] | None = None,
    rules: Sequence[int] | None = None,
) -> dict[str, Any]:
    """A plan as it is kept: policy rows in full (`edition` is 0 for a draft), calendars and rules by
    their ids."""
    return {
        "edition": edition,
        "policy": None if lines is None else [asdict(line) for line in lines],
        "calendars": dict(calendars or {}),
        "rules": None if rules is None else list(rules),
    }


def of_data(data: Mapping[str, Any]) -> Plan:
    """The plan that was kept, with calendars and rules as they are now."""
    lines, rules = data.get("policy"), data.get("rules")
    return Plan(
        policy=None if lines is None else tuple(Terms(**line) for line in lines),
        calendars={code: _calendar(id_) for code, id_ in data.get("calendars", {}).items()},
        rules=None if rules is None else _rules(rules),
    )


def _calendar(row_id: int) -> WorkCalendar:
    return calendar_of(db.session.get_one(Calendar, row_id))


def _rules(ids: Sequence[int]) -> tuple[Rule, ...]:
    rows = db.session.scalars(
        select(RoutingRule)
        .where(RoutingRule.id.in_(ids))
        .order_by(RoutingRule.position, RoutingRule.id)
    )
    return tuple(in_force.rule_of(row) for row in rows)


def editions() -> dict[int, tuple[Terms, ...]]:
    """Every edition of the policy, by its number: old rows are judged by their own."""
    known: dict[int, list[Terms]] = {
        id_: [] for id_ in db.session.scalars(select(PolicyVersion.id))
    }
    for row in db.session.scalars(select(PolicyRow).order_by(PolicyRow.id)):
        known.setdefault(row.version_id, []).append(terms_of(row))
    return {id_: tuple(rows) for id_, rows in known.items()}


def is_empty(data: Mapping[str, Any]) -> bool:
    """Whether nothing would be different."""
    return data.get("policy") is None and data.get("rules") is None and not data.get("calendars")
