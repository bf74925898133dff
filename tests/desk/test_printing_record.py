"""The full record of a case and the code that proves a print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.desk.printing import case_facts, record
from helpdesk.files import StoredFile
from helpdesk.notices import actions as notices
from helpdesk.tickets import actions, queries
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.notices import DONE, Cast, cast
from tests.help.prints import handled, page, pdf_text, signed_in

KEY = "a key for tests only"
PHOTO = StoredFile("k" * 32, "ab" * 32, 1234, "image/png", "检漏.png")
CODE = re.compile(r"Verification code (\d+(?:-[A-Z2-7]{4}){3})")


def code_of(client: FlaskClient, ticket: Ticket) -> str:
    sheet = page(client, f"/tickets/{ticket.number}/response-table?print=1&language=en")
    found = CODE.search(sheet)
    assert found
    return found[1]


def test_the_full_record_holds_form_notices_evidence_and_follow_up(
    client: FlaskClient, tmp_path: Path
) -> None:
    """One bilingual file."""
    who = cast()
    ticket = handled(who)
    notice = sample.working(who, ticket=ticket)
    notices.claim_done(notice, by=who.handler, **DONE, files=(PHOTO,))
    desk = signed_in(client, who, "supervisor")
    answer = desk.get(f"/tickets/{ticket.number}/response-table.pdf?full=1")
    text = pdf_text(answer.data, tmp_path)
    for words in ("客户投诉处理表", "Customercomplainthandlingform", "挺快的", "检漏.png"):
        assert words in text, words
    for words in (f"质整〔{notice.year}〕1号", "排查同批次", "SHA-256", "Verificationcode"):
        assert words in text, words


def test_a_print_without_full_holds_no_foreign_blocks(client: FlaskClient) -> None:
    who = cast()
    ticket = handled(who)
    sample.signed(who, ticket=ticket)
    desk = signed_in(client, who, "supervisor")
    address = f"/tickets/{ticket.number}/response-table?print=1&language=en"
    assert "三次上门记录均无检漏数据" not in page(desk, address)
    assert "三次上门记录均无检漏数据" in page(desk, f"{address}&full=1")


def test_a_department_s_record_holds_only_the_notices_it_may_see(client: FlaskClient) -> None:
    """One scope for all doors."""
    who = cast()
    ticket = handled(who)
    other = make.department("logistics")
    draft = sample.drafted(who, title="只给物流")
    notices.edit(draft, by=who.supervisor, department_id=other.id)
    foreign = sample.drafted(who, ticket=ticket, title="物流的问题")
    notices.edit(foreign, by=who.supervisor, department_id=other.id)
    notices.issue(notices.approve(foreign, by=who.supervisor), by=who.supervisor)
    address = f"/tickets/{ticket.number}/response-table?print=1&full=1"
    assert "物流的问题" not in page(signed_in(client, who, "handler"), address)
    assert "物流的问题" in page(signed_in(client, who, "supervisor"), address)


def test_a_print_is_known_again_by_its_code(client: FlaskClient) -> None:
    """Verification code."""
    who = cast()
    ticket = handled(who)
    desk = signed_in(client, who, "supervisor")
    code = code_of(desk, ticket)
    address = f"/tickets/{ticket.number}/response-table?code="
    told = page(desk, address + code)
    assert "This print comes from here" in told and "Nothing has happened since then." in told
    assert "This print comes from here" in page(desk, address + code.lower().replace("-", " ", 0))
    actions.note(ticket, by=who.agent, body="补充")
    sample.issued(who, ticket=ticket)
    assert "things have happened since then." in page(desk, address + code)
    assert code_of(desk, ticket) != code


@pytest.mark.parametrize("given", ["1-AAAA-BBBB-CCCC", "x", "1532", "9" * 40, "-", "１-AAAA"])
def test_a_wrong_code_is_told(client: FlaskClient, given: str) -> None:
    who = cast()
    ticket = handled(who)
    desk = signed_in(client, who, "supervisor")
    told = page(desk, f"/tickets/{ticket.number}/response-table?code={given}")
    assert "This code does not belong to a print of this case" in told


def test_the_code_of_another_case_is_wrong_here(app: Flask) -> None:
    who = cast()
    first, second = (facts(who, handled_simply(n)) for n in range(2))
    printed = record.code(first, record.newest(first), KEY)
    assert record.checked(first, printed, KEY) == 0
    assert record.checked(second, printed, KEY) is None
    assert record.checked(first, printed, "another key") is None


def handled_simply(number: int) -> Ticket:
    return make.ticket(subject=f"第 {number} 件")


def facts(who: Cast, ticket: Ticket):  # type: ignore[no-untyped-def]
    return case_facts(queries.by_number(ticket.number, who.supervisor), who.supervisor)


def test_what_happens_to_a_notice_of_the_case_counts_as_news(app: Flask) -> None:
    who = cast()
    ticket = make.ticket()
    notice = sample.issued(who, ticket=ticket)
    before = facts(who, ticket)
    printed = record.code(before, record.newest(before), KEY)
    notices.sign(notice, by=who.handler)
    assert record.checked(facts(who, ticket), printed, KEY) == 1
