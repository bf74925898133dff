"""Due times in working hours say so and name their moment; a clock that stands still says why."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.channels.form.forms import KINDS
from helpdesk.clock import Limit, moved_to
from helpdesk.core.i18n import in_language
from helpdesk.promises import dues, rail
from helpdesk.setup import in_force
from tests import factories

SHANGHAI = ZoneInfo("Asia/Shanghai")
SUNDAY = datetime(2026, 11, 29, 21, 50, tzinfo=SHANGHAI)
MONDAY = datetime(2026, 11, 30, 11, tzinfo=SHANGHAI)
AT_WORK = datetime(2026, 11, 30, 9, 20, tzinfo=SHANGHAI)


def told(at: datetime, limit: str = "2 wh", language: str = "en", due: datetime = MONDAY) -> str:
    calendar = in_force.current().calendars[promises.DESK_CALENDAR]
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
