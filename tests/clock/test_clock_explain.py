"""The panel behind every due time: counted, skipped and paused stretches."""

import pytest

from helpdesk.clock import Limit, WorkCalendar, after_pause, due_at, explain
from tests.help.clock_samples import (
    ALWAYS,
    CALENDARS,
    HALF_DAY,
    HOURS,
    NIGHT,
    OFFICE,
    ZONE,
    at,
    wall,
)


def told(spans):
    return [(s.kind, wall(s.start)[5:], wall(s.end)[5:], s.seconds, s.why) for s in spans]


def explained(start, text, calendar=OFFICE, pauses=()):
    limit = Limit.parse(text)
    pauses = [(at(a), at(b)) for a, b in pauses]
    due = due_at(at(start), limit, calendar)
    for pause in pauses:
        due = after_pause(due, pause, limit, calendar)
    return explain(at(start), due, limit, calendar, pauses)


def counted(spans):
    return [span for span in spans if span.kind == "counted"]


@pytest.mark.parametrize(("calendar", "start", "limit", "due"), HOURS)
def test_the_counted_stretches_sum_to_the_promise(calendar, start, limit, due):
    spans = explained(start, limit, CALENDARS[calendar])
    assert sum(span.seconds for span in counted(spans)) == Limit.parse(limit).amount * 60
    assert wall(spans[0].start) == start
    assert wall(spans[-1].end) == due
    assert all(a.end == b.start for a, b in zip(spans, spans[1:], strict=False))


def test_lunch_night_and_weekend_are_named():
    assert told(explained("2026-11-27 11:00", "6 wh")) == [
        ("counted", "11-27 11:00", "11-27 12:00", 3600, "open"),
        ("skipped", "11-27 12:00", "11-27 13:30", 5400, "lunch"),
        ("counted", "11-27 13:30", "11-27 18:00", 16200, "open"),
        ("skipped", "11-27 18:00", "11-28 00:00", 21600, "night"),
        ("skipped", "11-28 00:00", "11-30 00:00", 172800, "weekend"),
        ("skipped", "11-30 00:00", "11-30 09:00", 32400, "night"),
        ("counted", "11-30 09:00", "11-30 09:30", 1800, "open"),
    ]


def test_a_holiday_is_one_stretch_with_its_name_in_both_languages():
    spans = explained("2026-09-30 17:00", "2 wh")
    holiday = next(span for span in spans if span.why == "holiday")
    assert (holiday.name, holiday.name_en, holiday.seconds) == ("国庆节", "National Day", 7 * 86400)


def test_a_makeup_workday_is_named():
    spans = explained("2026-10-09 17:00", "2 wh")
    assert (spans[-1].why, spans[-1].name) == ("makeup", "国庆节补班")


def test_a_half_day_is_named():
    spans = explained("2026-11-25 11:00", "2 wh", HALF_DAY)
    assert [(s.why, s.name) for s in spans[:2]] == [("hours", "半天"), ("closed", "半天")]


def test_the_day_between_two_night_shifts_is_closed():
    spans = explained("2026-11-24 05:00", "2 wh", NIGHT)
    assert [s.why for s in spans] == ["open", "closed", "open"]


def test_a_long_promise_is_told_day_by_day():
    spans = explained("2026-11-02 10:00", "75 wh")
    assert sum(span.seconds for span in spans if span.kind == "counted") == 75 * 3600
    assert len(counted(spans)) == 11
    assert {span.why for span in spans} == {"open", "night", "weekend"}


@pytest.mark.parametrize(
    ("limit", "due", "told_of"), [("37 wh", "11-09", True), ("45 wh", "11-10", False)]
)
def test_breaks_for_lunch_are_told_of_a_promise_up_to_a_week_long(limit, due, told_of):
    spans = explained("2026-11-02 10:00", limit)
    assert wall(spans[-1].end)[5:10] == due
    assert ("lunch" in {span.why for span in spans}) is told_of


def test_plain_hours_are_one_stretch():
    assert told(explained("2026-11-28 17:00", "24 h")) == [
        ("counted", "11-28 17:00", "11-29 17:00", 86400, "clock")
    ]


def test_around_the_clock_each_day_is_a_stretch():
    spans = explained("2026-11-28 17:00", "24 wh", ALWAYS)
    assert [s.seconds for s in spans] == [7 * 3600, 17 * 3600]


def test_working_days_are_listed_one_by_one():
    assert told(explained("2026-10-08 15:00", "3 wd")) == [
        ("skipped", "10-08 15:00", "10-09 00:00", 32400, "first_day"),
        ("counted", "10-09 00:00", "10-10 00:00", 27000, "day"),
        ("counted", "10-10 00:00", "10-11 00:00", 27000, "makeup"),
        ("skipped", "10-11 00:00", "10-12 00:00", 86400, "weekend"),
        ("counted", "10-12 00:00", "10-12 18:00", 27000, "day"),
    ]


def test_calendar_days_show_how_the_due_day_moved_off_a_holiday():
    assert told(explained("2026-09-30 09:00", "2 cd")) == [
        ("skipped", "09-30 09:00", "10-01 00:00", 54000, "first_day"),
        ("counted", "10-01 00:00", "10-02 00:00", 86400, "holiday"),
        ("counted", "10-02 00:00", "10-03 00:00", 86400, "holiday"),
        ("skipped", "10-03 00:00", "10-08 00:00", 5 * 86400, "holiday"),
        ("skipped", "10-08 00:00", "10-08 18:00", 64800, "moved"),
    ]


@pytest.mark.parametrize("text", ["1 wd", "5 wd", "15 wd"])
@pytest.mark.parametrize("calendar", ["office", "desk", "always", "half", "night"])
def test_as_many_days_are_counted_as_were_promised(text, calendar):
    spans = explained("2026-11-20 23:30", text, CALENDARS[calendar])
    assert len(counted(spans)) == Limit.parse(text).amount


@pytest.mark.parametrize("text", ["1 cd", "7 cd", "30 cd"])
def test_as_many_calendar_days_are_counted_as_were_promised(text):
    assert len(counted(explained("2026-09-20 23:30", text))) == Limit.parse(text).amount


def test_a_pause_is_shown_and_the_rest_still_sums_to_the_promise():
    pause = ("2026-11-23 10:00", "2026-11-24 10:00")
    assert told(explained("2026-11-23 09:00", "2 wh", pauses=[pause])) == [
        ("counted", "11-23 09:00", "11-23 10:00", 3600, "open"),
        ("paused", "11-23 10:00", "11-24 10:00", 27000, "pause"),
        ("counted", "11-24 10:00", "11-24 11:00", 3600, "open"),
    ]


def test_overlapping_pauses_are_paused_once():
    limit, start = Limit.parse("24 h"), at("2026-11-23 09:00")
    rests = [
        (at("2026-11-23 12:00"), at("2026-11-23 14:00")),
        (at("2026-11-23 10:00"), at("2026-11-23 13:00")),
    ]
    spans = explain(start, at("2026-11-24 13:00"), limit, OFFICE, rests)
    assert told(spans) == [
        ("counted", "11-23 09:00", "11-23 10:00", 3600, "clock"),
        ("paused", "11-23 10:00", "11-23 14:00", 14400, "pause"),
        ("counted", "11-23 14:00", "11-24 13:00", 23 * 3600, "clock"),
    ]


@pytest.mark.parametrize(("text", "seconds"), [("3 wd", 3 * 27000), ("3 cd", 3 * 86400)])
def test_a_paused_promise_in_days_counts_the_time_outside_the_pause(text, seconds):
    pause = ("2026-11-24 10:00", "2026-11-25 10:00")
    spans = explained("2026-11-23 09:00", text, pauses=[pause])
    assert sum(span.seconds for span in counted(spans)) == seconds
    assert [s.kind for s in spans].count("paused") == 1


def test_whole_seconds_still_sum_when_the_start_has_a_fraction():
    limit, start = Limit.parse("6 wh"), at("2026-11-27 11:00:00.700000")
    spans = explain(start, due_at(start, limit, OFFICE), limit, OFFICE)
    assert sum(span.seconds for span in counted(spans)) == 6 * 3600


def test_nothing_is_told_of_a_promise_that_is_due_at_once():
    moment = at("2026-11-23 09:00")
    assert explain(moment, moment, Limit.parse("2 wh"), OFFICE) == []
    assert explain(moment, moment, Limit.parse("24 h"), OFFICE) == []


@pytest.mark.parametrize(
    ("closes", "opens", "why"),
    [
        ("12:00", "12:01", "lunch"),
        ("12:00", "15:00", "lunch"),
        ("12:00", "15:01", "closed"),
        ("18:00", "18:10", "lunch"),
    ],
)
def test_a_break_is_called_lunch_up_to_three_hours(closes, opens, why):
    hours = (("09:00", closes), (opens, "20:00"))
    calendar = WorkCalendar("x", 1, ZONE, dict.fromkeys(range(7), hours))
    minutes = (at(f"2026-11-23 {closes}") - at("2026-11-23 09:00")).seconds // 60
    spans = explained("2026-11-23 09:00", f"{minutes + 30} wmin", calendar)
    assert [span.why for span in spans] == ["open", why, "open"]


@pytest.mark.parametrize(
    ("hours", "why"),
    [(("08:00", "24:00"), "night"), (("08:00", "00:30"), "closed"), (("08:00", "23:59"), "night")],
)
def test_it_is_night_between_two_days_that_end_by_midnight(hours, why):
    calendar = WorkCalendar("x", 1, ZONE, dict.fromkeys(range(7), (hours,)))
    spans = explained("2026-11-24 05:00", "1 wh", calendar)
    assert [span.why for span in spans] == [why, "open"]


def test_a_due_day_that_moved_off_a_weekend_stays_told_after_a_pause():
    pause = ("2026-11-24 10:00", "2026-11-25 10:00")
    for pauses, days in (([], 5), ([pause], 6)):
        spans = explained("2026-11-23 09:00", "5 cd", pauses=pauses)
        assert spans[-1].why == "moved"
        rest = 86400 if pauses else 0
        assert sum(span.seconds for span in counted(spans)) == days * 86400 - rest


def test_two_pauses_that_touch_are_told_as_one():
    first = ("2026-11-23 10:00", "2026-11-23 11:00")
    second = ("2026-11-23 11:00", "2026-11-24 10:00")
    whole = ("2026-11-23 10:00", "2026-11-24 10:00")
    begin = "2026-11-23 09:00", "2 wh"
    assert told(explained(*begin, pauses=[first, second])) == told(
        explained(*begin, pauses=[whole])
    )
