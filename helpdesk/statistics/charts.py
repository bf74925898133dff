"""The charts of the page as ECharts options; "--name" stands for a colour of the look's tokens."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from helpdesk.core.i18n import gettext
from helpdesk.statistics.figures import Cell, FigureRow
from helpdesk.statistics.groups import OF_TIME
from helpdesk.statistics.report import Promised
from helpdesk.statistics.sources import Listing
from helpdesk.tickets.filters import Filter

MANY = 10  # from so many groups of time on a line is read more easily than bars


@lru_cache(maxsize=1000)  # a page has two hundred, and the next one shows the same
def link(filter: Listing) -> str:
    """The address of the list."""
    return f"{filter.page}?{filter.query()}"


def volume(rows: list[FigureRow], by: str) -> dict[str, Any]:
    """Received and closed, by the chosen group."""
    line = by in OF_TIME and len(rows) > MANY
    shown = rows if by in OF_TIME else rows[:20]
    return _frame([row.name for row in shown], by in OF_TIME) | {
        "series": [
            _series(gettext("New"), [row.cells["received"] for row in shown], line, "--accent"),
            _series(gettext("Closed"), [row.cells["closed"] for row in shown], line, "--ink-3"),
        ]
    }


def _series(name: str, cells: list[Cell], line: bool, colour: str) -> dict[str, Any]:
    data = [{"value": cell.count, "url": link(cell.filter)} for cell in cells]
    look: dict[str, Any] = {"type": "line", "symbolSize": 6} if line else {"type": "bar"}
    return {"name": name, "data": data, "itemStyle": {"color": colour}, **look}


def promises(rows: list[Promised]) -> dict[str, Any]:
    """How each promise was kept, stacked."""
    names = {
        "on_time": (gettext("On time"), "--green"),
        "late": (gettext("Kept late"), "--amber-mark"),
        "missed": (gettext("Overdue"), "--red"),
    }
    frame = _lying([gettext(row.label) for row in rows])
    series = []
    for code, (name, colour) in names.items():
        told = [(getattr(row.judged, code), row.filters[code]) for row in rows]
        series.append(_bars(name, colour, told) | {"stack": "all"})
    return frame | {"series": series}


def ratings(rows: list[tuple[str, int, Filter]]) -> dict[str, Any]:
    """How many customers gave which answer."""
    told = [(number, filter) for _name, number, filter in rows]
    frame = _lying([gettext(name) for name, _number, _filter in rows])
    del frame["legend"]
    label = {"show": True, "position": "right", "color": "--ink-2"}
    return frame | {"series": [_bars(gettext("Cases"), "--accent", told) | {"label": label}]}


def _bars(name: str, colour: str, told: list[tuple[int, Filter]]) -> dict[str, Any]:
    data = [{"value": number, "url": link(filter)} for number, filter in told]
    look = {"barMaxWidth": 22, "itemStyle": {"color": colour}}
    return {"type": "bar", "name": name, "data": data, **look}


def _frame(names: list[str], of_time: bool) -> dict[str, Any]:
    turned = {} if of_time or len(names) <= 6 else {"rotate": 30}
    return {
        "legend": {"top": 0, "right": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": names, "axisLabel": {"hideOverlap": True, **turned}},
        "yAxis": {"type": "value", "minInterval": 1},
    }


def _lying(names: list[str]) -> dict[str, Any]:
    return {
        "legend": {"top": 0, "right": 0},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": names, "inverse": True},
    }
