"""A calendar's draft as form fields, and as the hidden text that goes from the preview to saving."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from helpdesk.clock import CalendarError, DayRule, now
from helpdesk.core.errors import BadInput, refuse
from helpdesk.core.i18n import N_, company_zone
from helpdesk.setup.calendars.actions import Draft, Week
from helpdesk.setup.calendars.texts import date_of, intervals_of, rule_of, text_of

DAY_FIELDS = ("date", "kind", "hours", "name", "name_en")
EMPTY_DAYS = 4
MOST = 400
ANSWER = "answer-"  # of a question in the preview
TWICE = N_("This date stands here twice.")
LOST = N_("The preview was incomplete. Please go back and look at it again.")
_PLACE = re.compile(r"(day|season)-(\d{1,3})-")


def shown_from() -> date:
    """The first day that the form shows; earlier ones stay as they are."""
    return date(now().astimezone(company_zone()).year, 1, 1)


def fields_of(draft: Draft) -> dict[str, str]:
    """Every field of the form, by its name."""
    fields = {name: getattr(draft, name) for name in ("code", "name_zh", "name_en", "zone")}
    fields["until"] = draft.until.isoformat() if draft.until else ""
    fields["version"] = str(draft.based_on)
    fields |= _week_fields("week", draft.week)
    for place, (begins, week) in enumerate(draft.seasons):
        fields[f"season-{place}-begins"] = begins
        fields |= _week_fields(f"season-{place}", week)
    shown = [(day, rule) for day, rule in draft.days.items() if day >= shown_from()]
    for place, (day, rule) in enumerate(shown):
        values = (day.isoformat(), rule.kind, text_of(rule.intervals), rule.name, rule.name_en)
        fields |= {f"day-{place}-{name}": v for name, v in zip(DAY_FIELDS, values, strict=True)}
    return fields


def _week_fields(prefix: str, week: Week) -> dict[str, str]:
    return {f"{prefix}-{day}": text_of(week.get(day, ())) for day in range(7)}


def beside_days(typed: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """The stored fields with each special day in the row where its date was typed; days whose date
    was not typed come in rows of their own at the end."""
    rows = {stored[f"day-{place}-date"]: place for place in range(places(stored, "day"))}
    found = {name: value for name, value in stored.items() if not name.startswith("day-")}
    last = places(typed, "day")
    for place in range(last):
        date_typed = typed.get(f"day-{place}-date", "")
        if date_typed in rows:
            found |= _row(stored, rows.pop(date_typed), place)
        elif date_typed:
            found[f"day-{place}-date"] = ""
    for place, row in enumerate(rows.values(), last):
        found |= _row(stored, row, place)
    return found


def _row(stored: Mapping[str, str], row: int, place: int) -> dict[str, str]:
    return {f"day-{place}-{name}": stored[f"day-{row}-{name}"] for name in DAY_FIELDS}


def places(fields: Iterable[str], what: str) -> int:
    """How many rows of days or seasons the form has."""
    found = (_PLACE.match(name) for name in fields)
    last = [int(match[2]) for match in found if match and match[1] == what]
    return min(max(last, default=-1) + 1, MOST)


def draft_of(fields: Mapping[str, str], base: Draft | None) -> Draft:
    """The draft that was typed; `base` lends the days before those shown.

    Raises BadInput with the sentence of each field.
    """
    errors: dict[str, str] = {}
    made = Draft(
        code=base.code if base else fields.get("code", "").strip(),
        name_zh=fields.get("name_zh", "").strip()[:80],
        name_en=fields.get("name_en", "").strip()[:80],
        zone=fields.get("zone", "").strip(),
        week=_week(fields, "week", errors),
        seasons=_seasons(fields, errors),
        days=_days(fields, base, errors),
        until=_until(fields.get("until", ""), errors),
        based_on=base.based_on if base else 0,
    )
    refuse(errors)
    return made


def _week(fields: Mapping[str, str], prefix: str, errors: dict[str, str]) -> Week:
    week: Week = {}
    for day in range(7):
        name = f"{prefix}-{day}"
        try:
            week[day] = intervals_of(fields.get(name, ""), name)
        except CalendarError as error:
            errors[name] = error.message
    return {day: spans for day, spans in week.items() if spans}


def _seasons(fields: Mapping[str, str], errors: dict[str, str]) -> tuple[tuple[str, Week], ...]:
    found = []
    for place in range(places(fields, "season")):
        begins = fields.get(f"season-{place}-begins", "").strip()
        if begins and not fields.get(f"season-{place}-remove"):
            found.append((begins, _week(fields, f"season-{place}", errors)))
    return tuple(found)


def _until(text: str, errors: dict[str, str]) -> date | None:
    try:
        return date_of(text) if text.strip() else None
    except CalendarError as error:
        errors["until"] = error.message
        return None


def _days(
    fields: Mapping[str, str], base: Draft | None, errors: dict[str, str]
) -> dict[date, DayRule]:
    days = {d: rule for d, rule in (base.days if base else {}).items() if d < shown_from()}
    known = base.days if base else {}
    for place in range(places(fields, "day")):
        row = {name: fields.get(f"day-{place}-{name}", "").strip() for name in DAY_FIELDS}
        if not row["date"] or fields.get(f"day-{place}-remove"):
            continue
        try:
            day, rule = _day(row, known)
        except CalendarError as error:
            errors[f"day-{place}-{error.where}"] = error.message
            continue
        if day in days:
            errors[f"day-{place}-date"] = TWICE
        elif rule is not None:
            days[day] = rule
    return dict(sorted(days.items()))


def _day(row: Mapping[str, str], known: Mapping[date, DayRule]) -> tuple[date, DayRule | None]:
    """What was typed; a day that is as it was keeps its source."""
    day = date_of(row["date"])
    rule = rule_of(row["kind"], row["hours"], row["name"], row["name_en"], "")
    before = known.get(day)
    return day, before if before == rule else rule


def field_of(where: str, draft: Draft, fields: Mapping[str, str]) -> str:
    """The field that a sentence of the calendar is about: week.0, season.05-01.0, days.DATE."""
    head, _, rest = where.partition(".")
    if head == "days":
        rows = (name for name, value in fields.items() if value == rest)
        return next((name for name in rows if name.endswith("-date")), "days")
    if head == "season":
        begins = [season[0] for season in draft.seasons]
        at = next((n for n, one in enumerate(begins) if rest.startswith(one)), 0)
        day = rest.rpartition(".")[2] if "." in rest else "begins"
        return f"season-{at}-{day}"
    return where.replace(".", "-")


def to_text(draft: Draft) -> str:
    """The whole draft in one line."""
    data = asdict(draft)
    data["until"] = draft.until.isoformat() if draft.until else None
    data["days"] = {
        day.isoformat(): [r.kind, r.intervals, r.name, r.name_en, r.source]
        for day, r in draft.days.items()
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def of_text(text: str, code: str) -> Draft:
    """The draft again. Raises BadInput for anything else."""
    try:
        data = json.loads(text)
        made = Draft(**data)
        made = replace(
            made,
            week=_read_week(data["week"]),
            seasons=tuple((str(begins), _read_week(week)) for begins, week in data["seasons"]),
            days={date.fromisoformat(day): _read_rule(rule) for day, rule in data["days"].items()},
            until=date.fromisoformat(data["until"]) if data["until"] else None,
            based_on=int(data["based_on"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(LOST) from error
    if made.based_on and made.code != code:
        raise BadInput(LOST)
    return made


def answered(draft: Draft, fields: Mapping[str, str]) -> tuple[Draft, list[date]]:
    """The draft with an administrator's answers (answer-DATE: work or rest), and the days asked about.

    Raises BadInput for a question that was not asked.
    """
    days, asked = dict(draft.days), []
    for name in sorted(name for name in fields if name.startswith(ANSWER)):
        try:
            day = date.fromisoformat(name.removeprefix(ANSWER))
            kind = fields[name] if fields[name] in ("work", "rest") else "rest"
            days[day] = replace(days[day], kind=kind)
        except (ValueError, KeyError) as error:
            raise BadInput(LOST) from error
        asked.append(day)
    return replace(draft, days=days), asked


def _read_week(data: Mapping[str, Any]) -> Week:
    return {int(day): tuple((str(a), str(b)) for a, b in spans) for day, spans in data.items()}


def _read_rule(data: list[Any]) -> DayRule:
    kind, spans, name, name_en, source = data
    return DayRule(
        str(kind), tuple((str(a), str(b)) for a, b in spans), str(name), str(name_en), str(source)
    )
