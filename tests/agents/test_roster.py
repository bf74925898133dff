"""Who is told: the roster, deputies, and never nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from helpdesk.agents import roster
from helpdesk.agents.duty import Absence, Duty
from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core.db import transaction
from tests.help import factories as make

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def duty(agent: Agent, role: str = "manager", **more: object) -> Duty:
    values = {"starts_at": now() - timedelta(days=1), "from_minute": 0, "until_minute": 1440}
    with transaction() as session:
        row = Duty(role=role, agent_id=agent.id, **(values | more))
        session.add(row)
    return row


def away(agent: Agent, deputy: Agent | None = None, **more: object) -> None:
    with transaction() as session:
        row = {"agent_id": agent.id, "deputy_id": deputy.id if deputy else None}
        session.add(Absence(**(row | {"starts_at": now() - timedelta(hours=1)} | more)))


def names(role: str, team: int | None = None, assignee: int | None = None) -> list[str]:
    return [person.name for person in roster.at().told(role, team, assignee)]


def test_a_role_is_told_through_whoever_is_on_duty_for_it(app: Flask) -> None:
    quality = make.department()
    make.agent("Li Na", "handler", quality, leads=True)
    sun = make.agent("Sun Lei", "handler", quality)
    assert names("manager", quality.id) == ["Li Na"]
    duty(sun, department_id=quality.id)
    assert names("manager", quality.id) == ["Sun Lei"]


def test_a_duty_of_one_department_says_nothing_about_another(app: Flask) -> None:
    quality, logistics = make.department(), make.department("logistics", "物流部", "Logistics")
    lead = make.agent("Wu Di", "handler", logistics, leads=True)
    duty(make.agent("Sun Lei", "handler", quality), department_id=quality.id)
    assert names("manager", logistics.id) == [lead.name]


def test_a_company_wide_duty_serves_every_department(app: Flask) -> None:
    quality = make.department()
    make.agent("Chen Jie", "supervisor")
    duty(make.agent("Zhao Min", "supervisor"), "division_leader")
    assert names("division_leader", quality.id) == ["Zhao Min"]


def test_who_is_away_is_replaced_by_the_deputy_of_the_duty(app: Flask) -> None:
    zhao, deputy = make.agent("Zhao Min", "supervisor"), make.agent("Qian Yi", "supervisor")
    duty(zhao, "supervisor", deputy_id=deputy.id)
    assert names("supervisor") == ["Zhao Min"]
    away(zhao)
    assert names("supervisor") == ["Qian Yi"]


def test_a_deputy_who_is_away_too_has_one_in_turn(app: Flask) -> None:
    first, second = make.agent("Zhao Min"), make.agent("Qian Yi")
    third = make.agent("Sun Lei")
    away(first, second)
    away(second, third)
    assert names("owner", assignee=first.id) == ["Sun Lei"]


def test_deputies_who_stand_in_for_each_other_lead_to_the_role_instead(app: Flask) -> None:
    first, second = make.agent("Zhao Min"), make.agent("Qian Yi")
    make.agent("Li Na", leads=True)
    away(first, second)
    away(second, first)
    assert names("owner", assignee=first.id) == ["Li Na"]


def test_an_absence_that_is_over_counts_no_more(app: Flask) -> None:
    zhao = make.agent("Zhao Min")
    away(zhao, make.agent("Qian Yi"), ends_at=now() - timedelta(minutes=1))
    assert names("owner", assignee=zhao.id) == ["Zhao Min"]


def test_nobody_on_duty_means_the_supervisors_then_the_administrators(app: Flask) -> None:
    """Never nobody."""
    quality = make.department()
    admin = make.agent("Admin One", "admin")
    assert names("manager", quality.id) == ["Admin One"]
    boss = make.agent("Chen Jie", "supervisor")
    assert names("manager", quality.id) == ["Chen Jie"]
    away(boss)
    away(admin)
    assert names("manager", quality.id) == ["Admin One"]


def test_a_colleague_who_left_is_told_nothing(app: Flask) -> None:
    gone = make.agent("Zhao Min", "supervisor", active=False)
    make.agent("Chen Jie", "supervisor")
    duty(gone, "supervisor")
    assert names("supervisor") == ["Chen Jie"]


@pytest.mark.parametrize(
    ("weekdays", "start", "end", "at", "covered"),
    [
        ("", 0, 1440, MONDAY, True),
        ("12345", 0, 1440, MONDAY, True),
        ("67", 0, 1440, MONDAY, False),
        ("", 8 * 60, 9 * 60, MONDAY, False),  # the end does not belong to it
        ("", 9 * 60, 10 * 60, MONDAY, True),
        ("7", 18 * 60, 8 * 60, MONDAY - timedelta(hours=2), True),  # Sunday's night, 07:00
        ("1", 18 * 60, 8 * 60, MONDAY - timedelta(hours=2), False),
        ("1", 18 * 60, 8 * 60, MONDAY + timedelta(hours=12), True),  # 21:00
        ("1", 18 * 60, 8 * 60, MONDAY, False),
    ],
)
def test_a_shift_covers_its_weekdays_and_hours_also_past_midnight(
    weekdays: str, start: int, end: int, at: datetime, covered: bool
) -> None:
    shift = Duty(
        role="manager",
        agent_id=1,
        starts_at=MONDAY - timedelta(days=7),
        weekdays=weekdays,
        from_minute=start,
        until_minute=end,
    )
    assert shift.covers(at, ZONE) is covered


def test_a_duty_begins_and_ends_with_its_days() -> None:
    shift = Duty(starts_at=MONDAY, ends_at=MONDAY + timedelta(days=1), from_minute=0)
    shift.weekdays, shift.until_minute = "", 1440
    moments = (-1, 0, 23, 24)
    found = [shift.covers(MONDAY + timedelta(hours=hours), ZONE) for hours in moments]
    assert found == [False, True, True, False]
