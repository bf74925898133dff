"""The table of moves: every (status, move, role, kind) is walked, and reaches what it should."""

from __future__ import annotations

from itertools import product

import pytest

from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.core.errors import NotAllowed, Refused
from helpdesk.core.moves import Move
from helpdesk.desk.signs import STAGES
from helpdesk.tickets import lifecycle
from helpdesk.tickets.lifecycle import ENDED, OPEN, TABLE, Stand, Status
from helpdesk.words import KIND_NAMES, Kind
from tests.help import values

PEOPLE = {
    role: Actor(kind="agent", id=1, name=role, role=role)
    for role in (Role.AGENT, Role.HANDLER, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR, Role.CUSTOMER)
}
# Written down apart from the table: what each role may ever do.
EVER = {
    Role.AUDITOR: set(),
    Role.CUSTOMER: {"withdraw"},
    Role.HANDLER: {
        "send_back",
        "sign",
        "handle",
        "hold",
        "resume",
        "ask_extension",
        "reply",
        "close",
    },
    Role.AGENT: {
        "accept",
        "decline",
        "dispatch",
        "answer_directly",
        "refuse_return",
        "transfer",
        "hold",
        "resume",
        "approve",  # of its own direct answers
        "rework",
        "close",
        "reopen",
        "withdraw",
        "merge",
        "unmerge",
    },
}


# The step that usually comes next, drawn first: by where a case stands, for each kind. By hand as well.
FIRST = {
    "registered": "accept answer_directly",
    "accepted": "dispatch answer_directly",
    "reopened": "dispatch answer_directly",
    "dispatched": "sign",
    "return_requested": "dispatch",
    "signed": "handle reply",
    "handling": "reply",
    "waiting": "resume",
}
SHORT = {
    "registered": "accept answer_directly",
    "accepted": "answer_directly",
    "reopened": "answer_directly",
}
REQUEST = {"replied": "close", "answered_directly": "close", "review": "close"}
NEXT = {
    Kind.COMPLAINT: FIRST
    | {
        "replied": "review approve",
        "answered_directly": "review approve",
        "review": "approve",
        "callback": "close",
    },
    Kind.REPORT: FIRST
    | {"replied": "review close", "answered_directly": "review close", "review": "close"},
    Kind.REQUEST: FIRST | REQUEST,
    Kind.SUGGESTION: FIRST | REQUEST,
    Kind.ENQUIRY: SHORT | REQUEST,
    Kind.PRAISE: SHORT | REQUEST,
}


def rows(code: str, status: str, kind: str) -> list[Move]:
    return [m for m in TABLE if m.code == code and status in m.sources and kind in m.kinds]


@pytest.mark.parametrize("role", list(PEOPLE))
def test_every_status_move_role_and_kind_is_allowed_or_refused_by_the_table(role: Role) -> None:
    by = PEOPLE[role]
    for status, code, kind in product(Status, TABLE.codes, Kind):
        found = rows(code, status, kind)
        if not found:
            with pytest.raises(Refused):
                TABLE.check(code, Stand(status, kind), by)
        elif role not in found[0].roles:
            with pytest.raises(NotAllowed):
                TABLE.check(code, Stand(status, kind), by)
        else:
            assert TABLE.check(code, Stand(status, kind), by) is found[0]


@pytest.mark.parametrize("role", list(EVER))
def test_a_role_has_the_moves_that_were_agreed_and_no_other(role: Role) -> None:
    assert {move.code for move in TABLE if role in move.roles} == EVER[role]


def test_no_status_move_and_kind_has_two_rows() -> None:
    for status, code, kind in product(Status, TABLE.codes, Kind):
        assert len(rows(code, status, kind)) <= 1, (status, code, kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_status_that_a_kind_reaches_leads_to_an_end(kind: Kind) -> None:
    reached, edge = {Status.REGISTERED}, [Status.REGISTERED]
    while edge:
        status = edge.pop()
        for move in TABLE:
            if status in move.sources and kind in move.kinds and move.to and move.to not in reached:
                reached.add(move.to)
                edge.append(move.to)
    for status in reached & OPEN:
        assert _leads_to_an_end(status, kind), status
    assert Status.CLOSED in reached


def _leads_to_an_end(start: Status, kind: Kind) -> bool:
    seen, edge = {start}, [start]
    while edge:
        status = edge.pop()
        if status in ENDED:
            return True
        for move in TABLE:
            fits = (
                status in move.sources
                and kind in move.kinds
                and move.code not in ("merge", "withdraw")
            )
            if fits and move.to and move.to not in seen:
                seen.add(move.to)
                edge.append(move.to)
    return False


def test_a_complaint_reaches_every_status_of_the_trade() -> None:
    targets = {move.to for move in TABLE if Kind.COMPLAINT in move.kinds and move.to}
    assert targets | {Status.REGISTERED} == set(Status)


def test_praise_and_enquiries_never_go_to_a_department() -> None:
    for kind in (Kind.PRAISE, Kind.ENQUIRY):
        assert not lifecycle.goes_to_departments(kind)


def test_only_complaints_are_called_back() -> None:
    kinds = {kind for move in TABLE if move.to == Status.CALLBACK for kind in move.kinds}
    assert kinds == {Kind.COMPLAINT}


def test_after_two_returns_the_dispatch_is_final() -> None:
    by = PEOPLE[Role.HANDLER]
    assert TABLE.check("send_back", Stand("dispatched", "complaint", 1), by)
    with pytest.raises(Refused, match="final"):
        TABLE.check("send_back", Stand("dispatched", "complaint", 2), by)
    codes = [m.code for m in TABLE.moves(Stand("dispatched", "complaint", 2), by)]
    assert "send_back" not in codes


def test_a_ticket_of_which_nothing_else_is_known_was_never_returned_and_is_in_time() -> None:
    assert Stand("signed", "request") == Stand("signed", "request", returns=0, late=False)


def test_the_buttons_are_exactly_the_moves_that_check_allows() -> None:
    for (role, by), status, kind in product(PEOPLE.items(), Status, Kind):
        shown = {m.code for m in TABLE.moves(Stand(status, kind), by)}
        allowed = {
            c
            for c in TABLE.codes
            if rows(c, status, kind) and role in rows(c, status, kind)[0].roles
        }
        assert shown == allowed


@pytest.mark.parametrize("kind", list(Kind))
def test_the_step_that_usually_comes_next_is_drawn_first(kind: Kind) -> None:
    for status in Status:
        shown = TABLE.moves(Stand(status, kind), PEOPLE[Role.ADMIN])
        drawn = {move.code for move in shown if move.main}
        assert drawn == set(NEXT[kind].get(status, "").split()), status


@pytest.mark.parametrize(
    ("role", "late", "offered"),
    [(Role.HANDLER, False, True), (Role.HANDLER, True, False), (Role.SUPERVISOR, True, True)],
)
def test_a_department_is_offered_the_return_in_time_and_a_supervisor_always(
    role: Role, late: bool, offered: bool
) -> None:
    shown = TABLE.moves(Stand("signed", "request", 1, late), PEOPLE[role])
    assert ("send_back" in {move.code for move in shown}) == offered


def test_a_dispatch_comes_back_late_only_by_a_supervisors_hand() -> None:
    late, in_time = (Stand("signed", "request", late=late) for late in (True, False))
    assert TABLE.check("send_back", in_time, PEOPLE[Role.HANDLER])
    assert TABLE.check("send_back", late, PEOPLE[Role.SUPERVISOR])
    with pytest.raises(Refused, match="time to return it is over"):
        TABLE.check("send_back", late, PEOPLE[Role.HANDLER])


@pytest.mark.parametrize(
    ("code", "source", "ends"),
    [
        ("close", "callback", {"closed"}),
        ("ask_extension", "handling", {"handling"}),
        ("rework", "review", {"handling", "reopened"}),
    ],
)
def test_a_step_tells_every_status_in_which_it_may_end(
    code: str, source: str, ends: set[str]
) -> None:
    assert rows(code, source, Kind.COMPLAINT)[0].ends(source) == ends


def test_one_word_says_how_far_a_case_is() -> None:
    assert [
        STAGES["ticket"][each] for each in ("registered", "handling", "callback", "closed")
    ] == [
        "new",
        "going",
        "waiting",
        "done",
    ]


def test_two_buttons_of_one_page_never_share_a_key() -> None:
    for status, kind, by in product(Status, Kind, PEOPLE.values()):
        keys = [m.key for m in TABLE.moves(Stand(status, kind), by)]
        assert len(keys) == len(set(keys)), (status, kind, by.role, keys)


def test_the_system_may_make_every_move() -> None:
    assert all(lifecycle.may_make(move, SYSTEM) for move in TABLE)


def test_clocks_run_pause_and_stop_by_status() -> None:
    assert lifecycle.clock_of("handling") == "runs"
    assert lifecycle.clock_of("waiting") == "paused"
    assert {lifecycle.clock_of(s) for s in ENDED} == {"stopped"}
    assert {lifecycle.clock_of(s) for s in ("replied", "callback", "review")} == {"stopped"}


def test_every_status_kind_and_move_has_a_name() -> None:
    assert set(lifecycle.STATUS_NAMES) == set(Status)
    assert set(KIND_NAMES) == set(Kind)
    assert all(move.label for move in TABLE)


def test_a_row_of_the_table_does_not_change() -> None:
    assert values.changeable(lifecycle) == set()


def test_a_role_may_ever_take_a_step_only_when_that_very_step_is_open_to_it() -> None:
    """That it may take others says nothing: which way to answer is offered depends on it."""
    handler = Actor(kind="agent", id=1, name="H", role=Role.HANDLER)
    assert lifecycle.may_ever("sign", handler)
    assert not lifecycle.may_ever("merge", handler)
    assert not lifecycle.may_ever("no such step", handler)
