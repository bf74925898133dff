"""Deadlines of law as data, switched on for some cases; and what a change would touch."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.agents.models import Agent
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.promises import receipts
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Terms
from helpdesk.promises.words import ORDER
from helpdesk.setup import in_force
from helpdesk.setup.promises import actions, legal
from helpdesk.tickets import foretold
from tests.help import factories as make


def row_of(promise: str, **more: str) -> Promise:
    opened = make.opened(**more)
    return next(row for row in opened.promises if row.promise == promise)


def test_every_profile_names_its_rule_its_source_and_a_limit_that_counts() -> None:
    from helpdesk.clock import Limit
    from helpdesk.seeds.content import load

    for row in load("legal"):
        assert all(row[name] for name in ("code", "name_zh", "name_en", "rule", "source"))
        assert row["promise"] in ORDER and Limit.parse(row["limit"])


def test_a_rule_of_law_wins_where_it_is_earlier_than_the_policy(boss: Agent) -> None:
    assert row_of("resolve", severity="S4", subject="a").limit == "10 wd"
    legal.switch_on("cn-refund", "complaint", None, boss.actor)
    found = row_of("resolve", severity="S4", subject="b")
    assert (found.limit, found.profile) == ("7 cd", "cn-refund")
    assert row_of("resolve", severity="S1", subject="c").limit == "24 h"


def test_a_rule_for_one_kind_leaves_the_others_alone(boss: Agent) -> None:
    legal.switch_on("cn-refund", "complaint", None, boss.actor)
    assert row_of("resolve", kind="request", severity="S4", subject="d").limit == "10 wd"


def test_a_rule_adds_a_promise_that_the_policy_does_not_make(boss: Agent) -> None:
    given = {f"r{n}": x for n, x in enumerate(actions.lines(actions.in_force().id))}
    kept = {n: x for n, x in given.items() if x.promise != "resolve"}
    actions.save(kept, "No promise to solve", actions.in_force().id, boss.actor)
    legal.switch_on("gdpr", "", None, boss.actor)
    assert row_of("resolve").limit == "28 cd"


def test_a_rule_stays_on_when_the_table_is_saved_and_goes_when_it_is_switched_off(
    boss: Agent,
) -> None:
    legal.switch_on("cn-refund", "", None, boss.actor)
    lines = actions.lines(actions.in_force().id)
    given = {f"r{n}": replace(x) for n, x in enumerate(lines) if not x.profile}
    given["new"] = Terms("close", "9 wd", "desk", channel="api")
    actions.save(given, "More", actions.in_force().id, boss.actor)
    assert [line.profile for line in legal.in_use()] == ["cn-refund"]
    legal.switch_off(0, boss.actor)
    assert legal.in_use() == []
    with pytest.raises(BadInput):
        legal.switch_off(0, boss.actor)


def test_a_rule_is_not_switched_on_twice_nor_by_a_supervisor(boss: Agent) -> None:
    legal.switch_on("gdpr", "", None, boss.actor)
    with pytest.raises(BadInput):
        legal.switch_on("gdpr", "", None, boss.actor)
    with pytest.raises(BadInput):
        legal.switch_on("no-such-rule", "", None, boss.actor)
    with pytest.raises(NotAllowed):
        legal.switch_on("cn-refund", "", None, make.agent("Liu Yang", "agent").actor)


def test_the_receipt_names_the_rule(boss: Agent) -> None:
    legal.switch_on("cn-refund", "", None, boss.actor)
    rows = list(promises.table(make.ticket(severity="S4")))
    told = {each.row.promise: each.moved for each in receipts.table(rows)}
    assert "cn-refund" in told["resolve"] and not told["close"]


def test_the_open_cases_that_a_change_is_about_are_counted(boss: Agent) -> None:
    for severity in ("S3", "S3", "S4"):
        make.ticket(severity=severity, subject=severity, category="advice", kind="request")
    lines = actions.lines(actions.in_force().id)
    assert foretold.open_cases(lines) == 0
    changed = [
        replace(x, limit="4 wd") if (x.promise, x.severity) == ("resolve", "S3") else x
        for x in lines
    ]
    assert foretold.open_cases(changed) == 2
    assert in_force.current().policy_version == actions.in_force().id


def test_the_page_tells_the_number_before_anything_is_saved(
    boss: Agent, client: FlaskClient
) -> None:
    make.ticket(severity="S3", kind="request", category="advice")
    make.sign_in(client, boss)
    page = client.get("/admin/promises")
    form = {
        f"{x.promise}-{x.severity}-limit": x.limit
        for x in actions.lines(actions.in_force().id)
        if x.plain
    }
    form |= {"resolve-S3-limit": "3 wd", "then": "check", "based_on": "1"}
    checked = client.post("/admin/promises", data=form)
    assert page.status_code == 200 and "cn-refund" in page.text
    assert "1 open case is promised something else" in checked.text
    assert len(actions.versions()) == 1
    wrong = client.post("/admin/promises", data=form | {"resolve-S3-limit": "3"})
    assert wrong.status_code == 422 and "what it counts" in wrong.text


def test_rules_are_switched_on_and_off_on_the_page(boss: Agent, client: FlaskClient) -> None:
    make.sign_in(client, boss)
    given = {"profile": "gdpr", "kind": "", "category": ""}
    assert client.post("/admin/promises/legal", data=given).status_code in (302, 303)
    assert [line.profile for line in legal.in_use()] == ["gdpr"]
    assert client.post("/admin/promises/legal/0/off").status_code in (302, 303)
    assert legal.in_use() == []
