"""The pages of notices: board, one notice with its moves, drafting, rights."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now, tick
from helpdesk.core.db import db
from helpdesk.core.i18n import in_language
from helpdesk.notices import (
    actions,
    queries,
    rows,
)
from helpdesk.notices import (
    page as notice_page,
)
from helpdesk.notices import (
    words as notice_words,
)
from helpdesk.notices.models import Notice
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.notices import DONE, Cast, cast
from tests.help.notices import due as due_of
from tests.help.statements import counted

MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
DAY = 86400
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def signed_in(client: FlaskClient, who: Cast, role: str) -> FlaskClient:
    return make.sign_in(client, db.session.get_one(Agent, getattr(who, role).id))


def get(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


def post(client: FlaskClient, address: str, status: int = 303, **fields: object) -> str:
    answer = client.post(address, data=fields)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


def listed(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'<tr id="notice-(\d+)"', page)]


def buttons(page: str) -> set[str]:
    return set(re.findall(r'data-dialog-opens="move-(\w+)"', page))


def address(notice: Notice) -> str:
    return f"/notices/{queries.slug(notice)}"


def fresh(notice: Notice) -> Notice:
    db.session.expire_all()
    return db.session.get_one(Notice, notice.id)


def local(at: datetime) -> str:
    return (at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")


def test_a_visitor_is_asked_to_sign_in(client: FlaskClient) -> None:
    for path in ("/notices", "/notices/2026-1", "/notices/new"):
        assert client.get(path).status_code == 302


def test_the_board_has_overdue_ones_on_top(client: FlaskClient) -> None:
    who = cast()
    with moved_to(MONDAY):
        late, fine = sample.issued(who, title="旧问题"), None
        tick(10 * DAY)
        fine = sample.issued(who, title="新问题")
        page = get(signed_in(client, who, "supervisor"), "/notices")
    assert listed(page) == [late.id, fine.id]
    assert "2 notices are open, 1 is overdue." in page


def test_every_number_of_the_board_opens_exactly_as_many_rows(client: FlaskClient) -> None:
    who = cast()
    with moved_to(MONDAY):
        for days in (20, 8, 3, 0):
            sample.issued(who, title=f"{days}")
            tick(days * DAY)
        other = make.department("logistics")
        draft = sample.drafted(who)
        actions.edit(draft, by=who.supervisor, department_id=other.id)
        actions.issue(actions.approve(draft, by=who.supervisor), by=who.supervisor)
        desk = signed_in(client, who, "supervisor")
        page = get(desk, "/notices")
        links = re.findall(r'<a href="(/notices\?[^"]+)">(\d+)</a>', page)
        assert len(links) >= 6
        for link, number in links:
            assert len(listed(get(desk, link))) == int(number), link


def test_every_tab_counts_what_it_lists(client: FlaskClient) -> None:
    who = cast()
    sample.drafted(who), sample.working(who), sample.watching(who)
    actions.withdraw(sample.issued(who), by=who.supervisor, comment="误发")
    desk = signed_in(client, who, "supervisor")
    for view, number in rows.counts(who.supervisor).items():
        assert len(listed(get(desk, f"/notices?view={view}"))) == number, view


def test_the_board_is_narrowed_by_department_level_and_state(client: FlaskClient) -> None:
    who = cast()
    minor, major = sample.signed(who), sample.issued(who, level="major")
    desk = signed_in(client, who, "supervisor")
    assert listed(get(desk, "/notices?level=major")) == [major.id]
    assert listed(get(desk, "/notices?state=signed")) == [minor.id]
    assert listed(get(desk, "/notices?department=logistics")) == []
    assert listed(get(desk, "/notices?department=nowhere&level=x&age=77&view=odd")) == []


def test_a_handler_sees_only_notices_of_the_own_department_and_no_draft(
    client: FlaskClient,
) -> None:
    who = cast()
    notice, draft = sample.issued(who), sample.drafted(who)
    own = signed_in(client, who, "handler")
    assert listed(get(own, "/notices?view=all")) == [notice.id]
    get(own, f"/notices/{draft.id}", 404)
    other = signed_in(client, who, "stranger")
    assert listed(get(other, "/notices?view=all")) == []
    for path in ("", "/print", ".pdf", "/edit"):
        assert other.get(address(notice) + path).status_code in (403, 404)
    get(other, address(notice), 404)
    post(other, f"{address(notice)}/moves/sign", 404)


def test_the_number_in_chinese_leads_to_the_plain_address(client: FlaskClient) -> None:
    who = cast()
    notice = sample.issued(who)
    answer = signed_in(client, who, "handler").get(f"/notices/{notice.number}")
    assert answer.status_code == 301
    assert answer.location == address(notice)


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        ("handler", {"sign", "object", "contain"}),
        ("supervisor", {"withdraw"}),
        ("admin", {"withdraw"}),
        ("agent", set()),
        ("auditor", set()),
    ],
)
def test_the_buttons_are_the_legal_moves_of_the_reader(
    client: FlaskClient, role: str, wanted: set[str]
) -> None:
    who = cast()
    notice = sample.issued(who)
    assert buttons(get(signed_in(client, who, role), address(notice))) == wanted


def test_the_whole_way_goes_through_the_pages(client: FlaskClient) -> None:
    """From the draft to the re-inspection, by form."""
    who = cast()
    desk = signed_in(client, who, "supervisor")
    post(
        desk,
        "/notices/new",
        title="冰箱漏检",
        departments="quality",
        level="minor",
        source="audit",
        problem="三次上门记录均无检漏数据。",
        requirement="补做检漏。",
        then="issue",
    )
    notice = db.session.scalars(db.select(Notice)).one()
    assert (notice.status, notice.source) == ("issued", "audit")
    here = address(notice)
    own = signed_in(client, who, "handler")
    post(own, f"{here}/moves/sign", comment="收到")
    plan = {"root_cause": "虚焊", "plan": "培训", "planned_at": local(now() + timedelta(days=2))}
    post(own, f"{here}/moves/submit_plan", **plan)
    post(signed_in(client, who, "supervisor"), f"{here}/moves/accept_plan")
    proof = {"files": (io.BytesIO(PNG), "检漏.png")}
    post(signed_in(client, who, "handler"), f"{here}/moves/claim_done", **DONE, **proof)
    desk = signed_in(client, who, "supervisor")
    page = get(desk, here)
    assert "检漏.png" in page and DONE["horizontal_check"] in page
    post(desk, f"{here}/moves/verify", result="pass", comment="现场合格")
    assert fresh(notice).status == "watching"
    page = get(desk, here)
    for words in ("Re-inspection passed", "Its effect is watched until", "Issued as"):
        assert words in page


def test_a_form_with_errors_comes_back_open_with_its_words(client: FlaskClient) -> None:
    who = cast()
    notice = sample.working(who)
    own = signed_in(client, who, "handler")
    page = post(
        own,
        f"{address(notice)}/moves/claim_done",
        422,
        root_cause="虚焊",
        correction="换压缩机",
        corrective="加报警",
        preventive="",
        horizontal_check="排查 120 台",
    )
    assert 'id="move-claim_done"' in page and 'data-dialog-open-value="true"' in page
    assert "排查 120 台" in page
    assert fresh(notice).status == "implementing"


def test_evidence_is_asked_for_when_neither_file_nor_words_are_given(client: FlaskClient) -> None:
    who = cast()
    notice = sample.working(who)
    own = signed_in(client, who, "handler")
    page = post(own, f"{address(notice)}/moves/claim_done", 422, **(DONE | {"evidence": ""}))
    assert "Please attach a file as evidence, or describe the evidence." in page


def test_a_stale_form_is_a_conflict_and_can_be_sent_again(client: FlaskClient) -> None:
    who = cast()
    notice = sample.issued(who)
    old = notice.version
    actions.contain(notice, by=who.handler, containment="停用")
    own = signed_in(client, who, "handler")
    page = post(own, f"{address(notice)}/moves/object", 409, version=old, comment="不属我部")
    assert "Somebody changed this while you were working" in page and "不属我部" in page
    newer = re.search(r'id="object-version"[^>]*value="(\d+)"', page)
    assert newer
    post(own, f"{address(notice)}/moves/object", version=newer[1], comment="不属我部")


def test_a_wrong_time_is_told_at_its_field(client: FlaskClient) -> None:
    who = cast()
    notice = sample.working(who)
    own = signed_in(client, who, "handler")
    page = post(
        own, f"{address(notice)}/moves/ask_extension", 422, comment="等备件", until="tomorrow"
    )
    assert "Please give a date and time." in page


def test_more_time_is_asked_for_and_granted_by_form(client: FlaskClient) -> None:
    """Both are in history."""
    who = cast()
    notice = sample.working(who)
    wanted = due_of(notice, "done") + timedelta(days=5)
    here = address(notice)
    own = signed_in(client, who, "handler")
    post(own, f"{here}/moves/ask_extension", comment="等备件", until=local(wanted))
    desk = signed_in(client, who, "supervisor")
    page = get(desk, here)
    assert "The department asks for more time" in page and "等备件" in page
    assert {"grant_extension", "refuse_extension"} <= buttons(page)
    post(desk, f"{here}/moves/grant_extension", until=local(wanted), comment="同意")
    page = get(desk, here)
    assert "More time asked for, until" in page and "More time granted, until" in page
    assert fresh(notice).extensions == 1


def test_an_unknown_move_is_not_found(client: FlaskClient) -> None:
    who = cast()
    notice = sample.issued(who)
    post(signed_in(client, who, "supervisor"), f"{address(notice)}/moves/explode", 404)


def test_only_those_who_issue_may_open_the_form(client: FlaskClient) -> None:
    who = cast()
    draft = sample.drafted(who)
    for role in ("handler", "agent", "auditor"):
        desk = signed_in(client, who, role)
        assert desk.get("/notices/new").status_code == 403
        assert desk.post("/notices/new", data={}).status_code == 403
        assert desk.get(f"/notices/{draft.id}/edit").status_code == 403


def test_the_form_of_a_case_is_filled_from_it(client: FlaskClient) -> None:
    who = cast()
    ticket = make.ticket(fields={"product": "冰箱", "lot": "HL2511"})
    page = get(signed_in(client, who, "supervisor"), f"/tickets/{ticket.number}/notices/new")
    assert ticket.subject in page and "HL2511" in page and "师傅来了三次" in page


def test_a_confidential_customer_s_words_stay_out_of_the_notice(client: FlaskClient) -> None:
    who = cast()
    ticket = make.ticket(confidential=True)
    page = get(signed_in(client, who, "supervisor"), f"/tickets/{ticket.number}/notices/new")
    assert "师傅来了三次" not in page


def test_one_form_writes_to_several_departments(client: FlaskClient) -> None:
    who = cast()
    ticket = make.ticket()
    desk = signed_in(client, who, "supervisor")
    post(
        desk,
        f"/tickets/{ticket.number}/notices/new",
        title="漏检",
        departments=["quality", "logistics"],
        level="minor",
        source="complaint",
        problem="无检漏数据。",
        requirement="补做。",
        files=(io.BytesIO(PNG), "记录.png"),
    )
    made = db.session.scalars(db.select(Notice).order_by(Notice.id)).all()
    assert [notice.department.code for notice in made] == ["quality", "logistics"]
    assert {notice.ticket_id for notice in made} == {ticket.id}
    assert len(queries.files(made[0])) == 1


def test_no_single_box_of_the_departments_must_be_ticked(client: FlaskClient) -> None:
    who = cast()
    page = get(signed_in(client, who, "supervisor"), "/notices/new")
    boxes = re.findall(r'<input[^>]*name="departments"[^>]*>', page)
    assert len(boxes) == 2 and not any("required" in box for box in boxes)


def test_a_form_without_a_department_names_it(client: FlaskClient) -> None:
    who = cast()
    desk = signed_in(client, who, "supervisor")
    page = post(desk, "/notices/new", 422, title="漏检", level="minor", source="audit")
    assert 'href="#departments"' in page and 'href="#problem"' in page
    assert db.session.scalar(db.select(db.func.count()).select_from(Notice)) == 0


def test_a_draft_is_changed_by_its_form(client: FlaskClient) -> None:
    who = cast()
    draft = sample.drafted(who)
    desk = signed_in(client, who, "supervisor")
    page = get(desk, f"/notices/{draft.id}/edit")
    assert draft.problem in page
    given = {
        "title": "新标题",
        "department": "logistics",
        "level": "major",
        "source": "patrol",
        "problem": "新问题",
        "requirement": "新要求",
        "version": draft.version,
    }
    post(desk, f"/notices/{draft.id}/edit", **given)
    assert fresh(draft).department.code == "logistics"
    assert fresh(draft).title == "新标题"
    post(desk, f"/notices/{draft.id}/edit", 422, **(given | {"problem": ""}))


def test_evidence_is_given_out_to_those_who_see_the_notice(client: FlaskClient) -> None:
    who = cast()
    notice = sample.issued(who)
    own = signed_in(client, who, "handler")
    proof = {"files": (io.BytesIO(PNG), "检漏.png")}
    post(own, f"{address(notice)}/moves/contain", containment="停用", **proof)
    file = queries.files(notice)[0]
    answer = own.get(f"{address(notice)}/files/{file.id}")
    assert answer.status_code == 200 and answer.data == PNG
    other = signed_in(client, who, "stranger")
    assert other.get(f"{address(notice)}/files/{file.id}").status_code == 404
    assert own.get(f"{address(notice)}/files/99999").status_code == 404


def test_the_navigation_counts_what_waits_for_the_reader(client: FlaskClient) -> None:
    who = cast()
    sample.issued(who), sample.claimed(who)
    wanted = {"handler": 1, "supervisor": 1, "agent": 0, "auditor": 0, "stranger": 0}
    for role, number in wanted.items():
        query = rows.waiting_number(getattr(who, role))
        assert db.session.scalar(query) == number, role
    for _without_and_with_a_ticket in range(2):
        page = get(signed_in(client, who, "supervisor"), "/notices")
        entry = re.search(r'href="/notices" aria-current="page".*?</a>', page, re.S)
        assert entry and '<span class="count">1</span>' in entry[0]
        make.ticket()


def test_the_panel_of_a_case_lists_its_notices(app: Flask, client: FlaskClient) -> None:
    who = cast()
    ticket = make.ticket()
    notice, draft = sample.issued(who, ticket=ticket), sample.drafted(who, ticket=ticket)
    with app.test_request_context():
        from_desk = [line.url for line in notice_page.on_ticket(ticket, who.supervisor)]
        from_department = [line.url for line in notice_page.on_ticket(ticket, who.handler)]
    assert from_desk == [address(notice), f"/notices/{draft.id}"]
    assert from_department == [address(notice)]


def test_a_later_round_shows_what_was_seen_before(client: FlaskClient) -> None:
    who = cast()
    notice = sample.claimed(who)
    due = now() + timedelta(days=4)
    actions.verify(notice, by=who.supervisor, result="fail", comment="焊点仍漏", re_due=due)
    page = get(signed_in(client, who, "handler"), address(notice))
    assert "Round 1" in page and "焊点仍漏" in page and "round 2" in page
    assert "Round 2 begins with a new plan" in page and "department manager, supervisor" in page


def test_every_event_of_a_notice_has_its_sentence_in_both_languages(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.watching(who)
        actions.recur(notice, by=who.supervisor, comment="又漏了")
    events = queries.history(notice)
    for language in ("en", "zh_Hans"):
        with in_language(language):
            lines = notice_words.happenings(events)
        assert len(lines) == len(events)
        assert not any("%(" in line.text for line in lines)


def test_the_board_takes_few_statements_whatever_the_number_of_rows(client: FlaskClient) -> None:
    who = cast()
    desk = signed_in(client, who, "supervisor")
    sample.issued(who)
    get(desk, "/notices")
    db.session.remove()
    with counted() as few:
        get(desk, "/notices")
    for _each in range(8):
        sample.issued(who)
    get(desk, "/notices")  # the counts are kept from here on
    db.session.remove()
    with counted() as many:
        get(desk, "/notices")
    assert len(many) == len(few) <= 10


def test_the_board_goes_on_from_page_to_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE", 2)
    who = cast()
    made = {sample.issued(who).id for _each in range(5)}
    desk = signed_in(client, who, "supervisor")
    pages = [listed(get(desk, f"/notices?page={number}")) for number in range(3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {id_ for page in pages for id_ in page} == made
