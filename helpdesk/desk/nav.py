"""What stands around every page: who reads it, and the entries of the navigation, by rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, NamedTuple

from flask import current_app, has_request_context, request
from sqlalchemy import ScalarSelect, Select, select
from werkzeug.exceptions import HTTPException

from helpdesk.agents import sign_in
from helpdesk.agents.models import Agent
from helpdesk.agents.pages import blueprint
from helpdesk.agents.rights import Actor, may
from helpdesk.clock import now
from helpdesk.core import along
from helpdesk.core.db import db
from helpdesk.core.i18n import N_, gettext
from helpdesk.core.kept import Keeping, Made
from helpdesk.setup import in_force


class Entry(NamedTuple):
    """One place to go to: what it is called, the verb that it takes, its icon."""

    code: str
    label: str
    url: str
    verb: str
    icon: str
    under: tuple[str, ...] = ()  # further addresses that belong to it


class Shown(NamedTuple):
    """An entry as one person sees it. `key` is the digit that goes there; nothing `waiting` is None."""

    code: str
    label: str
    url: str
    icon: str
    key: str
    waiting: int | None
    current: bool


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
    Entry("calls", N_("Calls"), "/calls", "call.read", "phone-call", ("/phone/line",)),
    Entry("admin", N_("Settings"), "/admin", "settings.read", "settings"),
)
KEYS = "1234567890"
HOLDS = timedelta(seconds=5)  # some work becomes due with time alone
Counter = Callable[[Actor], ScalarSelect[int]]
_counters: dict[str, Counter] = {}
_along: list[str] = []
_keeping: Keeping[dict[str, int]] = Keeping(most=500)


def count_for(code: str) -> Callable[[Counter], Counter]:
    """Register what counts an entry's open work for a person, of which the journal tells every change:
    `@count_for("queue")`."""

    def register(counter: Counter) -> Counter:
        _counters[code] = counter
        return counter

    return register


def count_along(code: str, query: Select[int]) -> None:
    """Register a count that changes without an event: it is read along with the person's row (Agent)."""
    along.reads(code, query.scalar_subquery())
    _along.append(code)


def nav(who: Actor | None) -> list[Shown]:
    """The entries for this person; one whose page is not installed is left out."""
    if who is None:
        return []
    allowed = [entry for entry in ENTRIES if may(who, entry.verb) and is_installed(entry.url)]
    counts = _counts([entry.code for entry in allowed], who)
    current = _current(request.path) if has_request_context() else None
    keys = chain(KEYS, repeat(""))
    return [
        Shown(
            entry.code,
            gettext(entry.label),
            entry.url,
            entry.icon,
            key,
            counts.get(entry.code) or None,
            entry is current,
        )
        for entry, key in zip(allowed, keys, strict=False)
    ]


def _counts(codes: list[str], who: Actor) -> dict[str, int]:
    """What is counted for these entries; what the journal tells of once while it stands still."""
    kept = _keeping.while_still(
        in_force.current(), who, lambda: Made(_counted(codes, who), now(), now() + HOLDS)
    )
    read = {code: along.get(code) for code in _along}
    return kept | (_read(who) if None in read.values() else read)


def _counted(codes: list[str], who: Actor) -> dict[str, int]:
    asked = {code: _counters[code](who) for code in codes if code in _counters}
    row = db.session.execute(select(*asked.values())).one() if asked else ()
    return dict(zip(asked, row, strict=True))


def _read(who: Actor) -> dict[str, int]:
    """What else was read along, when it was not, or the request has changed something."""
    row = db.session.execute(select(*along.columns(*_along)).where(Agent.id == who.id)).first()
    return dict(zip(_along, row or (), strict=bool(row)))


def go_keys(entries: list[Shown]) -> list[tuple[str, str]]:
    """The same for the sheet of keys."""
    return [(entry.key, entry.label) for entry in entries if entry.key]


@lru_cache(maxsize=1000)
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
