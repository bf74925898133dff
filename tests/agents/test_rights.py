"""The one home of rights: who has which verb, who sees what, whose name is hidden."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpdesk.agents import rights, scopes
from helpdesk.agents.rights import (
    ROLE_NAMES,
    STAFF,
    SYSTEM,
    VERBS,
    Actor,
    Role,
    may,
    require,
    require_own,
    require_stands_for,
    scope,
    stands_for,
)
from helpdesk.core.errors import NotAllowed
from helpdesk.tickets.lifecycle import TABLE
from tests.help import values

HELPDESK = Path(__file__).parents[2] / "helpdesk"
# One line per role and what makes it different; the whole table is in helpdesk/agents/rights.py.
MAY = {
    "agent": "ticket.open ticket.message ticket.note ticket.claim callback.work customer.edit",
    "handler": "ticket.read ticket.message ticket.note ticket.edit ticket.claim article.write",
    "supervisor": "ticket.export notice.issue article.publish statistics.read settings.read",
    "admin": "settings.edit people.edit ticket.export notice.issue board.retry",
    "auditor": "notice.read_all ticket.read ticket.export statistics.read journal.read settings.read",
}
MAY_NOT = {
    "agent": "ticket.export notice.issue settings.read people.edit statistics.read article.publish",
    "handler": "notice.read_all ticket.open ticket.assign ticket.export callback.work customer.edit settings.read",
    "supervisor": "settings.edit people.edit",
    "admin": "",
    "auditor": "ticket.open ticket.message ticket.note ticket.edit ticket.claim notice.issue "
    "article.write settings.edit people.edit presence.set board.retry",
}


def person(role: str, department_id: int | None = None) -> Actor:
    return Actor("agent", 1, "Somebody", Role(role), department_id)


@pytest.mark.parametrize(
    ("role", "verb"), [(role, verb) for role, verbs in MAY.items() for verb in verbs.split()]
)
def test_a_role_has_its_verbs(role: str, verb: str) -> None:
    assert may(person(role), verb)
    require(person(role), verb)


@pytest.mark.parametrize(
    ("role", "verb"), [(role, verb) for role, verbs in MAY_NOT.items() for verb in verbs.split()]
)
def test_a_role_lacks_the_verbs_of_others(role: str, verb: str) -> None:
    assert not may(person(role), verb)
    with pytest.raises(NotAllowed):
        require(person(role), verb)


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_and_customers_have_no_verb(verb: str) -> None:
    customer = Actor("customer", None, "王芳", Role.CUSTOMER)
    assert not may(None, verb) and not may(customer, verb)


def test_an_auditor_reads_and_writes_nothing() -> None:
    theirs = {verb for verb in VERBS if may(person("auditor"), verb)}
    assert {verb.partition(".")[2] for verb in theirs} <= {"read", "read_all", "export"}


def test_an_auditor_can_take_no_step_of_a_ticket() -> None:
    assert [move.code for move in TABLE if Role.AUDITOR in move.roles] == []


def test_an_unknown_verb_is_a_mistake_in_the_program() -> None:
    with pytest.raises(KeyError):
        may(person("admin"), "ticket.burn")


def test_every_verb_that_the_program_asks_for_is_in_the_table() -> None:
    asked = re.compile(r"\b(?:needs|may|require)\((?:[^()]*?,\s*)?[\"']([a-z]+\.[a-z_]+)[\"']")
    found = {
        verb
        for path in [*HELPDESK.rglob("*.py"), *(HELPDESK / "templates").rglob("*.html")]
        for verb in asked.findall(path.read_text(encoding="utf8"))
    }
    assert found and found <= set(VERBS)


def test_every_role_has_a_name_for_people() -> None:
    assert set(ROLE_NAMES) == set(Role)


@pytest.mark.parametrize("role", [role for role in STAFF if role != Role.HANDLER])
def test_everybody_but_handlers_sees_every_case(role: str) -> None:
    assert scope(person(role)).everything


def test_a_handler_sees_the_own_department() -> None:
    seen = scope(person("handler", 7))
    assert (seen.everything, seen.department_ids) == (False, {7})


@pytest.mark.parametrize("who", [None, person("handler"), Actor("customer", 3, "", Role.CUSTOMER)])
def test_without_a_department_or_an_account_nothing_is_seen(who: Actor | None) -> None:
    seen = scope(who)
    assert (seen.everything, seen.department_ids) == (False, frozenset())


def test_the_system_may_do_what_its_alarms_need() -> None:
    assert scope(SYSTEM).everything and may(SYSTEM, "settings.edit")


@pytest.mark.parametrize(
    ("role", "own", "asked", "stands"),
    [
        ("handler", 7, 7, True),
        ("handler", 7, 8, False),
        ("handler", 7, None, False),
        ("handler", None, None, False),  # of no department, and so is the case
        ("agent", None, 7, True),
        ("supervisor", 8, 7, True),
    ],
)
def test_a_department_is_stood_for_by_its_own_people_and_by_the_desk(
    role: str, own: int | None, asked: int | None, stands: bool
) -> None:
    assert stands_for(person(role, own), asked) is stands
    if stands:
        require_stands_for(person(role, own), asked)
    else:
        with pytest.raises(NotAllowed, match="Another department leads"):
            require_stands_for(person(role, own), asked)


@pytest.mark.parametrize(
    ("who", "passes"),
    [
        (person("handler"), True),  # number 1 of the colleagues, and so is whose it is
        (person("admin"), True),
        (Actor("agent", 2, "Somebody else", Role.SUPERVISOR), False),
        (Actor("agent", 2, "The administrator", Role.ADMIN), True),
        (Actor("token", 1, "A token of the same number", Role.AGENT), False),
        (Actor("customer", 1, "A customer of the same number", Role.CUSTOMER), False),
        (SYSTEM, True),
    ],
)
def test_what_is_ones_own_takes_no_verb_and_another_s_does(who: Actor, passes: bool) -> None:
    if passes:
        require_own(who, 1, "people.edit")
    else:
        with pytest.raises(NotAllowed):
            require_own(who, 1, "people.edit")


def test_nobody_leads_a_department_without_being_made_its_leader() -> None:
    assert not person("handler", 7).leads and not SYSTEM.leads


def test_who_somebody_is_and_what_they_may_see_does_not_change() -> None:
    assert values.changeable(rights, scopes) == set()
