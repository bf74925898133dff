"""The real program with the demo's company, and people with browsers who work in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.help import installations, servers

PASSWORD = "haichuan-demo-2026"
AXE = Path(__file__).parent / "axe-core-4.14.1" / "axe.min.js"
WAIT = 30_000  # milliseconds: the machine may be busy with other tests
LOOKS = {
    "light, wide, English": {"color_scheme": "light", "language": "en-GB"},
    "dark, narrow, Chinese": {
        "color_scheme": "dark",
        "viewport": {"width": 390, "height": 844},
        "language": "zh-CN",
    },
}
WIDE, NARROW = LOOKS
in_both_looks = pytest.mark.parametrize(
    "look", [WIDE, pytest.param(NARROW, marks=pytest.mark.thorough)]
)


@contextmanager
def company(folder: Path, **more: str) -> Iterator[servers.Server]:
    """Helpdesk as `bin/run --demo` starts it, on a private port; `more` are HELPDESK_ settings."""
    with servers.helpdesk(installations.demo(folder), **more) as server:
        yield server


def beside_the_socket(page: Any) -> list[str]:
    """The faults of a page but those of its websocket, where nobody is signed in for one."""
    return [fault for fault in page.faults if "WebSocket" not in fault and " 401 " not in fault]


def axe(page: Page) -> list[str]:
    """Serious and critical findings of axe on a page as it is (WCAG 2 A and AA)."""
    page.evaluate(AXE.read_text(encoding="utf8"))
    found = page.evaluate(
        "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})).violations"
    )
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


class Person:
    """One person with a browser of their own; `faults` gathers errors of the pages."""

    def __init__(
        self,
        browser: Browser,
        server: servers.Server,
        name: str = "",
        language: str = "zh-CN",
        **looks: object,
    ) -> None:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": language} | looks
        self.context: BrowserContext = browser.new_context(base_url=server.url, **options)
        self.context.set_default_timeout(WAIT)
        self.faults: list[str] = []
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)
        if name:
            self.sign_in(name)

    def _heard(self, said: object) -> None:
        if said.type == "error" and "status of 4" not in said.text:  # type: ignore[attr-defined]
            self.faults.append(said.text)  # type: ignore[attr-defined]

    def sign_in(self, name: str) -> None:
        self.page.goto("/sign-in")
        self.page.fill("input[name=email]", f"{name}@example.com")
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        expect(self.page.locator("#desk-nav")).to_be_visible()

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def move(self, number: str, code: str, **fields: str) -> None:
        """Take a step on a ticket: by its button, through its dialog when it has one."""
        self._step(f"/tickets/{number}", f"/tickets/{number}/moves/{code}", code, fields)

    def notice_move(self, reference: str, code: str, **fields: str) -> None:
        """Take a step on a notice."""
        self._step(f"/notices/{reference}", f"/notices/{reference}/moves/{code}", code, fields)

    def _step(self, page: str, action: str, code: str, fields: dict[str, str]) -> None:
        self.go(page)
        opener = self.page.locator(f'[data-dialog-opens="move-{code}"]')
        form = self.page.locator(f'form[action$="{action}"]')
        if opener.count():
            opener.first.click()
        for name, value in fields.items():
            _fill(form.locator(f'[name="{name}"]').first, form, name, value)
        with self.page.expect_navigation():
            form.locator("button[type=submit], button:not([type])").last.click()

    def write(self, number: str, mode: str, text: str) -> None:
        """Write to the customer (reply, message) or a note, from the ticket page."""
        self.go(f"/tickets/{number}")
        self.page.locator(f'input[name=mode][value="{mode}"]').check(force=True)
        self.page.fill("#reply", text)
        with self.page.expect_navigation():
            self.page.locator(f".send-{mode}").click()

    def axe(self) -> list[str]:
        """Serious and critical findings of axe on the page as it is."""
        return axe(self.page)


def _fill(field: Locator, form: Locator, name: str, value: str) -> None:
    kind = field.evaluate("e => e.type")
    if kind == "radio":
        form.locator(f'[name="{name}"][value="{value}"]').check()
    elif kind.startswith("select"):
        field.select_option(value)
    else:
        field.fill(value)
