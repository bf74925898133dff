"""A measure is an entry with its definition; a further source of numbers is an entry too.

Each is added here as somebody would write it, in a module of its own, and found in every place.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.agents.models import ApiToken
from helpdesk.api import answers
from helpdesk.clock import moved_to
from helpdesk.core.db import transaction
from helpdesk.core.errors import BadInput
from helpdesk.notices.models import Notice
from helpdesk.statistics import measures, sources
from helpdesk.statistics.figures import Figures
from helpdesk.statistics.sources import Sums
from helpdesk.tickets.models import Callback, Rating
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.calls import new_token

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
BOSS = samples.BOSS
DAYS = "from=2026-03-09&to=2026-03-10"
# What somebody writes who wants to count something else: one entry, and its definition.
TICKETS = 'Measure("new", "Grave ones", part=Filter(severity=("S1",)))'
CALLS = 'Measure("new", "Given up by us", "said", part=Filter(call=("dropped",)))'
RATINGS = 'Measure("new", "Angry", "said", "share", Filter(score=("1",)), RATED)'
PROMISES = 'Measure("new", "Late answers", "kept", "time", KEPT, promise="first_answer")'
ENTRY = """
from helpdesk.statistics.measures import BY_CODE, DEFINITIONS, KEPT, RATED, Measure
from helpdesk.tickets.filters import Filter

DEFINITIONS["new"] = "What nobody has counted before."
BY_CODE["new"] = {}
"""
# The same for numbers that no source has told yet: its query, and the list that holds as many rows.
NOTICES = '''
from dataclasses import replace

from sqlalchemy import func, select

from helpdesk.core.db import db
from helpdesk.notices.models import Notice
from helpdesk.notices.queries import visible_to
from helpdesk.notices.rows import NoticeFilter
from helpdesk.statistics.groups import key_of
from helpdesk.statistics.measures import BY_CODE, DEFINITIONS, Measure
from helpdesk.statistics.sources import SOURCES, Number, Source


def ask(sums):
    """The notices of each department as they stand now, by state."""
    column = Notice.department_id
    query = select(column, Notice.status, func.count()).where(visible_to(sums.scope.who))
    found = {}
    for unit, state, number in db.session.execute(query.group_by(column, Notice.status)):
        row = found.setdefault(key_of("department", unit) if sums.by else "all", {})
        row[state] = row.get(state, 0) + number
    return found


SOURCES["notices"] = Source(
    ask,
    lambda row, measure, promise: Number(row.get(measure.part.state, 0)),
    lambda sums, part, key: replace(part, department=key),
    by=("department",),
)
DEFINITIONS["new"] = "What nobody has counted before."
BY_CODE["new"] = Measure("new", "Signed notices", "notices", part=NoticeFilter("all", "signed"))
'''


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Write a module and load it; what it adds is gone after the test."""
    tables: list[dict[str, Any]] = [measures.BY_CODE, measures.DEFINITIONS, sources.SOURCES]
    known = [dict(each) for each in tables]
    described = answers.STATISTIC["properties"]["measure"]["enum"]  # made of the table at the start
    described.append("new")

    def loaded(text: str) -> ModuleType:
        path = tmp_path / "counted_anew.py"
        path.write_text(text, encoding="utf8")
        spec = importlib.util.spec_from_file_location("counted_anew", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield loaded
    described.remove("new")
    for table, before in zip(tables, known, strict=True):
        table.clear()
        table.update(before)


@pytest.fixture
def boss(client: FlaskClient) -> FlaskClient:
    return make.sign_in(client, make.agent("Chen Jie", "supervisor"))


def lived() -> None:
    """Two cases of one department: a grave one that was rated and called, and a notice for it."""
    unit = make.department()
    grave, plain = make.ticket(severity="S1"), make.ticket(subject="Another")
    with transaction() as session:
        for ticket in (grave, plain):
            ticket.department_id = unit.id
        session.add(Rating(ticket_id=grave.id, cycle=1, source="web", result=1))
        session.add(Rating(ticket_id=plain.id, cycle=1, source="web", result=5))
        session.add(Callback(ticket_id=grave.id, cycle=1, state="dropped", next_at=MONDAY))
        for row in promises.table(grave):
            if row.promise == "first_answer":
                row.verdict, row.taken, row.state = "late", 7200, "met"
        session.add(
            Notice(
                number="质整〔2026〕1号",
                year=2026,
                serial=1,
                status="signed",
                round=1,
                department_id=unit.id,
                title="Door seals",
                problem="They leak.",
                requirement="Check all of them.",
                issued_at=MONDAY,
            )
        )


def token() -> dict[str, str]:
    plain, digest = new_token()
    with transaction() as session:
        session.add(ApiToken(name="reports", role="supervisor", token_hash=digest))
    return {"Authorization": f"Bearer {plain}"}


@pytest.mark.parametrize(
    ("module", "values", "unit"),
    [
        (ENTRY.replace("{}", TICKETS), ["1"], "count"),
        (ENTRY.replace("{}", CALLS), ["1"], "count"),
        (ENTRY.replace("{}", RATINGS), ["1", "2", "50.0"], "share"),
        (ENTRY.replace("{}", PROMISES), ["1", "2.0", "2.0", "2.0"], "time"),
        (NOTICES, ["1"], "count"),
    ],
    ids=["tickets", "calls", "ratings", "promises", "notices"],
)
def test_a_measure_of_any_source_is_one_entry_and_stands_in_table_list_csv_and_api(
    boss: FlaskClient,
    write: Callable[[str], ModuleType],
    module: str,
    values: list[str],
    unit: str,
) -> None:
    with moved_to(MONDAY):
        lived()
        write(module)
        label, asked = measures.BY_CODE["new"].label, f"{DAYS}&by=department"
        page = boss.get(f"/statistics?{asked}").get_data(as_text=True)
        table = boss.get(f"/statistics/new.csv?{asked}").get_data().decode("utf-8-sig")
        answer = boss.get(f"/api/v1/statistics/new?{asked}", headers=token()).get_json()
        [row] = answer["rows"]
        listed = boss.get(row["list_url"]).get_data(as_text=True)
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page)
    assert label in [unescape(head).strip() for head in heads]
    assert f'href="{row["list_url"]}"' in unescape(page)
    assert "What nobody has counted before." in page
    assert [each[2:] for each in csv.reader(io.StringIO(table))][1:] == [values]
    assert (answer["unit"], answer["total"], row["key"], row["count"]) == (unit, 1, "quality", 1)
    assert (
        len(re.findall(r'<(?:tr|li class="row[^"]*") id="(?:notice|ticket)-', listed))
        == row["count"]
    )


def test_a_source_says_by_what_its_numbers_can_be_told_apart(
    app: Flask, write: Callable[[str], ModuleType]
) -> None:
    write(NOTICES)
    measure = measures.BY_CODE["new"]
    with moved_to(MONDAY):
        lived()
        assert Figures(Sums(samples.scope())).cell(measure).count == 1
        for by in ("channel", "day"):
            figures = Figures(Sums(samples.scope(), by))
            assert not figures.tells(measure)
            assert measure.code not in figures.rows(measures.BY_CODE.values())[0].cells
            with pytest.raises(BadInput):
                figures.require(measure)


def test_every_measure_says_what_it_counts_and_where_from() -> None:
    assert list(measures.DEFINITIONS) == list(measures.BY_CODE)
    assert {each.source for each in measures.BY_CODE.values()} <= set(sources.SOURCES)
