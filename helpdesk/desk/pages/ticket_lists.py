"""All tickets, also ended ones: the list behind every number, its export, and the search box."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy import select

from helpdesk import search as search_index
from helpdesk.agents.rights import Actor, may
from helpdesk.agents.sign_in import me, needs
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotFound
from helpdesk.core.i18n import N_, gettext, language, zone
from helpdesk.customers.phones import spoken
from helpdesk.desk.pages.customers import search as search_people
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.setup.names import category_alone
from helpdesk.tickets import choices, fields, filters, queries, sight, ticket_lists, ticket_rows
from helpdesk.tickets.fields import On, TicketField
from helpdesk.tickets.models import Ticket
from helpdesk.web.exports import csv_bytes, csv_file
from helpdesk.words import LEVELS

blueprint = Blueprint("tickets", __name__)
MOST_COUNTED = 1_000  # a longer list says that it has more
MOST_NOTICES = 8  # that a search shows
FIRST = ("status", "kind", "channel", "severity", "category", "department", "assignee")
NAMES = (*FIRST, *(each.name for each in filters.CHOSEN if each.name not in FIRST))
NUMBER = re.compile(r"\s*(20\d\d)[-– ]?(\d{6})\s*")


@blueprint.get("/tickets")
@needs("ticket.read")
def index() -> str:
    """The tickets that a filter means, page by page, with how many there are."""
    who, asked = me().actor, filters.parse(request.args)
    sort, after = request.args.get("sort", "newest"), request.args.get("after", "")
    if sort not in filters.SORTS:
        raise BadInput(N_("This list can't be shown: a filter is not understood."))
    rows, following = ticket_rows.page(asked, who, sort, after)
    return render_template(
        "tickets/list.html",
        asked=asked,
        also=_also(asked),
        also_words=choices.filter_words,
        total=ticket_lists.count(asked, who, MOST_COUNTED + 1),
        most=MOST_COUNTED,
        sort=sort,
        after=after,
        next=following,
        rows=rows,
        options=_options(asked),
        names=NAMES,
    )


def _options(asked: filters.Filter) -> dict[str, choices.Choices]:
    """The selects, with what only a link asks for: a colleague, a category without those below."""
    found = choices.for_filter() | {"at": choices.moments()}
    found["assignee"] += queries.colleagues(asked.assignee)
    alone = [code for code in asked.category if code.endswith(".")]
    found["category"] += [(code, category_alone(code)) for code in alone]
    return found


SHOWN = {*NAMES, "q", "at", "from", "to"}


def _also(asked: filters.Filter) -> dict[str, str]:
    """What else the list is narrowed down by, beside the selects: it came with a link."""
    found: dict[str, list[str]] = {}
    for name, value in asked.pairs():
        if name not in SHOWN:
            found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


@dataclass(frozen=True)
class Column:
    """A header (a message id) and what stands under it."""

    label: str
    value: Callable[[Ticket, Actor], Any]


def _own(field: TicketField) -> Column:
    """A field of the ticket; choices and categories in words, all else as it is."""
    in_words = field.type in ("choice", "category")

    def value(ticket: Ticket, _who: Actor) -> Any:
        stored = getattr(ticket, field.column)
        return field.said(stored) if in_words else stored

    return Column(field.label, value)


BESIDE = {  # what is no field of the ticket, by the field that it stands behind
    "category": [Column(N_("Customer"), sight.name)],
    "place": [
        Column(
            N_("Department"),
            lambda ticket, who: ticket.department.name(language()) if ticket.department else "",
        ),
        Column(
            N_("Who is on it"),
            lambda ticket, who: ticket.assignee.name if ticket.assignee else "",
        ),
    ],
    "urges": [Column(N_("Repeated"), lambda ticket, who: ticket.repeat_of_id is not None)],
}
COLUMNS = [
    column for field in fields.on(On.CSV) for column in (_own(field), *BESIDE.get(field.name, ()))
]


@blueprint.get("/tickets.csv")
@needs("ticket.export")
def export() -> Response:
    """The same list as CSV for spreadsheets: every row, without a cap."""
    who, asked = me().actor, filters.parse(request.args)
    every = ticket_lists.every(asked, who)
    rows = ([column.value(ticket, who) for column in COLUMNS] for ticket in every)
    headers = [gettext(column.label) for column in COLUMNS]
    return csv_file("tickets.csv", csv_bytes(headers, rows, zone()))


@blueprint.get("/search")
@needs("ticket.read")
def search() -> Any:
    """Everything that the words of the search box find; a ticket's number opens the ticket."""
    words, who = request.args.get("q", "").strip()[:200], me().actor
    number = NUMBER.fullmatch(words)
    if number:
        return _open("-".join(number.groups()))
    if not words:
        return _nothing(words)
    rows, more = ticket_rows.page(filters.Filter(q=words), who, "newest", size=20)
    return render_template(
        "tickets/search.html",
        words=words,
        q=words,
        people=search_people(words, who, 6),
        spoken=spoken,
        levels=LEVELS,
        rows=rows,
        more=more,
        notices=_notices(words, who),
        slug=notice_queries.slug,
    )


def _notices(words: str, who: Actor) -> Sequence[Any]:
    """Rectification notices with these words that `who` may see, the newest first."""
    wanted = search_index.wanted(words, db.engine.dialect.name, prefix=True)
    if not wanted or not may(who, "notice.read"):
        return []
    query = _searching_notices(db.engine.dialect.name, who)
    return db.session.execute(query, {"words": wanted}).all()


@lru_cache(maxsize=500)
def _searching_notices(dialect: str, who: Actor) -> Any:
    index = search_index.matching("words", "notice", dialect, prefix=True)
    named = select(Notice.id, Notice.title, Notice.number, Notice.year, Notice.serial)
    found = named.where(notice_queries.visible_to(who), Notice.id.in_(index))
    return found.order_by(Notice.id.desc()).limit(MOST_NOTICES)


def _open(number: str) -> Any:
    try:
        ticket = queries.by_number(number, me().actor)
    except NotFound:
        return _nothing(number), 404
    return redirect(f"/tickets/{ticket.number}")


def _nothing(words: str) -> str:
    return render_template(
        "tickets/search.html", words=words, q=words, notices=[], people=[], rows=[]
    )
