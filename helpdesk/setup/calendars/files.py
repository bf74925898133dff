"""Days of a calendar from a CSV or ICS file. All or nothing: every bad line is named with its reason."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from helpdesk.clock import CalendarError, DayRule
from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_
from helpdesk.setup.calendars.marks import Day, day_of
from helpdesk.setup.calendars.texts import date_of, rule_of

HEADINGS = {
    "date": ("date", "日期"),
    "kind": ("kind", "type", "类型", "类别"),
    "hours": ("hours", "时间", "工作时间"),
    "name": ("name", "name_zh", "名称", "中文名称"),
    "name_en": ("name_en", "english", "英文名称"),
}
MOST_LINES, MOST_BYTES, MOST_ERRORS = 2000, 500_000, 20
LONGEST = 31  # days of one entry
ENCODING = N_("This file is neither UTF-8 nor GB18030. Save it as UTF-8 and send it again.")
EMPTY = N_("There is no day in this file.")
TOO_LONG = N_("This file is too long: 2,000 days at most.")
WRONG = N_("Nothing was changed. Please mend these lines and send the file again.")
TWICE = N_("This date stands in the file twice.")
HEADING = N_("The first line names the columns: date, kind, hours, name, name_en.")
NO_ICS = N_("This is not a readable calendar file (ICS).")
WHOLE_DAYS = N_("Only whole days can be taken from an ICS file; write hours in a CSV file.")
REPEATED = N_("A repeated entry cannot be taken; write every date.")
BACKWARDS = N_("The end lies before the start.")
TOO_WIDE = N_("One entry lasts 31 days at most.")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")

Days = dict[date, DayRule | None]


@dataclass(frozen=True)
class Entry:
    """One line of a file: its number, its date and what the date becomes (None: as usual)."""

    line: int
    day: date
    rule: DayRule | None
    asked: bool = False  # whether an administrator must say if it is a working day


@dataclass(frozen=True)
class File:
    """What a file says: its days, and those of which a person must say if they are working days."""

    days: Days
    asked: tuple[date, ...]


def read(content: bytes, filename: str) -> File:
    """What a file says. Raises BadInput whose errors map a line number to its reason."""
    if len(content) > MOST_BYTES:
        raise BadInput(TOO_LONG)
    text = decoded(content)
    errors: dict[str, str] = {}
    ics = text.lstrip().upper().startswith("BEGIN:VCALENDAR")
    source = filename[-80:] or "import"
    entries = list(_ics(text, source, errors) if ics else _csv(text, source, errors))
    days: Days = {}
    for entry in entries:
        if entry.day in days:
            errors.setdefault(str(entry.line), TWICE)
        days[entry.day] = entry.rule
    if errors:
        first = sorted(errors.items(), key=lambda line: int(line[0]))[:MOST_ERRORS]
        raise BadInput(WRONG, errors=dict(first))
    if not days:
        raise BadInput(EMPTY)
    asked = sorted({entry.day for entry in entries if entry.asked})
    return File(dict(sorted(days.items())), tuple(asked))


def decoded(content: bytes) -> str:
    """The text: UTF-8, with or without a byte order mark, or GB18030. Raises BadInput."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    raise BadInput(ENCODING)


def _csv(text: str, source: str, errors: dict[str, str]) -> Iterator[Entry]:
    first = text.splitlines()[0] if text.strip() else ""
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
    columns: list[str] = []
    for line in reader:
        if reader.line_num > MOST_LINES:
            raise BadInput(TOO_LONG)
        cells = [cell.strip() for cell in line]
        if columns and any(cells):
            row = defaultdict(str, zip(columns, cells, strict=False))
            yield from _csv_entry(row, reader.line_num, source, errors)
        elif any(cells):
            columns = _columns(cells)


def _columns(cells: list[str]) -> list[str]:
    """Which column each cell heads. Raises BadInput for a first line that is none."""
    known = {word: column for column, words in HEADINGS.items() for word in words}
    found = [known.get(cell.lower(), "") for cell in cells]
    if not {"date", "kind"} <= set(found):
        raise BadInput(WRONG, errors={"1": HEADING})
    return found


def _csv_entry(
    row: Mapping[str, str], line: int, source: str, errors: dict[str, str]
) -> Iterator[Entry]:
    try:
        day = date_of(row["date"])
        rule = rule_of(row["kind"], row["hours"], row["name"], row["name_en"], source)
        yield Entry(line, day, rule)
    except CalendarError as error:
        errors[str(line)] = error.message


def _ics(text: str, source: str, errors: dict[str, str]) -> Iterator[Entry]:
    from icalendar import Calendar as Ics  # loaded by the few who bring such a file

    try:
        events = Ics.from_ical(text).walk("VEVENT")
    except (ValueError, KeyError, IndexError) as error:
        raise BadInput(NO_ICS) from error
    if len(events) > MOST_LINES:
        raise BadInput(TOO_LONG)
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.upper() == "BEGIN:VEVENT"]
    for line, event in zip(lines, events, strict=False):
        try:
            yield from _event_days(event, line, source)
        except CalendarError as error:
            errors[str(line)] = error.message


def _event_days(event: Any, line: int, source: str) -> Iterator[Entry]:
    """The dates of one entry; DTEND is the day after the last (RFC 5545, 3.6.1)."""
    first, end = _span(event)
    name = str(event.get("SUMMARY", "")).strip()
    what = day_of(event)
    kind = "work" if what is Day.WORK else "rest"
    for n in range((end - first).days):
        day = date_of(str(first + timedelta(days=n)))
        yield Entry(line, day, rule_of(kind, "", name, "", source), what is Day.ASK)


def _span(event: Any) -> tuple[date, date]:
    if event.get("RRULE") is not None:
        raise CalendarError(REPEATED, "rrule")
    start, end = (getattr(event.get(name), "dt", None) for name in ("DTSTART", "DTEND"))
    if not isinstance(start, date) or isinstance(start, datetime) or isinstance(end, datetime):
        raise CalendarError(WHOLE_DAYS, "dtstart")
    length = getattr(event.get("DURATION"), "dt", timedelta(days=1))
    end = end or start + length
    if end <= start:
        raise CalendarError(BACKWARDS, "dtend")
    if (end - start).days > LONGEST:
        raise CalendarError(TOO_WIDE, "dtend")
    return start, end
