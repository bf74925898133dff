"""Due times in working hours say so and name their moment; a clock that stands still says why."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk import promises
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.channels.form.forms import KINDS
from helpdesk.clock import Limit, moved_to
from helpdesk.core.db import db, transaction
from helpdesk.core.i18n import in_language, when
from helpdesk.core.outbox import deliver_due
from helpdesk.notices import actions, queries
from helpdesk.notices import clock as notices_clock
from helpdesk.notices import page as notice_page
from helpdesk.notices.models import Notice
from helpdesk.notices.queries import slug
from helpdesk.notify import escalations
from helpdesk.notify.models import Envelope
from helpdesk.promises import dues, rail
from helpdesk.promises.models import Reminder
from helpdesk.promises.words import DESK_CALENDAR
from helpdesk.setup import in_force
from tests.help import factories
from tests.help import notices as sample
from tests.help.calls import token

SHANGHAI = ZoneInfo("Asia/Shanghai")
SUNDAY = datetime(2026, 11, 29, 21, 50, tzinfo=SHANGHAI)
MONDAY = datetime(2026, 11, 30, 11, tzinfo=SHANGHAI)
AT_WORK = datetime(2026, 11, 30, 9, 20, tzinfo=SHANGHAI)


def told(at: datetime, limit: str = "2 wh", language: str = "en", due: datetime = MONDAY) -> str:
    calendar = in_force.current().calendars[DESK_CALENDAR]
    with moved_to(at), in_language(language):
        return dues.clock(due, "running", dues.left(due, Limit.parse(limit), calendar, at)).words


@pytest.mark.parametrize(
    ("at", "limit", "words"),
    [
        (
            SUNDAY,
            "2 wh",
            "by Mon 11:00, 2 working hours left · outside working hours, goes on Mon 09:00",
        ),
        (AT_WORK, "2 wh", "by 11:00, 1 h 40 min of working time left"),
        (SUNDAY, "24 h", "by 30 Nov, 11:00"),
        (AT_WORK, "24 h", "1 h 40 min left"),
    ],
)
def test_thirteen_hours_of_a_night_never_read_two_hours(
    app: Flask, at: datetime, limit: str, words: str
) -> None:
    with app.test_request_context():
        assert told(at, limit) == words


def test_the_same_is_said_in_chinese(app: Flask) -> None:
    with app.test_request_context():
        words = told(SUNDAY, language="zh_Hans")
    assert words == "周一 11:00前，还剩2 个工作小时 · 非工作时间，周一 09:00起继续计时"


def test_a_row_of_the_desk_and_the_customers_page_name_the_moment(client: FlaskClient) -> None:
    with moved_to(SUNDAY):
        made = factories.ticket()
        factories.sign_in(client, factories.agent())
        pages = [client.get("/queue?view=all").text, client.get(f"/tickets/{made.number}").text]
    for page in pages:
        assert re.search(r"by (Mon|Tue) \d\d:\d\d", page)
        assert "working hour" in page
        assert "outside working hours" in page
        assert not re.search(r">\s*\d+ h left", page)


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_form_promises_what_the_receipt_promises_for_each_kind(
    client: FlaskClient, kind: str
) -> None:
    data = {"subject": "A question", "body": "How?", "kind": kind, "contact": "a@example.org"}
    with moved_to(AT_WORK):
        form = client.get("/new?lang=en").text
        receipt = client.get(client.post("/new", data=data).location).text
    line = re.search(rf'data-kind="{kind}" data-category="">(.*?)</p>', form, re.DOTALL)
    assert line
    promise = re.search(
        r"somebody answers you by [^<]*? at the latest(?: \(\d+ working \w+\))?\.", line[1]
    )
    assert promise and promise[0].replace("somebody", "Somebody") in receipt


def test_the_promise_of_an_enquiry_is_not_that_of_a_complaint(client: FlaskClient) -> None:
    form = client.get("/new?lang=en").text
    found = dict(
        re.findall(r'data-kind="(\w+)" data-category="">.*?by ([^<]*?) at the', form, re.DOTALL)
    )
    assert found["enquiry"] != found["complaint"]


def test_a_mark_tells_what_its_moment_is_measured_in(app: Flask) -> None:
    with moved_to(AT_WORK), app.test_request_context():
        made = factories.ticket()
        marks = rail.marks(promises.shown(promises.table(made), made), in_force.current())
        first = next(mark for mark in marks if mark.promise == "first_answer")
        assert re.search(r"by \S+ \S+, \d\d:\d\d at the latest \(\d+ working \w+\)", first.promised)


WEDNESDAY = datetime(2026, 12, 2, 17, 0, tzinfo=SHANGHAI)


def near_its_end(step_due: datetime, limit: str) -> str:
    """The page's address of a notice whose plan is due at a moment, by this limit."""
    notice = sample.signed(sample.cast())
    with transaction():
        row = db.session.get_one(Notice, notice.id)
        plan = notices_clock.steps(row)["plan"]
        plan.limit, plan.due_at = limit, step_due
        notices_clock.follow(row)
    return slug(notice)


DUE = datetime(2026, 12, 3, 11, 0, tzinfo=SHANGHAI)
EIGHTEEN_REAL_HOURS = "18 h"


def test_a_notice_s_clock_names_the_moment_and_the_working_time_on_every_page(
    client: FlaskClient,
) -> None:
    with moved_to(WEDNESDAY):
        reference = near_its_end(DUE, "8 wh")
        number = sample_ticket(reference)
        factories.sign_in(client, factories.agent("Lin Tao", "supervisor"))
        paths = ("/notices", f"/notices/{reference}", f"/tickets/{number}")
        pages = {path: client.get(path).text for path in paths}
    for path, page in pages.items():
        words = " ".join(re.sub(r"<[^>]+>", "", page).split())
        assert "by Thu 11:00, 3 working hours left" in words.replace(" ,", ","), path
        assert EIGHTEEN_REAL_HOURS not in words


def test_a_notice_s_clock_that_stands_still_says_why(app: Flask) -> None:
    with moved_to(datetime(2026, 12, 2, 20, 0, tzinfo=SHANGHAI)), app.test_request_context():
        reference = near_its_end(DUE, "8 wh")
        with in_language("en"):
            [row] = notice_page.rows([by_reference(reference)])
    assert row.due is not None
    assert row.due.words == (
        "by Thu 11:00, 2 working hours left · outside working hours, goes on Thu 09:00"
    )


def test_a_notice_s_clock_in_real_hours_tells_real_hours(app: Flask) -> None:
    with moved_to(DUE - timedelta(hours=5)), app.test_request_context(), in_language("en"):
        [row] = notice_page.rows([by_reference(near_its_end(DUE, "24 h"))])
    assert row.due is not None and row.due.words == "5 h left"


def test_the_mails_of_a_notice_name_the_moment_and_the_working_time(app: Flask) -> None:
    with moved_to(WEDNESDAY), app.test_request_context():
        reference = near_its_end(DUE, "8 wh")
        boss = factories.agent("Lin Tao", "supervisor").actor
        notice = by_reference(reference)
        assert notice.next is not None
        reminder = Reminder(
            promise_id=notice.next.id,
            subject_kind="notice",
            subject_id=notice.id,
            promise="plan",
            level=80,
        )
        with in_language("en"):
            assert escalations.due_step(reminder).due == "3 Dec, 11:00, 3 working hours left"
        actions.submit_plan(notice, by=sample_handler(), root_cause="x", plan="x", planned_at=DUE)
        actions.reject_plan(notice, by=boss, comment="Too thin.")
        deliver_due()
        sent = db.session.scalars(select(Envelope.body).order_by(Envelope.id.desc()))
        body = next(each for each in sent if "Too thin." in each)
    assert "3 working hours left" in body or "还剩3 个工作小时" in body


def test_the_api_says_which_step_is_due_and_by_which_limit(client: FlaskClient) -> None:
    with moved_to(WEDNESDAY):
        reference = near_its_end(DUE, "8 wh")
        answer = client.get(f"/api/v1/notices/{reference}", headers=token("supervisor")).json
    assert answer["next_step"] == {"step": "plan", "due_at": answer["due_at"], "limit": "8 wh"}


def by_reference(reference: str) -> Notice:
    return queries.by_number(reference, SYSTEM)


def sample_ticket(reference: str) -> str:
    """The number of a case that the notice is about."""
    ticket = factories.ticket()
    with transaction():
        by_reference(reference).ticket_id = ticket.id
    return ticket.number


def sample_handler() -> Actor:
    agent = db.session.scalars(select(Agent).where(Agent.name == "Li Na")).one()
    return agent.actor


@pytest.mark.parametrize(
    ("before", "words", "still"),
    [
        (timedelta(hours=8), "8 h left", False),  # the last eight hours tick
        (timedelta(hours=8, seconds=1), "by {at}", True),
        (timedelta(minutes=1), "1 min left", False),
        (timedelta(minutes=-5), "5 min late", False),
    ],
)
def test_a_clock_ticks_in_its_last_eight_hours_and_when_it_is_late(
    app: Flask, before: timedelta, words: str, still: bool
) -> None:
    at, limit = MONDAY - before, Limit.parse("24 h")
    with app.test_request_context(), moved_to(at), in_language("en"):
        known = dues.left(MONDAY, limit, in_force.current().calendars[DESK_CALENDAR], at)
        clock = dues.clock(MONDAY, "breached" if at > MONDAY else "running", known)
        assert (clock.words, clock.still) == (words.format(at=when(MONDAY)), still)


def test_a_clock_of_working_time_stands_still_at_night_and_ticks_by_day(app: Flask) -> None:
    calendar, limit = in_force.current().calendars[DESK_CALENDAR], Limit.parse("2 wh")
    with app.test_request_context(), in_language("en"):
        with moved_to(SUNDAY):
            night = dues.clock(MONDAY, "running", dues.left(MONDAY, limit, calendar, SUNDAY))
        with moved_to(AT_WORK):
            day = dues.clock(MONDAY, "running", dues.left(MONDAY, limit, calendar, AT_WORK))
            unknown = dues.clock(MONDAY, "running", None)
        assert (unknown.words, unknown.still) == (f"by {when(MONDAY)}", True)
    assert night.still and night.until is None and night.why
    assert not day.still and day.until and not day.why


@pytest.mark.parametrize(
    ("at", "limit", "words"),
    [
        (AT_WORK, "2 wh", "{at}, 1 h 40 min of working time left"),
        (AT_WORK, "24 h", "{at}"),
        (None, "2 wh", "{at}"),
    ],
)
def test_a_mail_names_the_moment_and_what_was_left_of_working_time(
    app: Flask, at: datetime | None, limit: str, words: str
) -> None:
    calendar = in_force.current().calendars[DESK_CALENDAR]
    with app.test_request_context(), moved_to(AT_WORK), in_language("en"):
        known = dues.left(MONDAY, Limit.parse(limit), calendar, at) if at else None
        assert dues.told(MONDAY, known) == words.format(at=when(MONDAY))


@pytest.mark.parametrize(("seconds", "is_told"), [(8 * 3600, True), (8 * 3600 + 1, False)])
def test_a_mail_tells_what_is_left_of_working_time_in_the_last_eight_hours(
    app: Flask, seconds: int, is_told: bool
) -> None:
    known = dues.Left(seconds, seconds, AT_WORK)
    with app.test_request_context(), moved_to(AT_WORK), in_language("en"):
        assert ("8 working hours" in dues.told(MONDAY, known)) is is_told


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("60 min", "1 hour"),
        ("61 min", "61 minutes"),
        ("90 min", "90 minutes"),
        ("120 min", "2 hours"),
        ("30 wmin", "30 working minutes"),
        ("61 wmin", "61 working minutes"),
        ("8 wh", "8 working hours"),
        ("5 wd", "5 working days"),
        ("60 wd", "60 working days"),
        ("60 cd", "60 days"),
    ],
)
def test_a_limit_is_told_in_whole_hours_where_it_has_them(
    app: Flask, limit: str, words: str
) -> None:
    with app.test_request_context(), in_language("en"):
        assert dues.limit_words(Limit.parse(limit)) == words


def test_a_promise_is_a_sentence_before_and_after_sending(app: Flask) -> None:
    with app.test_request_context(), moved_to(AT_WORK), in_language("en"):
        by = f"omebody answers you by {when(MONDAY)} at the latest"
        assert dues.promised(MONDAY, "8 wh") == f"S{by} (8 working hours)."
        assert dues.promised(MONDAY, "24 h") == f"S{by}."
        early = dues.promised(MONDAY, "8 wh", sent=False)
        assert early == f"Sent now, s{by} (8 working hours)."
        assert dues.promised(MONDAY, "24 h", sent=False) == f"Sent now, s{by}."
