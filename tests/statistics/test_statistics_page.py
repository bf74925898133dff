"""The statistics page, its words, its CSV, the API and who may read them."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.agents.models import ApiToken
from helpdesk.clock import moved_to
from helpdesk.core import i18n
from helpdesk.core.db import db, transaction
from helpdesk.promises.models import Promise
from helpdesk.statistics import groups, words
from helpdesk.statistics.measures import BY_CODE
from helpdesk.statistics.periods import choose
from helpdesk.tickets import actions, filters, ticket_lists
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.calls import new_token
from tests.help.statements import counted

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
BOSS = samples.BOSS


@pytest.fixture
def boss(client: FlaskClient) -> FlaskClient:
    """A supervisor at the desk."""
    return make.sign_in(client, make.agent("Chen Jie", "supervisor"))


def get(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def lead(page: str) -> str:
    return re.search(r'<p class="lead">([^<]*)</p>', page)[1]


def token(role: str = "supervisor") -> dict[str, str]:
    """The header of a program with this role."""
    plain, digest = new_token()
    with transaction() as session:
        session.add(ApiToken(name="reports", role=role, token_hash=digest))
    return {"Authorization": f"Bearer {plain}"}


def test_the_page_begins_with_a_sentence(boss: FlaskClient) -> None:
    with moved_to(MONDAY) as tick:
        make.ticket(kind="enquiry")
        tick(7 * 86400 + 3600)
        for turn in range(2):
            ticket = make.ticket(kind="enquiry", subject=f"Case {turn}")
            actions.accept(ticket, by=BOSS)
            actions.answer_directly(ticket, by=BOSS, body="Done.")
        page = get(boss, "/statistics")
    found = lead(page)
    assert found.startswith("2 cases received, 100 % more than in the 7 days before; ")
    assert found.endswith("1 overdue now.")


def test_the_sentence_speaks_of_complaints_when_only_those_are_asked_for(boss: FlaskClient) -> None:
    with moved_to(MONDAY):
        make.ticket()
        one = lead(get(boss, "/statistics?kind=complaint"))
    assert one.startswith("1 complaint, none in the 7 days before; nothing to judge yet")


def test_an_empty_period_says_so(boss: FlaskClient) -> None:
    page = get(boss, "/statistics?from=2020-01-01&to=2020-01-02&by=channel")
    assert "Nothing in this period" in page
    assert lead(page).startswith("0 cases received, as many as in the 2 days before")


@pytest.mark.parametrize("by", list(groups.NAMES))
def test_every_group_can_be_shown_in_both_languages(client: FlaskClient, by: str) -> None:
    with moved_to(MONDAY):
        make.ticket()
        for language in ("en", "zh_Hans"):
            name = f"Chen Jie {language[:2]}"
            make.sign_in(client, make.agent(name, "supervisor", language=language))
            page = get(client, f"/statistics?by={by}")
            assert ("共受理工单1件" in page) == (language == "zh_Hans")


def test_every_number_on_the_page_is_a_link_to_as_many_cases(boss: FlaskClient) -> None:
    samples.live(20)
    with moved_to(samples.LAST):
        page = get(boss, "/statistics?from=2026-03-01&to=2026-03-31&by=channel")
        links = re.findall(r'<a href="/tickets\?([^"]*)">(\d+)</a>', page)
        assert len(links) > 40
        for query, number in set(links):
            wanted = filters.parse(_args(query))
            assert ticket_lists.count(wanted, BOSS) == int(number), query


def test_a_time_is_that_of_the_promise_it_names_on_page_csv_and_api(boss: FlaskClient) -> None:
    """The first answer after half an hour and the resolution after two are two numbers."""
    with moved_to(MONDAY) as tick:
        ticket = make.ticket(kind="enquiry")
        actions.accept(ticket, by=BOSS)
        tick(1800)
        actions.send_message(ticket, by=BOSS, body="We are looking into it.")
        tick(5400)
        actions.answer_directly(ticket, by=BOSS, body="Done.")
        query = "from=2026-03-09&to=2026-03-10&by=channel"
        page = get(boss, f"/statistics?{query}&promise=acknowledge")
        head = token()
        told = {"response_time": 0.5, "resolve_time": 2.0}
        for code, hours in told.items():
            table = get(boss, f"/statistics/{code}.csv?{query}").splitlines()
            assert float(table[1].split(",")[3]) == hours, code
            found = boss.get(f"/api/v1/statistics/{code}?{query}", headers=head).get_json()
            assert found["value"] == found["rows"][0]["value"] == hours * 3600, code
    tiles = {label: number for _query, number, label, _note in tiles_of(page)}
    assert (tiles["First answer"], tiles["Resolution"]) == ("30 min", "2 h")
    row = re.search(r'<tr>\s*<th scope="row">\s*Web form\s*</th>.*?</tr>', page, re.S)[0]
    assert row.index("30 min") < row.index("2 h")


def tiles_of(page: str) -> list[tuple[str, str, str, str]]:
    """(query of the list, number, label, note) of each figure at the top."""
    pattern = (
        r'<a class="stat[^"]*" href="/tickets\?([^"]*)"><span class="stat-number">([^<]*)</span>'
        r'<span class="stat-label">([^<]*)</span>(?:<span class="stat-note">([^<]*)</span>)?'
    )
    return re.findall(pattern, page)


def test_every_figure_at_the_top_opens_the_cases_it_was_made_of(boss: FlaskClient) -> None:
    """Counts have as many, shares their counted part, times the cases that took them."""
    samples.live(24)
    with moved_to(samples.LAST):
        tiles = tiles_of(get(boss, "/statistics?from=2026-03-01&to=2026-03-31"))
        shown = {label: number for _query, number, label, _note in tiles}
        assert len(shown) == 8
        for query, number, label, note in tiles:
            listed = filters.parse(_args(query))
            if number.isdigit():
                assert ticket_lists.count(listed, BOSS) == int(number), label
            elif share := re.match(r"(\d+) of (\d+) ", note):
                part, of = map(int, share.groups())
                assert ticket_lists.count(listed, BOSS) == part, label
                assert number == words.percent(part / of), label
        for label, promise in {"First answer": "first_answer", "Resolution": "resolve"}.items():
            query = next(each[0] for each in tiles if each[2] == label)
            assert shown[label] == words.length(_average(query, promise)), label


def _average(query: str, promise: str) -> float:
    """The average time that the listed cases took for this promise, all rounds of a case added."""
    wanted = [
        *ticket_lists.conditions(filters.parse(_args(query)), BOSS),
        Promise.promise == promise,
    ]
    taken = (
        select(func.sum(Promise.taken))
        .join(Ticket, Promise.of(Ticket))
        .where(*wanted)
        .group_by(Ticket.id)
    )
    times = [float(each) for each in db.session.scalars(taken)]
    assert len(times) == ticket_lists.count(filters.parse(_args(query)), BOSS)
    return sum(times) / len(times)


def test_a_number_its_list_and_its_csv_are_the_same(boss: FlaskClient) -> None:
    """Clicking a number shows as many cases, and the CSV has as many rows."""
    samples.live(12)
    with moved_to(samples.LAST):
        page = get(boss, "/statistics?from=2026-03-01&to=2026-03-31&by=week")
        links = sorted(set(re.findall(r'<a href="/tickets\?([^"]*)">(\d+)</a>', page)))
        assert len(links) > 20
        for query, number in links[::3]:
            asked = query.replace("&amp;", "&")
            shown = get(boss, f"/tickets?{asked}")
            assert re.search(rf'<p class="lead">{number} tickets?</p>', shown), query
            assert len(re.findall(r'id="ticket-2026-\d+"', shown)) == int(number)
            table = boss.get(f"/tickets.csv?{asked}").get_data()
            assert len(list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))) == int(number) + 1


def test_a_list_says_whose_cases_it_holds(boss: FlaskClient) -> None:
    zhang = make.agent("Zhang Wei")
    page = get(boss, f"/tickets?assignee={zhang.id}&category=quality.")
    assert f'<option value="{zhang.id}" selected>Zhang Wei</option>' in page
    assert re.search(r'<option value="quality\." selected>[^<]+ itself</option>', page)


def _args(query: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in query.replace("&amp;", "&").split("&"):
        name, _is, value = part.partition("=")
        pairs[name] = f"{pairs[name]},{value}" if name in pairs else value
    return pairs


def test_period_and_filter_stay_in_the_address(boss: FlaskClient) -> None:
    page = get(boss, "/statistics?period=month&channel=phone&promise=sign&by=severity")
    tab = re.search(r'href="/statistics\?([^"#]*)#groups" aria-current="page"', page)[1]
    assert set(tab.split("&amp;")) == {
        "channel=phone",
        "period=month",
        "by=severity",
        "promise=sign",
    }


def test_every_chart_has_its_table_and_says_period_filter_and_number(boss: FlaskClient) -> None:
    with moved_to(MONDAY):
        make.ticket(channel="phone")
        page = get(boss, "/statistics?channel=phone&from=2026-03-09&to=2026-03-10")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.S)
    assert captions
    assert all("9 Mar 2026 to 10 Mar 2026 · Phone · n = 1" in caption for caption in captions)
    for block in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S):
        assert json.loads(block)["series"]


def test_definitions_stand_on_the_page(boss: FlaskClient) -> None:
    page = get(boss, "/statistics")
    assert page.count("<dd>") >= len(BY_CODE)
    assert "What these numbers mean" in page


def test_the_page_takes_few_statements(boss: FlaskClient) -> None:
    samples.live(10)
    with moved_to(samples.LAST):
        get(boss, "/statistics?from=2026-03-01&to=2026-03-31")
        with counted() as sent:
            get(boss, "/statistics?from=2026-03-01&to=2026-03-31")
    own = [s for s in sent if "FROM ticket" in s or "FROM promise" in s or "rating" in s]
    assert len(own) <= 8, "\n\n".join(own)
    assert len(sent) <= 16, "\n\n".join(sent)


@pytest.mark.parametrize("role", ["agent", "handler"])
@pytest.mark.parametrize("address", ["/statistics", "/statistics/received.csv"])
def test_only_those_who_lead_read_statistics(client: FlaskClient, role: str, address: str) -> None:
    make.sign_in(client, make.agent("Li Na", role, make.department()))
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("role", ["supervisor", "admin", "auditor"])
def test_supervisors_admins_and_auditors_read_them(client: FlaskClient, role: str) -> None:
    make.sign_in(client, make.agent("Li Na", role))
    get(client, "/statistics")


@pytest.mark.parametrize(
    "query", ["period=decade", "from=soon", "by=moon", "promise=all", "channel=pigeon"]
)
def test_what_is_not_understood_is_refused_with_a_sentence(boss: FlaskClient, query: str) -> None:
    assert boss.get(f"/statistics?{query}").status_code == 422


def test_a_measure_comes_as_csv_that_excel_reads(boss: FlaskClient) -> None:
    """Chinese stays intact."""
    with moved_to(MONDAY):
        make.ticket(channel="phone")
        answer = boss.get("/statistics/received.csv?from=2026-03-09&to=2026-03-10&by=category")
    assert answer.mimetype == "text/csv"
    assert "received-category-2026-03-09-2026-03-10.csv" in answer.headers["Content-Disposition"]
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0] == ["Category", "Code", "New"] and rows[1][1:] == ["quality", "1"]


@pytest.mark.parametrize("code", [measure.code for measure in BY_CODE.values()])
def test_every_measure_has_a_csv(boss: FlaskClient, code: str) -> None:
    with moved_to(MONDAY):
        make.ticket()
        answer = boss.get(f"/statistics/{code}.csv?by=department")
    assert answer.status_code == 200 and answer.get_data().count(b"\r\n") >= 1


def test_a_measure_that_does_not_exist_is_not_found(boss: FlaskClient) -> None:
    assert boss.get("/statistics/luck.csv").status_code == 404
    assert boss.get("/statistics/overdue.csv?by=day").status_code == 422


def test_the_api_tells_a_measure_with_definition_rows_and_list(client: FlaskClient) -> None:
    with moved_to(MONDAY):
        make.ticket(channel="phone")
        make.ticket(channel="web", subject="Another")
        address = "/api/v1/statistics/received?from=2026-03-09&to=2026-03-10&by=channel"
        found = client.get(address, headers=token()).get_json()
    assert found["measure"] == "received" and found["total"] == found["value"] == 2
    assert "received in the period" in found["definition"]
    assert {row["key"]: row["count"] for row in found["rows"]} == {"phone": 1, "web": 1}
    for each in (*found["rows"], found | {"count": found["total"]}):
        wanted = filters.parse(_args(each["list_url"].partition("?")[2]))
        assert ticket_lists.count(wanted, BOSS) == each["count"]


def test_the_api_tells_a_share_with_both_lists(client: FlaskClient) -> None:
    with moved_to(MONDAY) as tick:
        make.ticket()
        tick(40 * 86400)
        address = "/api/v1/statistics/on_time?from=2026-03-09&to=2026-03-31"
        found = client.get(address, headers=token()).get_json()
    assert (found["value"], found["total"], found["of"]) == (0.0, 0, 1)
    assert "missed" in found["of_list_url"] and found["rows"] == []


def test_the_api_filters_by_department_and_channel(client: FlaskClient) -> None:
    with moved_to(MONDAY):
        make.ticket(channel="phone")
        head = token()
        address = "/api/v1/statistics/received?from=2026-03-09&to=2026-03-10"
        assert client.get(f"{address}&channel=web", headers=head).get_json()["total"] == 0
        assert client.get(f"{address}&channel=phone", headers=head).get_json()["total"] == 1
        assert client.get(f"{address}&department=none", headers=head).get_json()["total"] == 1


def test_the_api_refuses_roles_and_odd_questions(client: FlaskClient) -> None:
    assert client.get("/api/v1/statistics/received").status_code == 401
    agent = token("agent")
    assert client.get("/api/v1/statistics/received", headers=agent).status_code == 403
    boss = token()
    assert client.get("/api/v1/statistics/luck", headers=boss).status_code == 404
    odd = client.get("/api/v1/statistics/overdue?by=day", headers=boss)
    assert odd.status_code == 422 and odd.get_json()["errors"].keys() == {"by"}


def test_measures_are_among_the_lists_of_choices(client: FlaskClient) -> None:
    found = client.get("/api/v1/meta", headers=token("agent")).get_json()
    assert [each["code"] for each in found["measures"]] == [each.code for each in BY_CODE.values()]
    document = client.get("/api/v1/openapi.json").get_json()
    assert "/statistics/{measure}" in document["paths"]


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(None, "–"), (0, "0 %"), (1, "100 %"), (0.884, "88 %"), (0.9991, "99.9 %"), (0.0001, "0.1 %")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(app: Flask, rate: float, shown: str) -> None:
    with i18n.in_language("en"):
        assert words.percent(rate) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (59, "1 min"), (5400, "1 h 30 min"), (7200, "2 h"), (400_000, "111 h")],
)
def test_a_length_is_told_in_hours_never_in_days(app: Flask, seconds: int, shown: str) -> None:
    with i18n.in_language("en"):
        assert words.length(seconds) == shown


def test_a_change_is_told_as_more_fewer_or_the_number(app: Flask) -> None:
    with i18n.in_language("en"), moved_to(MONDAY):
        week = choose({"period": "7days"})
        assert words.change(91, 100, week) == "9 % fewer than in the 7 days before"
        assert words.change(110, 100, week) == "10 % more than in the 7 days before"
        assert words.change(100, 4, week) == "4 in the 7 days before"
        assert words.change(3, 3, choose({"period": "today"})) == "as many as in the day before"
        assert words.points(0.9, 0.88) == "+2 points" and words.points(0.5, 0.51) == "−1 point"
        assert words.points(0.5, None) == ""
