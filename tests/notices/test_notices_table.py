"""The table of moves of a notice, walked over every state, move and person."""

from __future__ import annotations

import itertools

import pytest

from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.core.errors import NotAllowed, Refused
from helpdesk.desk.signs import STAGES
from helpdesk.notices import lifecycle
from helpdesk.notices.lifecycle import (
    CLAIM,
    LEVEL_NAMES,
    STATE_NAMES,
    TABLE,
    Level,
    Stand,
    State,
    is_own,
    moves,
    not_passed,
)
from tests.help import values

BY_CODE = {move.code: move for move in TABLE}
OWN, OTHER = 1, 2
PEOPLE = {
    "handler": Actor("agent", 1, "Li Na", Role.HANDLER, OWN),
    "stranger": Actor("agent", 2, "Sun Lei", Role.HANDLER, OTHER),
    "supervisor": Actor("agent", 3, "Chen Jie", Role.SUPERVISOR),
    "admin": Actor("agent", 4, "Admin", Role.ADMIN, OTHER),
    "own_supervisor": Actor("agent", 5, "Ma Li", Role.SUPERVISOR, OWN),
    "agent": Actor("agent", 6, "Zhang Wei", Role.AGENT),
    "clerk": Actor("agent", 8, "He Fei", Role.AGENT, OWN),
    "auditor": Actor("agent", 7, "Wu Di", Role.AUDITOR),
    "customer": Actor("customer", None, "王芳", Role.CUSTOMER),
    "system": SYSTEM,
}
LEAD = {"supervisor", "admin", "own_supervisor"}
CHECKER = {"supervisor", "admin"}
DEPARTMENT = {"handler"}
TO_BE_DONE = "signed plan_submitted plan_rejected implementing"
# written by hand from the handbook, not from the table: move -> (from, to, who)
EXPECTED = {
    "edit": ("draft approved", "draft", LEAD),
    "approve": ("draft", "approved", LEAD),
    "issue": ("approved", "issued", LEAD),
    "sign": ("issued", "signed", DEPARTMENT),
    "object": ("issued", "objected", DEPARTMENT),
    "uphold": ("objected", "withdrawn", LEAD),
    "overrule": ("objected", "issued", LEAD),
    "contain": (f"issued {TO_BE_DONE}", None, DEPARTMENT),
    "submit_plan": ("signed plan_rejected", "plan_submitted", DEPARTMENT),
    "accept_plan": ("plan_submitted", "implementing", LEAD),
    "reject_plan": ("plan_submitted", "plan_rejected", LEAD),
    "claim_done": ("implementing", "done_claimed", DEPARTMENT),
    "ask_extension": (TO_BE_DONE, None, DEPARTMENT),
    "verify_pass": ("done_claimed", "verified_pass", CHECKER),
    "verify_partial": ("done_claimed", "verified_fail", CHECKER),
    "verify_fail": ("done_claimed", "verified_fail", CHECKER),
    "watch": ("verified_pass", "watching", LEAD | {"system"}),
    "rework": ("verified_fail", "implementing", LEAD | {"system"}),
    "replan": ("verified_fail", "signed", LEAD | {"system"}),
    "close_watch": ("watching", "closed", LEAD | {"system"}),
    "recur": ("watching", "reopened", LEAD),
    "withdraw": (f"draft approved issued objected {TO_BE_DONE}", "withdrawn", LEAD),
}
# the step that usually comes next, drawn first
NEXT = {
    "draft": "approve",
    "approved": "issue",
    "issued": "sign",
    "objected": "overrule",
    "signed": "submit_plan",
    "plan_submitted": "accept_plan",
    "plan_rejected": "submit_plan",
    "implementing": "claim_done",
    "done_claimed": "verify_pass",
    "watching": "close_watch",
}
SPECIAL = {"start", "grant_extension", "refuse_extension"}


def stand(status: str, level: str = "minor", **more: object) -> Stand:
    rest = {"asked": False, "extensions": 0, "claimed_by": ""} | more
    return Stand(status=status, kind=level, department_id=OWN, **rest)  # type: ignore[arg-type]


def outcome(code: str, at: Stand, by: Actor) -> str:
    try:
        TABLE.check(code, at, by)
    except Refused:
        return "refused"
    except NotAllowed:
        return "not allowed"
    return "made"


def expected(code: str, status: str, person: str) -> str:
    sources, _to, who = EXPECTED[code]
    if status not in sources.split():
        return "refused"
    return "made" if person in who else "not allowed"


@pytest.mark.parametrize("code", EXPECTED)
def test_every_move_is_made_exactly_where_and_by_whom_the_handbook_says(code: str) -> None:
    for status, (person, by) in itertools.product(State, PEOPLE.items()):
        got = outcome(code, stand(status), by)
        assert got == expected(code, status, person), (status, code, person)


@pytest.mark.parametrize("code", EXPECTED)
def test_every_move_leads_to_the_state_that_the_handbook_says(code: str) -> None:
    assert BY_CODE[code].to == EXPECTED[code][1]


def test_the_handbook_and_the_table_hold_the_same_moves() -> None:
    assert {move.code for move in TABLE} == set(EXPECTED) | SPECIAL
    assert len(BY_CODE) == len(TABLE.rows)


def test_a_department_never_orders_and_an_orderer_never_answers_for_it() -> None:
    for move in TABLE:
        assert is_own(move) == (move.roles == (Role.HANDLER,))


def test_only_an_observation_is_worked_on_without_a_plan() -> None:
    by = PEOPLE["handler"]
    for level in Level:
        wanted = "made" if level is Level.OBSERVATION else "refused"
        assert outcome("start", stand("signed", level), by) == wanted


@pytest.mark.parametrize("code", ["grant_extension", "refuse_extension"])
def test_more_time_is_decided_only_when_it_was_asked_for(code: str) -> None:
    """A supervisor decides."""
    for status in TO_BE_DONE.split():
        assert outcome(code, stand(status), PEOPLE["supervisor"]) == "refused"
        assert outcome(code, stand(status, asked=True), PEOPLE["supervisor"]) == "made"
        assert outcome(code, stand(status, asked=True), PEOPLE["handler"]) == "not allowed"


def test_more_time_is_not_asked_for_while_a_request_waits_nor_a_third_time() -> None:
    by = PEOPLE["handler"]
    assert outcome("ask_extension", stand("signed", asked=True), by) == "refused"
    assert outcome("ask_extension", stand("signed", extensions=1), by) == "made"
    assert outcome("ask_extension", stand("signed", extensions=2), by) == "refused"


def test_who_reported_it_done_never_verifies_it_even_after_a_promotion() -> None:
    """The verifier is not the author."""
    promoted = Actor("agent", 1, "Li Na", Role.SUPERVISOR, OTHER)
    at = stand("done_claimed", claimed_by="agent:1")
    for code in ("verify_pass", "verify_partial", "verify_fail"):
        assert outcome(code, at, promoted) == "not allowed"
        assert outcome(code, at, PEOPLE["supervisor"]) == "made"


def test_a_supervisor_of_the_responsible_department_does_not_verify() -> None:
    codes = {m.code for m in moves(stand("done_claimed"), PEOPLE["own_supervisor"])}
    assert not codes & {"verify_pass", "verify_partial", "verify_fail"}


def test_an_unknown_move_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="not possible now"):
        TABLE.check("explode", stand("draft"), PEOPLE["admin"])


def test_the_buttons_are_exactly_the_moves_that_check_lets_pass() -> None:
    for status, level, by in itertools.product(State, Level, PEOPLE.values()):
        at = stand(status, level)
        shown = {move.code for move in moves(at, by)}
        legal = {code for code in BY_CODE if outcome(code, at, by) == "made"}
        assert shown == legal - {"watch", "rework", "replan"}


def test_the_step_that_usually_comes_next_is_drawn_first() -> None:
    for status in State:
        shown = [m for each in PEOPLE.values() for m in moves(stand(status), each) if m.main]
        assert {move.code for move in shown} == set(NEXT.get(status, "").split()), status


def test_a_request_for_more_time_makes_its_granting_the_next_step() -> None:
    for status in TO_BE_DONE.split():
        shown = moves(stand(status, asked=True), PEOPLE["supervisor"])
        first = {"accept_plan"} if status == "plan_submitted" else set()
        assert {move.code for move in shown if move.main} == first | {"grant_extension"}


@pytest.mark.parametrize(
    ("code", "status", "person", "words"),
    [
        ("sign", "issued", "supervisor", "Only the handlers of the responsible department"),
        ("verify_pass", "done_claimed", "own_supervisor", "verifier must not be"),
        ("verify_pass", "done_claimed", "agent", "Ask a supervisor"),
        ("issue", "approved", "agent", "Ask a supervisor"),
        ("issue", "approved", "clerk", "Ask a supervisor"),
    ],
)
def test_who_may_not_take_a_step_is_told_why(
    code: str, status: str, person: str, words: str
) -> None:
    with pytest.raises(NotAllowed, match=words):
        TABLE.check(code, stand(status), PEOPLE[person])


def test_more_time_is_refused_with_the_reason_that_holds() -> None:
    by = PEOPLE["handler"]
    with pytest.raises(Refused, match="waiting for its decision"):
        TABLE.check("ask_extension", stand("signed", asked=True), by)
    with pytest.raises(Refused, match="granted twice"):
        TABLE.check("ask_extension", stand("signed", extensions=2), by)
    with pytest.raises(Refused, match="Nobody has asked"):
        TABLE.check("grant_extension", stand("signed"), PEOPLE["supervisor"])


def test_what_the_last_inspection_found_is_told_while_its_round_is_worked_on() -> None:
    rounds = [{"check": {"found": "first"}}, {"check": {"found": "second"}}]
    for status in TO_BE_DONE.split():
        assert not_passed(status, rounds) == {"found": "second"}
        assert not_passed(status, []) is None
    for status in ("issued", "done_claimed", "verified_pass", "closed"):
        assert not_passed(status, rounds) is None


def test_one_word_says_how_far_a_notice_is() -> None:
    told = [STAGES["notice"][each] for each in ("approved", "signed", "watching", "withdrawn")]
    assert told == ["new", "going", "waiting", "done"]


def test_an_ended_notice_has_no_moves() -> None:
    for status, by in itertools.product(("closed", "reopened", "withdrawn"), PEOPLE.values()):
        assert moves(stand(status), by) == []


def test_a_claim_needs_the_cause_three_kinds_of_action_the_look_elsewhere_and_proof() -> None:
    assert set(BY_CODE["claim_done"].needs) == set(CLAIM)
    assert {"correction", "corrective", "preventive", "horizontal_check", "evidence"} < set(CLAIM)


def test_every_state_and_level_has_its_word() -> None:
    assert set(STATE_NAMES) == set(State)
    assert set(LEVEL_NAMES) == set(Level)


def test_a_row_of_the_table_and_the_stand_of_a_notice_do_not_change() -> None:
    assert values.changeable(lifecycle) == set()
