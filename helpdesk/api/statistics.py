"""GET /api/v1/statistics/{measure}: a measure by groups, each with the list behind its number."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from helpdesk.agents.rights import require
from helpdesk.api.auth import api_actor, with_token
from helpdesk.api.tickets import bp
from helpdesk.i18n import gettext
from helpdesk.statistics import measures, report
from helpdesk.statistics.charts import link
from helpdesk.statistics.figures import Cell, Figures


@bp.get("/statistics/<measure>")
@with_token
def statistics(measure: str) -> Response:
    """The measure with its definition: rows by group, and the whole. Times are seconds."""
    require(api_actor(), "statistics.read")
    wanted, asked = measures.measure(measure), report.read(request.args, api_actor(), by="")
    whole = Figures(asked.scope, "", asked.promise).cell(wanted)
    rows: list[dict[str, Any]] = []
    if asked.by:
        figures = Figures(asked.scope, asked.by, asked.promise)
        figures.require(wanted)
        rows = [
            {"key": row.key, "name": row.name} | _shape(row.cells[measure])
            for row in figures.rows([wanted])
        ]
    shape = _shape(whole)
    return jsonify(
        {
            "measure": measure,
            "name": gettext(wanted.label),
            "definition": gettext(wanted.definition),
            "unit": wanted.unit,
            "from": asked.period.since.isoformat(),
            "to": asked.period.until.isoformat(),
            "zone": asked.period.zone.key,
            "by": asked.by,
            "rows": rows,
            "total": shape["count"],
        }
        | {name: value for name, value in shape.items() if name != "count"}
    )


def _shape(cell: Cell) -> dict[str, Any]:
    """count: how many cases list_url holds. value: the count, the share (0 to 1) or the average."""
    found: dict[str, Any] = {"count": cell.count, "value": cell.value}
    found["list_url"] = link(cell.filter)
    if cell.of is not None and cell.of_filter is not None:
        found |= {"of": cell.of, "of_list_url": link(cell.of_filter)}
    if cell.times is not None:
        found |= {"median": cell.times.median, "ninety": cell.times.ninety}
    return found
