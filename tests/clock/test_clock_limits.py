"""Limits never go without their kind."""

import pytest

from helpdesk.clock import Limit, LimitError, LimitKind

CLOCK, WORK = LimitKind.clock_minutes, LimitKind.work_minutes


@pytest.mark.parametrize(
    ("text", "amount", "kind"),
    [
        ("30 min", 30, CLOCK),
        ("24 h", 1440, CLOCK),
        ("0.5h", 30, CLOCK),
        ("2 wh", 120, WORK),
        ("1.5 WH", 90, WORK),
        ("45 wmin", 45, WORK),
        (" 5 wd ", 5, LimitKind.working_days),
        ("3 cd", 3, LimitKind.calendar_days),
    ],
)
def test_a_limit_is_read_from_its_words(text, amount, kind):
    assert Limit.parse(text) == Limit(amount, kind)


@pytest.mark.parametrize("text", ["30 min", "24 h", "90 min", "2 wh", "45 wmin", "5 wd", "3 cd"])
def test_a_limit_writes_what_it_reads(text):
    assert str(Limit.parse(text)) == text


@pytest.mark.parametrize("text", ["3", "3 days", "", "wd", "-1 wd", "1e3 h", "3 d", "٣ h h"])
def test_a_limit_without_a_known_kind_is_refused(text):
    with pytest.raises(LimitError) as refusal:
        Limit.parse(text)
    assert refusal.value.message.startswith("Write a number and what it counts")


@pytest.mark.parametrize("text", ["0 h", "0 wd", "4000 wd", "9999999 h"])
def test_a_limit_lies_between_nothing_and_ten_years(text):
    with pytest.raises(LimitError, match="more than zero"):
        Limit.parse(text)


@pytest.mark.parametrize("text", ["0.5 wd", "1.5 min", "0.001 h"])
def test_a_limit_is_whole(text):
    with pytest.raises(LimitError, match="whole number"):
        Limit.parse(text)


def test_a_number_alone_or_a_fraction_is_no_limit():
    with pytest.raises(LimitError, match="what it counts"):
        Limit(3, None)
    with pytest.raises(LimitError, match="whole number"):
        Limit(1.5, WORK)
    with pytest.raises(LimitError, match="whole number"):
        Limit(True, WORK)


def test_a_limit_tells_how_it_is_measured():
    told = {
        text: (limit.in_days, limit.in_work_time, limit.needs_calendar)
        for text in ("24 h", "2 wh", "5 wd", "3 cd")
        for limit in [Limit.parse(text)]
    }
    assert told == {
        "24 h": (False, False, False),
        "2 wh": (False, True, True),
        "5 wd": (True, True, True),
        "3 cd": (True, False, True),
    }
