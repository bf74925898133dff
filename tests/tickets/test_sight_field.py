"""Each field of a confidential case for each reader, without a page: names, words, and what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.core import i18n
from helpdesk.customers.models import Person
from helpdesk.tickets import sight
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.sight import Entry
from tests.help import values

DESK = Actor("agent", 1, "Zhang Wei", Role.AGENT)
DEPARTMENT = Actor("agent", 2, "Sun Lei", Role.HANDLER, 7)
NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    with i18n.in_language("en"):
        yield


def case(sealed: bool, name: str = "Qiong Velasco") -> Ticket:
    return Ticket(confidential=sealed, person=Person(name=name))


def event(name: str, by_kind: str = "agent", **data: Any) -> Entry:
    return Entry(5, NOON, name, 3, by_kind, "Qiong Velasco", data)


@pytest.mark.parametrize(
    ("sealed", "who", "name", "shown"),
    [
        (False, DEPARTMENT, "Qiong Velasco", "Qiong Velasco"),
        (True, DEPARTMENT, "Qiong Velasco", "Confidential"),
        (True, DEPARTMENT, "", "Confidential"),
        (True, DESK, "Qiong Velasco", "Qiong Velasco"),
        (True, DESK, "", "Anonymous"),
        (False, DEPARTMENT, "", "Anonymous"),
    ],
)
def test_a_name_is_shown_hidden_or_not_known(
    sealed: bool, who: Actor, name: str, shown: str
) -> None:
    assert sight.name(case(sealed, name), who) == shown


@pytest.mark.parametrize(
    ("kind", "author", "sealed", "who", "shown"),
    [
        ("staff", "Li Na", True, DEPARTMENT, "Li Na"),
        ("note", "Li Na", True, DEPARTMENT, "Li Na"),
        ("customer", "Her Brother", True, DEPARTMENT, "Confidential"),
        ("customer", "Her Brother", True, DESK, "Her Brother"),
        ("customer", "Her Brother", False, DEPARTMENT, "Her Brother"),
        ("customer", "", False, DEPARTMENT, "Qiong Velasco"),
        ("customer", "", True, DEPARTMENT, "Confidential"),
    ],
)
def test_colleagues_are_named_and_who_else_wrote_is_hidden_with_the_case(
    kind: str, author: str, sealed: bool, who: Actor, shown: str
) -> None:
    assert sight.author(Message(kind=kind, author=author), case(sealed), who) == shown


@pytest.mark.parametrize(
    ("kind", "author", "sealed", "who", "open_"),
    [
        ("note", SYSTEM.name, True, DEPARTMENT, False),
        ("note", SYSTEM.name, True, DESK, True),
        ("note", SYSTEM.name, False, DEPARTMENT, True),
        ("note", "Li Na", True, DEPARTMENT, True),
        ("customer", SYSTEM.name, True, DEPARTMENT, True),
    ],
)
def test_only_the_programs_own_notes_are_kept_from_departments(
    kind: str, author: str, sealed: bool, who: Actor, open_: bool
) -> None:
    shown = sight.body(Message(kind=kind, author=author, body="550 unknown"), case(sealed), who)
    assert (shown == "550 unknown") is open_


@pytest.mark.parametrize(
    ("sealed", "quoted", "found"),
    [(True, "whole", "new"), (False, "whole", "whole"), (False, "", "new")],
)
def test_what_a_mail_quotes_is_searched_where_it_names_nobody_in_secret(
    sealed: bool, quoted: str, found: str
) -> None:
    assert sight.searched(Message(body="new", quoted=quoted), case(sealed)) == found


@pytest.mark.parametrize(
    ("noted", "who", "by", "data"),
    [
        # of a sealed case a department learns what happened, not who it was nor which other case
        (
            event("ticket.urged", "customer", urges=2, to="q@v"),
            DEPARTMENT,
            "Confidential",
            {"urges": 2},
        ),
        (
            event("ticket.sign", "agent", old="a", new="b"),
            DEPARTMENT,
            "Qiong Velasco",
            {"old": "a", "new": "b"},
        ),
        (event("ticket.linked", "agent", old="q@v", new="r@v"), DEPARTMENT, "Qiong Velasco", {}),
        (event("ticket.proven", "agent", old="q@v"), DEPARTMENT, "Qiong Velasco", {}),
        (event("ticket.merged_in", "agent", number="2026-000002"), DEPARTMENT, "Qiong Velasco", {}),
        (
            event("ticket.notice_issued", "agent", number="N1"),
            DEPARTMENT,
            "Qiong Velasco",
            {"number": "N1"},
        ),
        (
            event("ticket.notice_issued", "agent", title="x"),
            DEPARTMENT,
            "Qiong Velasco",
            {"title": "x"},
        ),
        (
            event("ticket.urged", "customer", urges=2, to="q@v"),
            DESK,
            "Qiong Velasco",
            {"urges": 2, "to": "q@v"},
        ),
    ],
)
def test_an_event_of_a_sealed_case_tells_each_reader_what_they_may_know(
    noted: Entry, who: Actor, by: str, data: dict[str, Any]
) -> None:
    shown = sight.entry(noted, case(True), who)
    assert (shown.by_name, shown.data) == (by, data)
    assert (shown.seq, shown.at, shown.name, shown.ticket_id) == (5, NOON, noted.name, 3)


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("ticket.merged_in", {"number": "2026-000002", "n": 1}, {"n": 1}),
        ("ticket.merged_in", {"number": "2026-000003"}, {"number": "2026-000003"}),
        ("ticket.merged_in", {"numbers": ["2026-000002"]}, {"numbers": ["2026-000002"]}),
        ("ticket.sign", {"number": "2026-000002"}, {"number": "2026-000002"}),
    ],
)
def test_of_an_open_case_what_ties_it_to_a_secret_one_is_left_out(
    name: str, data: dict[str, Any], shown: dict[str, Any]
) -> None:
    found = sight.entry(event(name, **data), case(False), DEPARTMENT, {"2026-000002"})
    assert (found.data, found.by_name) == (shown, "Qiong Velasco")


def test_an_event_as_somebody_sees_it_does_not_change() -> None:
    assert values.changeable(sight) == set()
