"""Routing rules by kind, category, place, channel, words and level; their order; the trial."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import STAFF
from helpdesk.core import options
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.setup import in_force, routing
from helpdesk.setup.models import Category, RoutingRule
from helpdesk.setup.names import reason_words
from helpdesk.setup.routing import CONDITIONS, Route
from helpdesk.setup.rules import actions
from helpdesk.setup.rules.forms import RuleForm, TrialForm
from tests.help import factories as make


@pytest.fixture
def quality(app: Flask) -> Department:
    return make.department()


def fridges(unit: Department, **more: Any) -> dict[str, Any]:
    """A rule for fridges, with these conditions and these parts of its own instead."""
    said = {
        "name": "Fridges",
        "kind": "complaint",
        "words": "冰箱，fridge",
        "department_id": unit.id,
    }
    return said | more


def tried(category_id: int | None = None, text: str = "", level: str = "", **case: str) -> Route:
    """What a case would meet of which only this is known."""
    usual = {"channel": "phone", "place": "", "language": "zh_Hans"}
    return actions.try_out(SimpleNamespace(**(usual | case)), category_id, text, level)


def category(code: str) -> int:
    node = in_force.current().category(code)
    assert node is not None
    return node.id


def test_a_new_rule_routes_the_next_case_and_is_named_in_its_history(
    boss: Agent, quality: Department
) -> None:
    actions.save(None, fridges(quality, severity="S2"), by=boss.actor)
    ticket = make.ticket()
    assert (ticket.route_rule, ticket.severity) == ("Fridges", "S2")
    assert "冰箱" in ticket.route_reason


def test_a_change_is_noted_with_old_and_new(boss: Agent, quality: Department, changes: Any) -> None:
    row = actions.save(None, fridges(quality), by=boss.actor)
    actions.save(row, fridges(quality, words="冰柜"), by=boss.actor)
    added, edited = changes()
    assert (added["what"], added["old"], added["new"]["words"]) == ("rule", None, "冰箱，fridge")
    assert (edited["old"]["words"], edited["new"]["words"]) == ("冰箱，fridge", "冰柜")


def test_keeping_a_rule_as_it_is_notes_nothing(
    boss: Agent, quality: Department, changes: Any
) -> None:
    row = actions.save(None, fridges(quality), by=boss.actor)
    actions.save(row, fridges(quality), by=boss.actor)
    assert len(changes()) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "war"}, "kind"),
        ({"channel": "pigeon"}, "channel"),
        ({"level": "king"}, "level"),
        ({"language": "tlh"}, "language"),
        ({"severity": "S9"}, "severity"),
        ({"category_id": 9999}, "category_id"),
        ({"department_id": 9999}, "department_id"),
        ({"dispatch": True, "department_id": None}, "dispatch"),
    ],
)
def test_an_odd_rule_is_refused_at_its_field(
    boss: Agent, quality: Department, wrong: dict[str, Any], field: str
) -> None:
    given = dict(**({"name": "X", "department_id": quality.id} | wrong))
    with pytest.raises(BadInput) as refused:
        actions.save(None, given, by=boss.actor)
    assert set(refused.value.errors) == {field}
    assert not actions.listed()


@pytest.mark.parametrize("role", [role for role in STAFF if role != "admin"])
def test_only_administrators_edit_rules(boss: Agent, quality: Department, role: str) -> None:
    by = make.agent("Somebody", role, quality).actor
    row = actions.save(None, fridges(quality), by=boss.actor)
    for attempt in (
        lambda: actions.save(None, fridges(quality), by),
        lambda: actions.save(row, fridges(quality), by),
        lambda: actions.remove(row, by),
        lambda: actions.move(row, 1, by),
    ):
        with pytest.raises(NotAllowed):
            attempt()


class TestOrder:
    @pytest.fixture
    def three(self, boss: Agent, quality: Department) -> list[Any]:
        return [actions.save(None, fridges(quality, name=name), boss.actor) for name in "ABC"]

    def names(self) -> str:
        return "".join(row.name for row in actions.listed())

    @pytest.mark.parametrize(
        ("which", "step", "order"),
        [(0, 1, "BAC"), (1, -1, "BAC"), (2, -1, "ACB"), (0, -1, "ABC"), (2, 1, "ABC")],
    )
    def test_a_rule_moves_one_place_and_stops_at_the_ends(
        self, boss: Agent, three: list[Any], which: int, step: int, order: str
    ) -> None:
        actions.move(three[which], step, boss.actor)
        assert self.names() == order

    def test_the_first_rule_that_fits_wins(
        self, boss: Agent, quality: Department, three: list[Any]
    ) -> None:
        actions.move(three[2], -1, boss.actor)
        actions.move(three[2], -1, boss.actor)
        assert make.ticket().route_rule == "C"

    def test_a_rule_that_is_switched_off_is_passed_over(
        self, boss: Agent, quality: Department, three: list[Any]
    ) -> None:
        actions.save(three[0], fridges(quality, name="A", active=False), boss.actor)
        assert make.ticket().route_rule == "B"

    def test_a_removed_rule_is_gone_but_named_by_its_cases(
        self, boss: Agent, three: list[Any]
    ) -> None:
        ticket = make.ticket()
        actions.remove(three[0], boss.actor)
        assert (self.names(), ticket.route_rule) == ("BC", "A")

    def test_the_buttons_move_and_keep_the_focus(self, desk: FlaskClient, three: list[Any]) -> None:
        answer = desk.post(f"/admin/routes/{three[0].id}/move", data={"to": "down"})
        assert self.names() == "BAC"
        assert answer.location.endswith(f"?moved={three[0].id}-down")
        page = desk.get(answer.location).text
        assert page.count(" autofocus") == 1


class TestTrial:
    def test_each_condition_is_tried_and_told(self, boss: Agent, quality: Department) -> None:
        conditions = {
            "kind": "complaint",
            "category_id": category("quality.appliance"),
            "place": "浦东",
            "channel": "phone",
            "level": "gold",
            "words": "冰箱",
            "language": "en",
        }
        actions.save(
            None, dict(name="All of it", department_id=quality.id, **conditions), by=boss.actor
        )
        asked: dict[str, Any] = {
            "kind": "complaint",
            "category_id": category("quality.appliance.fridge"),
            "place": "上海市浦东新区",
            "channel": "phone",
            "level": "gold",
            "text": "我家的冰箱",
            "language": "en",
        }
        met = tried(**asked)
        assert met.department_id == quality.id
        told = reason_words(met.rule, met.reason)
        for word in ("Complaint", "Household appliances", "浦东", "Phone", "Gold", "冰箱"):
            assert word in told, word
        others = {
            "kind": "request",
            "category_id": category("delivery"),
            "place": "北京",
            "channel": "web",
            "level": "plain",
            "text": "洗衣机",
            "language": "zh_Hans",
        }
        for name, value in others.items():
            assert tried(**(asked | {name: value})).department_id is None, name

    def test_without_a_rule_the_dispatch_desk_decides(self, app: Flask) -> None:
        met = tried(kind="complaint", text="x")
        assert met.department_id is None and met.severity == "S3"

    def test_without_a_rule_it_goes_where_the_case_would_go_to_the_lead_of_its_category(
        self, client: FlaskClient, boss: Agent, quality: Department
    ) -> None:
        row = db.session.get_one(Category, category("delivery"))
        row.department_id = quality.id
        options.changed()
        db.session.commit()
        met = tried(row.id, kind="complaint")
        opened = make.ticket(category="delivery")
        assert (met.department_id, opened.queue) == (quality.id, "quality")
        assert met.reason == opened.route_reason

    def test_a_department_that_takes_no_part_gets_neither_the_trial_nor_the_case(
        self, app: Flask, boss: Agent, quality: Department
    ) -> None:
        actions.save(None, {"name": "All", "department_id": quality.id}, by=boss.actor)
        quality.active = False
        options.changed()
        db.session.commit()
        assert tried(kind="complaint").department_id is None
        assert make.ticket().queue == routing.DISPATCH_DESK

    def test_the_severity_follows_the_rule_then_the_category_then_the_kind(
        self, boss: Agent, quality: Department
    ) -> None:
        assert tried(kind="report").severity == "S2"
        assert tried(kind="report", category_id=category("safety.fire")).severity == "S1"
        actions.save(None, {"name": "Media", "kind": "report", "severity": "S4"}, by=boss.actor)
        assert tried(kind="report", category_id=category("safety.fire")).severity == "S4"

    def test_the_box_shows_department_severity_and_reason(
        self, desk: FlaskClient, boss: Agent, quality: Department
    ) -> None:
        actions.save(None, fridges(quality, severity="S2", dispatch=True), by=boss.actor)
        page = desk.get("/admin/routes?kind=complaint&text=Fridge+is+warm&language=en").text
        box = page.split('class="trial"')[1]
        assert "Quality" in box and "Urgent" in box
        assert "Rule “Fridges”: " in box and "fridge" in box

    def test_the_trial_stores_nothing(self, desk: FlaskClient, changes: Any) -> None:
        desk.get("/admin/routes?kind=complaint&text=x")
        assert changes() == []

    def test_a_forged_choice_shows_the_form_again(self, desk: FlaskClient) -> None:
        answer = desk.get("/admin/routes?kind=war")
        assert answer.status_code == 200 and 'class="trial"' not in answer.text


def test_the_pages_add_edit_and_remove(desk: FlaskClient, quality: Department) -> None:
    sent = {"name": "Fridges", "words": "冰箱", "department_id": str(quality.id), "active": "y"}
    assert desk.post("/admin/routes/new", data=sent).status_code == 303
    (row,) = actions.listed()
    page = desk.get(f"/admin/routes/{row.id}").text
    assert 'value="Fridges"' in page and f'<option selected value="{quality.id}">' in page
    sent |= {"name": "Cold things", "version": str(row.version)}
    assert desk.post(f"/admin/routes/{row.id}", data=sent).status_code == 303
    assert "Cold things" in desk.get("/admin/routes").text
    assert "Somebody changed this" in desk.post(f"/admin/routes/{row.id}", data=sent).text
    assert desk.post(f"/admin/routes/{row.id}/remove").status_code == 303
    assert desk.get(f"/admin/routes/{row.id}").status_code == 404


def test_a_rule_to_a_department_that_is_not_active_is_marked(
    desk: FlaskClient, boss: Agent, quality: Department
) -> None:
    actions.save(None, fridges(quality), by=boss.actor)
    sent = {"name_zh": "质量部", "name_en": "Quality", "calendar": "cn-office"}
    desk.post("/admin/departments/quality", data=sent)
    assert "not active" in desk.get("/admin/routes").text


def test_each_condition_has_its_column_its_fields_and_its_line_in_the_guide(app: Flask) -> None:
    """One entry in routing.py: the form, the trial, the check and the reason walk it."""
    guide = (Path(__file__).parents[2] / "docs" / "admin-guide.md").read_text("utf-8")
    for each in CONDITIONS:
        assert each.column in RoutingRule.__table__.columns
        assert each.column in RuleForm()
        assert (
            each in TrialForm.asked or each.column == "words"
        )  # the trial asks for the whole text
        assert f"**{each.label}**" in guide, each.label


@pytest.mark.parametrize(("column", "most"), [("place", 80), ("words", 500)])
def test_a_condition_is_as_long_as_its_entry_says(
    desk: FlaskClient, quality: Department, column: str, most: int
) -> None:
    sent = {"name": "Long", "department_id": str(quality.id), "active": "y"}
    assert desk.post("/admin/routes/new", data=sent | {column: "x" * (most + 1)}).status_code == 422
    assert actions.listed() == []
    assert desk.post("/admin/routes/new", data=sent | {column: "x" * most}).status_code == 303
    assert len(actions.listed()) == 1


def test_the_words_alone_take_the_whole_width(app: Flask) -> None:
    form = RuleForm()
    form.offer()
    assert [field.name for field, full in form.conditions() if full] == ["words"]


def test_nothing_but_the_list_names_the_conditions_of_a_rule() -> None:
    root = Path(actions.__file__).parent
    for name in ("actions.py", "pages.py", "../names.py"):
        text = (root / name).read_text("utf-8")
        found = [each.column for each in CONDITIONS if f'"{each.column}"' in text]
        assert set(found) <= {"category_id", "kind"}, name  # an id to look up; what begins a trial
