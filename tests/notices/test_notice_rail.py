"""The rail of a notice and the rows of its board: state, share, words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask

from helpdesk.clock import moved_to, now, tick
from helpdesk.core.i18n import in_language
from helpdesk.notices import actions, clock, page, rail
from helpdesk.notices.models import Notice
from helpdesk.setup import in_force
from tests.help import notices as sample
from tests.help.notices import DONE, cast

MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86400


def marks_of(notice: Notice) -> list[rail.Mark]:
    return rail.marks(notice, clock.steps(notice), in_force.current(), now())


def states(notice: Notice) -> dict[str, str]:
    return {mark.promise: mark.state for mark in marks_of(notice)}


def test_a_draft_has_everything_before_it(app: Flask) -> None:
    assert set(states(sample.drafted(cast())).values()) == {"pending"}


def test_a_major_notice_shows_containment_and_plan_an_observation_neither(app: Flask) -> None:
    who = cast()
    major = states(sample.issued(who, level="major"))
    assert list(major) == ["issue", "sign", "containment", "plan", "done", "check", "watch"]
    small = states(sample.issued(who, level="observation"))
    assert list(small) == ["issue", "sign", "done", "check", "watch"]


def test_a_step_runs_comes_at_risk_and_is_breached(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.signed(cast())
        assert states(notice)["plan"] == "running"
        tick(4 * DAY + 8 * HOUR)
        assert states(notice)["plan"] == "risk"
        tick(3 * DAY + 2 * HOUR)
        assert states(notice)["plan"] == "breached"
        assert states(notice)["done"] == "running"


def test_a_step_that_was_taken_late_says_so(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.signed(who)
        tick(8 * DAY)
        sample.plan(notice, who)
        assert states(notice)["plan"] == "late"


def test_a_plan_that_came_back_runs_again(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.planned(who)
        assert states(notice)["plan"] == "met"
        actions.reject_plan(notice, by=who.supervisor, comment="没有原因")
        assert states(notice)["plan"] == "running"


def test_the_share_grows_with_working_time(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.signed(cast())
        shares = []
        for _each in range(3):
            tick(DAY)
            marks = marks_of(notice)
            shares.append(next(mark.share for mark in marks if mark.promise == "plan"))
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] < 1


def test_while_it_is_watched_only_the_effect_runs(app: Flask) -> None:
    found = states(sample.watching(cast()))
    assert found.pop("watch") == "running"
    assert set(found.values()) == {"met"}


def test_a_closed_notice_is_met_to_the_end(app: Flask) -> None:
    who = cast()
    notice = sample.watching(who)
    actions.close_watch(notice, by=who.supervisor, comment="无复发")
    assert set(states(notice).values()) == {"met"}


def test_a_revoked_notice_has_no_clock_that_runs(app: Flask) -> None:
    who = cast()
    notice = sample.signed(who)
    actions.withdraw(notice, by=who.supervisor, comment="误发")
    found = states(notice)
    assert found["sign"] == "met"
    assert {found[step] for step in ("plan", "done", "check", "watch")} == {"none"}


def test_a_further_round_begins_its_rail_anew(app: Flask) -> None:
    who = cast()
    notice = sample.claimed(who)
    due = now() + timedelta(days=5)
    actions.verify(notice, by=who.supervisor, result="fail", comment="仍漏", re_due=due)
    found = states(notice)
    assert (found["plan"], found["done"], found["check"]) == ("running", "running", "pending")
    sample.plan(notice, who)
    actions.accept_plan(notice, by=who.supervisor)
    actions.claim_done(notice, by=who.handler, **DONE)
    assert states(notice)["check"] == "running"


def test_marks_speak_the_reader_s_language(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.signed(cast())
        with in_language("zh_Hans"):
            marks = marks_of(notice)
    assert [mark.label for mark in marks][:3] == ["签发", "签收", "整改方案"]
    assert "3月16日" in marks[2].text


def test_a_row_says_the_next_step_and_the_time_left_or_lost(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.signed(cast())
        row = page.rows([notice])[0]
        assert row.due is not None
        assert (row.step, row.due.words, row.state) == ("Plan", "by 16 Mar, 18:00", "running")
        tick(8 * DAY)
        row = page.rows([notice])[0]
        assert row.due is not None
        assert (row.due.words, row.state) == ("15 h late", "breached")


def test_a_row_of_a_draft_has_no_clock(app: Flask) -> None:
    row = page.rows([sample.drafted(cast())])[0]
    assert (row.step, row.due, row.state, row.age) == ("", None, "none", "")
