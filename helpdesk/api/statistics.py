"""GET /api/v1/statistics/{measure}: a measure by groups, each with the list behind its number."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from helpdesk.agents.rights import require
from helpdesk.api import inputs
from helpdesk.api.answers import ref
from helpdesk.api.auth import api_actor
from helpdesk.api.operations import takes
from helpdesk.core.i18n import gettext
from helpdesk.statistics import measures, report
from helpdesk.statistics.charts import link
from helpdesk.statistics.figures import Cell, Figures
from helpdesk.statistics.kept import sums
from helpdesk.statistics.sources import Sums


@takes(
    "GET /statistics/<measure>",
    "A measure by groups, each number with the list behind it",
    query=inputs.STATISTICS,
    answer=ref("Statistic"),
)
def statistics(measure: str, asked: dict[str, Any]) -> Response:
    """The measure with its definition: rows by group, and the whole. Times are seconds."""
    require(api_actor(), "statistics.read")
    wanted, report_of = measures.measure(measure), report.read(request.args, api_actor(), by="")
    shape = _shape(Figures(sums(Sums(report_of.scope, "", report_of.promise))).cell(wanted))
    period = report_of.period
    return jsonify(
        {
            "measure": measure,
            "name": gettext(wanted.label),
            "definition": gettext(wanted.definition),
            "unit": wanted.unit,
            "from": period.since.isoformat(),
            "to": period.until.isoformat(),
            "zone": period.zone.key,
            "by": report_of.by,
            "rows": _rows(wanted, report_of) if report_of.by else [],
            "total": shape.pop("count"),
        }
        | shape
    )


def _rows(wanted: measures.Measure, asked: report.Asked) -> list[dict[str, Any]]:
    figures = Figures(sums(Sums(asked.scope, asked.by, asked.promise)))
    figures.require(wanted)
    return [
        {"key": row.key, "name": row.name} | _shape(row.cells[wanted.code])
        for row in figures.rows([wanted])
    ]


def _shape(cell: Cell) -> dict[str, Any]:
    """count: how many cases list_url holds. value: the count, the share (0 to 1) or the average."""
    found: dict[str, Any] = {"count": cell.count, "value": cell.value}
    found["list_url"] = link(cell.filter)
    if cell.of is not None and cell.of_filter is not None:
        found |= {"of": cell.of, "of_list_url": link(cell.of_filter)}
    if cell.times is not None:
        found |= {"median": cell.times.median, "ninety": cell.times.ninety}
    return found
