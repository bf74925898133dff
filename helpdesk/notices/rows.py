"""The board of notices: by department and age, overdue on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, case, func, select

from helpdesk.agents.rights import Actor, may
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import N_
from helpdesk.notices import clock, queries
from helpdesk.notices.lifecycle import DRAFTS, ENDED, STATE_NAMES, WITH_DEPARTMENT, Level, State
from helpdesk.notices.models import Notice
from helpdesk.promises.policy import Unit
from helpdesk.setup import in_force

AGES = (3, 7, 14, 30)  # days since the issue; the last column is for all that is older
AGE_NAMES = (
    N_("up to 3 days"),
    N_("4 to 7 days"),
    N_("8 to 14 days"),
    N_("15 to 30 days"),
    N_("over 30 days"),
)
VIEWS = {
    "open": N_("Open"),
    "overdue": N_("Overdue"),
    "mine": N_("Waiting for me"),
    "drafts": N_("Drafts"),
    "watching": N_("Being watched"),
    "ended": N_("Ended"),
    "checked": N_("Re-inspected"),
    "first_pass": N_("Passed the first time"),
    "all": N_("All"),
}
BY_LINK = ("checked", "first_pass")  # opened from a number elsewhere, no tab of their own
IN_PASSING = (State.VERIFIED_PASS, State.VERIFIED_FAIL)  # left again in the step that enters them
NEEDS = {"drafts": "notice.read_all", "mine": "notice.work"}  # the right that a view asks for
PASSED = (State.VERIFIED_PASS, State.WATCHING, State.CLOSED, State.REOPENED)
PAGE = 100
_LEAD_ACTS = (*DRAFTS, State.OBJECTED, State.PLAN_SUBMITTED, State.DONE_CLAIMED)


@dataclass(frozen=True)
class NoticeFilter:
    """What the address asks for; everything empty means the open ones."""

    page: ClassVar = "/notices"  # which shows the list
    view: str = "open"
    state: str = ""
    department: str = ""
    level: str = ""
    age: int | None = None

    @classmethod
    def read(cls, args: Any) -> NoticeFilter:
        """The filter of an address; what makes no sense there is left out."""
        age = args.get("age", "")
        return cls(
            view=args["view"] if args.get("view") in VIEWS else "open",
            state=args["state"] if args.get("state") in set(State) else "",
            department=args.get("department", ""),
            level=args["level"] if args.get("level") in set(Level) else "",
            age=int(age) if age in {str(n) for n in range(len(AGE_NAMES))} else None,
        )

    def values(self, **changes: object) -> dict[str, object]:
        """The address of this filter with some parts changed; empty parts are left out."""
        new = replace(self, **changes)  # type: ignore[arg-type]
        return {name: value for name, value in vars(new).items() if value not in ("", None)}

    def query(self) -> str:
        """The filter as the query of an address."""
        return urlencode(self.values())


def _in_view(view: str, who: Actor) -> ColumnElement[bool]:
    going = Notice.number.is_not(None) & Notice.status.not_in((*ENDED, State.WATCHING))
    conditions: dict[str, ColumnElement[bool]] = {
        "open": going,
        "overdue": going & clock.overdue(),
        "mine": _waits_for(who),
        "drafts": Notice.status.in_(DRAFTS),
        "watching": Notice.status == State.WATCHING,
        "ended": Notice.status.in_(ENDED),
        "checked": passed_first() | (Notice.round > 1),
        "first_pass": passed_first(),
        "all": Notice.id > 0,
    }
    return conditions[view]


def offered(who: Actor) -> list[str]:
    """The views that are tabs for this reader."""
    views = (view for view in VIEWS if view not in BY_LINK)
    return [view for view in views if view not in NEEDS or may(who, NEEDS[view])]


def states(who: Actor) -> dict[State, str]:
    """What this reader may ask for by state, with its words: departments know of no draft."""
    hidden = {*IN_PASSING} if may(who, "notice.read_all") else {*IN_PASSING, *DRAFTS}
    return {state: name for state, name in STATE_NAMES.items() if state not in hidden}


def passed_first() -> ColumnElement[bool]:
    """Re-inspected and passed without a further round."""
    return (Notice.round == 1) & Notice.status.in_(PASSED)


def _waits_for(who: Actor) -> ColumnElement[bool]:
    """Whose move it is: the department's, or the side's that ordered (also to grant more time)."""
    if may(who, "notice.issue"):
        over = (Notice.status == State.WATCHING) & (Notice.watch_until < now())
        return Notice.status.in_(_LEAD_ACTS) | Notice.wanted_due_at.is_not(None) | over
    return Notice.status.in_(WITH_DEPARTMENT) if may(who, "notice.work") else Notice.id < 0


def _aged(age: int) -> ColumnElement[bool]:
    moment = now()
    younger = Notice.issued_at > moment - timedelta(days=AGES[age]) if age < len(AGES) else None
    older = Notice.issued_at <= moment - timedelta(days=AGES[age - 1]) if age else None
    parts = [part for part in (younger, older) if part is not None]
    return parts[0] if len(parts) == 1 else parts[0] & parts[1]


def filtered(wanted: NoticeFilter, who: Actor) -> Select[Any]:
    """The notices of a filter, overdue on top, then by the time that is left."""
    query = queries.notices(who)
    query = query.where(
        Notice.status == wanted.state if wanted.state else _in_view(wanted.view, who)
    )
    unit = in_force.current().unit(wanted.department) if wanted.department else None
    if wanted.department:
        query = query.where(Notice.department_id == (unit.id if unit else 0))
    if wanted.level:
        query = query.where(Notice.level == wanted.level)
    if wanted.age is not None:
        query = query.where(_aged(wanted.age))
    return query.order_by(Notice.due_at.is_(None), Notice.due_at, Notice.id.desc())


def page(wanted: NoticeFilter, who: Actor, number: int) -> Sequence[Notice]:
    """One page of the list, and one row more when there is a further page."""
    query = filtered(wanted, who).limit(PAGE + 1).offset(PAGE * number)
    return db.session.scalars(query).all()


def counts(who: Actor) -> dict[str, int]:
    """How many notices each view holds, in one statement."""
    sums = [func.coalesce(func.sum(case((_in_view(v, who), 1), else_=0)), 0) for v in VIEWS]
    row = db.session.execute(select(*sums).where(queries.visible_to(who))).one()
    return dict(zip(VIEWS, map(int, row), strict=True))


@dataclass(frozen=True)
class DepartmentAges:
    """One department on the board: how many of its open notices are how old."""

    unit: Unit
    ages: tuple[int, ...]
    overdue: int

    @property
    def total(self) -> int:
        """All open notices of the department."""
        return sum(self.ages)


def matrix(who: Actor) -> list[DepartmentAges]:
    """Open notices by department and age, the department with most overdue first."""
    ages = [func.sum(case((_aged(n), 1), else_=0)) for n in range(len(AGE_NAMES))]
    overdue = func.sum(case((clock.overdue(), 1), else_=0))
    query = (
        select(Notice.department_id, overdue, *ages)
        .where(queries.visible_to(who), _in_view("open", who))
        .group_by(Notice.department_id)
    )
    units = in_force.current().departments
    lines = [
        DepartmentAges(units[row[0]], tuple(int(n) for n in row[2:]), int(row[1]))
        for row in db.session.execute(query)
    ]
    return sorted(lines, key=lambda line: (-line.overdue, -line.total, line.unit.code))


def waiting_number(who: Actor) -> Select[Any]:
    """Select how many notices wait for this person: none for those who only read."""
    return select(func.count(Notice.id)).where(queries.visible_to(who), _in_view("mine", who))
