"""A mail's own HTML in a real browser: it gets the room that it needs and can do nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Route

from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.attacks import ATTACKS

pytestmark = pytest.mark.browser
LONG = "<p>line of the mail</p>" * 60
OPEN = "document.querySelector('details.as-written').open = true"
HEIGHT = "document.querySelector('.mail-frame').getBoundingClientRect().height"


def answered(client: FlaskClient, route: Route) -> None:
    """What the signed-in reader's server says, headers and all."""
    if not route.request.url.startswith("http://helpdesk.test/"):
        route.abort()
        return
    found = client.get(route.request.url.removeprefix("http://helpdesk.test"))
    route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.get_data())


def opened(app: Flask, chromium: Browser, html: str, width: int = 1280) -> tuple[Page, Ticket]:
    client = make.sign_in(app.test_client(), make.agent("Zhang Wei"))
    ticket = make.ticket()
    actions.add_customer_message(ticket, by=make.CUSTOMER, body="x", channel="email", html=html)
    page = chromium.new_context(viewport={"width": width, "height": 800}).new_page()
    page.route("**/*", lambda route: answered(client, route))
    page.goto(f"http://helpdesk.test/tickets/{ticket.number}")
    page.evaluate(OPEN)
    return page, ticket


def wait_for_height(page: Page, enough: Callable[[float], bool]) -> None:
    """Asked from outside: the page's policy forbids the driver to wait inside it."""
    for _ in range(300):
        if enough(page.evaluate(HEIGHT)):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"the frame is {page.evaluate(HEIGHT)} high")


def test_the_frame_is_as_high_as_its_mail(app: Flask, chromium: Browser) -> None:
    page, _ticket = opened(app, chromium, LONG)
    wait_for_height(page, lambda height: height > 1200)
    page.context.close()


def test_a_long_line_or_a_wide_table_does_not_widen_the_page_on_a_telephone(
    app: Flask, chromium: Browser
) -> None:
    html = f"<p>{'x' * 3000}</p><table width=1400><tr><td>{'wide ' * 40}</td></tr></table>"
    page, _ticket = opened(app, chromium, html, width=390)
    wait_for_height(page, lambda height: height != 380)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_no_attack_runs_in_the_frame(app: Flask, chromium: Browser) -> None:
    """All of them in one mail; an alert would open a dialog or mark the window."""
    page, _ticket = opened(app, chromium, LONG + "".join(f"<div>{each}</div>" for each in ATTACKS))
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    wait_for_height(page, lambda height: height > 1200)
    page.wait_for_timeout(500)
    assert alerts == []
    page.context.close()
