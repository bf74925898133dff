"""One past case under another set-up: which promises fare otherwise, and whether it goes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from helpdesk import promises
from helpdesk.clock import Limit, WorkCalendar
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Terms
from helpdesk.promises.words import AT_OPENING, DESK_CALENDAR, WINDOWS
from helpdesk.setup import routing
from helpdesk.setup.in_force import Setup
from helpdesk.setup.routing import facts_of
from helpdesk.simulator.facts import PastCase
from helpdesk.simulator.models import Simulated
from helpdesk.simulator.plans import Plan
from helpdesk.simulator.replay import Moments, Outcome, compared, outcome
from helpdesk.words import SPOKEN


@dataclass(frozen=True)
class Bench:
    """Everything that a case is tried on: what was, and what is tried."""

    setup: Setup
    editions: Mapping[int, tuple[Terms, ...]]
    plan: Plan
    asked_at: datetime


@dataclass
class Tried:
    """What a case told: differences, and how many of its promises could be judged."""

    differences: list[Simulated]
    judged: int
    broken_before: int
    broken_after: int


def tried(case: PastCase, bench: Bench) -> Tried:
    """The case under the plan of the bench, compared with its stored response table."""
    route = _route(case, bench)
    result = Tried(_elsewhere(case, route, bench), 0, 0, 0)
    for row in case.rows:
        if row.started_at is not None and row.promise not in WINDOWS:
            _try_row(case, row, _severity(case, route), bench, result)
    _try_new(case, _severity(case, route), bench, result)
    return result


def _route(case: PastCase, bench: Bench) -> routing.Route | None:
    """Where the rules of the plan send the case, by what was known when it came."""
    opened = case.opened
    if bench.plan.rules is None or opened is None:
        return None
    then = case.facts(opened.at)
    node = bench.setup.categories.get(then.category_id or 0)
    facts = facts_of(then, f"{then.subject}\n{case.body}", case.level, node)
    return routing.decide(facts, bench.plan.rules)


def _elsewhere(case: PastCase, route: routing.Route | None, bench: Bench) -> list[Simulated]:
    opened = case.opened
    if route is None or opened is None:
        return []
    unit = bench.setup.taking_part(route.department_id)
    queue = unit.code if unit else routing.DISPATCH_DESK
    if queue == opened.data.get("queue"):
        return []
    found = Simulated(ticket_id=case.ticket.id, outcome="elsewhere", reason=route.rule)
    found.before, found.after = str(opened.data.get("queue", "")), queue
    return [found]


def _severity(case: PastCase, route: routing.Route | None) -> str:
    """The severity that another rule gives the case from its opening on; '' leaves it as it was."""
    opened = case.opened
    same = route is None or opened is None or route.rule == opened.data.get("rule")
    return "" if same or route is None else route.severity


def _try_row(case: PastCase, row: Promise, severity: str, bench: Bench, result: Tried) -> None:
    stored = Outcome(row.due_at, _verdict(row, bench.asked_at))  # type: ignore[arg-type]
    known = _as_it_was(case, row, stored, bench)
    if known is None:
        result.differences.append(_difference(row, "unlike", stored, stored, row.limit))
        return
    moments, then = known
    line = _line(row, then, severity, bench)
    after = outcome(moments, Limit.parse(line.limit), _calendar(row, line, bench)) if line else None
    _count(row, stored, after, line, result)


def _as_it_was(
    case: PastCase, row: Promise, stored: Outcome, bench: Bench
) -> tuple[Moments, SimpleNamespace] | None:
    """The moments and facts that give exactly what is stored; None where none does."""
    limit, calendar = Limit.parse(row.limit), bench.setup.calendar_of(row)
    for moments, then in case.ways(row, bench.asked_at):
        if outcome(moments, limit, calendar) == stored and not _unlike(row, then, bench):
            return moments, then
    return None


def _count(
    row: Promise, before: Outcome | None, after: Outcome | None, line: Terms | None, result: Tried
) -> None:
    """Judge a promise; None where it was not made, or would not be."""
    result.judged += 1
    result.broken_before += bool(before and before.bad)
    result.broken_after += bool(after and after.bad)
    changed = compared(_told(before), _told(after))
    if changed:
        limit = line.limit if line else ""
        result.differences.append(_difference(row, changed, before, after, limit))


def _told(found: Outcome | None) -> str:
    return found.verdict if found else "none"


def _verdict(row: Promise, asked_at: datetime) -> str:
    """The stored verdict; an open promise whose time is up counts as missed, as in every list."""
    if row.state in ("running", "paused") and row.due_at:
        over = row.due_at < (row.paused_at or asked_at)
        return "missed" if over or row.verdict == "missed" else ""
    return row.verdict


def _unlike(row: Promise, then: SimpleNamespace, bench: Bench) -> bool:
    """Whether the row's own edition of the policy, where it is kept, would give another limit."""
    edition = bench.editions.get(row.policy_version)
    if not edition:
        return False
    line = _applicable(then, edition, bench).get(row.promise)
    return line is None or Limit.parse(line.limit) != Limit.parse(row.limit)


def _line(row: Promise, then: SimpleNamespace, severity: str, bench: Bench) -> Terms | None:
    """The policy row that the plan holds for this promise; None where it makes none."""
    policy = bench.plan.policy
    if policy is None and not (severity and row.cycle == 1):
        return Terms(row.promise, row.limit, row.owner, row.chain)
    if severity and row.cycle == 1:
        then = SimpleNamespace(**(vars(then) | {"severity": severity}))
    edition = policy if policy is not None else bench.editions.get(row.policy_version, ())
    return _applicable(then, edition, bench).get(row.promise)


def _applicable(then: SimpleNamespace, policy: Any, bench: Bench) -> dict[str, Terms]:
    facts: Any = then
    return promises.applicable(facts, replace(bench.setup, policy=tuple(policy)))


def _calendar(row: Promise, line: Terms, bench: Bench) -> WorkCalendar:
    """The calendar of the plan: the owner's, unless the plan puts another one in its place.

    A row whose owner stays is counted by the version of the calendar that has counted it.
    """
    if line.owner == row.owner:
        return bench.plan.calendars.get(row.calendar) or bench.setup.calendar_of(row)
    unit = bench.setup.departments.get(row.owner_department_id or 0)
    code = unit.calendar if unit and line.owner == "department" else DESK_CALENDAR
    return bench.plan.calendars.get(code) or bench.setup.calendars[code]


def _try_new(case: PastCase, severity: str, bench: Bench, result: Tried) -> None:
    """Promises of the opening that only the plan makes."""
    for line in _new_lines(case, severity, bench):
        if line.promise == "acknowledge" and case.ticket.channel in SPOKEN:
            continue  # whoever took the call has acknowledged it
        moments = case.unmade(line.promise, bench.asked_at)
        if moments is None:
            continue
        calendar = bench.plan.calendars.get(DESK_CALENDAR)
        calendar = calendar or bench.setup.calendars[DESK_CALENDAR]
        after = outcome(moments, Limit.parse(line.limit), calendar)
        unmade = Promise(subject_id=case.ticket.id, promise=line.promise, cycle=1, limit="")
        _count(unmade, None, after, line, result)


def _new_lines(case: PastCase, severity: str, bench: Bench) -> Iterator[Terms]:
    if bench.plan.policy is None or case.opened is None:
        return
    then = case.facts(case.opened.at)
    if severity:
        then = SimpleNamespace(**(vars(then) | {"severity": severity}))
    made = {row.promise for row in case.rows}
    for promise, line in _applicable(then, bench.plan.policy, bench).items():
        if promise in AT_OPENING and promise not in made:
            yield line


def _difference(
    row: Promise, outcome: str, before: Outcome | None, after: Outcome | None, limit: str
) -> Simulated:
    return Simulated(
        ticket_id=row.subject_id,
        outcome=outcome,
        promise=row.promise,
        cycle=row.cycle,
        before=_told(before),
        after=_told(after),
        limit_before=row.limit,
        limit_after=limit,
        due_before=before.due if before else None,
        due_after=after.due if after else None,
    )
