"""What waits: the live queue, the news of this person, the follow-up calls to make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.agents.models import Agent
from helpdesk.agents.sign_in import me, my_row, needs
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Refused
from helpdesk.core.events import seq_seen
from helpdesk.core.i18n import N_, gettext
from helpdesk.desk import queue_views
from helpdesk.desk.nav import count_along
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.tickets import (
    callbacks,
    choices,
    filters,
    news,
    queries,
    queue,
    sight,
    ticket_rows,
)
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import back

blueprint = Blueprint("queue", __name__)


@blueprint.get("/queue")
@needs("ticket.read")
def index() -> str:
    """The queue; a live page asks for its list alone."""
    offered = queue_views.views(me().actor)
    view = queue_views.view(request.args.get("view", ""), me().actor, offered)
    session["view"] = view.code
    if request.args.get("part") == "views":
        return render_template("tickets/_views.html", **_views(view, offered))
    found = _found(view)
    if request.args.get("pane"):
        return render_template("tickets/_pane.html", **_views(view, offered), **found)
    if request.headers.get("HX-Request"):
        return render_template("tickets/_list.html", view=view, **found)
    return render_template(
        "tickets/queue.html",
        options=choices.for_filter(),
        **_views(view, offered),
        **found,
    )


def _views(view: queue_views.View, offered: list[queue_views.View]) -> dict[str, Any]:
    """The tabs with their counts."""
    return {"view": view, "views": offered, "counts": queue_views.counts(me().actor)}


def _found(view: queue_views.View) -> dict[str, Any]:
    """What the list shows: one page of the view's tickets, narrowed and sorted as asked."""
    who, asked = me().actor, filters.parse(request.args)
    sort, after = request.args.get("sort", "due"), request.args.get("after", "")
    if sort not in filters.SORTS:
        raise BadInput(N_("This list can't be shown: a filter is not understood."))
    seq = seq_seen()  # before the rows are read: what comes later is caught up with
    rows, following = ticket_rows.page(asked.within(view.filter), who, sort, after)
    pushed = view.rows_come and not asked.narrows and sort == "due" and not after
    return {
        "asked": asked,
        "sort": sort,
        "after": after,
        "seq": seq,
        "next": following,
        "pushed": pushed,
        "rows": rows,
        "here": request.full_path.rstrip("?"),
        "current": request.args.get("current", ""),
    }


@blueprint.post("/queue/next")
@needs("ticket.claim")
def take_next() -> BaseResponse:
    """Take the ticket that is due next, and open it."""
    view = queue_views.view(request.form.get("view", ""), me().actor)
    try:
        ticket = queue_views.take_next(view, me().actor)
    except Refused as error:
        flash(error.sentence(gettext), "info")
        return redirect(url_for("queue.index", view=view.code), code=303)
    return redirect(f"/tickets/{ticket.number}", code=303)


@blueprint.post("/tickets/<number>/claim")
@needs("ticket.claim")
def claim(number: str) -> Any:
    """Take a free ticket; a slower colleague is told who was faster."""
    ticket = queries.by_number(number, me().actor)
    try:
        queue.claim(ticket, by=me().actor)
        told, status = gettext("You are on %(number)s now.", number=number), 200
    except Refused as error:
        told, status = error.sentence(gettext), error.status
    if request.headers.get("HX-Request"):
        return _row_again(number, told, status)
    flash(told, "success" if status == 200 else "warning")
    return redirect(f"/tickets/{number}", code=303)


def _row_again(number: str, told: str, status: int) -> tuple[str, int]:
    row = ticket_rows.rows([queries.by_number(number, me().actor)], me().actor)[0]
    return render_template("tickets/_claimed.html", row=row, told=told, status=status), status


@blueprint.post("/presence")
@needs("presence.set")
def presence() -> BaseResponse:
    """Ready, busy, away or a break ("break:meal"); becoming ready takes waiting work at once."""
    state, _colon, reason = request.form.get("state", "").partition(":")
    given = queue.set_presence(my_row(), state, reason)
    if given:
        flash(gettext("You were given %(count)s waiting tickets.", count=given), "info")
    return back(url_for("queue.index", view="mine"))


@blueprint.post("/presence/beat")
@needs("presence.set")
def beat() -> tuple[str, int]:
    """Still here: the desk says so every 60 s."""
    queue.touch(my_row())
    return "", 204


count_along("news", news.unseen(Agent.id))


@blueprint.get("/news")
@needs("ticket.read")
def news_index() -> str:
    """The news, newest first; what is about something that this person may not see is left out."""
    who = me().actor
    found, following = news.page(who, request.args.get("before", 0, type=int))
    tickets = _by_id(queries.tickets(who), Ticket.id, [row.ticket_id for row in found])
    notices = _by_id(notice_queries.notices(who), Notice.id, [row.notice_id for row in found])
    items = [(row, tickets.get(row.ticket_id), notices.get(row.notice_id)) for row in found]
    return render_template(
        "tickets/news.html",
        items=[item for item in items if any(item[1:])],
        words=news.WORDS,
        following=following,
    )


def _by_id(query: Any, column: Any, ids: Iterable[int | None]) -> dict[int | None, Any]:
    wanted = {each for each in ids if each}
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(query.where(column.in_(wanted))).unique()}


@blueprint.post("/news/seen")
@needs("ticket.read")
def news_seen() -> BaseResponse:
    """All of it is read."""
    news.saw(me().actor)
    return redirect("/news", code=303)


@blueprint.get("/callbacks")
@needs("callback.work")
def callbacks_index() -> str:
    """Tickets whose answer was approved and whose customer waits for our call, a page of them."""
    who, after = me().actor, request.args.get("after", "")
    due, following = callbacks.to_make(who, after)
    calls = [(callback, ticket, sight.name(ticket, who)) for callback, ticket in due]
    return render_template(
        "tickets/callbacks.html", calls=calls, moment=now(), after=after, following=following
    )
