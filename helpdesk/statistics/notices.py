"""Rectification notices by department and state, as they stand now."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import case, func, select

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.notices import queries, rows
from helpdesk.notices.lifecycle import STATE_NAMES
from helpdesk.notices.models import Notice
from helpdesk.promises.policy import Unit
from helpdesk.setup import in_force


@dataclass
class DepartmentNotices:
    """One department's notices by state; of those re-inspected, how many passed the first time."""

    unit: Unit
    states: dict[str, int] = field(default_factory=dict)
    checked: int = 0
    passed: int = 0

    @property
    def total(self) -> int:
        """All notices of the department."""
        return sum(self.states.values())

    @property
    def first_pass(self) -> float | None:
        """The share that passed the first re-inspection; None before any."""
        return self.passed / self.checked if self.checked else None


@dataclass(frozen=True)
class Board:
    """The lines, and the states that any notice is in, in the order of a notice's life."""

    lines: list[DepartmentNotices]
    states: list[str]

    @property
    def first_pass(self) -> float | None:
        """The share of all departments."""
        checked = sum(line.checked for line in self.lines)
        return sum(line.passed for line in self.lines) / checked if checked else None

    @property
    def total(self) -> int:
        """All notices that the reader may see."""
        return sum(line.total for line in self.lines)


def board(who: Actor) -> Board:
    """The notices that `who` may see, counted in one statement."""
    first = rows.passed_first()
    again = Notice.round > 1
    query = (
        select(
            Notice.department_id,
            Notice.status,
            func.count(),
            func.count(case((first, 1))),
            func.count(case((again, 1))),
        )
        .where(queries.visible_to(who))
        .group_by(Notice.department_id, Notice.status)
    )
    lines: dict[int, DepartmentNotices] = {}
    units = in_force.current().departments
    for unit_id, state, number, passed, failed in db.session.execute(query):
        line = lines.setdefault(unit_id, DepartmentNotices(units[unit_id]))
        line.states[state] = number
        line.passed += passed
        line.checked += passed + failed
    present = {state for line in lines.values() for state in line.states}
    return Board(
        sorted(lines.values(), key=lambda line: (-line.total, line.unit.code)),
        [str(state) for state in STATE_NAMES if state in present],
    )
