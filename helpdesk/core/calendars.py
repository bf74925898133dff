"""Work calendars as rows: an admin's edit is a new version, the pure clock reads any of them.

A day that differs is a row of its own, with the version that brought it. The rule of a date in
version 5 is its newest row up to 5; the kind PLAIN takes an earlier rule back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpdesk.clock import DayRule, Season, WorkCalendar, now
from helpdesk.core.db import JsonData, Model, UtcTime, db

PLAIN = "plain"
KNOWN_BY = (11, 1)  # month and day by which the days of the next year should be published


class Calendar(Model):
    """One version of one calendar: zone, hours of the week, published range. Never changed."""

    __tablename__ = "calendar"
    __table_args__ = (UniqueConstraint("code", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    name_zh: Mapped[str] = mapped_column(default="")
    name_en: Mapped[str] = mapped_column(default="")
    zone: Mapped[str]
    week: Mapped[dict[str, Any]] = mapped_column(JsonData)
    seasons: Mapped[list[dict[str, Any]]] = mapped_column(JsonData, default=list)
    covered: Mapped[list[str] | None] = mapped_column(JsonData)
    note: Mapped[str] = mapped_column(default="")
    made_by: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)

    def name(self, language: str) -> str:
        """The name in zh_Hans or en."""
        return (self.name_zh if language.startswith("zh") else self.name_en) or self.code


class CalendarDay(Model):
    """What one date is from a version on: kind rest, work, hours, or PLAIN (its weekday again)."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        UniqueConstraint("calendar", "date", "version"),
        Index("ix_calendar_day_version", "calendar", "version"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str]
    date: Mapped[date]
    version: Mapped[int]
    kind: Mapped[str]
    hours: Mapped[list[list[str]]] = mapped_column(JsonData, default=list)
    name: Mapped[str] = mapped_column(default="")
    name_en: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")


def rows_of(
    calendar: WorkCalendar,
    name_zh: str,
    name_en: str,
    before: WorkCalendar | None = None,
    made_by: str = "system",
    note: str = "",
) -> list[Model]:
    """The rows that keep this version; `before` is the version that it follows."""
    covered = [d.isoformat() for d in calendar.covered] if calendar.covered else None
    row = Calendar(
        code=calendar.code,
        version=calendar.version,
        zone=calendar.zone,
        name_zh=name_zh,
        name_en=name_en,
        covered=covered,
        week=_week_data(calendar.week),
        seasons=[{"begins": s.begins, "week": _week_data(s.week)} for s in calendar.seasons],
        made_by=made_by,
        note=note,
    )
    return [row, *_day_rows(calendar, before.days if before else {})]


def _day_rows(calendar: WorkCalendar, before: Any) -> Iterable[CalendarDay]:
    gone = {day: DayRule(PLAIN) for day in before if day not in calendar.days}
    changed = {day: rule for day, rule in calendar.days.items() if before.get(day) != rule}
    for day, rule in sorted((gone | changed).items()):
        yield CalendarDay(
            calendar=calendar.code,
            version=calendar.version,
            date=day,
            kind=str(rule.kind),
            hours=[list(span) for span in rule.intervals],
            name=rule.name,
            name_en=rule.name_en,
            source=rule.source,
        )


def newest() -> dict[str, Calendar]:
    """The row of the newest version of every calendar, by code in order."""
    last = select(Calendar.code, func.max(Calendar.version).label("version"))
    of = last.group_by(Calendar.code).subquery()
    query = select(Calendar).join(
        of, (of.c.code == Calendar.code) & (of.c.version == Calendar.version)
    )
    return {row.code: row for row in db.session.scalars(query.order_by(Calendar.code))}


def load_calendars() -> dict[str, WorkCalendar]:
    """The newest version of every calendar, by code."""
    return {code: calendar_of(row) for code, row in newest().items()}


def unpublished(calendars: Mapping[str, WorkCalendar], today: date) -> dict[str, int]:
    """Calendars that do not know a year which they must know by now: code -> that year.

    From 1 November on that is the next year. Calendars without holidays know every year.
    """
    needed = today.year + ((today.month, today.day) >= KNOWN_BY)
    return {
        code: max(calendar.covered[1].year + 1, today.year)
        for code, calendar in calendars.items()
        if calendar.covered and calendar.covered[1] < date(needed, 12, 31)
    }


def edition(code: str, version: int) -> WorkCalendar:
    """This version of a calendar, kept in memory: versions never change. Raises LookupError."""
    return _edition(str(db.engine.url), code, version)


@lru_cache(maxsize=256)
def _edition(_database: str, code: str, version: int) -> WorkCalendar:
    row = db.session.scalar(select(Calendar).filter_by(code=code, version=version))
    if row is None:
        raise LookupError(f"There is no calendar {code} in version {version}.")
    return calendar_of(row)


def forget() -> None:
    """Drop what is kept in memory (tests make new databases under one name)."""
    _edition.cache_clear()


def calendar_of(row: Calendar) -> WorkCalendar:
    """The calendar that a row keeps, with its days. Raises CalendarError when it makes no sense."""
    covered = tuple(date.fromisoformat(d) for d in row.covered) if row.covered else None
    return WorkCalendar(
        code=row.code,
        version=row.version,
        zone=row.zone,
        week=_week(row.week),
        days=_days(db.session(), row.code, row.version),
        covered=(covered[0], covered[1]) if covered else None,
        seasons=tuple(Season(s["begins"], _week(s["week"])) for s in row.seasons or ()),
    )


def _days(session: Session, code: str, version: int) -> dict[date, DayRule]:
    query = select(CalendarDay).where(CalendarDay.calendar == code, CalendarDay.version <= version)
    rules = {}
    for row in session.scalars(query.order_by(CalendarDay.date, CalendarDay.version)):
        hours = tuple((a, b) for a, b in row.hours or ())
        rules[row.date] = DayRule(row.kind, hours, row.name, row.name_en, row.source)
    return {day: rule for day, rule in rules.items() if rule.kind != PLAIN}


def _week_data(week: Any) -> dict[str, Any]:
    return {str(day): [list(span) for span in spans] for day, spans in week.items()}


def _week(data: dict[str, Any]) -> dict[int, tuple[tuple[str, str], ...]]:
    return {int(day): tuple((a, b) for a, b in spans) for day, spans in data.items()}
