"""Calls: the list, and what happened to one of them. Who sees which is decided by queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from helpdesk import files
from helpdesk.agents.sign_in import me, needs
from helpdesk.calls import judging, lists, opening, queries, reports, telephones, telling, terms
from helpdesk.calls.recordings import hearing, showing
from helpdesk.calls.stays import NAMES
from helpdesk.calls.telephones import Doing
from helpdesk.calls.words import DIRECTIONS, State
from helpdesk.clock import now
from helpdesk.core.errors import PICK, bad_fields
from helpdesk.core.i18n import N_, gettext, language
from helpdesk.customers.phones import spoken
from helpdesk.tickets import queries as cases
from helpdesk.tickets import sight
from helpdesk.web.exports import csv_file
from helpdesk.web.pages import Page, kept

blueprint = Blueprint("calls", __name__)
CLOSINGS = {
    "15": N_("Close for 15 minutes"),
    "60": N_("Close for an hour"),
    "240": N_("Close for four hours"),
    "0": N_("Open again"),
}


def _page(template: str, **values: Any) -> str:
    return render_template(
        template,
        spoken=spoken,
        state_names=State.names(),
        directions=DIRECTIONS,
        knows_everybody=sight.sees_everybody(me().actor),
        **values,
    )


@blueprint.get("/calls")
@needs("call.read")
def index() -> str:
    """The calls, the newest first; with `stay` a line for each wait that counts as such."""
    who, wanted = me().actor, lists.CallFilter.read(request.args)
    after = request.args.get("after", "")
    found, following = queries.lines(who, wanted.wanted(), after, lists.PAGE)
    return _page(
        "calls/index.html",
        wanted=wanted,
        rows=lists.rows(found, who, bool(wanted.stay)),
        total=queries.count(who, wanted.wanted(), lists.MOST),
        most=lists.MOST,
        after=after,
        following=following,
        queues=lists.queues(),
        agents=lists.agents(),
        stay_names=NAMES,
        report_names=reports.GROUPS,
    )


@blueprint.get("/calls/report.csv")
@needs("statistics.read")
def report() -> Response:
    """What queues or agents did in the days of the address, or today, as a table for spreadsheets."""
    queries.require_all(me().actor)
    by, asked = request.args.get("by", ""), lists.CallFilter.read(request.args)
    if by not in reports.GROUPS:
        raise bad_fields(by=PICK)
    first = asked.since or asked.until or lists.today()
    last = asked.until or max(first, lists.today())
    begin, end = lists.midnight(first), lists.midnight(last + timedelta(days=1))
    name = f"calls-{by}-{first}-{last}.csv"
    return csv_file(name, reports.spreadsheet(by, begin, end))


@blueprint.get("/calls/agents")
@needs("call.read")
def agents() -> str:
    """What the agents' telephones do now; of one queue, and of those who do one thing."""
    queries.require_all(me().actor)
    queue, doing = request.args.get("queue", "")[:60], request.args.get("doing", "")
    there = telephones.of(telephones.now_there(), queue, doing if doing in set(Doing) else "")
    fragment, names = bool(request.headers.get("HX-Request")), dict(lists.queues())
    return _page(
        "calls/_agents.html" if fragment else "calls/agents.html",
        telephones=there,
        queue_names=lambda codes: sorted(names.get(code, code) for code in codes),
        queue=queue,
        doing=doing,
        queues=names.items(),
        doing_names=Doing.names(),
        closed=terms.closed_by_hand(),
        closings=CLOSINGS,
    )


@blueprint.get("/calls/low-scores")
@needs("call.lead")
def low_scores() -> str:
    """What callers were not content with, for who leads to read."""
    return _page("calls/low_scores.html", waiting=judging.unread(me().actor))


@blueprint.post("/calls/low-scores/<int:talk>")
@needs("call.lead")
def score_read(talk: int) -> Page:
    """Note that it was read."""
    judging.read(talk, me().actor)
    return kept(url_for("calls.low_scores"))


@blueprint.get("/calls/of/<number>")
@needs("call.read")
def of_case(number: str) -> str:
    """The calls of a case, with scores and recordings: a part of its page."""
    who = me().actor
    ticket = cases.by_number(number, who)
    return _page("calls/_of_case.html", calls=showing.of_case(ticket, who), low=judging.LOW)


@blueprint.get("/calls/recordings/<int:recording>/sound")
@needs("call.read")
def sound(recording: int) -> Response:
    """A recording, whole or a part of it, for who may hear it; that is noted. No browser keeps it."""
    file = hearing.heard(recording, me().actor)
    answer = files.answer(file.key, file.name, file.mime)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/calls/recordings/<int:recording>/delete")
@needs("call.hear")
def delete_recording(recording: int) -> Page:
    """Delete a recording for good, with the reason."""
    row = hearing.delete(recording, request.form.get("reason", ""), me().actor)
    return kept(url_for("calls.show", call=row.call_id))


@blueprint.post("/calls/recordings/<int:recording>/again")
@needs("call.hear")
def fetch_again(recording: int) -> Page:
    """Look once more for a recording that could not be had."""
    row = hearing.fetch_again(recording, me().actor)
    return kept(url_for("calls.show", call=row.call_id))


@blueprint.post("/calls/closing")
@needs("call.lead")
def close_queue() -> Page:
    """Let a queue take no calls for a while, or take calls again."""
    minutes, queue = request.form.get("minutes", ""), request.form.get("queue", "")
    if minutes not in CLOSINGS:
        raise bad_fields(minutes=PICK)
    until = now() + timedelta(minutes=int(minutes)) if minutes != "0" else None
    terms.close(queue, until, me().actor)
    flash(gettext("The queue is closed.") if until else gettext("The queue is open."), "success")
    return redirect(url_for("calls.agents", queue=queue), code=303)


@blueprint.get("/calls/<int:call>")
@needs("call.read")
def show(call: int) -> str:
    """One call: who, when, its case, and all that happened to it."""
    who = me().actor
    found = queries.by_id(call, who)
    parts = queries.parts([found.id], who)
    [row] = lists.rows([queries.Listed(found, found.started_at, found.id)], who, False)
    entries = telling.time_line(found, parts, dict(lists.queues()))
    topic = opening.about(found.topic, language())
    recordings = showing.of_calls([found], who)
    return _page("calls/show.html", row=row, entries=entries, topic=topic, recordings=recordings)
