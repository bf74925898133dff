"""The response table of a life: what was promised, when it was due, what came of it.

The rules are those of helpdesk.promises; here they are applied to a whole history at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from benchmarks.load.lives import ANSWERED, Life
from helpdesk import promises
from helpdesk.clock import Limit, covers, due_at
from helpdesk.promises.policy import Terms
from helpdesk.promises.words import (
    AT_ANSWER,
    AT_DISPATCH,
    AT_OPENING,
    DESK_CALENDAR,
    ONCE,
    OPEN,
    ORDER,
    WINDOWS,
)
from helpdesk.setup.in_force import Setup
from helpdesk.tickets.lifecycle import ENDED, Status
from helpdesk.words import SPOKEN

MOOT = ("sign", "send_back", "update", "containment")  # when the answer is given


def when(seconds: int) -> datetime:
    """The moment of so many seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(slots=True)
class PromiseRow:
    """A response row before it is stored; names are those of the table."""

    promise: str
    cycle: int
    limit: str
    owner: str
    chain: str
    calendar: str
    calendar_version: int = 0
    state: str = "pending"
    verdict: str = ""
    started_at: datetime | None = None
    due_at: datetime | None = None
    provisional: bool = False
    met_at: datetime | None = None
    paused_at: datetime | None = None
    warned_at: datetime | None = None
    level: int = 0
    id: int = 0
    pauses: tuple[()] = ()
    taken: int | None = None


class Promises:
    """Makes response tables under one set-up."""

    def __init__(self, setup: Setup, now: int) -> None:
        self.setup, self.now = setup, when(now)
        self._policies: dict[tuple[Any, ...], dict[str, Terms]] = {}

    def table(self, life: Life, category_id: int, calendar: str) -> list[PromiseRow]:
        """Every row of the ticket, all cycles. `calendar` is the department's."""
        policy = self._policy(life, category_id)
        reopened = life.at("reopen")
        first = self._cycle(life, policy, calendar, bool(reopened))
        return first + (self._again(policy, calendar, reopened) if reopened else [])

    def _policy(self, life: Life, category_id: int) -> dict[str, Terms]:
        key = (life.severity, life.kind, life.channel, category_id)
        if key not in self._policies:
            facts = SimpleNamespace(
                severity=life.severity,
                kind=life.kind,
                channel=life.channel,
                category_id=category_id,
            )
            self._policies[key] = promises.applicable(facts, self.setup)
        return self._policies[key]

    def _cycle(
        self, life: Life, policy: dict[str, Terms], calendar: str, is_over: bool
    ) -> list[PromiseRow]:
        met = _kept(life)
        answered = life.at(*ANSWERED)
        starts = {
            **dict.fromkeys(AT_OPENING, life.received),
            **dict.fromkeys(AT_DISPATCH, life.at("dispatch")),
            **dict.fromkeys(AT_ANSWER, answered),
            "update": life.said,
        }
        rows = []
        for promise, made in policy.items():
            if promise not in ORDER:
                continue
            row = self._row(made, calendar, starts[promise], met.get(promise))
            if row.state in OPEN:
                self._settle(row, life, answered or life.ended, is_over)
            rows.append(row)
        return sorted(rows, key=lambda row: ORDER.index(row.promise))

    def _settle(self, row: PromiseRow, life: Life, end: int | None, is_over: bool) -> None:
        """What the end of the case, its answer or a hold makes of a promise that is open."""
        moot = (life.at(*ANSWERED) and row.promise in MOOT) or (
            row.promise == "send_back" and life.at("handle")
        )
        if is_over or moot or life.status in ENDED:
            missed = row.state == "running" and end and row.due_at and row.due_at < when(end)
            row.state, row.verdict = "dropped", "missed" if missed else "dropped"
        elif row.state == "running" and life.status == Status.WAITING:
            self._pause(row, life)

    def _row(self, made: Terms, calendar: str, start: int | None, met: int | None) -> PromiseRow:
        own = calendar if made.owner == "department" else DESK_CALENDAR
        row = PromiseRow(made.promise, 1, made.limit, made.owner, made.chain, own)
        if start is not None:
            row.state = "window" if made.promise in WINDOWS else "running"
            row.started_at = when(start)
            row.due_at = self._due(start, made.limit, own)
            calendar_ = self.setup.calendars[own]
            row.calendar_version = calendar_.version
            row.provisional = not covers(
                row.started_at, row.due_at, calendar_, Limit.parse(made.limit)
            )
        if met is not None and start is not None:
            row.state, row.met_at = "met", when(met)
            row.verdict = "late" if row.due_at and row.met_at > row.due_at else "on_time"
            if row.started_at:
                row.taken = promises.taken(row, row.met_at, self.setup)  # type: ignore[arg-type]
        elif row.state == "running" and row.due_at and row.due_at < self.now:
            row.verdict = "missed"
        return row

    def _due(self, start: int, limit: str, calendar: str) -> datetime:
        return due_at(when(start), Limit.parse(limit), self.setup.calendars[calendar])

    def _pause(self, row: PromiseRow, life: Life) -> None:
        held = life.at("hold")
        assert held and row.due_at
        row.state, row.paused_at = "paused", when(held)
        if row.due_at >= row.paused_at:
            row.verdict = ""

    def _again(self, policy: dict[str, Terms], calendar: str, at: int) -> list[PromiseRow]:
        """The rows of the second cycle: acknowledged and first answered it was already."""
        rows = []
        for promise, made in policy.items():
            if promise in ORDER and promise not in ONCE:
                runs = promise in (*AT_OPENING, "update")
                row = self._row(made, calendar, at if runs else None, None)
                row.cycle = 2
                rows.append(row)
        return rows

    def take_steps(self, row: PromiseRow) -> list[tuple[int, str, datetime]]:
        """The chain's steps that a running row has reached by now: (level, told, when)."""
        taken = []
        chain = {step.at: ",".join(step.tell) for step in self.setup.chains[row.chain]}
        while alarm := promises.next_alarm(row, self.setup):  # type: ignore[arg-type]
            due, level = alarm[0]["due_at"], alarm[0]["level"]
            assert isinstance(due, datetime) and isinstance(level, int)
            if due > self.now:
                break
            taken.append((level, chain[level], due))
            row.level, row.warned_at = level, row.warned_at or due
        return taken


def _kept(life: Life) -> dict[str, int | None]:
    """When each promise was kept, as the verbs would have noted it."""
    answered = life.at(*ANSWERED)
    declined = life.at("decline")
    first = min((at for at in (life.said, answered, declined) if at is not None), default=None)
    accepted = life.received if life.channel in SPOKEN else life.at("accept", *ANSWERED)
    handled = life.at("handle")
    return {
        "acknowledge": accepted,
        "first_answer": first,
        "containment": handled,
        "sign": life.at("sign"),
        "department_reply": answered,
        "update": answered if life.said != answered else None,
        "resolve": answered,
        "callback": life.at("close") if life.at("approve") else None,
        "close": life.at("close"),
    }
