"""Reports of calls as CSV: by half hour, queue and agent, and their sums are the day's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.calls import figures
from helpdesk.clock import moved_to, now
from tests.help import factories as make
from tests.help.telephone import abandoned, answered, event, take

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
DAY = "from=2026-03-09&to=2026-03-09"


@pytest.fixture
def zhang(app: Flask) -> Iterator[Agent]:
    """A morning of calls that Zhang Wei and Li Na took or missed."""
    with moved_to(NOON):
        found, li = make.agent("Zhang Wei"), make.agent("Li Na")
        take(*answered(found.email, "a"))
        take(*abandoned(2, "b"), *abandoned(60, "c", began=now() - timedelta(hours=3)))
        began = {"call_id": "d", "began": now() - timedelta(hours=1)}
        take(
            event("ringing", **began),
            event("queued", 1, queue="sales", **began),
            event("offered", 2, agent=li.email, **began),
            event("missed", 17, agent=li.email, **began),
            event("answered", 20, agent=found.email, **began),
            event("transferred", 50, agent=found.email, target=li.email, **began),
            event("hungup", 90, **began),
        )
        yield found


def rows(client: FlaskClient, by: str, days: str = DAY) -> list[dict[str, Any]]:
    make.sign_in(
        client, make.agent("Chen Jie", "supervisor", email=f"{by}.{days[:15]}@example.com")
    )
    answer = client.get(f"/calls/report.csv?by={by}&{days}")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def total(found: list[dict[str, Any]], column: str) -> float:
    return sum(float(each[column] or 0) for each in found)


def test_half_hours_and_queues_add_up_to_the_day(client: FlaskClient, zhang: Agent) -> None:
    halves, queues = rows(client, "interval"), rows(client, "queue")
    since = NOON - timedelta(hours=12)
    day = sum(figures.by_queue(since, since + timedelta(days=1)).values(), figures.Figures())
    for column, number in (
        ("Offered", day.offered),
        ("Answered", day.answered),
        ("Gave up waiting", day.abandoned),
        ("Answered in time", day.in_time),
    ):
        assert total(halves, column) == total(queues, column) == number
    assert [each["Half hour from"] for each in halves] == sorted(
        each["Half hour from"] for each in halves
    )
    assert all(each["Half hour from"][-5:] in ("00:00", "30:00") for each in halves)
    assert {each["Call queue"] for each in queues} == {"complaints", "sales"}


def test_agents_have_what_rang_what_they_missed_talked_held_and_wrote_up(
    client: FlaskClient, zhang: Agent
) -> None:
    found = {each["Call agent"]: each for each in rows(client, "agent")}
    mine, other = found["Zhang Wei"], found["Li Na"]
    assert (mine["Talks"], mine["Handed on"], mine["Not answered"]) == ("2", "1", "0")
    # 15 to 75 s of which 5 on hold, and 20 to 50 s
    assert float(mine["Talk, seconds"]) == pytest.approx(55 + 30, abs=0.2)
    assert float(mine["On hold, seconds"]) == pytest.approx(5, abs=0.2)
    assert float(mine["Writing up, seconds"]) == pytest.approx(15, abs=0.2)
    assert (other["Rang"], other["Not answered"], other["Talks"]) == ("1", "1", "1")
    assert float(other["Talk, seconds"]) == pytest.approx(40, abs=0.2)


def test_a_share_of_nothing_is_an_empty_cell(client: FlaskClient, app: Flask) -> None:
    with moved_to(NOON):
        take(event("ringing"), event("queued", 3))
        [line] = rows(client, "queue")
    assert (line["Offered"], line["Service level, per cent"]) == ("1", "")


def test_another_day_has_no_lines_and_an_odd_group_is_refused(
    client: FlaskClient, zhang: Agent
) -> None:
    assert rows(client, "queue", "from=2026-03-08&to=2026-03-08") == []
    assert client.get("/calls/report.csv?by=weather").status_code == 422


@pytest.mark.parametrize("role", ["agent", "handler"])
def test_who_reads_no_statistics_gets_no_report(client: FlaskClient, app: Flask, role: str) -> None:
    make.sign_in(client, make.agent("Li Na", role, make.department()))
    assert client.get("/calls/report.csv?by=queue").status_code == 403
    assert "report.csv" not in client.get("/calls").get_data(as_text=True)


def test_the_list_offers_each_report_for_its_own_days(client: FlaskClient, app: Flask) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    html = client.get(f"/calls?{DAY}&state=answered").get_data(as_text=True)
    assert html.count("/calls/report.csv?") == 3
    assert "from=2026-03-09&amp;to=2026-03-09" in html or "from=2026-03-09" in html
