"""The receipts: each promise in words, and how its time was counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.clock import Limit, Span, due_at, explain
from helpdesk.core.i18n import N_, duration, gettext, language, ngettext, when
from helpdesk.promises import policy, rail
from helpdesk.promises.dues import limit_words
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.timing import pauses_of
from helpdesk.promises.words import OWNER_NAMES, PROMISE_NAMES, VERDICT_NAMES

KINDS = {"counted": N_("counted"), "skipped": N_("not counted"), "paused": N_("paused")}
WHY = {
    "open": N_("working time"),
    "makeup": N_("make-up working day"),
    "hours": N_("other hours that day"),
    "clock": N_("round the clock"),
    "day": N_("working day"),
    "pause": N_("on hold"),
    "lunch": N_("lunch break"),
    "night": N_("night"),
    "closed": N_("closed"),
    "weekend": N_("weekend"),
    "holiday": N_("holiday"),
    "first_day": N_("the first day does not count"),
    "moved": N_("moved off a rest day"),
}


@dataclass(frozen=True)
class Stretch:
    """One stretch of a promise: counted, not counted or paused, and why."""

    kind: str
    start: datetime
    end: datetime
    length: str
    why: str


@dataclass(frozen=True)
class Explained:
    """One row of the response table with its reasons."""

    row: Promise
    label: str
    owner: str
    limit: str
    verdict: str
    mark: rail.Mark
    stretches: list[Stretch]
    counted: str  # the sum of what was counted: the promise itself
    paused: str
    moved: str  # why it is not due by its limit alone
    corrected: list[str]  # who changed what decides about it, when and why
    editions: str  # the policy and the calendar that it was counted by


def table(
    rows: Sequence[Promise], corrected: Callable[[Promise], list[str]] = lambda _row: []
) -> list[Explained]:
    """Every promise of these rows with its reasons; `corrected` tells what corrections moved one."""
    snapshot = policy.current()
    marks = rail.marks(rows, snapshot)
    return [
        _explained(row, mark, snapshot, corrected(row))
        for row, mark in zip(rows, marks, strict=True)
    ]


def _explained(
    row: Promise, mark: rail.Mark, snapshot: Snapshot, corrected: list[str]
) -> Explained:
    found = spans(row, snapshot)
    limit = Limit.parse(row.limit)
    return Explained(
        row=row,
        label=gettext(PROMISE_NAMES[row.promise]),
        owner=_owner(row, snapshot),
        limit=limit_words(limit),
        verdict=_verdict(row),
        mark=mark,
        stretches=[_stretch(span, limit) for span in found],
        counted=_sum(found, "counted", limit),
        paused=_sum(found, "paused", limit),
        moved=_moved(row),
        corrected=corrected,
        editions=_editions(row, snapshot),
    )


@dataclass(frozen=True)
class Receipt:
    """How one due time of a notice came about; `exact` when nothing moved it since."""

    label: str
    limit: str
    stretches: list[Stretch]
    counted: str
    calendar: str
    exact: bool


def receipt(row: Promise, label: str, snapshot: Snapshot) -> Receipt:
    """The receipt of a due time by the calendar that it was counted by."""
    assert row.started_at
    limit, found, calendar = Limit.parse(row.limit), spans(row, snapshot), snapshot.calendar_of(row)
    return Receipt(
        label=label,
        limit=limit_words(limit),
        stretches=[_stretch(span, limit) for span in found],
        counted=_sum(found, "counted", limit),
        calendar=gettext(
            "Calendar %(calendar)s, version %(version)s.",
            calendar=calendar.code,
            version=calendar.version,
        ),
        exact=row.due_at == due_at(row.started_at, limit, calendar),
    )


def _moved(row: Promise) -> str:
    """Why the due time or the limit is another than the policy's, in words."""
    if row.profile:
        return gettext("The limit is that of a rule of law (%(code)s).", code=row.profile)
    if row.bound == "external":
        return gettext("Due earlier because of the authority’s deadline.")
    if row.extended_to is not None:
        return gettext("More time was granted, until %(at)s.", at=when(row.extended_to))
    return ""


def _editions(row: Promise, snapshot: Snapshot) -> str:
    return gettext(
        "Promises, edition %(policy)s; calendar %(calendar)s, version %(version)s.",
        policy=row.policy_version,
        calendar=row.calendar,
        version=snapshot.calendar_of(row).version,
    )


def _verdict(row: Promise) -> str:
    if row.state == "dropped" and row.verdict == "missed":
        return gettext("missed")
    return gettext(VERDICT_NAMES.get(row.verdict, row.verdict))


def kinds() -> dict[str, str]:
    """What may become of a stretch of time, in words."""
    return {code: gettext(name) for code, name in KINDS.items()}


def spans(row: Promise, snapshot: Snapshot) -> list[Span]:
    """The stretches from start to due; none while the promise has not begun."""
    if not row.started_at or not row.due_at:
        return []
    calendar = snapshot.calendar_of(row)
    pauses = pauses_of(row)
    return explain(row.started_at, row.due_at, Limit.parse(row.limit), calendar, pauses)


def _owner(row: Promise, snapshot: Snapshot) -> str:
    unit = snapshot.departments.get(row.owner_department_id or 0)
    role = gettext(OWNER_NAMES.get(row.owner, row.owner))
    return row.owner_name or (unit.names[language()] if unit else role)


def _stretch(span: Span, limit: Limit) -> Stretch:
    name = span.name if language() == "zh_Hans" else span.name_en or span.name
    why = gettext(WHY.get(span.why, span.why))
    length = _length(span.seconds, span.kind, limit)
    return Stretch(span.kind, span.start, span.end, length, f"{name} · {why}" if name else why)


def _length(seconds: int, kind: str, limit: Limit) -> str:
    if kind == "counted" and limit.in_days:
        return gettext("1 day")
    return duration(seconds)


def _sum(found: list[Span], kind: str, limit: Limit) -> str:
    mine = [span for span in found if span.kind == kind]
    if kind == "counted" and limit.in_days:
        return ngettext("%(num)s day", "%(num)s days", len(mine))
    seconds = sum(span.seconds for span in mine)
    return hours(seconds) if seconds else ""


def hours(seconds: int) -> str:
    """A length in hours and minutes, never in days: a working day is not 24 hours."""
    whole, minutes = divmod(seconds // 60, 60)
    if not whole:
        return gettext("%(m)s min", m=minutes)
    return (
        gettext("%(h)s h %(m)s min", h=whole, m=minutes) if minutes else gettext("%(h)s h", h=whole)
    )
