"""Work calendars as administrators edit them: every change is a new version, looked at before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from helpdesk.agents.change import change
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import CalendarError, DayRule, Interval, Season, WorkCalendar
from helpdesk.core import options
from helpdesk.core.calendars import Calendar, calendar_of, edition, newest, rows_of
from helpdesk.core.errors import FILL, BadInput, Conflict, NotFound, refuse
from helpdesk.core.i18n import N_
from helpdesk.promises import recompute
from helpdesk.setup.calendars import years as calendar_years

CODE = re.compile(r"[a-z][a-z0-9-]{0,30}")
FIRST = date(2000, 1, 1)
WHY = N_("Please say why: the note explains the new version.")
NEWER = N_("Somebody saved another version meanwhile. Look at it, then save yours again.")
SAME = N_("Nothing is different from the version in force.")
Week = dict[int, tuple[Interval, ...]]


@dataclass(frozen=True)
class Draft:
    """A calendar as it would be; `based_on` is the version that was looked at, 0 for a new one."""

    code: str
    name_zh: str
    name_en: str
    zone: str
    week: Week
    seasons: tuple[tuple[str, Week], ...] = ()
    days: Mapping[date, DayRule] = field(default_factory=dict)
    until: date | None = None
    based_on: int = 0

    def calendar(self) -> WorkCalendar:
        """What it would count by. Raises CalendarError."""
        before = edition(self.code, self.based_on) if self.based_on else None
        first = before.covered[0] if before and before.covered else min([FIRST, *self.days])
        return WorkCalendar(
            code=self.code,
            version=self.based_on + 1,
            zone=self.zone,
            week={day: spans for day, spans in self.week.items() if spans},
            days=dict(self.days),
            covered=(first, self.until) if self.until else None,
            seasons=tuple(Season(begins, week) for begins, week in self.seasons),
        )


@dataclass(frozen=True)
class DayChange:
    """One date that becomes something else; None is a day like any other of its weekday."""

    day: date
    old: DayRule | None
    new: DayRule | None


@dataclass(frozen=True)
class Preview:
    """What a draft would change: the days one by one, and the open promises that would move."""

    before: WorkCalendar | None
    after: WorkCalendar
    days: tuple[DayChange, ...]
    forecast: recompute.Forecast

    @property
    def seasons(self) -> list[tuple[str, Mapping[int, Any] | None, Mapping[int, Any] | None]]:
        """When other hours begin, and the week from then on, before and after; None: not there."""
        old = {season.begins: season.week for season in self.before.seasons} if self.before else {}
        new = {season.begins: season.week for season in self.after.seasons}
        return [(begins, old.get(begins), new.get(begins)) for begins in sorted({*old, *new})]


def found(code: str) -> Calendar:
    """The newest version of this calendar. Raises NotFound."""
    row = newest().get(code)
    if row is None:
        raise NotFound(N_("There is no such calendar."))
    return row


def draft_of(row: Calendar) -> Draft:
    """The draft that changes nothing."""
    calendar = calendar_of(row)
    return Draft(
        code=row.code,
        name_zh=row.name_zh,
        name_en=row.name_en,
        zone=row.zone,
        week={day: tuple(spans) for day, spans in calendar.week.items()},
        seasons=tuple((season.begins, dict(season.week)) for season in calendar.seasons),
        days=calendar.days,
        until=calendar.covered[1] if calendar.covered else None,
        based_on=row.version,
    )


def with_days(draft: Draft, days: Mapping[date, DayRule | None], complete: bool) -> Draft:
    """The draft with the days of a file. `complete`: they are all special days of their years.

    Raises BadInput when a year between would stay unpublished.
    """
    years = {day.year for day in days}
    kept = {day: rule for day, rule in draft.days.items() if not complete or day.year not in years}
    rules = {day: rule for day, rule in sorted({**kept, **days}.items()) if rule is not None}
    until = draft.until
    if complete:
        known = draft.until or date(min(years) - 1, 12, 31)
        gap = [year for year in range(known.year + 1, max(years)) if year not in years]
        if gap:
            raise BadInput(N_("The days of %(year)s are missing in between."), year=gap[0])
        until = max(known, date(max(years), 12, 31))
    return replace(draft, days=rules, until=until)


def preview(draft: Draft, by: Actor) -> Preview:
    """What the draft would change. Raises NotAllowed, or BadInput with the sentence of each field."""
    require(by, "settings.edit")
    after = checked(draft)
    before = edition(draft.code, draft.based_on) if draft.based_on else None
    if before is not None and _same(draft, before, after):
        raise BadInput(SAME)
    changed = tuple(_day_changes(before.days if before else {}, after.days))
    return Preview(before, after, changed, recompute.forecast(after))


def _same(draft: Draft, before: WorkCalendar, after: WorkCalendar) -> bool:
    row = found(draft.code)
    names = (row.name_zh, row.name_en) == (draft.name_zh, draft.name_en)
    return names and before == replace(after, version=before.version)


def _day_changes(old: Mapping[date, DayRule], new: Mapping[date, DayRule]) -> Iterator[DayChange]:
    for day in sorted(old.keys() | new.keys()):
        if old.get(day) != new.get(day):
            yield DayChange(day, old.get(day), new.get(day))


def checked(draft: Draft) -> WorkCalendar:
    """The calendar of a draft. Raises BadInput with the sentence of each field."""
    errors = {name: FILL for name in ("name_zh", "name_en") if not getattr(draft, name).strip()}
    if not draft.based_on and not CODE.fullmatch(draft.code):
        errors["code"] = N_("Use small letters, digits and hyphens, a letter first.")
    elif not draft.based_on and draft.code in newest():
        errors["code"] = N_("There is one with this code already.")
    refuse(errors)
    try:
        return draft.calendar()
    except CalendarError as error:
        raise BadInput(error.message, errors={error.where: error.message}) from error


def save(draft: Draft, note: str, by: Actor) -> None:
    """Keep the draft as the newest version; open promises are counted anew in the background.

    Raises NotAllowed, BadInput, or Conflict when somebody saved another version meanwhile.
    """
    with change("calendar", by) as making:
        options.changed()  # its row is the lock: two that save come one after the other
        row = newest().get(draft.code)
        if (row.version if row else 0) != draft.based_on and (row or draft.based_on):
            raise Conflict(NEWER)
        shown = preview(draft, by)
        note = note.strip()[:200]
        refuse({} if note else {"note": WHY})
        names = (draft.name_zh, draft.name_en)
        making.session.add_all(rows_of(shown.after, *names, shown.before, by.name, note))
        making.session.flush()
        if draft.based_on:
            recompute.begin(draft.code, shown.after.version, by)
        calendar_years.plan()
        making.id, making.old = draft.code, {"version": draft.based_on}
        making.new = {"version": shown.after.version, "note": note}
