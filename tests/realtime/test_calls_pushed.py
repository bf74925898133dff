"""News of calls reaches the wallboards of those who may know of every call, though no case changed."""

from __future__ import annotations

from flask import Flask

from helpdesk.realtime.tail import Calls
from tests.help import factories as make
from tests.help.live_pages import Browser
from tests.help.telephone import event, take


def watching(app: Flask, role: str) -> Browser:
    department = make.department() if role == "handler" else None
    found = Browser(app, make.agent(f"A {role}", role, department))
    assert found.ask("watch", topic="wallboard")["ok"]
    return found


def test_a_call_that_waits_is_news_for_the_wall_and_nothing_new_is_none(app: Flask) -> None:
    wall, calls = watching(app, "supervisor"), Calls()
    calls.push(7)  # how it stands when the first wall is opened
    assert wall.heard() == []
    take(event("ringing"), event("queued", 3))
    calls.push(7)
    calls.push(7)
    [told] = wall.heard()
    assert told == {"topic": "wallboard", "seq": 7, "name": "call.changed", "ticket": ""}
    take(event("abandoned", 9))
    calls.push(8)
    assert [each["seq"] for each in wall.heard()] == [8]


def test_a_department_is_not_told_that_a_call_came(app: Flask) -> None:
    wall, calls = watching(app, "handler"), Calls()
    calls.push(7)
    take(event("ringing"), event("queued", 3))
    calls.push(7)
    assert wall.heard() == []


def test_who_watches_something_else_is_not_told(app: Flask) -> None:
    browser, calls = Browser(app, make.agent()), Calls()
    browser.ask("watch", topic="me")
    watching(app, "supervisor")
    calls.push(7)
    take(event("ringing"))
    calls.push(7)
    assert browser.heard() == []
