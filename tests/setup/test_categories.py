"""The category tree: three levels, two languages, moving a branch."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput
from helpdesk.setup import in_force
from helpdesk.setup.categories import actions
from helpdesk.setup.categories.actions import CategoryText
from helpdesk.setup.models import Category
from tests.help import factories as make


def of(code: str) -> Category:
    found = db.session.scalar(db.select(Category).filter_by(code=code))
    assert found is not None
    return found


def text(row: Category, **more: Any) -> CategoryText:
    values = {name: getattr(row, name) for name in CategoryText.__dataclass_fields__}
    values["severity"] = values["severity"] or ""
    return CategoryText(**(values | more))


def test_the_tree_shows_each_branch_above_its_leaves(boss: Agent) -> None:
    shown = [(one.code, one.level) for one in actions.tree()]
    at = shown.index(("quality", 1))
    assert shown[at : at + 3] == [
        ("quality", 1),
        ("quality.appliance", 2),
        ("quality.appliance.fridge", 3),
    ]


def test_a_new_category_can_be_used_at_once(boss: Agent) -> None:
    under = of("quality")
    given = CategoryText("quality.toy", "玩具", "Toys", parent_id=under.id, severity="S2")
    row = actions.save(None, given, by=boss.actor)
    assert row.path == f"/{under.id}/{row.id}/"
    assert make.ticket(category="quality.toy").severity == "S2"


def test_a_category_that_is_out_of_use_is_refused_for_new_cases(boss: Agent) -> None:
    row = of("billing.invoice")
    actions.save(row, text(row, active=False), by=boss.actor)
    with pytest.raises(BadInput):
        make.ticket(category="billing.invoice")


def test_the_code_never_changes(boss: Agent) -> None:
    row = of("billing.invoice")
    actions.save(row, text(row, code="other", name_en="Invoices"), by=boss.actor)
    assert (row.code, row.name_en) == ("billing.invoice", "Invoices")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name_zh": ""}, "name_zh"),
        ({"name_en": " "}, "name_en"),
        ({"code": "Ünsafe"}, "code"),
        ({"code": "billing"}, "code"),
        ({"severity": "S9"}, "severity"),
        ({"department_id": 99}, "department_id"),
        ({"parent_id": 9999}, "parent_id"),
    ],
)
def test_an_odd_category_is_refused_at_its_field(
    boss: Agent, wrong: dict[str, Any], field: str
) -> None:
    given = {"code": "toys", "name_zh": "玩具", "name_en": "Toys"}
    with pytest.raises(BadInput) as refused:
        actions.save(None, CategoryText(**(given | wrong)), by=boss.actor)
    assert set(refused.value.errors) == {field}


def test_a_fourth_level_is_refused(boss: Agent) -> None:
    leaf = of("quality.appliance.fridge")
    given = CategoryText("deep", "太深", "Too deep", parent_id=leaf.id)
    with pytest.raises(BadInput) as refused:
        actions.save(None, given, by=boss.actor)
    assert "three levels" in refused.value.errors["parent_id"]


class TestMovingABranch:
    def test_everything_under_it_comes_along(self, boss: Agent) -> None:
        row, leaf = of("service.repair"), of("service.repair.twice")
        actions.save(row, text(row, parent_id=None), by=boss.actor)
        assert (row.path, leaf.path) == (f"/{row.id}/", f"/{row.id}/{leaf.id}/")
        assert in_force.current().categories[leaf.id].ids == (row.id, leaf.id)

    def test_a_branch_that_would_get_too_deep_stays(self, boss: Agent) -> None:
        row = of("service.repair")
        with pytest.raises(BadInput):
            actions.save(row, text(row, parent_id=of("quality.small").id), by=boss.actor)
        assert row.parent_id == of("service").id

    @pytest.mark.parametrize("under", ["service", "service.repair"])
    def test_a_branch_never_lies_under_itself(self, boss: Agent, under: str) -> None:
        row = of("service")
        with pytest.raises(BadInput):
            actions.save(row, text(row, parent_id=of(under).id), by=boss.actor)

    def test_a_prefix_of_an_id_is_not_the_branch(self, boss: Agent) -> None:
        first = of("quality")
        far = next(row for row in db.session.scalars(db.select(Category)) if row.id >= 10)
        assert not far.path.startswith(f"/{first.id}0/") or far.path.startswith("/")
        before = far.path
        actions.save(first, text(first, name_en="Goods"), by=boss.actor)
        assert far.path == before


def test_siblings_change_places(boss: Agent, changes: Any) -> None:
    row = of("delivery.damage")
    actions.move(row, -1, by=boss.actor)
    shown = [one.code for one in actions.tree()]
    assert shown.index("delivery.damage") == shown.index("delivery") + 1
    assert changes()[0]["what"] == "category order"


def test_a_form_that_comes_without_a_code_is_asked_for_it(desk: FlaskClient) -> None:
    sent = desk.post("/admin/categories/new", data={"name_zh": "门店", "name_en": "Shops"})
    assert sent.status_code == 422 and "Small letters, digits" in sent.text


def test_the_pages_add_edit_and_move(desk: FlaskClient) -> None:
    under = of("quality")
    page = desk.get(f"/admin/categories/new?under={under.id}").text
    assert f'<option selected value="{under.id}">' in page
    sent = {"code": "quality.toy", "name_zh": "玩具", "name_en": "Toys"}
    more = {"parent_id": str(under.id), "public": "y", "active": "y", "severity": ""}
    assert desk.post("/admin/categories/new", data=sent | more).status_code == 303
    row = of("quality.toy")
    edited = more | {"name_zh": "玩具", "name_en": "Games"}
    assert desk.post(f"/admin/categories/{row.id}", data=edited).status_code == 303
    assert "Games" in desk.get("/admin/categories").text
    moved = desk.post(f"/admin/categories/{row.id}/move", data={"to": "up"})
    assert moved.location.endswith(f"?moved={row.id}-up")
    assert desk.post("/admin/categories/new", data=sent | more).status_code == 422
