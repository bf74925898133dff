"""The business settings and the calendars' trial box."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import helpdesk
from helpdesk.agents.models import Agent
from helpdesk.core import options
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.setup.options import actions
from tests.help import factories as make


def test_every_setting_that_the_code_asks_for_stands_on_the_page(app: Flask) -> None:
    sources = Path(helpdesk.__file__).parent.rglob("*.py")
    asked = {
        name for file in sources for name in re.findall(r'options\.get\("(\w+)"', file.read_text())
    }
    assert len(asked) > 10 and asked <= set(actions.BY_NAME)


def test_a_setting_has_its_default_until_somebody_changes_it(app: Flask) -> None:
    assert all(options.get(each.name) == each.default for each in actions.SWITCHES)
    assert {
        each.name for each in actions.SWITCHES if actions._problem(each.name, each.default)
    } == set()


def test_a_setting_that_nobody_declared_is_an_error(app: Flask) -> None:
    with pytest.raises(KeyError):
        options.get("shoe_size")
    with pytest.raises(KeyError):
        options.put("shoe_size", 43)


def test_settings_are_kept_and_only_changes_are_noted(boss: Agent, changes: Any) -> None:
    actions.save({"urge_hours": 12, "reopen_days": 30}, by=boss.actor)
    assert options.get("urge_hours") == 12
    (noted,) = changes()
    assert (noted["old"], noted["new"]) == ({"urge_hours": 24}, {"urge_hours": 12})


def test_settings_that_stay_note_nothing(boss: Agent, changes: Any) -> None:
    before = options.version()
    actions.save(actions.current(), by=boss.actor)
    assert changes() == [] and options.version() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("urge_hours", 0),
        ("urge_hours", "many"),
        ("urge_hours", True),
        ("urge_hours", 721),
        ("notice_check", "soon"),
        ("notice_check", ""),
        ("required_to_close", ["shoe_size"]),
        ("company_zh", "长" * 81),
        ("mail_kind", "war"),
        ("unknown", 1),
    ],
)
def test_an_odd_value_is_refused_at_its_field_and_nothing_is_kept(
    boss: Agent, name: str, value: Any
) -> None:
    with pytest.raises(BadInput) as refused:
        actions.save({"reopen_days": 7, name: value}, by=boss.actor)
    assert set(refused.value.errors) == {name}
    assert options.get("reopen_days") == 30


def test_supervisors_change_no_setting(boss: Agent) -> None:
    with pytest.raises(NotAllowed):
        actions.save({"urge_hours": 1}, by=make.agent("Liu Yang", "supervisor").actor)


class TestPage:
    def sent(self, **more: Any) -> dict[str, Any]:
        values = actions.current()
        ticked = {name: "y" for name, value in values.items() if value is True}
        texts = {n: str(v) for n, v in values.items() if not isinstance(v, bool | list)}
        return texts | ticked | {"required_to_close": options.get("required_to_close")} | more

    def test_saving_keeps_numbers_as_numbers_and_ticks_as_lists(self, desk: FlaskClient) -> None:
        given = self.sent(urge_hours="6", required_to_close=["validity", "lot"])
        given.pop("offer_work")
        assert desk.post("/admin/options", data=given).status_code == 303
        assert options.get("urge_hours") == 6
        assert options.get("required_to_close") == ["validity", "lot"]
        assert options.get("offer_work") is False

    def test_nothing_touched_changes_nothing(self, desk: FlaskClient, changes: Any) -> None:
        assert desk.post("/admin/options", data=self.sent()).status_code == 303
        assert changes() == []

    def test_an_error_stands_beside_its_field(self, desk: FlaskClient) -> None:
        answer = desk.post("/admin/options", data=self.sent(urge_hours="-1", notice_check="soon"))
        assert answer.status_code == 422
        assert 'value="-1"' in answer.text and 'id="urge_hours-error"' in answer.text
        assert 'id="notice_check-error"' in answer.text

    def test_the_new_name_of_the_company_stands_on_every_page(self, desk: FlaskClient) -> None:
        desk.post("/admin/options", data=self.sent(company_en="Dawn <b>Appliances</b>"))
        page = desk.get("/admin").text
        assert "Dawn &lt;b&gt;Appliances" in page and "Dawn <b>" not in page


class TestCalendars:
    URL = "/admin/calendars?calendar=cn-office&received={at}&limit={limit}"

    def box(self, desk: FlaskClient, at: str, limit: str) -> str:
        return desk.get(self.URL.format(at=at, limit=limit.replace(" ", "+"))).text

    def test_the_year_shows_its_holidays_and_make_up_days(self, desk: FlaskClient) -> None:
        page = desk.get("/admin/calendars").text
        assert "Office hours" in page and "working day" in page and "day off" in page

    def test_the_box_counts_working_time_over_a_weekend(self, desk: FlaskClient) -> None:
        page = self.box(desk, "2026-11-20T17:00", "2 wh")
        assert "Due 23 Nov, " in page

    def test_the_box_says_what_is_wrong_with_a_limit(self, desk: FlaskClient) -> None:
        assert "Write a number and what it counts" in self.box(desk, "2026-11-20T17:00", "soon")

    @pytest.mark.parametrize("at", ["", "yesterday", "0001-01-01T00:00", "9999-12-31T23:59"])
    def test_the_box_takes_only_dates_that_calendars_know(self, desk: FlaskClient, at: str) -> None:
        assert "Please give a date" in self.box(desk, at, "5 wd")

    def test_an_unknown_calendar_is_told(self, desk: FlaskClient) -> None:
        page = desk.get("/admin/calendars?calendar=mars&received=2026-11-20T17:00&limit=5+wd").text
        assert "Please give a date" in page

    def test_beyond_the_published_days_the_box_says_so(self, desk: FlaskClient) -> None:
        assert "plain week" in self.box(desk, "2040-01-02T09:00", "5 wd")
