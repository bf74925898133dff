"""All tickets as a list, its number, its CSV; the search box, with rights applied."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from helpdesk.clock import moved_to
from helpdesk.core import outbox
from helpdesk.customers.people import Asker
from helpdesk.tickets import actions, filters, ticket_lists
from tests.help import factories as make
from tests.help.desk import dispatched, get, numbers
from tests.help.statements import counted


@pytest.fixture
def lead(client: FlaskClient) -> FlaskClient:
    """A supervisor at the desk."""
    return make.sign_in(client, make.agent("Chen Jie", "supervisor"))


def test_the_list_shows_ended_tickets_too_with_how_they_ended(lead: FlaskClient) -> None:
    ticket = make.ticket()
    actions.withdraw(ticket, by=make.agent().actor, comment="It works again")
    page = get(lead, "/tickets")
    assert numbers(page) == [ticket.number] and "Withdrawn" in page


@pytest.mark.parametrize(
    "query",
    ["", "status=registered", "channel=phone,web", "late=yes", "from=2026-03-09&to=2026-03-09",
     "category=quality", "q=冰箱", "severity=S2", "at=closed&from=2026-01-01"],
)  # fmt: skip
def test_the_number_above_the_list_is_the_number_of_its_rows(lead: FlaskClient, query: str) -> None:
    for day in (8, 9, 10):
        with moved_to(datetime(2026, 3, day, 2, 0, tzinfo=UTC)):
            make.ticket(channel="phone" if day == 9 else "web")
    page = get(lead, f"/tickets?{query}")
    said = re.search(r'<p class="lead">(\d+) ticket', page)
    assert said and int(said[1]) == len(numbers(page))


def test_dates_are_days_of_the_company_s_zone(lead: FlaskClient) -> None:
    with moved_to(datetime(2026, 3, 8, 16, 30, tzinfo=UTC)):  # 00:30 on the 9th in Shanghai
        ticket = make.ticket()
    assert numbers(get(lead, "/tickets?from=2026-03-09&to=2026-03-09")) == [ticket.number]
    assert numbers(get(lead, "/tickets?to=2026-03-08")) == []


def test_what_a_link_narrows_down_by_is_said_and_can_be_taken_out(lead: FlaskClient) -> None:
    page = get(lead, "/tickets?late=yes&promise=sign&verdict=late,missed&severity=S1")
    for words in ("Late: Yes", "Promise: Sign", "Verdict: kept late, overdue", "severity=S1"):
        assert words in page
    assert '<input type="hidden" name="verdict" value="late,missed">' in page


def test_a_filter_survives_its_own_address(lead: FlaskClient) -> None:
    asked = filters.parse({"status": "closed,archived", "from": "2026-03-01", "q": "冰箱"})
    again = dict(asked.pairs())
    assert filters.parse(again | {"status": "closed,archived"}) == asked
    assert asked.without("from").since is None


@pytest.mark.parametrize("size", [2, 30])
def test_the_list_takes_three_statements(lead: FlaskClient, size: int) -> None:
    for n in range(size):
        make.ticket(subject=f"case {n}")
    get(lead, "/tickets")
    with counted() as sent:
        get(lead, "/tickets")
    assert len(sent) <= 3, "\n\n".join(sent)


def test_the_export_has_every_row_and_opens_in_a_spreadsheet(
    lead: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chinese intact, no cap; batches don't lose or repeat a row."""
    monkeypatch.setattr(ticket_lists, "BATCH", 3)
    made = [make.ticket(subject=f"=cmd{n}|冰箱").number for n in range(8)]
    answer = lead.get("/tickets.csv?channel=web")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert sorted(row["Number"] for row in rows) == made
    assert rows[0]["Subject"].startswith("'=cmd") and rows[0]["Customer"] == "王芳"
    assert rows[0]["Kind"] == "Complaint"


def test_only_supervisors_admins_and_auditors_export(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Zhang Wei"))
    assert client.get("/tickets.csv").status_code == 403
    make.sign_in(client, make.agent("Au Dit", "auditor"))
    assert client.get("/tickets.csv").status_code == 200


def test_search_finds_two_chinese_characters_and_english_in_any_case(lead: FlaskClient) -> None:
    """In subject, messages and notes."""
    chinese = make.ticket(subject="洗衣机漏水", body="地板全湿了")
    english = make.ticket(subject="Refund missing", body="Where is my MONEY?", language="en")
    agent = make.agent().actor
    actions.note(chinese, by=agent, body="疑似水管老化")
    for words, ticket in (
        ("漏水", chinese), ("地板", chinese), ("老化", chinese),
        ("REFUND", english), ("money", english),
    ):  # fmt: skip
        assert numbers(get(lead, f"/search?q={words}")) == [ticket.number], words
    assert "Nothing was found" in get(lead, "/search?q=独角兽")


def test_a_handler_finds_only_the_own_department_s_tickets(client: FlaskClient) -> None:
    unit = make.department()
    mine, _other = dispatched(make.ticket(), unit.id), make.ticket()
    make.sign_in(client, make.agent("Li Na", "handler", unit))
    assert numbers(get(client, "/search?q=制冷")) == [mine.number]


def test_a_number_opens_its_ticket(lead: FlaskClient) -> None:
    ticket = make.ticket()
    for words in (ticket.number, ticket.number.replace("-", ""), f" {ticket.number} "):
        assert lead.get(f"/search?q={words}").location == f"/tickets/{ticket.number}"
    answer = lead.get("/search?q=2026-999999")
    assert answer.status_code == 404 and "Nothing was found" in answer.get_data(as_text=True)


def test_search_finds_customers_by_name_and_number(lead: FlaskClient) -> None:
    make.ticket(person=Asker(name="李雷", phone="+86 138-0013-8000", email="li@example.com"))
    outbox.deliver_due()
    for words in ("李雷", "13800138000", "0086 138 0013 8000", "li@example.com", "1380013"):
        assert "李雷" in get(lead, f"/search?q={words.replace('+', '%2B')}"), words


def test_the_search_page_is_named_after_its_words(lead: FlaskClient) -> None:
    assert "<title>unicorn" in get(lead, "/search?q=unicorn")
