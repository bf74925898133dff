"""An invitation tells date, place and organiser."""

import pytest

from helpdesk.channels.email.reading.invites import MAX_BYTES
from helpdesk.channels.email.reading.parser import parse

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\n{zone}BEGIN:VEVENT\r\nUID:1\r\n"
    "DTSTART{start}\r\nDTEND:20261201T020000Z\r\nSUMMARY:现场检查 冰箱\r\n"
    "LOCATION:Shanghai\\, Nanjing Road 5\r\n"
    "ORGANIZER;CN=Wang Fang:mailto:wang@a.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def invite(calendar: str, kind: str = "text/calendar; charset=utf-8; method=REQUEST"):
    head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    body = f"--x\r\nContent-Type: text/plain\r\n\r\nCome\r\n--x\r\nContent-Type: {kind}\r\n\r\n"
    return parse(f"{head}{body}{calendar}--x--\r\n".encode()).invite


def test_an_invitation_tells_what_when_where_and_who_asks():
    found = invite(EVENT.format(zone="", start=":20261201T010000Z"))
    assert (found.method, found.title) == ("REQUEST", "现场检查 冰箱")
    assert (found.begins, found.ends) == ("2026-12-01T01:00:00+00:00", "2026-12-01T02:00:00+00:00")
    assert found.place == "Shanghai, Nanjing Road 5"
    assert found.organiser == "Wang Fang <wang@a.example>"


def test_a_whole_day_is_a_date_without_a_time():
    assert invite(EVENT.format(zone="", start=";VALUE=DATE:20261201")).begins == "2026-12-01"


def test_a_time_in_a_named_zone_keeps_its_offset():
    found = invite(EVENT.format(zone="", start=";TZID=Asia/Shanghai:20261201T090000"))
    assert found.begins == "2026-12-01T09:00:00+08:00"


def test_a_calendar_file_without_its_own_type_is_read_too():
    calendar = EVENT.format(zone="", start=":20261201T010000Z")
    found = invite(calendar, 'application/octet-stream; name="meeting.ics"')
    assert found.method == "REQUEST"


@pytest.mark.parametrize(
    "calendar",
    [
        "",
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT\r\nDTSTART:x\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        "\x00\xff" * 50,
        EVENT.format(zone="X:" + "y" * MAX_BYTES + "\r\n", start=":20261201T010000Z"),
    ],
)
def test_what_is_no_calendar_is_no_invitation(calendar):
    assert invite(calendar) is None


def test_a_broken_date_leaves_only_the_date_out():
    found = invite(EVENT.format(zone="", start=":tomorrow"))
    assert found is None or found.begins == ""


def test_an_ordinary_mail_has_no_invitation():
    assert parse(b"From: a@b\r\n\r\nBEGIN:VCALENDAR").invite is None
