"""A move by its code with raw values: what forms and the API hand over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from helpdesk.agents.rights import Actor
from helpdesk.clock import moved_to
from helpdesk.core.errors import BadInput, NotAllowed, NotFound, Refused
from helpdesk.notices import moving
from helpdesk.notices.lifecycle import AUTOMATIC, TABLE
from helpdesk.notices.models import Notice
from helpdesk.web.sent import Sent
from tests.help import notices as sample
from tests.help.notices import DONE, Cast, cast

MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
LATER = "2026-03-13T17:30"


def make_move(code: str, notice: Notice, by: Actor, **values: Any) -> Notice:
    return moving.make_move(code, notice, Sent(values, SHANGHAI), by=by)


def asked(who: Cast) -> Notice:
    notice = sample.working(who)
    make_move("ask_extension", notice, who.handler, comment="等备件", until="2026-04-20T18:00")
    return notice


def objected(who: Cast) -> Notice:
    notice = sample.issued(who)
    return make_move("object", notice, who.handler, comment="不属我部")


# how to get there, who moves, the values, where it leads
CASES: dict[str, tuple[Any, str, dict[str, str], str]] = {
    "approve": (sample.drafted, "supervisor", {}, "approved"),
    "sign": (sample.issued, "handler", {}, "signed"),
    "object": (sample.issued, "handler", {"comment": "不属我部"}, "objected"),
    "uphold": (objected, "supervisor", {"comment": "确实"}, "withdrawn"),
    "overrule": (objected, "supervisor", {"comment": "依据充分"}, "issued"),
    "contain": (sample.signed, "handler", {"containment": "停用该批次"}, "signed"),
    "submit_plan": (
        sample.signed,
        "handler",
        {"root_cause": "虚焊", "plan": "培训", "planned_at": LATER},
        "plan_submitted",
    ),
    "accept_plan": (sample.planned, "supervisor", {}, "implementing"),
    "reject_plan": (sample.planned, "supervisor", {"comment": "没有原因"}, "plan_rejected"),
    "claim_done": (sample.working, "handler", DONE, "done_claimed"),
    "ask_extension": (
        sample.working,
        "handler",
        {"comment": "等备件", "until": "2026-04-20T18:00"},
        "implementing",
    ),
    "grant_extension": (asked, "supervisor", {}, "implementing"),
    "refuse_extension": (asked, "admin", {"comment": "备件已到"}, "implementing"),
    "verify_pass": (sample.claimed, "supervisor", {"comment": "合格"}, "watching"),
    "verify_partial": (
        sample.claimed,
        "supervisor",
        {"comment": "剩一台", "re_due": LATER},
        "implementing",
    ),
    "verify_fail": (sample.claimed, "admin", {"comment": "仍漏", "re_due": LATER}, "signed"),
    "close_watch": (sample.watching, "supervisor", {"comment": "无复发"}, "closed"),
    "recur": (sample.watching, "supervisor", {"comment": "又漏"}, "draft"),
    "withdraw": (sample.signed, "supervisor", {"comment": "重复"}, "withdrawn"),
}


@pytest.mark.parametrize("code", CASES)
def test_every_move_is_made_by_its_code(app: Flask, code: str) -> None:
    reach, role, values, state = CASES[code]
    with moved_to(MONDAY):
        who = cast()
        moved = make_move(code, reach(who), getattr(who, role), **values)
    assert moved.status == state


def test_issue_and_start_too(app: Flask) -> None:
    who = cast()
    notice = make_move("approve", sample.drafted(who, level="observation"), who.supervisor)
    notice = make_move("issue", notice, who.supervisor)
    assert notice.number
    notice = make_move("sign", notice, who.handler)
    assert make_move("start", notice, who.handler).status == "implementing"


def test_every_move_of_the_table_has_its_way_in() -> None:
    by_form = {"edit", *AUTOMATIC}  # a form of its own; follow by themselves
    assert {move.code for move in TABLE} - by_form == {*CASES, "issue", "start"}


def test_a_re_inspection_names_its_result_as_move_or_as_value(app: Flask) -> None:
    who = cast()
    notice = sample.claimed(who)
    with pytest.raises(BadInput) as caught:
        make_move("verify", notice, who.supervisor, comment="?", result="perhaps")
    assert "result" in caught.value.errors
    assert make_move("verify", notice, who.supervisor, comment="好", result="pass").status == (
        "watching"
    )


def test_a_time_without_a_zone_is_the_reader_s(app: Flask) -> None:
    with moved_to(MONDAY):
        who = cast()
        notice = sample.signed(who)
        values = {"root_cause": "虚焊", "plan": "培训"}
        make_move("submit_plan", notice, who.handler, planned_at=LATER, **values)
        assert notice.answer["planned_at"] == "2026-03-13T17:30:00+08:00"


def test_a_time_with_a_zone_is_taken_as_it_is(app: Flask) -> None:
    with moved_to(MONDAY):
        who = cast()
        notice = sample.working(who)
        until = "2026-04-20T10:00:00+00:00"
        make_move("ask_extension", notice, who.handler, comment="等", until=until)
        assert notice.wanted_due_at == datetime.fromisoformat(until)


FAR = "9999-12-31T23:59:59-23:59"


@pytest.mark.parametrize("until", ["soon", "2026-13-01", "99999-01-01T00:00", FAR, "0001-01-01"])
def test_a_time_that_is_none_is_told_by_its_field(app: Flask, until: str) -> None:
    who = cast()
    with pytest.raises(BadInput) as caught:
        make_move("ask_extension", sample.working(who), who.handler, comment="等", until=until)
    assert set(caught.value.errors) == {"until"}


@pytest.mark.parametrize("value", [5, ["x"], {"a": 1}, True])
def test_a_value_that_is_no_text_is_told_by_its_field(app: Flask, value: object) -> None:
    who = cast()
    with pytest.raises(BadInput) as caught:
        make_move("object", sample.issued(who), who.handler, comment=value)
    assert set(caught.value.errors) == {"comment"}


@pytest.mark.parametrize("code", ["", "explode", "edit", "watch", "rework", "__init__"])
def test_what_is_no_move_of_a_person_is_not_found(app: Flask, code: str) -> None:
    who = cast()
    with pytest.raises(NotFound):
        make_move(code, sample.issued(who), who.supervisor)


def test_rights_and_table_hold_for_moves_by_code(app: Flask) -> None:
    who = cast()
    notice = sample.issued(who)
    with pytest.raises(NotAllowed):
        make_move("sign", notice, who.supervisor)
    with pytest.raises(NotFound):
        make_move("sign", notice, who.stranger)
    with pytest.raises(Refused):
        make_move("claim_done", notice, who.handler, **DONE)


def test_too_long_a_text_is_turned_down(app: Flask) -> None:
    who = cast()
    with pytest.raises(BadInput) as caught:
        make_move("object", sample.issued(who), who.handler, comment="长" * 5001)
    assert "5,000" in caught.value.errors["comment"]


def test_line_ends_are_tidied_and_zero_bytes_left_out(app: Flask) -> None:
    who = cast()
    notice = make_move("object", sample.issued(who), who.handler, comment=" a\r\nb\x00c ")
    assert notice.objection == "a\nbc"


def test_a_further_day_is_never_before_now(app: Flask) -> None:
    with moved_to(MONDAY):
        who = cast()
        past = (MONDAY - timedelta(days=1)).isoformat()
        with pytest.raises(BadInput) as caught:
            make_move("verify_fail", sample.claimed(who), who.supervisor, comment="漏", re_due=past)
    assert set(caught.value.errors) == {"re_due"}
