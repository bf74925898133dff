"""A notice from the draft to the end, both sides, all turnings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from helpdesk import search
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from helpdesk.core.events import Event
from helpdesk.files import StoredFile
from helpdesk.notices import actions as notices
from helpdesk.notices import clock
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.tickets import actions, queries
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.notices import DONE, cast
from tests.help.notices import due as due_of

PHOTO = StoredFile("k" * 32, "0" * 64, 3, "image/png", "检漏.png")


def names(notice: Notice) -> list[str]:
    return [event.name for event in notice_queries.history(notice)]


def test_a_notice_goes_from_the_draft_to_the_closed_file(app: Flask) -> None:
    """Number, department, requirement, deadline, status, reply, evidence, verifier."""
    who = cast()
    ticket = make.ticket()
    notice = sample.watching(who, ticket=ticket)
    assert notice.status == "watching"
    assert notice.number == f"质整〔{notice.year}〕1号"
    assert notice.department.code == "quality"
    assert notice.requirement and due_of(notice, "done")
    assert notice.answer["horizontal_check"] == DONE["horizontal_check"]
    assert notice.check["verifier"] == "Chen Jie"
    assert notice.verifier_id != notice.done_by_id
    notices.close_watch(notice, by=who.supervisor, comment="两个月无复发")
    assert notice.status == "closed" and notice.closed_at
    assert names(notice) == [
        "notice.draft",
        "notice.approve",
        "notice.issue",
        "notice.sign",
        "notice.submit_plan",
        "notice.accept_plan",
        "notice.claim_done",
        "notice.verify_pass",
        "notice.watch",
        "notice.close_watch",
    ]


def test_only_supervisors_and_administrators_draft(app: Flask) -> None:
    who = cast()
    for by in (who.handler, who.agent, who.auditor):
        with pytest.raises(NotAllowed):
            notices.draft(
                by=by, department_id=who.quality_id, title="a", problem="b", requirement="c"
            )


def test_a_draft_names_every_field_that_is_missing_or_wrong(app: Flask) -> None:
    who = cast()
    with pytest.raises(BadInput) as caught:
        sample.drafted(who, title=" ", problem="", level="huge", source="rumour")
    assert set(caught.value.errors) == {"level", "source"}
    with pytest.raises(BadInput) as caught:
        sample.drafted(who, title=" ", problem="")
    assert set(caught.value.errors) == {"title", "problem"}
    with pytest.raises(BadInput) as caught:
        notices.draft(by=who.supervisor, department_id=999, title="a", problem="b", requirement="c")
    assert set(caught.value.errors) == {"department"}
    assert db.session.scalar(db.select(db.func.count()).select_from(Notice)) == 0


def test_no_handler_sees_a_draft_and_only_the_own_department_sees_it_issued(app: Flask) -> None:
    who = cast()
    notice = sample.drafted(who)
    for by in (who.handler, who.stranger):
        with pytest.raises(NotFound):
            notice_queries.by_number(str(notice.id), by)
        with pytest.raises(NotFound):
            notices.sign(notice, by=by)
    notices.issue(notices.approve(notice, by=who.supervisor), by=who.supervisor)
    assert notice_queries.by_number(notice.number, who.handler) is notice
    with pytest.raises(NotFound):
        notice_queries.by_number(notice.number, who.stranger)
    with pytest.raises(NotFound):
        notices.sign(notice, by=who.stranger)
    assert notices.legal_moves(notice, who.stranger) == []


def test_a_notice_is_found_by_its_number_in_every_writing(app: Flask) -> None:
    who = cast()
    notice = sample.issued(who)
    plain = notice_queries.slug(notice)
    assert plain == f"{notice.year}-1"
    for text in (plain, notice.number, f" {notice.number} ", f"{notice.year}/1"):
        assert notice_queries.by_number(text, who.supervisor) is notice
    for text in ("", "x", "2026-", "9" * 30, "٣", str(notice.year)):
        with pytest.raises(NotFound):
            notice_queries.by_number(text, who.supervisor)


def test_an_edit_takes_the_approval_back_and_records_old_and_new(app: Flask) -> None:
    who = cast()
    notice = notices.approve(sample.drafted(who), by=who.supervisor)
    notices.edit(notice, by=who.admin, requirement="三日内补做检漏。", level="major")
    assert notice.status == "draft"
    event = notice_queries.history(notice)[-1]
    assert event.data["changed"]["level"] == ["minor", "major"]
    with pytest.raises(Refused):
        notices.issue(notice, by=who.supervisor)


def test_an_edit_may_not_empty_what_is_needed(app: Flask) -> None:
    who = cast()
    notice = sample.drafted(who)
    with pytest.raises(BadInput) as caught:
        notices.edit(notice, by=who.supervisor, problem="  ")
    assert "problem" in caught.value.errors


def test_a_stale_version_is_a_conflict_and_changes_nothing(app: Flask) -> None:
    who = cast()
    notice = sample.issued(who)
    old = notice.version
    notices.contain(notice, by=who.handler, containment="停用该批次")
    with pytest.raises(Conflict):
        notices.sign(notice, by=who.handler, version=old)
    assert db.session.get(Notice, notice.id).status == "issued"


def test_an_upheld_objection_revokes_the_notice(app: Flask) -> None:
    """Returned with a reason, decided by a supervisor, both in history."""
    who = cast()
    notice = sample.issued(who)
    notices.object_to(notice, by=who.handler, comment="属于售后部职责")
    assert notice.status == "objected" and notice.due_at
    notices.rule(notice, by=who.supervisor, upheld=True, comment="确属售后")
    assert notice.status == "withdrawn" and notice.due_at is None and notice.closed_at
    comments = [e.data.get("comment") for e in notice_queries.history(notice)]
    assert "属于售后部职责" in comments and "确属售后" in comments


def test_a_refused_objection_leaves_the_notice_and_its_clock_as_they_were(app: Flask) -> None:
    who = cast()
    notice = sample.issued(who)
    due = notice.due_at
    notices.object_to(notice, by=who.handler, comment="没有依据")
    with pytest.raises(BadInput):
        notices.rule(notice, by=who.supervisor, upheld=False, comment=" ")
    notices.rule(notice, by=who.supervisor, upheld=False, comment="依据见 4.3")
    assert (notice.status, notice.ruling, notice.due_at) == ("issued", "依据见 4.3", due)
    assert notices.sign(notice, by=who.handler).status == "signed"


def test_an_objection_needs_its_reason(app: Flask) -> None:
    who = cast()
    with pytest.raises(BadInput) as caught:
        notices.object_to(sample.issued(who), by=who.handler, comment=" ")
    assert "comment" in caught.value.errors


def test_a_plan_after_the_time_limit_needs_more_time_first(app: Flask) -> None:
    who = cast()
    notice = sample.signed(who)
    with pytest.raises(BadInput) as caught:
        sample.plan(notice, who, due_of(notice, "done") + timedelta(days=1))
    assert "planned_at" in caught.value.errors
    with pytest.raises(BadInput):
        sample.plan(notice, who, now() - timedelta(days=1))


def test_a_plan_that_came_back_is_submitted_again(app: Flask) -> None:
    who = cast()
    notice = sample.planned(who)
    notices.reject_plan(notice, by=who.supervisor, comment="没有根本原因")
    assert notice.status == "plan_rejected"
    sample.plan(notice, who)
    assert notices.accept_plan(notice, by=who.supervisor).status == "implementing"


def test_more_time_is_asked_for_with_a_reason_and_granted(app: Flask) -> None:
    who = cast()
    notice = sample.working(who)
    wanted = due_of(notice, "done") + timedelta(days=5)
    with pytest.raises(BadInput) as caught:
        notices.ask_extension(notice, by=who.handler, until=wanted)
    assert "comment" in caught.value.errors
    notices.ask_extension(notice, by=who.handler, until=wanted, comment="等备件")
    notices.grant_extension(notice, by=who.supervisor, comment="同意")
    assert due_of(notice, "done") == wanted == notice.due_at
    assert (notice.extensions, notice.wanted_due_at) == (1, None)
    assert names(notice)[-2:] == ["notice.ask_extension", "notice.grant_extension"]


def test_more_time_may_be_granted_shorter_than_asked(app: Flask) -> None:
    who = cast()
    notice = sample.working(who)
    wanted = due_of(notice, "done") + timedelta(days=9)
    shorter = due_of(notice, "done") + timedelta(days=3)
    notices.ask_extension(notice, by=who.handler, until=wanted, comment="等备件")
    notices.grant_extension(notice, by=who.supervisor, until=shorter)
    assert due_of(notice, "done") == shorter


def test_more_time_is_refused_with_a_reason_and_may_be_asked_for_again(app: Flask) -> None:
    who = cast()
    notice = sample.working(who)
    due = due_of(notice, "done")
    wanted = due + timedelta(days=5)
    notices.ask_extension(notice, by=who.handler, until=wanted, comment="等备件")
    with pytest.raises(BadInput):
        notices.refuse_extension(notice, by=who.supervisor)
    notices.refuse_extension(notice, by=who.supervisor, comment="备件已到")
    assert due_of(notice, "done") == due and notice.extensions == 0
    notices.ask_extension(notice, by=who.handler, until=wanted, comment="再等")


def test_more_time_must_lie_after_the_present_limit(app: Flask) -> None:
    who = cast()
    notice = sample.working(who)
    with pytest.raises(BadInput) as caught:
        notices.ask_extension(notice, by=who.handler, until=due_of(notice, "done"), comment="等")
    assert "until" in caught.value.errors


@pytest.mark.parametrize("field", DONE)
def test_a_claim_without_one_of_its_fields_is_turned_down_by_name(app: Flask, field: str) -> None:
    """Reply and evidence."""
    who = cast()
    notice = sample.working(who)
    with pytest.raises(BadInput) as caught:
        notices.claim_done(notice, by=who.handler, **(DONE | {field: " "}))
    assert set(caught.value.errors) == {field}
    assert notice_queries.by_number(str(notice.number), who.handler).status == "implementing"


def test_a_file_is_evidence_enough(app: Flask) -> None:
    who = cast()
    notice = sample.working(who)
    notices.claim_done(notice, by=who.handler, **(DONE | {"evidence": ""}), files=(PHOTO,))
    assert [f.name for f in notice_queries.files(notice)] == ["检漏.png"]
    assert notice_queries.history(notice)[-1].data["files"] == ["检漏.png"]


def test_nobody_of_the_responsible_department_verifies(app: Flask) -> None:
    who = cast()
    notice = sample.claimed(who)
    own = make.agent("Ma Li", "supervisor", make.department()).actor
    for by in (who.handler, own, who.agent, who.auditor):
        with pytest.raises(NotAllowed):
            notices.verify(notice, by=by, result="pass", comment="好")


def test_a_failed_re_inspection_begins_a_second_round_one_level_up(app: Flask) -> None:
    who = cast()
    notice = sample.claimed(who)
    with pytest.raises(BadInput) as caught:
        notices.verify(notice, by=who.supervisor, result="fail", comment="焊点仍漏")
    assert "re_due" in caught.value.errors
    due = now() + timedelta(days=4)
    notices.verify(notice, by=who.supervisor, result="fail", comment="焊点仍漏", re_due=due)
    assert (notice.status, notice.round, due_of(notice, "done")) == ("signed", 2, due)
    assert notice.rounds[0]["answer"]["correction"] == DONE["correction"]
    assert notice.rounds[0]["check"]["comment"] == "焊点仍漏"
    assert notice.answer == {} and notice.verifier_id is None
    event = notice_queries.history(notice)[-1]
    assert (event.name, event.data["told"]) == ("notice.replan", "manager,supervisor")


def test_what_passed_in_part_is_finished_without_a_new_plan(app: Flask) -> None:
    who = cast()
    notice = sample.claimed(who)
    due = now() + timedelta(days=4)
    notices.verify(notice, by=who.supervisor, result="partial", comment="剩两台", re_due=due)
    assert (notice.status, notice.round) == ("implementing", 2)
    notices.claim_done(notice, by=who.handler, **DONE)
    notices.verify(notice, by=who.supervisor, result="fail", comment="仍有一台", re_due=due)
    assert notice.round == 3
    assert notice_queries.history(notice)[-1].data["told"] == "division_leader"
    sample.plan(notice, who)
    notices.accept_plan(notice, by=who.supervisor)
    notices.claim_done(notice, by=who.handler, **DONE)
    notices.verify(notice, by=who.admin, result="pass", comment="合格")
    assert [past["round"] for past in notice.rounds] == [1, 2]


def test_an_unknown_result_is_turned_down(app: Flask) -> None:
    who = cast()
    with pytest.raises(BadInput) as caught:
        notices.verify(sample.claimed(who), by=who.supervisor, result="maybe", comment="?")
    assert "result" in caught.value.errors


def test_an_observation_is_put_right_without_a_plan(app: Flask) -> None:
    who = cast()
    notice = sample.signed(who, level="observation")
    assert clock.due_of(notice, "plan") is None
    notices.start(notice, by=who.handler)
    notices.claim_done(notice, by=who.handler, **DONE)
    due = now() + timedelta(days=4)
    notices.verify(notice, by=who.supervisor, result="fail", comment="未改", re_due=due)
    assert notice.status == "implementing"


def test_a_recurrence_ends_the_notice_and_drafts_a_graver_one(app: Flask) -> None:
    who = cast()
    ticket = make.ticket()
    notice = sample.watching(who, ticket=ticket)
    again = notices.recur(notice, by=who.supervisor, comment="同型号再次泄漏")
    assert notice.status == "reopened" and notice.check["recurred"] is True
    assert (again.status, again.level, again.number) == ("draft", "major", None)
    assert (again.previous_id, again.ticket_id) == (notice.id, ticket.id)
    assert notice_queries.following(notice, who.supervisor) == [again]
    assert notice_queries.following(notice, who.handler) == []


def test_a_revoked_notice_keeps_its_number(app: Flask) -> None:
    who = cast()
    first = sample.signed(who)
    number = first.number
    notices.withdraw(first, by=who.supervisor, comment="重复签发")
    second = sample.issued(who)
    assert first.number == number != second.number
    assert second.serial == 2


def test_a_complaint_closes_while_its_notice_stays_open(app: Flask) -> None:
    who = cast()
    ticket = make.ticket(kind="suggestion")
    notice = sample.signed(who, ticket=ticket)
    actions.close(ticket, by=who.supervisor, comment="已记录")
    assert ticket.status == "closed"
    assert db.session.get(Notice, notice.id).status == "signed"
    notices.contain(notice, by=who.handler, containment="已停用")


def test_the_ticket_s_history_names_the_notice_but_none_of_its_words(app: Flask) -> None:
    who = cast()
    ticket = make.ticket()
    notice = sample.drafted(who, ticket=ticket)
    assert "ticket.notice_issued" not in [e.name for e in queries.history(ticket)]
    notices.issue(notices.approve(notice, by=who.supervisor), by=who.supervisor)
    event = queries.history(ticket)[-1]
    assert event.name == "ticket.notice_issued"
    assert event.data == {"number": notice.number, "department": "quality"}


def test_a_notice_is_found_by_the_words_of_both_sides(app: Flask) -> None:
    who = cast()
    notice = sample.claimed(who)
    dialect = db.engine.dialect.name
    for words in ("检漏", "点检", notice.number):
        found = db.session.scalars(search.matching(words, "notice", dialect)).all()
        assert found == [notice.id], words


def test_a_move_that_fails_leaves_no_event_behind(app: Flask) -> None:
    who = cast()
    notice = sample.issued(who)
    before = db.session.scalar(db.select(db.func.count()).select_from(Event))
    with pytest.raises(NotAllowed):
        notices.sign(notice, by=who.supervisor)
    assert db.session.scalar(db.select(db.func.count()).select_from(Event)) == before


def test_notices_of_a_ticket_are_shown_to_those_who_may_see_them(app: Flask) -> None:
    who = cast()
    ticket = make.ticket()
    issued, draft = sample.issued(who, ticket=ticket), sample.drafted(who, ticket=ticket)
    assert notice_queries.of_ticket(ticket, who.agent) == [issued, draft]
    assert notice_queries.of_ticket(ticket, who.handler) == [issued]
    assert notice_queries.of_ticket(ticket, who.stranger) == []
