"""One frame for whatever moves through states: a thing brings its rows and two judgements, no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from helpdesk.agents.rights import Actor, Role
from helpdesk.core import moves
from helpdesk.core.errors import BadInput, NotAllowed, Refused
from helpdesk.core.moves import MOST_TEXT, Move, Table, require_filled, taking
from helpdesk.kb import lifecycle as articles
from helpdesk.notices import lifecycle as notices
from helpdesk.tickets import lifecycle as tickets
from tests.help import values

LEAD = Actor("agent", 1, "Chen Jie", Role.SUPERVISOR)
AGENT = Actor("agent", 2, "Li Na", Role.AGENT)


@dataclass(frozen=True)
class Stand:
    status: str
    kind: str = "repair"
    sealed: bool = False


def denied(move: Move, _stand: Stand, by: Actor) -> str:
    return "" if by.role in move.roles else "Not yours."


def blocked(move: Move, stand: Stand, _by: Actor) -> Refused | None:
    return Refused("It is sealed.") if stand.sealed and move.code == "close" else None


BOTH, LEADS = (Role.AGENT, Role.SUPERVISOR), (Role.SUPERVISOR,)
TABLE = Table(
    (
        Move("begin", "Begin", ("new",), "going", BOTH, main=True),
        Move("close", "Close", ("going",), "done", LEADS, ("comment",), ("repair",)),
        Move("close", "Close", ("new",), "done", BOTH, kinds=("question",)),
        Move("ask", "Ask", ("new", "going"), None, BOTH, at_desk="new"),
    ),
    gone="It has moved on.",
    denied=denied,
    blocked=blocked,
)


@pytest.mark.parametrize(
    ("stand", "by", "offered"),
    [
        (Stand("new"), AGENT, ["begin", "ask"]),
        (Stand("new", "question"), AGENT, ["begin", "close", "ask"]),
        (Stand("going"), AGENT, ["ask"]),
        (Stand("going"), LEAD, ["close", "ask"]),
        (Stand("going", sealed=True), LEAD, ["ask"]),
        (Stand("going", "question"), LEAD, ["ask"]),
        (Stand("done"), LEAD, []),
    ],
)
def test_the_buttons_are_what_the_table_allows_and_nothing_else(
    stand: Stand, by: Actor, offered: list[str]
) -> None:
    assert [move.code for move in TABLE.moves(stand, by)] == offered
    for code in TABLE.codes:
        if code in offered:
            assert TABLE.check(code, stand, by).code == code
        else:
            with pytest.raises((Refused, NotAllowed)):
                TABLE.check(code, stand, by)


def test_a_refusal_says_what_stands_against_the_step_the_state_first_then_the_person() -> None:
    for stand, by, words in (
        (Stand("done"), AGENT, "It has moved on."),
        (Stand("going", sealed=True), AGENT, "Not yours."),
        (Stand("going", sealed=True), LEAD, "It is sealed."),
    ):
        with pytest.raises((Refused, NotAllowed), match=words):
            TABLE.check("close", stand, by)


def test_only_who_may_take_a_step_nowhere_is_sent_away_before_the_state_is_looked_at() -> None:
    TABLE.require_right("close", Stand("done"), AGENT)  # a question's: theirs somewhere
    TABLE.require_right("no such step", Stand("new"), AGENT)
    with pytest.raises(NotAllowed, match="Not yours"):
        TABLE.require_right("begin", Stand("done"), Actor("agent", 3, "Wu Di", Role.AUDITOR))


def test_each_step_is_named_once_with_every_end_that_it_may_have() -> None:
    assert TABLE.codes == ("begin", "close", "ask")
    assert len(TABLE.rows) == 4
    ask = TABLE.row("ask", Stand("going"))
    assert ask is not None and ask.ends("going") == {"going", "new"}


class Thing:
    status = "going"
    updated_at = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_step_that_is_taken_sets_the_state_and_tells_old_and_new_and_why() -> None:
    thing, move = Thing(), TABLE.check("close", Stand("going"), LEAD)
    with taking(thing, move, "", {"comment": "Mended."}, {}) as it:
        assert thing.status == "going"
        it.data["parts"] = 2
    assert thing.status == "done" and thing.updated_at > Thing.updated_at
    assert it.data == {"old": "going", "new": "done", "comment": "Mended.", "parts": 2}


def test_a_verb_may_lead_elsewhere_and_one_that_fails_changes_nothing() -> None:
    thing, move = Thing(), TABLE.check("ask", Stand("going"), LEAD)
    with pytest.raises(Refused), taking(thing, move, "", {}, {}):
        raise Refused("No.")
    assert (thing.status, thing.updated_at) == ("going", Thing.updated_at)
    with taking(thing, move, "", {"comment": ""}, {}) as it:
        it.to = "new"
    assert thing.status == "new" and it.data == {"old": "going", "new": "new"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"comment": "x", "files": ["a"]}, set()),
        ({"comment": "  ", "files": ["a"]}, {"comment"}),
        ({"files": []}, {"comment", "files"}),
        ({"comment": "x" * MOST_TEXT, "files": True}, set()),
        ({"comment": "x" * (MOST_TEXT + 1), "files": True}, {"comment"}),
        ({"comment": "x", "files": True, "plan": "x" * (MOST_TEXT + 1)}, {"plan"}),
    ],
)
def test_every_field_that_is_empty_or_too_long_is_told_at_once(
    given: dict[str, object], wrong: set[str]
) -> None:
    lacking = {"comment": "Why?", "files": "Which?"}
    told: dict[str, str] = {}
    try:
        require_filled(("comment", "files"), given, lacking)
    except BadInput as error:
        told = error.errors
    assert set(told) == wrong


def test_a_table_and_its_rows_do_not_change_only_a_step_on_its_way_does() -> None:
    assert values.changeable(moves) == {"Taking"}


def test_tickets_notices_and_articles_move_by_the_same_frame() -> None:
    assert {type(each.TABLE) for each in (tickets, notices, articles)} == {Table}
