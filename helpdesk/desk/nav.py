"""What stands around every page: who reads it, and the entries of the navigation, by rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from flask import current_app, has_request_context, request
from sqlalchemy import ScalarSelect, select
from werkzeug.exceptions import HTTPException

from helpdesk.agents import sign_in
from helpdesk.agents.pages import blueprint
from helpdesk.agents.rights import Actor, may
from helpdesk.core.db import db
from helpdesk.core.i18n import N_, gettext


@dataclass(frozen=True)
class Entry:
    """One place to go to: what it is called, the verb that it takes, its icon."""

    code: str
    label: str
    url: str
    verb: str
    icon: str
    under: tuple[str, ...] = ()  # further addresses that belong to it


ENTRIES = (
    Entry("queue", N_("Queue"), "/queue", "ticket.read", "inbox", ("/tickets/",)),
    Entry("news", N_("For you"), "/news", "ticket.read", "bell"),
    Entry("phone", N_("New call"), "/phone", "ticket.open", "phone"),
    Entry("tickets", N_("All tickets"), "/tickets", "ticket.read", "list-details"),
    Entry("notices", N_("Notices"), "/notices", "notice.read", "clipboard-list"),
    Entry("callbacks", N_("Follow-ups"), "/callbacks", "callback.work", "phone-outgoing"),
    Entry("customers", N_("Customers"), "/customers", "customer.read", "users"),
    Entry("mail", N_("Mail"), "/mail", "mail.review", "mail"),
    Entry("kb", N_("Knowledge"), "/kb", "article.read", "book-2"),
    Entry("statistics", N_("Statistics"), "/statistics", "statistics.read", "chart-bar"),
    Entry("wallboard", N_("Wallboard"), "/wallboard", "wallboard.read", "device-tv"),
    Entry("admin", N_("Settings"), "/admin", "settings.read", "settings"),
)
# A number, or the scalar select that counts it: all selects of a page travel in one statement.
KEYS = "1234567890"
Counter = Callable[[Actor], "int | ScalarSelect[int] | None"]
_counters: dict[str, Counter] = {}


def count_for(code: str) -> Callable[[Counter], Counter]:
    """Register what counts an entry's open work for a person: `@count_for("queue")`."""

    def register(counter: Counter) -> Counter:
        _counters[code] = counter
        return counter

    return register


def nav(who: Actor | None) -> list[dict[str, Any]]:
    """The entries for this person: the entry with {key, label, count, current}.

    `key` is the digit that goes there; an entry whose page is not installed is left out.
    """
    if who is None:
        return []
    allowed = [entry for entry in ENTRIES if may(who, entry.verb) and is_installed(entry.url)]
    counts = _counts([entry.code for entry in allowed], who)
    current = _current(request.path) if has_request_context() else None
    keys = chain(KEYS, repeat(""))
    return [
        _shown(entry, key, counts.get(entry.code), entry is current)
        for entry, key in zip(allowed, keys, strict=False)
    ]


def _counts(codes: list[str], who: Actor) -> dict[str, int | None]:
    """What the counters say for these entries; one statement for all that ask the database."""
    said = {code: _counters[code](who) for code in codes if code in _counters}
    asked = {code: each for code, each in said.items() if isinstance(each, ScalarSelect)}
    known = {code: each for code, each in said.items() if not isinstance(each, ScalarSelect)}
    if asked:
        row = db.session.execute(select(*asked.values())).one()
        known |= {code: number or None for code, number in zip(asked, row, strict=True)}
    return known


def go_keys(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The same for the sheet of keys."""
    return [(entry["key"], entry["label"]) for entry in entries if entry["key"]]


def _shown(entry: Entry, key: str, count: int | None, current: bool) -> dict[str, Any]:
    shown = {"key": key, "label": gettext(entry.label), "count": count, "current": current}
    return vars(entry) | shown


def _current(path: str) -> Entry | None:
    """The entry that this page belongs to: the longest address that fits decides."""
    best = max(ENTRIES, key=lambda each: _fit(each, path))
    return best if _fit(best, path) else None


def _fit(entry: Entry, path: str) -> int:
    if path == entry.url:
        return len(path) + 1
    roots = (*entry.under, f"{entry.url}/")
    return max((len(root) for root in roots if path.startswith(root)), default=0)


def is_installed(url: str) -> bool:
    """Whether this program has a page at that address; asked of its routes once."""
    known: dict[str, bool] = current_app.extensions.setdefault("helpdesk_installed", {})
    if url not in known:
        known[url] = _has_page(url)
    return known[url]


def _has_page(url: str) -> bool:
    try:
        current_app.url_map.bind("").match(url, method="GET")
    except HTTPException as other:
        return other.code in (301, 308)
    return True


@blueprint.app_context_processor
def around() -> dict[str, Any]:
    """The reader, the entries of the navigation and the keys that go there."""
    who = sign_in.actor()
    entries = nav(who)
    return {"actor": who, "nav": entries, "go_keys": go_keys(entries)}
