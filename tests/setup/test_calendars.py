"""Work calendars: edited, imported, looked at before they are saved."""

from __future__ import annotations

import html
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to
from helpdesk.core import alarms, calendars
from helpdesk.core.alarms import Alarm
from helpdesk.core.calendars import Calendar
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.models import Envelope
from helpdesk.ops.doctor import invariants, surroundings
from helpdesk.promises.models import Promise
from helpdesk.setup.calendars import drafts, files, marks, years
from helpdesk.setup.calendars.actions import draft_of, found
from tests.help import factories as make

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
OFFICE = "/admin/calendars/cn-office"
HEAD = "date,kind,hours,name,name_en\n"


@pytest.fixture(autouse=True)
def wednesday():
    with moved_to(WEDNESDAY) as tick:
        yield tick


def fields(**changed: str) -> dict[str, str]:
    """The form of the office calendar as it opens, with these fields changed."""
    given = drafts.fields_of(draft_of(found("cn-office")))
    names = {name.replace("__", "-"): value for name, value in changed.items()}
    return given | names


def versions() -> int:
    return db.session.scalar(select(func.count()).where(Calendar.code == "cn-office"))


def save(desk: FlaskClient, page: str, note: str = "台风", code: str = "cn-office") -> Any:
    draft = html.unescape(re.search(r'name="draft" value="([^"]*)"', page)[1])
    sent = {"draft": draft, "note": note}
    return desk.post(f"/admin/calendars/{code}/save", data=sent)


def bring(desk: FlaskClient, content: str | bytes, name: str = "days.csv", **more: str) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    return desk.post(f"{OFFICE}/import", data={"file": (io.BytesIO(raw), name), **more})


def office() -> Any:
    return calendars.load_calendars()["cn-office"]


def test_the_page_shows_what_would_move_before_anything_is_saved(desk: FlaskClient) -> None:
    ticket = make.ticket()
    page = desk.post(OFFICE, data=fields(day__90__date="2026-11-19", day__90__kind="rest")).text
    assert "1 open cases would move: 2 of 3 running promises." in page
    assert ticket.number in page and "2026-11-19" in page
    assert "26 Nov" in page
    assert versions() == 1


def test_saving_moves_open_cases_and_keeps_the_reason(desk: FlaskClient, changes: Any) -> None:
    ticket = make.ticket()
    page = desk.post(OFFICE, data=fields(day__90__date="2026-11-19", day__90__kind="rest")).text
    assert save(desk, page).status_code == 303
    assert "counted anew: 0 of 3" in desk.get("/admin/calendars").text
    alarms.ring_all()
    assert "3 open promises counted anew, 2 moved" in desk.get("/admin/calendars").text
    query = select(Promise).where(Promise.of(ticket), Promise.promise == "resolve")
    row = db.session.scalars(query.execution_options(populate_existing=True)).one()
    assert row.due_at == datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    (change,) = changes()
    assert change["what"] == "calendar" and change["new"] == {"version": 2, "note": "台风"}
    assert invariants.recounts().ok


def test_a_calendar_without_a_reason_is_not_saved(desk: FlaskClient) -> None:
    page = desk.post(OFFICE, data=fields(week__0="10:00-12:00")).text
    answer = save(desk, page, note=" ")
    assert answer.status_code == 422 and "Please say why" in answer.text
    assert versions() == 1


def test_whoever_saves_an_older_look_is_told(desk: FlaskClient) -> None:
    first = desk.post(OFFICE, data=fields(week__0="10:00-12:00")).text
    second = desk.post(OFFICE, data=fields(week__1="10:00-12:00")).text
    save(desk, first)
    answer = save(desk, second)
    assert answer.status_code == 409 and "Somebody saved another version" in answer.text
    assert "Stored now: 10:00-12:00<" in answer.text
    assert versions() == 2


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"week__0": "09:00-12:00, 11:00-18:00"}, "week", "Two intervals overlap"),
        ({"week__0": "nine to five"}, "week-0", "Write hours such as"),
        ({"week__0": "18:00-09:00"}, "week-0", "The end lies before the start"),
        ({f"week__{n}": "" for n in range(7)}, "week", "at least one working hour"),
        ({"zone": "Mars/Olympus"}, "zone", "This time zone is not known"),
        ({"name_zh": " "}, "name_zh", "Please fill this in"),
        ({"until": "2027-02-29"}, "until", "There is no such date"),
        ({"until": "2012-01-01"}, "covered", "ends before it begins"),
        ({"season__0__begins": "02-29", "season__0__0": "24 h"}, "season-0-begins", "no such date"),
        ({"season__0__begins": "05-01"}, "season-0-begins", "at least one working hour"),
        ({"day__90__date": "2027-02-29", "day__90__kind": "rest"}, "day-90-date", "no such date"),
        ({"day__90__date": "1066-10-14", "day__90__kind": "rest"}, "day-90-date", "too far away"),
        ({"day__90__date": "2026-10-01", "day__90__kind": "rest"}, "day-90-date", "stands here twice"),
        ({"day__90__date": "2026-12-01", "day__90__kind": "hours"}, "day-90-hours", "needs its hours"),
        ({"day__90__date": "2026-12-01", "day__90__kind": "fun"}, "day-90-kind", "A day is one of"),
        ({}, "", "Nothing is different"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_reason(
    desk: FlaskClient, changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = desk.post(OFFICE, data=fields(**changed))
    assert answer.status_code == 422
    page = html.unescape(answer.text)
    assert sentence in page
    assert versions() == 1


def test_a_new_calendar_has_its_own_zone_and_a_department_chooses_it(desk: FlaskClient) -> None:
    sent = {"code": "berlin", "name_zh": "柏林", "name_en": "Berlin", "zone": "Europe/Berlin"}
    sent |= {"week-0": "9:00–12:00，13:00–17:00", "week-4": "22:00-06:00"}
    page = desk.post("/admin/calendars/new", data=sent).text
    assert save(desk, page, "a new site", "berlin").status_code == 303
    made = calendars.load_calendars()["berlin"]
    assert made.week == {0: (("09:00", "12:00"), ("13:00", "17:00")), 4: (("22:00", "06:00"),)}
    assert (made.version, made.covered) == (1, None)
    assert ">Berlin<" in desk.get("/admin/departments/new").text


def test_a_code_is_taken_once(desk: FlaskClient) -> None:
    sent = fields(code="cn-office")
    assert "with this code already" in desk.post("/admin/calendars/new", data=sent).text


def test_a_day_that_is_removed_becomes_usual_again(desk: FlaskClient) -> None:
    given = fields()
    name = next(name for name, value in given.items() if value == "2026-10-10")
    page = desk.post(OFFICE, data=given | {name.replace("date", "remove"): "y"}).text
    save(desk, page)
    assert not office().is_working_day(date(2026, 10, 10))
    assert office().days[date(2024, 10, 1)].source.startswith("holidays ")


def test_summer_hours_are_kept_and_shown(desk: FlaskClient) -> None:
    summer = {f"season__0__{n}": "09:00-12:00, 14:30-18:30" for n in range(5)}
    page = desk.post(OFFICE, data=fields(season__0__begins="05-01", **summer)).text
    save(desk, page)
    assert office().hours_on(date(2027, 6, 2)) == ((540, 720), (870, 1110))
    assert "From 05-01 on" in desk.get("/admin/calendars").text


CHINESE = """日期,类型,时间,名称,英文名称
2027/1/1,休息,,元旦,New Year
2027年1月3日,补班,,元旦补班,
2027-2-5,半天,9：00－12：00,除夕前,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_of_days_comes_in_any_usual_encoding(desk: FlaskClient, encoding: str) -> None:
    page = bring(desk, CHINESE.encode(encoding), complete="y")
    assert page.status_code == 200
    save(desk, page.text, "国务院办公厅通知")
    assert office().covered[1] == date(2027, 12, 31)
    assert office().days[date(2027, 1, 3)].name == "元旦补班"
    assert office().hours_on(date(2027, 2, 5)) == ((540, 720),)
    assert office().days[date(2027, 1, 1)].source == "days.csv"


def test_the_preview_of_a_file_names_every_day_that_changes(desk: FlaskClient) -> None:
    page = bring(desk, HEAD + "2026-10-10,rest,,休息,Rest\n2026-10-01,usual,,,\n").text
    assert "2026-10-10" in page and "2026-10-01" in page
    assert "2026-10-02" not in re.sub(r'name="draft" value="[^"]*"', "", page)
    assert "like its weekday" in page and "National Day" in page
    assert versions() == 1


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (HEAD + "2027-01-01,rest\n2027-02-29,rest\n", 3, "There is no such date"),
        (HEAD + "2027-01-01,rest\n2027-01-01,work\n", 3, "stands in the file twice"),
        (HEAD + "\n2027-01-01,party\n", 3, "A day is one of"),
        (HEAD + "1999-12-31,rest\n", 2, "too far away"),
        (HEAD + "2099-01-01,rest\n", 2, "too far away"),
        (HEAD + "2027-01-01,half\n", 2, "needs its hours"),
        (HEAD + "2027-01-01,rest,09:00-12:00\n", 2, "no working hours"),
        (HEAD + "2027-01-01,half,18:00-09:00\n", 2, "end lies before the start"),
        (HEAD + "2027-01-01,half,morning\n", 2, "Write hours such as"),
        ("2027-01-01,rest\n", 1, "first line names the columns"),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_nothing_changes(
    desk: FlaskClient, content: str, line: int, reason: str
) -> None:
    answer = bring(desk, content)
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    assert f"Line {line}: " in text and reason in text
    assert 'name="draft"' not in text
    assert versions() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "There is no day"),
        (HEAD.encode(), "There is no day"),
        (b"\xff\xfed\x00a\x00", "neither UTF-8 nor GB18030"),
        (b"date,kind\n2027-01-01,rest,\xff\n", "neither UTF-8 nor GB18030"),
        (b"%PDF-1.7\x00\x01", "neither UTF-8 nor GB18030"),
        (HEAD.encode() + b"2027-01-01,half,09:00-12:00\n" * 2100, "too long"),
        (b"BEGIN:VCALENDAR\nnonsense", "not a readable calendar file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    desk: FlaskClient, content: bytes, sentence: str
) -> None:
    answer = bring(desk, content)
    assert answer.status_code == 422 and sentence in html.unescape(answer.text)


def test_overlapping_hours_of_neighbouring_days_are_refused(desk: FlaskClient) -> None:
    night = HEAD + "2026-12-07,half,22:00-06:00\n2026-12-08,half,05:00-12:00\n"
    answer = bring(desk, night)
    assert answer.status_code == 422 and "overlap" in answer.text


def test_a_year_cannot_be_skipped(desk: FlaskClient) -> None:
    answer = bring(desk, HEAD + "2028-01-01,rest,,元旦,\n", complete="y")
    assert answer.status_code == 422 and "The days of 2027 are missing" in answer.text


def ics(*lines: str) -> str:
    event = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n{event}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_an_ics_file_brings_holidays_and_make_up_workdays(desk: FlaskClient) -> None:
    rest = ics("DTSTART;VALUE=DATE:20271001", "DTEND;VALUE=DATE:20271004", "SUMMARY:国庆节（休）")
    work = ics("DTSTART;VALUE=DATE:20271009", "SUMMARY:国庆节（班）")
    joined = rest.replace("END:VCALENDAR\r\n", "") + work[work.index("BEGIN:VEVENT") :]
    save(desk, bring(desk, joined, "2027.ics").text)
    days = {day: rule.kind for day, rule in office().days.items() if day.year == 2027}
    assert days == {date(2027, 10, n): "rest" for n in (1, 2, 3)} | {date(2027, 10, 9): "work"}


def test_case_16_a_name_that_holds_work_makes_no_working_day(
    desk: FlaskClient, shared: Path
) -> None:
    content = (shared / "cases" / "16-holiday-ics-names" / "workers.ics").read_bytes()
    read = files.read(content, "workers.ics")
    kinds = {day.isoformat()[5:]: rule.kind for day, rule in read.days.items() if rule}
    rests = ("05-03", "05-04", "05-05", "05-06", "05-09")
    assert kinds == dict.fromkeys(rests, "rest") | {"05-08": "work"}
    assert read.asked == (date(2027, 5, 9),)


@pytest.mark.parametrize(
    ("title", "what"),
    [
        ("International Workers' Day", "rest"),
        ("No work (company trip)", "rest"),
        ("Non-working day", "rest"),
        ("Network maintenance, closed", "rest"),
        ("Framework Day", "rest"),
        ("不上班（台风停工）", "rest"),
        ("停班", "rest"),
        ("国庆节（休）", "rest"),
        ("劳动节补休日", "rest"),
        ("国庆节（班）", "work"),
        ("元旦补班", "work"),
        ("劳动节(调休)上班", "work"),
        ("春节【调休上班】", "work"),
        ("Make-up workday", "work"),
        ("Spring Festival: working day", "work"),
        ("劳动节补休日 Make-up day (office open)", "ask"),
        ("值班安排", "ask"),
        ("班级春游", "ask"),
        ("Working from home", "ask"),
        ("补班（取消）", "ask"),
        ("放假（班）", "ask"),
    ],
)
def test_only_a_whole_word_makes_a_working_day_and_a_doubtful_title_is_asked_about(
    title: str, what: str
) -> None:
    assert marks.of_title(title).value == what


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY", "work"),
        ("X-APPLE-SPECIAL-DAY:WORK-HOLIDAY", "rest"),
        ("CATEGORIES:Holiday,Workday", "work"),
        ("CATEGORIES:Network", "rest"),
    ],
)
def test_a_mark_beside_the_title_decides(line: str, kind: str) -> None:
    content = ics("DTSTART;VALUE=DATE:20271009", "SUMMARY:国庆节", line).encode()
    (rule,) = files.read(content, "a.ics").days.values()
    assert rule is not None and rule.kind == kind


def test_a_doubtful_day_is_off_until_the_administrator_answers_the_question(
    desk: FlaskClient,
) -> None:
    content = ics("DTSTART;VALUE=DATE:20271009", "SUMMARY:值班安排")
    page = bring(desk, content, "a.ics").text
    assert 'name="answer-2027-10-09" value="rest" checked' in page
    draft = html.unescape(page.split('name="draft" value="')[1].split('"')[0])
    sent = {"draft": draft, "note": "2027", "answer-2027-10-09": "work"}
    again = desk.post(f"{OFFICE}/save", data=sent | {"again": "1"}).text
    assert 'name="answer-2027-10-09" value="work" checked' in again and versions() == 1
    assert desk.post(f"{OFFICE}/save", data=sent).status_code == 303
    assert office().days[date(2027, 10, 9)].kind == "work"


def test_without_an_answer_the_doubtful_day_stays_a_day_off(desk: FlaskClient) -> None:
    save(desk, bring(desk, ics("DTSTART;VALUE=DATE:20271009", "SUMMARY:值班"), "a.ics").text)
    assert office().days[date(2027, 10, 9)].kind == "rest"


def test_a_question_that_was_not_asked_is_refused(desk: FlaskClient) -> None:
    page = bring(desk, ics("DTSTART;VALUE=DATE:20271009", "SUMMARY:值班"), "a.ics").text
    draft = html.unescape(page.split('name="draft" value="')[1].split('"')[0])
    for odd in ("answer-2027-01-15", "answer-x"):
        answer = desk.post(f"{OFFICE}/save", data={"draft": draft, "note": "x", odd: "work"})
        assert answer.status_code == 422
    assert versions() == 1


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTSTART;VALUE=DATE:20271004", "DTEND;VALUE=DATE:20271001"), "end lies before"),
        (("DTSTART:20271004T090000Z", "DTEND:20271004T120000Z"), "Only whole days"),
        (("DTSTART;VALUE=DATE:20271001", "RRULE:FREQ=YEARLY"), "repeated entry"),
        (("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20271001"), "31 days at most"),
        (("SUMMARY:休",), "Only whole days"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_named(
    desk: FlaskClient, lines: tuple[str, ...], reason: str
) -> None:
    answer = bring(desk, ics(*lines), "a.ics")
    assert answer.status_code == 422
    assert "Line 3: " in answer.text and reason in answer.text


def test_a_forged_draft_is_refused(desk: FlaskClient) -> None:
    for draft in ("", "{}", "[1]", '{"code": 1}', "null"):
        answer = desk.post(f"{OFFICE}/save", data={"draft": draft, "note": "x"})
        assert answer.status_code == 422
    assert versions() == 1


def test_supervisors_read_calendars_without_the_edit_buttons(
    app: Flask, client: FlaskClient
) -> None:
    make.sign_in(client, make.agent("Liu Yang", "supervisor"))
    assert f'href="{OFFICE}"' not in client.get("/admin/calendars").text
    assert client.get(OFFICE).status_code == 403
    assert client.post(OFFICE, data={}).status_code == 403


def test_on_the_first_of_november_administrators_hear_of_the_missing_year(boss: Agent) -> None:
    with moved_to(datetime(2026, 10, 20, 2, 0, tzinfo=UTC)) as tick:
        years.plan()
        years.plan()
        alarm = db.session.scalars(select(Alarm).filter_by(kind=years.ALARM)).one()
        assert alarm.due_at == datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
        assert years.missing() == {}
        tick(12 * 86_400)
        alarms.ring_all()
        deliver_due()
        mail = db.session.scalars(select(Envelope).filter_by(purpose="calendar")).one()
        assert mail.recipient == boss.email and "2027" in mail.subject
        assert "Office hours" in mail.body
        tick(8 * 86_400)
        alarms.ring_all()
        deliver_due()
        count = select(func.count()).where(Envelope.purpose == "calendar")
        assert db.session.scalar(count) == 2


def test_a_missing_year_stands_on_the_pages_and_in_the_doctors_report(desk: FlaskClient) -> None:
    assert "the days of 2027 are missing" in desk.get("/admin/calendars").text
    assert "The holidays of 2027 are missing" in desk.get("/board").text
    assert surroundings.published().examples == ("cn-office until 2026-12-31",)


def test_once_the_days_are_brought_nobody_is_reminded(desk: FlaskClient, boss: Agent) -> None:
    save(desk, bring(desk, CHINESE, complete="y").text)
    alarms.ring_all()
    alarm = db.session.scalars(select(Alarm).filter_by(kind=years.ALARM)).one()
    assert alarm.due_at == datetime(2027, 11, 1, 1, 0, tzinfo=UTC)
    assert "the days of 2027 are missing" not in desk.get("/admin/calendars").text


def test_a_provisional_promise_is_counted_when_its_year_comes_out(
    desk: FlaskClient, boss: Agent
) -> None:
    with moved_to(datetime(2026, 12, 30, 2, 0, tzinfo=UTC)):
        make.sign_in(desk, boss)
        ticket = make.ticket()
        query = select(Promise).where(Promise.of(ticket), Promise.promise == "resolve")
        assert db.session.scalars(query).one().provisional
        save(desk, bring(desk, CHINESE, complete="y").text)
        alarms.ring_all()
        row = db.session.scalars(query.execution_options(populate_existing=True)).one()
        assert not row.provisional
        # Friday 1 January is off now, and Sunday 3 January is worked.
        assert row.due_at == datetime(2027, 1, 6, 10, 0, tzinfo=UTC)


def test_every_line_may_be_wrong_and_the_first_twenty_are_told() -> None:

    with pytest.raises(BadInput) as refusal:
        files.read((HEAD + "never,rest\n" * 50).encode(), "a.csv")
    assert len(refusal.value.errors) == files.MOST_ERRORS
