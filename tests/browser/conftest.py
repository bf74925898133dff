"""A real browser on pages that the app renders; nothing listens on a port, the browser's requests are answered here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.help.browsers import CHROMIUM, QUIET
from tests.help.live import WAIT

expect.set_options(timeout=WAIT)
HERE = "http://helpdesk.test"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(app: Flask, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """open_page(template_source, **answers) shows a template under the app's own security headers.

    `answers` are texts for further paths ("/list"). `page.faults` gathers errors, policy breaches among them.
    """
    context = chromium.new_context(base_url=HERE, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT)

    def show(source: str, answers: dict[str, str] | None = None, **values: object) -> Page:
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
        page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))  # type: ignore[attr-defined]
        page.answers = {"/": _render(app, source, values), **(answers or {})}  # type: ignore[attr-defined]
        page.policy = _policy(app)  # type: ignore[attr-defined]
        page.route("**/*", lambda route: _answer(app, page, route))
        page.goto("/")
        page.wait_for_function("document.readyState === 'complete'")
        return page

    yield show
    context.close()


def _render(app: Flask, source: str, values: dict[str, object]) -> str:
    template = app.jinja_env.from_string(source)
    with app.test_request_context("/"):
        app.preprocess_request()
        context: dict[str, object] = {}
        app.update_template_context(context)
        return template.render({**context, **values, "csp_nonce": "tests"})


def _policy(app: Flask) -> str:
    policy = app.test_client().get("/no-such-page").headers["Content-Security-Policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    return policy.replace(nonce, "tests")


def _answer(app: Flask, page: Page, route: Route) -> None:
    address = urlsplit(route.request.url)
    if address.path in page.answers:  # type: ignore[attr-defined]
        body, kind = page.answers[address.path], "text/html; charset=utf-8"  # type: ignore[attr-defined]
    else:
        found = app.test_client().get(address.path)
        body, kind = found.get_data(), found.content_type
        if found.status_code != 200:
            route.fulfill(status=found.status_code, body="")
            return
    headers = {"Content-Security-Policy": page.policy, "Content-Type": kind}  # type: ignore[attr-defined]
    route.fulfill(status=200, body=body, headers=headers)
