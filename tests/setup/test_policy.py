"""The promise policy: editions, wrong limits at their field, comparison, chains that ascend."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.agents.models import Agent
from helpdesk.core.errors import BadInput, Conflict, NotAllowed
from helpdesk.promises.policy import ChainStep, Terms
from helpdesk.setup import in_force
from helpdesk.setup.promises import actions, chains, drafts
from tests.help import factories as make


def table() -> dict[str, Terms]:
    return {f"row-{n}": line for n, line in enumerate(actions.lines(actions.in_force().id))}


def changed(promise: str, severity: str, **more: Any) -> dict[str, Terms]:
    return {
        name: replace(line, **more)
        if (line.promise, line.severity, line.plain) == (promise, severity, True)
        else line
        for name, line in table().items()
    }


def save(given: dict[str, Terms], by: Agent, note: str = "Faster") -> Any:
    return actions.save(given, note, actions.in_force().id, by.actor)


def limit_of(ticket: Any, promise: str) -> str:
    return next(row.limit for row in promises.table(ticket) if row.promise == promise)


def test_a_new_edition_is_for_new_cases_and_open_ones_keep_theirs(boss: Agent) -> None:
    before = make.ticket()
    edition = save(changed("resolve", "S3", limit="4 wd"), boss)
    after = make.ticket(subject="Another", category="billing.charge")
    assert (limit_of(before, "resolve"), limit_of(after, "resolve")) == ("5 wd", "4 wd")
    assert {row.policy_version for row in promises.table(after)} == {edition.id}


def test_old_editions_stay_readable(boss: Agent) -> None:
    first = actions.in_force()
    before = actions.lines(first.id)
    edition = save(changed("resolve", "S3", limit="4 wd"), boss, note="Promised to the board")
    assert actions.lines(first.id) == before
    assert [one.id for one in actions.versions()] == [edition.id, first.id]
    assert (edition.note, edition.made_by) == ("Promised to the board", "Chen Jie")


def test_two_editions_are_compared_row_by_row(boss: Agent) -> None:
    first = actions.in_force()
    given = changed("resolve", "S3", limit="4 wd")
    given["new"] = Terms("resolve", "1 wd", "department", channel="media")
    gone = next(name for name, line in given.items() if line.kind == "praise")
    about = given.pop(gone).key
    edition = save(given, boss)
    found = {one.line.key: one for one in actions.compare(first.id, edition.id)}
    assert len(found) == 3
    assert found[about].after is None
    assert found[("resolve", "", "", 0, "media", "")].before is None
    both = found[("resolve", "S3", "", 0, "", "")]
    assert both.before and both.after and (both.before.limit, both.after.limit) == ("5 wd", "4 wd")


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("5", "Write a number and what it counts"),
        ("five days", "Write a number and what it counts"),
        ("0 wd", "more than zero"),
        ("1.5 wd", "whole number"),
        ("999999 wd", "at most ten years"),
    ],
)
def test_a_wrong_limit_is_refused_with_its_fields_sentence(
    boss: Agent, limit: str, sentence: str
) -> None:
    given = changed("resolve", "S3", limit=limit)
    name = next(n for n, line in given.items() if line.limit == limit)
    with pytest.raises(BadInput) as refused:
        save(given, boss)
    assert set(refused.value.errors) == {name} and sentence in refused.value.errors[name]
    assert len(actions.versions()) == 1


def test_limits_are_kept_in_their_shortest_form(boss: Agent) -> None:
    save(changed("resolve", "S1", limit="2880 min"), boss)
    assert "48 h" in {line.limit for line in actions.lines(actions.in_force().id)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"promise": "moon"},
        {"owner": "moon"},
        {"chain": "moon"},
        {"kind": "moon"},
        {"channel": "moon"},
        {"category_id": 9999},
        {"severity": "S9"},
    ],
)
def test_an_unknown_choice_is_refused(boss: Agent, wrong: dict[str, Any]) -> None:
    row = replace(Terms("resolve", "1 wd", "department", kind="praise"), **wrong)
    with pytest.raises(BadInput) as refused:
        save(table() | {"new": row}, boss)
    assert set(refused.value.errors) == {"new"}


def test_two_rows_for_the_same_case_are_refused(boss: Agent) -> None:
    twin = Terms("resolve", "1 wd", "department", severity="S3")
    with pytest.raises(BadInput) as refused:
        save(table() | {"twin": twin}, boss)
    assert "already" in refused.value.errors["twin"]


def test_an_edition_needs_a_note_and_a_difference(boss: Agent) -> None:
    with pytest.raises(BadInput) as refused:
        save(changed("resolve", "S3", limit="4 wd"), boss, note=" ")
    assert set(refused.value.errors) == {"note"}
    with pytest.raises(BadInput):
        save(table(), boss)


def test_who_was_overtaken_by_another_edition_is_told(boss: Agent) -> None:
    based_on = actions.in_force().id
    save(changed("resolve", "S3", limit="4 wd"), boss)
    with pytest.raises(Conflict):
        actions.save(changed("resolve", "S3", limit="3 wd"), "Mine", based_on, boss.actor)


def test_supervisors_read_editions_but_make_none(boss: Agent) -> None:
    by = make.agent("Liu Yang", "supervisor").actor
    given = changed("resolve", "S3", limit="4 wd")
    with pytest.raises(NotAllowed):
        actions.save(given, "Mine", actions.in_force().id, by)


class TestChains:
    def test_a_chain_is_set_and_noted(self, boss: Agent, changes: Any) -> None:
        row = chains.found("standard")
        chains.save(row, [ChainStep(60, ("owner",)), ChainStep(100, ("manager",))], by=boss.actor)
        steps = in_force.current().chains["standard"]
        assert [(step.at, step.tell) for step in steps] == [(60, ("owner",)), (100, ("manager",))]
        assert changes()[0]["old"]["steps"][0]["at"] == 50

    @pytest.mark.parametrize(
        ("levels", "place", "sentence"),
        [
            ([(50, ("owner",)), (50, ("manager",))], "step-1", "later"),
            ([(90, ("owner",)), (50, ("manager",))], "step-1", "later"),
            ([(0, ("owner",))], "step-0", "from 1 to"),
            ([(1001, ("owner",))], "step-0", "from 1 to"),
            ([(50, ())], "step-0", "who is told"),
            ([(50, ("pope",))], "step-0", "offered choices"),
        ],
    )
    def test_shares_ascend_and_everyone_told_exists(
        self, boss: Agent, levels: list[Any], place: str, sentence: str
    ) -> None:
        given = [ChainStep(at, tell) for at, tell in levels]
        with pytest.raises(BadInput) as refused:
            chains.save(chains.found("standard"), given, by=boss.actor)
        assert set(refused.value.errors) == {place}
        assert sentence in refused.value.errors[place]

    def test_a_chain_without_steps_is_refused(self, boss: Agent) -> None:
        with pytest.raises(BadInput):
            chains.save(chains.found("standard"), [], by=boss.actor)

    def test_the_page_saves_steps_and_leaves_out_empty_ones(self, desk: FlaskClient) -> None:
        sent = {"at": ["40", "100", ""], "tell-0": ["owner", "team_leader"], "tell-1": "manager"}
        answer = desk.post("/admin/promises/chains/standard", data=sent)
        assert answer.status_code == 303
        assert chains.found("standard").steps == [
            {"at": 40, "tell": ["owner", "team_leader"]},
            {"at": 100, "tell": ["manager"]},
        ]

    def test_the_page_keeps_what_was_typed_beside_the_error(self, desk: FlaskClient) -> None:
        sent = {"at": ["100", "forty"], "tell-0": "owner", "tell-1": "manager"}
        answer = desk.post("/admin/promises/chains/standard", data=sent)
        assert answer.status_code == 422
        assert 'value="forty"' in answer.text and "from 1 to 1,000" in answer.text


class TestPage:
    def sent(self, desk: FlaskClient) -> dict[str, str]:
        """What a browser would send if nothing were touched."""
        page = desk.get("/admin/promises").text
        form = page.split('class="policy"')[1].split("</form>")[0]
        fields = dict(re.findall(r'<input(?: id="[^"]*")? name="([^"]*)" value="([^"]*)"', form))
        for name, options in re.findall(r'<select name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
            chosen = re.search(r'<option value="([^"]*)" selected>', options)
            fields[name] = chosen[1] if chosen else ""
        based = re.search(r'name="based_on" value="(\d+)"', form)
        assert based
        return fields | {"based_on": based[1]}

    def test_the_form_holds_the_whole_edition(self, desk: FlaskClient) -> None:
        draft = drafts.of_form(self.sent(desk))
        found = {line.key: line for line in drafts.lines_of(draft).values()}
        assert found == {line.key: line for line in table().values()}

    def test_saving_makes_a_new_edition(self, desk: FlaskClient) -> None:
        sent = self.sent(desk) | {"resolve-S3-limit": "4 wd", "note": "Faster"}
        assert desk.post("/admin/promises", data=sent).status_code == 303
        assert actions.in_force().note == "Faster"
        assert actions.in_force().id != int(sent["based_on"])

    def test_a_special_row_is_added_and_removed(self, desk: FlaskClient) -> None:
        sent = self.sent(desk)
        last = max(int(n.split("-")[1]) for n in sent if n.startswith("special-"))
        row = {"promise": "resolve", "channel": "media", "limit": "12 h", "owner": "department"}
        more = {f"special-{last}-{name}": value for name, value in row.items()}
        desk.post("/admin/promises", data=sent | more | {"note": "Media"})
        lines = actions.lines(actions.in_force().id)
        assert any((line.channel, line.limit) == ("media", "12 h") for line in lines)
        sent = self.sent(desk)
        place = next(n for n in sent if n.startswith("special-") and sent[n] == "12 h")
        gone = {place.replace("-limit", "-remove"): "y", "note": "No media"}
        desk.post("/admin/promises", data=sent | gone)
        lines = actions.lines(actions.in_force().id)
        assert not any(line.limit == "12 h" and line.channel == "media" for line in lines)

    def test_a_wrong_limit_comes_back_at_its_field_with_everything_typed(
        self, desk: FlaskClient
    ) -> None:
        sent = self.sent(desk) | {"resolve-S3-limit": "soon", "note": "Faster"}
        answer = desk.post("/admin/promises", data=sent)
        assert answer.status_code == 422
        assert 'value="soon"' in answer.text and 'value="Faster"' in answer.text
        assert 'id="resolve-S3-limit-error"' in answer.text
        assert len(actions.versions()) == 1

    def test_an_edition_is_read_and_compared(self, desk: FlaskClient) -> None:
        sent = self.sent(desk) | {"resolve-S3-limit": "4 wd", "note": "Faster"}
        desk.post("/admin/promises", data=sent)
        page = desk.get(f"/admin/promises/versions/{sent['based_on']}").text
        assert "5 wd" in page and "4 wd" in page and "Resolve · Normal" in page
        assert desk.get("/admin/promises/versions/999").status_code == 404

    @pytest.mark.parametrize("rows", ["special-99999999-promise", "special-x-promise", "special-"])
    def test_a_forged_row_number_does_no_harm(self, desk: FlaskClient, rows: str) -> None:
        sent = self.sent(desk) | {rows: "resolve", "note": "x"}
        assert desk.post("/admin/promises", data=sent).status_code == 422
