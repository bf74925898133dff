"""Which terms hold for a case: how close each row of the policy is, and where a rule of law wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from helpdesk import promises
from helpdesk.clock import Limit, moved_to
from helpdesk.promises import (
    models,
    policy,
    rail,
    receipts,
    recompute,
    reminders,
    subjects,
    timing,
    verdicts,
)
from helpdesk.promises.policy import Terms, applicable, limit_for
from tests.help import values
from tests.help.promised import NINE, promise, snapshot


@dataclass
class Case:
    """What the policy asks about a case."""

    severity: str = "S3"
    kind: str = "complaint"
    channel: str = "web"
    category_id: int | None = 12


@dataclass
class Category:
    ids: tuple[int, ...]


TREE = {1: Category((1,)), 10: Category((10,)), 11: Category((10, 11)), 12: Category((10, 11, 12))}
ANY = Terms("resolve", "9 wd", "desk")


def limit(*rows: Terms, case: Case | None = None) -> str | None:
    """The limit of solving this case, whichever way round the rows stand."""
    case = case or Case()
    found = {
        str(limit_for(case, "resolve", snapshot(policy=order, categories=TREE)))
        for order in (rows, rows[::-1])
    }
    (one,) = found
    return None if one == "None" else one


def terms(limit: str, **about: Any) -> Terms:
    return Terms("resolve", limit, "desk", **about)


CLOSER = [  # each row is closer than those before it
    ANY,
    terms("1 wd", severity="S3"),
    terms("2 wd", kind="complaint"),
    terms("3 wd", kind="complaint", severity="S3"),
    terms("4 wd", channel="web"),
    terms("5 wd", channel="web", kind="complaint", severity="S3"),
    terms("6 wd", category_id=10),
    terms("7 wd", category_id=10, severity="S3"),
    terms("8 wd", category_id=11),
    terms("10 wd", category_id=12),
]


@pytest.mark.parametrize("near", range(1, len(CLOSER)))
@pytest.mark.parametrize("far", range(len(CLOSER) - 1))
def test_the_closest_row_wins_category_before_channel_before_kind_before_severity(
    near: int, far: int
) -> None:
    if far < near:
        assert limit(CLOSER[far], CLOSER[near]) == CLOSER[near].limit


@pytest.mark.parametrize(
    "about",
    [
        {"severity": "S1"},
        {"kind": "praise"},
        {"channel": "phone"},
        {"category_id": 1},
        {"severity": "S3", "kind": "praise"},
        {"severity": "S1", "kind": "complaint"},
        {"category_id": 12, "channel": "phone"},
    ],
)
def test_a_row_about_other_cases_makes_no_promise_however_close(about: dict[str, Any]) -> None:
    assert limit(terms("1 wd", **about)) is None
    assert limit(ANY, terms("1 wd", **about)) == "9 wd"


def test_a_case_without_a_category_has_none_not_even_the_first() -> None:
    plain = Case(category_id=None)
    assert limit(ANY, terms("1 wd", category_id=1), case=plain) == "9 wd"
    assert limit(terms("1 wd", category_id=1), case=plain) is None
    assert limit(ANY, terms("1 wd", category_id=10), case=Case(category_id=99)) == "9 wd"


def test_an_empty_limit_takes_back_what_a_wider_row_promises() -> None:
    assert limit(ANY, terms("", kind="complaint")) is None
    assert limit(ANY, terms("", kind="praise")) == "9 wd"


@pytest.mark.parametrize(
    ("law", "holds", "by_law"),
    [("10 wd", "9 wd", False), ("9 wd", "9 wd", False), ("8 wd", "8 wd", True)],
)
def test_a_rule_of_law_wins_only_where_it_is_earlier(law: str, holds: str, by_law: bool) -> None:
    rows = (terms(law, profile="refund", kind="complaint"), ANY)
    with moved_to(NINE):
        found = applicable(Case(), snapshot(policy=rows, categories=TREE))["resolve"]
    assert (found.limit, found.profile) == (holds, "refund" * by_law)


def test_a_rule_of_law_adds_its_promise_and_only_to_its_cases() -> None:
    rule = terms("8 wd", profile="refund", kind="complaint")
    assert limit(rule) == "8 wd"
    assert limit(rule, terms("", severity="S3")) == "8 wd"
    with moved_to(NINE):
        assert limit(rule, ANY, case=Case(kind="praise")) == "9 wd"


def test_each_promise_has_its_own_row() -> None:
    rows = (ANY, Terms("sign", "4 wh", "department", severity="S3"))
    found = applicable(Case(), snapshot(policy=rows))
    assert {name: row.limit for name, row in found.items()} == {"resolve": "9 wd", "sign": "4 wh"}
    assert limit_for(Case(), "sign", snapshot(policy=rows)) == Limit.parse("4 wh")


@pytest.mark.parametrize(
    ("about", "plain"),
    [
        ({"severity": "S1"}, True),
        ({}, False),
        ({"kind": "praise"}, False),
        ({"severity": "S1", "kind": "praise"}, False),
        ({"severity": "S1", "category_id": 3}, False),
        ({"severity": "S1", "channel": "web"}, False),
        ({"severity": "S1", "profile": "refund"}, False),
    ],
)
def test_only_what_is_about_a_severity_alone_stands_in_the_grid(
    about: dict[str, Any], plain: bool
) -> None:
    assert terms("1 wd", **about).plain is plain


def test_rows_are_about_the_same_when_all_six_are_equal() -> None:
    assert ANY.key == ("resolve", "", "", 0, "", "")
    assert terms("1 wd", severity="S1", category_id=7).key == ("resolve", "S1", "", 7, "", "")


@pytest.mark.parametrize("version", [0, 1])
def test_a_row_that_was_counted_by_nothing_or_by_the_newest_hours_asks_these(version: int) -> None:
    hours = snapshot()
    assert hours.calendar_of(promise(calendar_version=version)) is hours.calendars["cn-office"]


def test_what_a_promise_is_decided_by_and_told_with_does_not_change() -> None:
    """Snapshots, terms, receipts and forecasts are kept and shared: nobody changes one."""
    rooms = (models, policy, rail, receipts, recompute, reminders, subjects, timing, verdicts)
    assert values.changeable(promises, *rooms) == set()
