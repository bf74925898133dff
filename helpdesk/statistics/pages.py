"""Pages of supervisors: /statistics, its CSV, and the wallboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.core.events import last_seq
from helpdesk.core.i18n import gettext, offered
from helpdesk.notices.lifecycle import STATE_NAMES
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.statistics import (
    charts,
    groups,
    notices,
    periods,
    report,
    telephone,
    wallboard,
    words,
)
from helpdesk.statistics.figures import Cell, Figures
from helpdesk.statistics.kept import sums
from helpdesk.statistics.measures import BY_CODE, Measure, measure
from helpdesk.statistics.report import Asked
from helpdesk.statistics.sources import Sums
from helpdesk.tickets import choices
from helpdesk.web.exports import csv_bytes, csv_file

blueprint = Blueprint("statistics", __name__)
HOUR = 3600


@blueprint.context_processor
def _words() -> dict[str, object]:
    links = {"list_url": charts.link, "phone_columns": telephone.COLUMNS}
    return {"words": words, "charts": charts} | links


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
        group_names=groups.NAMES,
        measures=BY_CODE.values(),
        options=choices.for_filter(),
        promise_choices=offered(PROMISE_NAMES),
        state_names=STATE_NAMES,
    )


@blueprint.get("/statistics/<code>.csv")
@needs("statistics.read")
def csv(code: str) -> Response:
    """One measure as a table for spreadsheets."""
    asked = report.read(request.args, me().actor)
    name = f"{code}-{asked.by}-{asked.period.since}-{asked.period.until}.csv"
    return csv_file(name, spreadsheet(asked, measure(code)))


def spreadsheet(asked: Asked, measure: Measure) -> Iterator[bytes]:
    """The measure by its groups as CSV. Raises BadInput for a group that it can't be told by."""
    figures = Figures(sums(Sums(asked.scope, asked.by, asked.promise)))
    figures.require(measure)
    group = gettext(groups.NAMES[asked.by])
    headers = [group, gettext("Code"), *_headers(measure)]
    rows = [
        [row.name, row.key, *_values(row.cells[measure.code])] for row in figures.rows([measure])
    ]
    return csv_bytes(headers, rows, asked.period.zone)


def _headers(measure: Measure) -> list[str]:
    label = gettext(measure.label)
    if measure.unit == "share":
        return [label, gettext("Of"), gettext("Per cent")]
    if measure.unit == "time":
        hours = (gettext("Average, hours"), gettext("Median, hours"), gettext("90 % within, hours"))
        return [gettext("Cases"), *hours]
    return [label]


def _values(cell: Cell) -> list[Any]:
    if cell.measure.unit == "share":
        return [cell.count, cell.of, None if cell.rate is None else round(cell.rate * 100, 2)]
    if cell.times is not None:
        times = (cell.times.average, cell.times.median, cell.times.ninety)
        return [cell.count, *(None if each is None else round(each / HOUR, 2) for each in times)]
    return [cell.count]


@blueprint.get("/wallboard")
@needs("wallboard.read")
def wall() -> str:
    """Eight figures of this moment; a live page asks for them alone."""
    fragment = bool(request.headers.get("HX-Request"))
    seq = last_seq()
    return render_template(
        "statistics/_wall.html" if fragment else "statistics/wallboard.html",
        board=wallboard.read(me().actor),
        phones=None if fragment else telephone.read(me().actor),
        seq=seq,
    )


@blueprint.get("/wallboard/phone")
@needs("wallboard.read")
def phones() -> str:
    """The queues of calls alone, as the live page asks for them."""
    seq = last_seq()
    return render_template("statistics/_phones.html", phones=telephone.read(me().actor), seq=seq)
