"""Rectification notices in the statistics: by department and state, first-pass rate."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import moved_to
from helpdesk.core.db import db, transaction
from helpdesk.notices import rows as notice_board
from helpdesk.notices.models import Notice
from helpdesk.statistics import notices
from tests.help import factories as make
from tests.help.statements import counted

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
BOSS = make.SUPERVISOR


def noticed() -> None:
    """Six notices of two departments in several states; one needed a second round."""
    units = [make.department(), make.department("logistics", "物流部", "Logistics")]
    rows = [("issued", 1), ("watching", 1), ("closed", 1), ("closed", 2), ("implementing", 2)]
    with transaction() as session:
        for place, (status, turn) in enumerate([*rows, ("signed", 1)]):
            session.add(
                Notice(
                    number=f"质整〔2026〕{place + 1}号",
                    year=2026,
                    serial=place + 1,
                    status=status,
                    round=turn,
                    department_id=units[place // 5].id,
                    title="Door seals",
                    problem="They leak.",
                    requirement="Check all of them.",
                    issued_at=MONDAY,
                )
            )


def test_notices_are_counted_by_department_and_state(app: Flask) -> None:
    noticed()
    board = notices.board(BOSS)
    quality, logistics = board.lines
    assert quality.unit.code == "quality" and quality.total == 5
    assert quality.states == {"issued": 1, "watching": 1, "closed": 2, "implementing": 1}
    assert logistics.states == {"signed": 1} and logistics.first_pass is None
    assert board.total == 6


def test_the_first_pass_rate_counts_those_that_were_re_inspected(app: Flask) -> None:
    noticed()
    board = notices.board(BOSS)
    assert (board.lines[0].passed, board.lines[0].checked) == (2, 4)
    assert board.first_pass == 0.5


def test_every_number_of_notices_opens_as_many(client: FlaskClient) -> None:
    """The same for notices."""
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    noticed()
    page = client.get("/statistics").get_data(as_text=True)
    links = re.findall(r'<a href="/notices\?([^"]*)">(\d+)</a>', page)
    assert len(links) == 7
    for query, number in links:
        wanted = notice_board.NoticeFilter.read(dict(parse_qsl(query.replace("&amp;", "&"))))
        found = db.session.scalars(notice_board.filtered(wanted, BOSS)).all()
        assert len(found) == int(number), query
        assert client.get(f"/notices?{query.replace('&amp;', '&')}").status_code == 200


def test_notices_take_one_statement(app: Flask) -> None:
    noticed()
    notices.board(BOSS)
    with moved_to(MONDAY), counted() as sent:
        notices.board(BOSS)
    assert len([text for text in sent if "FROM notice" in text]) == 1


def test_without_a_notice_the_page_says_so(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    assert "There are no notices yet." in client.get("/statistics").get_data(as_text=True)
