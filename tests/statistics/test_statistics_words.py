"""How numbers, times and changes are told: each wording at the value where it begins."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from helpdesk.core import i18n
from helpdesk.statistics import charts, pages, words
from helpdesk.statistics.figures import Cell, FigureRow, wilson
from helpdesk.statistics.judging import Judged
from helpdesk.statistics.measures import BY_CODE
from helpdesk.statistics.notices import Board, DepartmentNotices
from helpdesk.statistics.periods import Period
from helpdesk.statistics.report import Promised, read
from helpdesk.tickets.filters import Filter
from tests.help import factories as make

WEEK = Period("", date(2026, 3, 9), date(2026, 3, 15), ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    with i18n.in_language("en"):
        yield


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (0.0049, "0.5 %"),
        (0.0051, "1 %"),
        (0.00001, "0.1 %"),
        (0.994, "99 %"),
        (0.996, "99.6 %"),
        (0.99999, "99.9 %"),
    ],
)
def test_a_share_near_its_ends_is_told_with_a_decimal(rate: float, shown: str) -> None:
    assert words.percent(rate) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 min"),
        (59 * 60, "59 min"),
        (60 * 60, "1 h"),
        (61 * 60, "1 h 1 min"),
        (99 * 3600 + 59 * 60, "99 h 59 min"),
        (100 * 3600 + 29 * 60, "100 h"),
        (100 * 3600 + 31 * 60, "101 h"),
    ],
)
def test_a_length_is_told_to_the_minute_up_to_a_hundred_hours(seconds: int, shown: str) -> None:
    assert words.length(seconds) == shown


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (1439, "23 h"),
        (1440, "1 d"),
        (2879, "1 d"),
        (2880, "2 d"),
    ],
)
def test_a_time_on_the_wall_is_told_in_its_largest_unit(minutes: int, shown: str) -> None:
    assert words.rough(timedelta(minutes=minutes, seconds=59)) == shown


@pytest.mark.parametrize(
    ("number", "earlier", "told"),
    [
        (0, 0, "as many as in the 7 days before"),
        (5, 0, "none in the 7 days before"),
        (30, 10, "200 % more than in the 7 days before"),
        (31, 10, "10 in the 7 days before"),  # more than three times as many
        (0, 10, "100 % fewer than in the 7 days before"),
        (9, 10, "10 % fewer than in the 7 days before"),
        (11, 10, "10 % more than in the 7 days before"),
    ],
)
def test_a_change_is_told_by_its_share_up_to_three_times_as_many(
    number: int, earlier: int, told: str
) -> None:
    assert words.change(number, earlier, WEEK) == told


@pytest.mark.parametrize(
    ("rate", "earlier", "told"),
    [(0.5, 0.5, "unchanged"), (0.51, 0.5, "+1 point"), (0.49, 0.5, "−1 point"), (None, 0.5, "")],
)
def test_a_share_moves_by_points(rate: float | None, earlier: float, told: str) -> None:
    assert words.points(rate, earlier) == told


def test_nothing_overdue_and_nothing_judged_have_words_of_their_own() -> None:
    assert (words.late(0), words.late(1)) == ("none overdue now", "1 overdue now")
    assert (words.kept(None), words.kept(0.0)) == ("nothing to judge yet", "0 % on time")
    assert words.cases(1, ("complaint",)) == "1 complaint"
    assert words.cases(1, ("complaint", "report")) == words.cases(1, ()) == "1 case received"


def test_days_are_told_once_where_a_period_has_one() -> None:
    assert words.days(Period("", WEEK.since, WEEK.since, WEEK.zone)) == "9 Mar 2026"
    assert words.days(WEEK) == words.period_name(WEEK) == "9 Mar 2026 to 15 Mar 2026"
    assert words.first_day("week", WEEK.since) == "week of 9 Mar"
    with i18n.in_language("zh_Hans"):
        assert words.days(Period("", WEEK.since, WEEK.since, WEEK.zone)) == "2026年3月9日"


def rows(number: int) -> list[FigureRow]:
    """So many groups with one case received and none closed."""
    cells = {
        code: Cell(BY_CODE[code], count, Filter())
        for code, count in (("received", 1), ("closed", 0))
    }
    return [FigureRow(f"g{n}", f"Group {n}", cells) for n in range(number)]


@pytest.mark.parametrize(("groups", "kind"), [(10, "bar"), (11, "line")])
def test_more_than_ten_days_are_drawn_as_a_line(groups: int, kind: str) -> None:
    drawn = charts.volume(rows(groups), "day")
    assert [each["type"] for each in drawn["series"]] == [kind, kind]
    assert {each["type"] for each in charts.volume(rows(groups), "channel")["series"]} == {"bar"}


def test_twenty_groups_are_drawn_and_all_days() -> None:
    assert len(charts.volume(rows(25), "channel")["series"][0]["data"]) == 20
    assert len(charts.volume(rows(25), "day")["series"][0]["data"]) == 25


@pytest.mark.parametrize(("groups", "by", "leans"), [(6, "kind", 0), (7, "kind", 1), (7, "day", 0)])
def test_the_names_of_more_than_six_groups_lean(groups: int, by: str, leans: int) -> None:
    axis = charts.volume(rows(groups), by)["xAxis"]["axisLabel"]
    assert ("rotate" in axis) == bool(leans) and axis["hideOverlap"]


def test_cases_are_drawn_in_whole_numbers_with_their_lists() -> None:
    drawn = charts.volume(rows(2), "channel")
    judged = Promised(
        "resolve",
        "Resolve",
        Judged(3, 2, 1),
        dict.fromkeys(("on_time", "late", "missed"), Filter()),
    )
    kept = charts.promises([judged])
    said = charts.ratings([("Satisfied", 4, Filter(score=("4",)))])
    assert drawn["yAxis"]["minInterval"] == kept["xAxis"]["minInterval"] == 1
    assert [each["data"][0]["value"] for each in kept["series"]] == [3, 2, 1]
    assert said["series"][0]["data"] == [{"value": 4, "url": "/tickets?score=4"}]
    assert "legend" not in said and kept["yAxis"]["inverse"]
    assert said["series"][0]["label"]["show"]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 1, 0.0, 0.793), (1, 1, 0.207, 1.0), (5, 10, 0.237, 0.763), (50, 100, 0.404, 0.596)],
)
def test_the_fewer_answers_the_wider_is_what_a_share_may_be(
    count: int, of: int, low: float, high: float
) -> None:
    found = wilson(count, of)
    assert (round(found[0], 3), round(found[1], 3)) == (low, high)


def test_the_first_pass_rate_is_that_of_all_departments() -> None:
    lines = [DepartmentNotices(None, {"closed": 2}, 4, 3), DepartmentNotices(None, {"issued": 1})]  # type: ignore[arg-type]
    assert [line.first_pass for line in lines] == [0.75, None]
    assert (Board(lines, []).first_pass, Board(lines, []).total) == (0.75, 3)
    assert Board(lines[1:], []).first_pass is None


@pytest.mark.parametrize(
    ("days", "by"),
    [(1, "channel"), (2, "day"), (31, "day"), (32, "week"), (184, "week"), (185, "month")],
)
def test_the_longer_the_period_the_coarser_its_groups(days: int, by: str) -> None:
    until = date(2026, 1, 1) + timedelta(days=days - 1)
    asked = read({"from": "2026-01-01", "to": until.isoformat()}, make.SUPERVISOR)
    assert asked.by == by


def test_times_are_exported_in_hours_and_shares_in_per_cent() -> None:
    times = Cell(BY_CODE["resolve_time"], 3, Filter(), times=Judged(3, 0, 0, 5400.0, 3600, 30))
    assert pages._values(times) == [3, 1.5, 1.0, 0.01]
    empty = Cell(BY_CODE["resolve_time"], 0, Filter(), times=Judged())
    assert pages._values(empty) == [0, None, None, None]
    third = Cell(BY_CODE["satisfaction"], 1, Filter(), 3, Filter())
    assert pages._values(third) == [1, 3, 33.33]
    assert pages._values(Cell(BY_CODE["satisfaction"], 0, Filter(), 0, Filter())) == [0, 0, None]


def test_a_table_has_a_header_for_each_value() -> None:
    asked = read({"period": "7days"}, make.SUPERVISOR, by="day")
    for code, width in (("received", 3), ("satisfaction", 5), ("resolve_time", 6)):
        text = b"".join(pages.spreadsheet(asked, BY_CODE[code])).decode("utf-8-sig")
        assert {len(row) for row in csv.reader(io.StringIO(text))} == {width}
