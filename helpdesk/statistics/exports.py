"""One measure as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helpdesk.core.i18n import gettext
from helpdesk.statistics import groups
from helpdesk.statistics.figures import Cell, Figures
from helpdesk.statistics.measures import Measure
from helpdesk.statistics.report import Asked
from helpdesk.web.exports import csv_bytes

HOUR = 3600


def csv(asked: Asked, measure: Measure) -> Iterator[bytes]:
    """The measure by its groups as CSV. Raises BadInput for a group that it can't be told by."""
    figures = Figures(asked.scope, asked.by, asked.promise)
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
