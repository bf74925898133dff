"""Pages of supervisors: /statistics, its CSV, and the wallboard."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.core.events import last_seq
from helpdesk.core.i18n import offered
from helpdesk.notices.lifecycle import STATE_NAMES
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.statistics import charts, exports, notices, periods, report, wallboard, words
from helpdesk.statistics.groups import NAMES, OF_TIME
from helpdesk.statistics.measures import ALL, measure
from helpdesk.tickets import choices

blueprint = Blueprint("statistics", __name__)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"words": words, "charts": charts, "list_url": charts.link}


@blueprint.get("/statistics")
@needs("statistics.read")
def index() -> str:
    """The sentence, the tiles, the chart and the table, by what was chosen."""
    asked = report.read(request.args, me().actor)
    return render_template(
        "statistics/index.html",
        asked=asked,
        report=report.Report(asked),
        notices=notices.board(me().actor),
        period_names=periods.NAMES,
        group_names=NAMES,
        of_time=asked.by in OF_TIME,
        measures=ALL,
        options=choices.for_filter(),
        promise_choices=offered(PROMISE_NAMES),
        state_names=STATE_NAMES,
    )


@blueprint.get("/statistics/<code>.csv")
@needs("statistics.read")
def csv(code: str) -> Response:
    """One measure as a table for spreadsheets."""
    asked = report.read(request.args, me().actor)
    chunks = exports.csv(asked, measure(code))
    name = f"{code}-{asked.by}-{asked.period.since}-{asked.period.until}.csv"
    answer = Response(chunks, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.get("/wallboard")
@needs("wallboard.read")
def wall() -> str:
    """Eight figures of this moment; a live page asks for them alone."""
    fragment = bool(request.headers.get("HX-Request"))
    seq = last_seq()
    return render_template(
        "statistics/_wall.html" if fragment else "statistics/wallboard.html",
        board=wallboard.read(me().actor),
        seq=seq,
    )
