"""What a list of tickets is narrowed down to: one Filter for queue, list, counts, links and export.

A number anywhere links to the list behind it by these names, so both mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import fields as parts_of
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from helpdesk.core.errors import PICK, BadInput
from helpdesk.core.i18n import N_, company_zone
from helpdesk.promises.words import ORDER
from helpdesk.tickets import fields
from helpdesk.tickets.fields import On
from helpdesk.words import SCORES

CALLS = ("due", "reached", "unreachable", "dropped")
VERDICTS = ("on_time", "late", "missed", "dropped")
NARROWED = fields.on(On.NARROW)
CHOSEN = [each for each in NARROWED if each.type == "choice"]
TEXTS = [each for each in NARROWED if each.type == "text"]
COLUMN_OF = {  # the moments that since and until may speak of
    each.name.removesuffix("_at"): each.column for each in NARROWED if each.type == "moment"
}
MOMENTS = {
    **{name: fields.BY_COLUMN[column].label for name, column in COLUMN_OF.items()},
    "open": N_("Open at the end of"),
    "promised": N_("Promise fell due"),
}
SORTS = {
    "due": N_("Next due first"),
    "waiting": N_("Longest waiting first"),
    "newest": N_("Newest first"),
    "changed": N_("Last changed first"),
}
ID = r"[0-9]{1,9}"
CODE = re.compile(r"[\w.\-]{1,80}")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Filter:
    """Empty means any. Tuples mean one of these. `since` and `until` are days of the company."""

    page: ClassVar = "/tickets"  # which shows the list
    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    category: tuple[str, ...] = ()  # codes with all below, "code." alone, or "none"
    department: tuple[str, ...] = ()  # codes, or "none"
    queue: tuple[str, ...] = ()  # a department's code, or dispatch
    assignee: tuple[str, ...] = ()  # ids, or "none", or "me"
    person: str = ""
    place: str = ""
    q: str = ""
    open: str = ""  # yes, no
    waiting: str = ""  # yes: nobody has taken it and the customer waits
    late: str = ""  # yes: a promise is overdue now; soon: within the next hour
    repeat: str = ""  # yes, no
    urged: str = ""  # yes, no
    reopened: str = ""  # yes, no
    returned: str = ""  # yes, no: a department sent it back
    merged: str = ""  # yes, no
    level: tuple[str, ...] = ()  # the step of escalation that was reached, or "any"
    call: tuple[str, ...] = ()  # how the present follow-up call stands
    promise: str = ""  # with verdict: how this promise was kept, at its worst
    verdict: tuple[str, ...] = ()
    score: tuple[str, ...] = ()  # the customer's last judgement, 5 to 1
    at: str = "received"  # what since and until speak of
    since: date | None = None
    until: date | None = None

    @property
    def begin(self) -> datetime | None:
        """The first moment of the first day, in the company's zone."""
        return _midnight(self.since) if self.since else None

    @property
    def end(self) -> datetime | None:
        """The first moment after the last day."""
        return _midnight(self.until + ONE_DAY) if self.until else None

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.given())

    def within(self, other: Filter) -> Filter:
        """This filter inside another one: what both ask for; here `other` wins over this one."""
        return self.but(**other.given())

    def given(self) -> dict[str, Any]:
        """What is asked for, by field: everything that is not empty."""
        return {name: value for name, value in vars(self).items() if value != EMPTY[name]}

    def but(self, **changes: Any) -> Filter:
        """The same with these changes."""
        return Filter(**{**vars(self), **changes})

    def without(self, name: str) -> Filter:
        """The same without what was asked for under this name of the address."""
        field = DAYS.get(name, name)
        return self.but(**{field: EMPTY[field]})

    def pairs(self) -> list[tuple[str, str]]:
        """The filter as the names and values of an address."""
        found: list[tuple[str, str]] = []
        for field, value in self.given().items():
            name = NAME_OF.get(field, field)
            values = value if isinstance(value, tuple) else (value,)
            found += [(name, str(each)) for each in values]
        return found

    def query(self) -> str:
        """The filter as the query of an address: status=closed&from=2026-03-01."""
        return urlencode(self.pairs())


EMPTY = {field.name: field.default for field in parts_of(Filter)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, company_zone())


YES_NO = ("yes", "no")
ONE_OF: dict[str, Collection[str]] = {
    **dict.fromkeys(("open", "repeat", "urged", "reopened", "returned", "merged"), YES_NO),
    "waiting": ("yes",),
    "late": ("yes", "soon"),
    "promise": ORDER,
    "at": tuple(MOMENTS),
}


@dataclass(frozen=True)
class Several:
    """What a part of a filter may say that is one of many: these words, ids of rows, codes."""

    words: tuple[str, ...] = ()
    ids: bool = False
    codes: bool = False

    def takes(self, given: str) -> bool:
        """Whether this value may stand there."""
        if given in self.words or (self.ids and _is_id(given)):
            return True
        return self.codes and bool(CODE.fullmatch(given))


SOME_OF: dict[str, Several] = {
    **{each.name: Several(tuple(each.choices)) for each in CHOSEN},
    "verdict": Several(VERDICTS),
    "level": Several(("any",), ids=True),
    "call": Several(CALLS),
    "score": Several(tuple(str(score) for score in SCORES)),
    "category": Several(codes=True),
    "department": Several(codes=True),
    "queue": Several(codes=True),
    "assignee": Several(("me", "none"), ids=True),
}
DAYS = {"from": "since", "to": "until"}
NAME_OF = {field: name for name, field in DAYS.items()}
WORDS = ("q", *(each.name for each in TEXTS))
NAMES = (*ONE_OF, *SOME_OF, *DAYS, "person", *WORDS)  # of an address, every one


def parse(args: Mapping[str, Any]) -> Filter:
    """The filter in the arguments of an address. Raises BadInput naming what is not understood.

    Values of one name may be repeated or parted by commas; unknown names are left to the page.
    """
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name in ONE_OF.keys() & args.keys():
        given = _text(args.get(name))
        if given and given not in ONE_OF[name]:
            errors[name] = PICK
        elif given:
            found[name] = given
    for name in SOME_OF.keys() & args.keys():
        found[name] = _several(args, name)
        if not all(SOME_OF[name].takes(value) for value in found[name]):
            errors[name] = PICK
    found |= {name: _text(args[name])[:200] for name in WORDS if name in args}
    found |= _days(args, errors)
    person = _text(args.get("person"))
    if person and not _is_id(person):
        errors["person"] = PICK
    if errors:
        raise BadInput(N_("This list can't be shown: a filter is not understood."), errors=errors)
    return Filter(person=person, **found)


def _days(args: Mapping[str, Any], errors: dict[str, str]) -> dict[str, date | None]:
    days: dict[str, date | None] = {}
    for name in DAYS.keys() & args.keys():
        given, field = _text(args.get(name)), DAYS[name]
        try:
            days[field] = date.fromisoformat(given) if given else None
            if days[field] and not 1990 <= days[field].year <= 2100:  # type: ignore[union-attr]
                raise ValueError
        except ValueError:
            errors[name] = N_("Please give a date such as 2026-03-31.")
    return days


def _several(args: Mapping[str, Any], name: str) -> tuple[str, ...]:
    every: Iterable[Any]
    every = args.getlist(name) if hasattr(args, "getlist") else [args.get(name)]
    values = [part.strip() for each in every for part in _text(each).split(",")]
    return tuple(dict.fromkeys(value for value in values if value))


def _text(value: Any) -> str:
    return str(value).replace("\x00", "").strip() if value is not None else ""


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 10
