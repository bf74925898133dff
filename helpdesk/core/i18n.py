"""Two languages: gettext under one roof, catalogues, and words for times and durations."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_day_names, get_month_names
from flask import g, has_app_context
from flask_babel import force_locale, get_locale, get_translations
from flask_babel.speaklater import LazyString
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext

from helpdesk.clock import now as right_now
from helpdesk.settings import LANGUAGES, settings

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "translations" / "zh_Hans" / "LC_MESSAGES" / "messages.po"
MONTHS = get_month_names("abbreviated", locale="en")
DAYS = {each: get_day_names("abbreviated", locale=each) for each in LANGUAGES}
HALF_A_YEAR = timedelta(days=180)
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
REFUSALS = (
    *("Refused", "Conflict", "BadInput", "NotAllowed", "NotFound", "TooMany", "TooLarge"),
    *("Busy", "NotSignedIn", "CalendarError", "LimitError"),
)
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "N_", "gettext", "lazy_gettext", *REFUSALS)),
    **dict.fromkeys(("P_", "_p"), ((1, "c"), 2)),
    "ngettext": (1, 2),
}


def _in_force() -> Any:
    """The catalogue of the language in force: a page asks it for hundreds of texts.

    Babel empties this place of its own whenever the language changes.
    """
    try:
        found = (
            g._get_current_object()._flask_babel.babel_translations
        )  # g itself looks at each word
    except (AttributeError, RuntimeError):  # not asked before, or outside an app
        found = None
    if found is None:
        found = get_translations()
        if has_app_context():
            g._flask_babel.babel_translations = found
    return found


class Meant(str):
    """A text that means something else elsewhere: `context` says which meaning this one is."""

    context: str


def P_(context: str, text: str) -> str:
    """Mark a text with more than one meaning for the catalogue; it is translated where it is shown."""
    found = Meant(text)
    found.context = context
    return found


def _looked_up(text: str) -> str:
    if not text:
        return ""  # a catalogue keeps its own head under this name
    if isinstance(text, Meant):
        found: str = _in_force().pgettext(text.context, str(text))
        return found
    plain: str = _in_force().gettext(text)
    return plain


def gettext(text: str, **values: object) -> str:
    """The text in the language in force, with these values filled in."""
    found = _looked_up(text)
    return found % values if values else found


def _p(context: str, text: str, **values: object) -> str:
    """The same for a text that means something else elsewhere."""
    return gettext(P_(context, text), **values)


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The same for a number of things; %(num)s is the number."""
    found: str = _in_force().ngettext(one, many, num)
    return found % {"num": num, **values}


def offered(names: Mapping[Any, str]) -> list[tuple[str, str]]:
    """What a table of names offers to choose from: each code with its name in the language in force."""
    return [(str(code), gettext(name)) for code, name in names.items()]


def lazy_gettext(text: str, **values: object) -> LazyString:
    """The text as it will be in the language of the moment when it is shown."""
    return LazyString(gettext, text, **values)


_ = gettext


def speak(environment: Any, trusted: Callable[[str], str]) -> None:
    """Let templates ask for texts the same way: a page asks for hundreds, so without detours.

    `trusted` marks a text of the catalogue as HTML; values are escaped when they are filled in.
    """

    def filled(context: EvalContext, text: str, values: dict[str, object]) -> str:
        found = trusted(text) if context.autoescape else text
        return found % values if "%" in text else found

    @lru_cache(maxsize=5000)
    def page_text(_catalogue: Any, text: str) -> str:
        return trusted(_looked_up(text))

    @pass_eval_context
    def one(context: EvalContext, text: str, **values: object) -> str:
        if not context.autoescape or isinstance(text, Meant):
            return filled(context, _looked_up(text), values)
        found = page_text(_in_force(), text)
        return found % values if "%" in found else found

    @pass_eval_context
    def meant(context: EvalContext, what: str, text: str, **values: object) -> str:
        return filled(context, _looked_up(P_(what, text)), values)

    @pass_eval_context
    def many(context: EvalContext, one: str, many: str, num: int, **values: object) -> str:
        return filled(context, _in_force().ngettext(one, many, num), {"num": num, **values})

    environment.globals |= {"_": one, "gettext": one, "ngettext": many, "_p": meant}


def N_(text: str) -> str:
    """Mark a sentence for the catalogue; it is translated where it is shown."""
    return text


def in_language(language: str):  # type: ignore[no-untyped-def]
    """A context in which every text comes out in `language` (zh_Hans or en)."""
    return force_locale(language)


def zone() -> ZoneInfo:
    """The reader's time zone, Asia/Shanghai outside a request."""
    try:
        return ZoneInfo(g._get_current_object().timezone)
    except (AttributeError, RuntimeError):  # not known before, or outside an app
        return ZoneInfo("Asia/Shanghai")


def company_zone() -> ZoneInfo:
    """The company's time zone: a day of a list or a statistic is a day there, whoever reads it."""
    return ZoneInfo(settings().timezone if has_app_context() else "Asia/Shanghai")


def language() -> str:
    """The language in force: zh_Hans or en."""
    try:
        found = g._get_current_object()._flask_babel.babel_locale
    except (AttributeError, RuntimeError):  # not asked before, or outside an app
        found = None
    found = found or get_locale()
    return "zh_Hans" if found is not None and found.language == "zh" else "en"


def when(at: datetime | None) -> str:
    """Date and time for the reader: '11月22日 09:30' or '22 Nov, 09:30'; with a year when it is old."""
    if at is None:
        return ""
    return _when(at, zone(), language(), abs(right_now() - at) >= HALF_A_YEAR)


@lru_cache(maxsize=5000)
def _when(at: datetime, zone: ZoneInfo, language: str, old: bool) -> str:
    local = at.astimezone(zone)
    clock = f"{local.hour:02}:{local.minute:02}"
    if language == "zh_Hans":
        year = f"{local.year}年" if old else ""
        return f"{year}{local.month}月{local.day}日 {clock}"
    year = f" {local.year}" if old else ""
    return f"{local.day} {MONTHS[local.month]}{year}, {clock}"


def moment(at: datetime, now: datetime) -> str:
    """A near time as people say it: '11:00' today, 'Mon 11:00' within a week, else date and time."""
    local, today = at.astimezone(zone()), now.astimezone(zone()).date()
    clock, days = f"{local.hour:02}:{local.minute:02}", (local.date() - today).days
    if days == 0:
        return clock
    if not 0 < days < 7:
        return when(at)
    return f"{DAYS[language()][local.weekday()]} {clock}"


def work_time(seconds: float) -> str:
    """A length of working time that can't be taken for hours by the clock: '2 working hours'."""
    hours, rest = divmod(int(abs(seconds)), 3600)
    if hours and rest < 60:
        return ngettext("%(num)s working hour", "%(num)s working hours", hours)
    return gettext("%(time)s of working time", time=duration(seconds))


def day(at: datetime | None) -> str:
    """The date alone, in full."""
    if at is None:
        return ""
    return format_date(at.astimezone(zone()), "long", locale=language())


def told_moment(text: str) -> str:
    """A moment that somebody else told in ISO 8601: a day for a date alone, the reader's time when
    the zone is told, else as it was written."""
    try:
        if len(text) == 10:
            return format_date(date.fromisoformat(text), "long", locale=language())
        told = datetime.fromisoformat(text)
    except ValueError:
        return text
    return when(told if told.tzinfo else told.replace(tzinfo=zone()))


def clock_time(at: datetime) -> str:
    """Hours and minutes: 09:30."""
    return format_time(at.astimezone(zone()), "HH:mm", locale=language())


def duration(length: timedelta | float) -> str:
    """A length of time in at most two units: '1 h 12 min', '3 d 4 h'; seconds under a minute."""
    seconds = int(abs(length.total_seconds() if isinstance(length, timedelta) else length))
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    if days:
        return _("%(d)s d %(h)s h", d=days, h=hours) if hours else _("%(d)s d", d=days)
    if hours:
        return _("%(h)s h %(m)s min", h=hours, m=minutes) if minutes else _("%(h)s h", h=hours)
    return _("%(m)s min", m=minutes) if minutes else _("%(s)s s", s=seconds)


def percent(rate: float | None) -> str:
    """A share as '88 %'. Never 0 or 100 unless it is exactly that; a dash for none."""
    if rate is None:
        return "–"
    value = rate * 100
    whole = round(value)
    if whole in (0, 100) and value != whole:
        return _("%(number)s %%", number=f"{min(max(value, 0.1), 99.9):.1f}")
    return _("%(number)s %%", number=whole)


def extract() -> Catalog:
    """Every marked text of the code and the templates."""
    from babel.messages.catalog import Catalog  # by who writes texts or starts after that, for 1 MB
    from babel.messages.extract import extract_from_dir  # see above

    found = Catalog(fuzzy=False)
    trimmed = {"silent": "false", "trimmed": "true"}
    options = {pattern: trimmed for pattern, kind in METHODS if kind == "jinja2"}
    rows = extract_from_dir(ROOT, METHODS, options, keywords=KEYWORDS, directory_filter=_own_folder)
    for _file, _line, message, comments, context in rows:
        found.add(message, None, auto_comments=comments, context=context)
    return found


def _own_folder(path: str | Path) -> bool:
    return Path(path).name not in {"static", "translations", "__pycache__"}


def catalogue() -> Catalog:
    """The Chinese catalogue as it is written."""
    from babel.messages.catalog import Catalog  # see extract()
    from babel.messages.pofile import read_po  # see extract()

    if not CATALOGUE.exists():
        return Catalog(locale="zh_Hans")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def update() -> Catalog:
    """Bring the Chinese catalogue in line with the code; new texts are left empty."""
    from babel.messages.pofile import write_po  # see extract()

    chinese = catalogue()
    chinese.update(extract(), no_fuzzy_matching=True)
    chinese.obsolete.clear()
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, chinese, no_location=True, sort_output=True, omit_header=False, width=98)
    return chinese


def missing() -> list[str]:
    """Texts without Chinese words, and texts that the catalogue does not know."""
    chinese = catalogue()
    lacking = []
    for message in extract():
        if not message.id:
            continue
        first = message.id if isinstance(message.id, str) else message.id[0]
        known = chinese.get(first, message.context)
        words = known.string if known else ""
        if not (all(words) if isinstance(words, tuple | list) else words):
            lacking.append(str(message.id))
    return lacking


def compile_catalogues() -> None:
    """Write the binary catalogue when the text is newer; it is not kept in version control."""
    target = CATALOGUE.with_suffix(".mo")
    if not CATALOGUE.exists():
        return
    if target.exists() and target.stat().st_mtime >= CATALOGUE.stat().st_mtime:
        return
    from babel.messages.mofile import write_mo  # see extract()

    buffer = io.BytesIO()
    write_mo(buffer, catalogue())
    temporary = target.with_suffix(f".{os.getpid()}-{id(buffer)}")
    temporary.write_bytes(buffer.getvalue())
    temporary.replace(target)


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    for text in missing():
        print("missing:", text)
