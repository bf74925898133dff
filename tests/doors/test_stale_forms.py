"""Whoever corrects what a faster colleague has changed keeps what was typed and sees both.

The forms are found on the pages themselves: every one that carries the version which its writer has read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from helpdesk.channels.email.boxes import actions
from helpdesk.core.db import db, transaction
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.setup.models import RoutingRule
from tests.help import factories as make
from tests.help.page_forms import BOXES, Control, PageForm, forms_of
from tests.help.secrecy.doors import addresses, readable
from tests.help.secrecy.world import World, build

VERSIONS = ("version", "based_on")
READERS = ("admin", "handler")  # between them they may open every form
# Switching this on leaves an administrator without one a single page: that of setting it up.
NOT_CHANGED = "second_factor_for_admins"
WHY = ("note", "reason", "comment")  # words that say why, stored nowhere as a field
LIMIT = re.compile(r"(\d+) (min|h|wh|wd|cd)")
# What must be among the forms that are found: by the address to which they are sent.
CORRECTIONS = {
    "/admin/calendars/<code>",
    "/admin/canned-replies/<int:reply_id>",
    "/admin/categories/<int:category_id>",
    "/admin/departments/<code>",
    "/admin/mailboxes/<int:box_id>",
    "/admin/options",
    "/admin/people/<int:agent_id>",
    "/admin/promises",
    "/admin/promises/chains/<code>",
    "/admin/routes/<int:rule_id>",
    "/customers/<int:person_id>",
    "/kb/<code>/edit",
    "/kb/<code>/end",
    "/kb/categories/<code>",
    "/notices/<reference>/edit",
    "/tickets/<number>/case-file",
    "/tickets/<number>/edit",
}


@dataclass(frozen=True)
class Found:
    """A form, who may open it, on which page, and where it is sent."""

    reader: str
    page: str
    target: str
    rule: str
    form: PageForm

    def among(self, forms: list[PageForm]) -> PageForm | None:
        """The same form on a page that was opened later."""
        same = [
            each
            for each in forms
            if (each.action or self.page.partition("?")[0]) == self.target
            and _fixed(each) == _fixed(self.form)
            and version_of(each)
        ]
        return same[0] if same else None


def _fixed(form: PageForm) -> set[str]:
    """The names that don't depend on how many rows a table has."""
    return {name for name in form.names if not re.search(r"\d", name)} - {"note"}


def version_of(form: PageForm) -> str:
    """What the writer has read, as the form carries it."""
    return next((form.value(name) for name in VERSIONS if name in form.names), "")


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    """The company; its mailbox is not tried out on the net when it is saved."""
    monkeypatch.setattr(actions, "try_out", lambda *_: [])
    world = build(app)
    with transaction() as session:
        box = session.scalars(select(Mailbox)).one()
        box.host, box.user = "imap.example.com", "other"
    return world


def found_forms(world: World) -> list[Found]:
    """Every form with a version, once for each address to which it can be sent and each set of
    fields: looked for once, since each test's company is built alike."""
    if not FOUND:
        FOUND.extend(_found_forms(world))
    return FOUND


FOUND: list[Found] = []


def _found_forms(world: World) -> Iterator[Found]:
    seen: set[Any] = set()
    adapter = world.app.url_map.bind("localhost")
    for reader in READERS:
        browser = world.browser(reader)
        for rule in readable(world.app, api=False):
            for page in addresses(rule, world):
                if "?" in page and "part=dialogs" not in page:
                    continue
                answer = browser.get(page)
                if "html" not in (answer.content_type or "") or answer.status_code != 200:
                    continue
                for form in forms_of(answer.text):
                    if form.method != "post" or not version_of(form):
                        continue
                    target = form.action or page.partition("?")[0]
                    matched, values = adapter.match(target, method="POST", return_rule=True)
                    key = (matched.rule, values.get("code"), frozenset(_fixed(form)))
                    if key not in seen:
                        seen.add(key)
                        yield Found(reader, page, target, matched.rule, form)


@pytest.mark.thorough
def test_every_form_with_a_version_keeps_what_was_typed_and_shows_both(world: World) -> None:
    wrong: list[str] = []
    shown: dict[str, set[str]] = {}
    for found in found_forms(world):
        for names in groups(found.form):
            told, stored = stale(world, found, names)
            wrong += [f"{found.rule} {each}" for each in told]
            shown.setdefault(found.rule, set()).update(stored)
    assert wrong == []
    assert CORRECTIONS - {rule for rule, stored in shown.items() if stored} == set()


@pytest.mark.thorough
def test_a_step_on_a_stale_page_keeps_its_words_and_never_fails_for_ever(world: World) -> None:
    """No page after a conflict sends the old version again, and what was typed stands on it."""
    wrong = []
    for found in found_forms(world):
        browser = world.browser(found.reader)
        form = opened(browser, found)
        if form is None:
            continue
        written = {
            each.name: my_words(form, each.name)
            for each in form.controls
            if each.kind in ("text", "textarea") and not re.search(r"\d", each.name)
        }
        old = version_of(form)
        gone = str(int(old) - 1) if len(old) < 16 else old[::-1]
        answer = post(browser, found, form.typed(written | dict.fromkeys(VERSIONS, gone)))
        if answer.status_code == 303 and not written:
            continue  # a button without words: a sentence says why nothing was done
        again = [version_of(each) for each in forms_of(answer.text)]
        told = unescape(answer.text).replace("\r\n", "\n")
        lost = [
            line
            for words in written.values()
            for line in words.splitlines()
            if line.strip() not in told
        ]
        if answer.status_code not in (409, 422) or gone in again or lost:
            wrong.append((found.rule, found.target, answer.status_code, gone in again, lost))
    assert wrong == []


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_send_again_on_an_error_page_leads_to_both_and_then_through(
    app: Flask, client: FlaskClient, language: str
) -> None:
    """The token was lost while a colleague was faster: the page of the error carries the old version."""
    rule = make.rule("Fridges", make.department(), words="fridge")
    make.sign_in(client, make.agent("Chen Jie", "admin", language=language))
    page = f"/admin/routes/{rule.id}"
    mine = next(each for each in forms_of(client.get(page).text) if version_of(each))
    colleague = mine.typed({"words": "freezer"})
    assert client.post(page, data=dict(colleague.pairs())).status_code == 303
    app.config["WTF_CSRF_ENABLED"] = True
    error = client.post(page, data=dict(mine.typed({"words": "icebox"}).pairs()))
    app.config["WTF_CSRF_ENABLED"] = False
    assert error.status_code == 422
    again = next(each for each in forms_of(error.text) if version_of(each))
    assert version_of(again) == version_of(mine) and again.action.startswith(page)
    both = client.post(page, data=dict(again.pairs()))
    assert both.status_code == 409
    shown = next(each for each in forms_of(both.text) if version_of(each))
    assert shown.value("words") == "icebox"
    stored = "现已保存为：freezer" if language == "zh_Hans" else "Stored now: freezer"
    assert [words for name, words in shown.beside if name == "words" and stored in words]
    assert client.post(page, data=dict(shown.pairs())).status_code == 303
    db.session.rollback()
    assert db.session.get_one(RoutingRule, rule.id, populate_existing=True).words == "icebox"


def groups(form: PageForm) -> Iterator[tuple[str, ...]]:
    """Which fields are changed together: what is written at once, each choice for itself; of the rows
    of a table, which are drawn alike, one."""
    free: dict[str, Control] = {}
    for each in form.controls:
        alike = re.sub(r"^[a-z_]+(?=-)", "", re.sub(r"\d+", "0", each.name))
        if each.kind not in ("hidden", "file", "password") and each.name not in (*WHY, NOT_CHANGED):
            free.setdefault(alike, each)
    written = [each.name for each in free.values() if each.kind not in (*BOXES, "select")]
    if written:
        yield tuple(written)
    yield from ((each.name,) for each in free.values() if each.kind in (*BOXES, "select"))


def stale(world: World, found: Found, names: tuple[str, ...]) -> tuple[list[str], set[str]]:
    """What is wrong when somebody changes these fields first, and which of them are stored so."""
    mine, theirs = world.browser(found.reader), world.browser(found.reader)
    my_form, their_form = opened(mine, found), opened(theirs, found)
    if my_form is None or their_form is None:
        return [], set()
    sent = faster(theirs, found, their_form, names)
    if not sent and len(names) > 1:
        parts = [stale(world, found, (name,)) for name in names]
        return [each for told, _ in parts for each in told], set().union(*(s for _, s in parts))
    now = opened(mine, found)
    stored = {
        name for name in sent if now is not None and same(now.value(name), sent[name])
    }  # a field of words that are not stored comes back empty
    if not stored:
        return [], set()
    typed = {name: other for name in sent if (other := my_words(my_form, name))}
    mine_typed = my_form.typed(typed | why(my_form))
    answer = post(mine, found, mine_typed)
    return [
        f"{names}: {each}" for each in wrongs(mine, found, mine_typed, sent, stored, answer)
    ], stored


def opened(browser: FlaskClient, found: Found) -> PageForm | None:
    """The form as it is on its page now."""
    return found.among(forms_of(browser.get(found.page).text))


def faster(
    browser: FlaskClient, found: Found, form: PageForm, names: tuple[str, ...]
) -> dict[str, str]:
    """What a colleague has sent and the program has taken; nothing when it took none of it."""
    offered = {name: candidates(form, name) for name in names}
    for place in range(
        len(offered[names[0]]) if len(names) == 1 else 1
    ):  # none: nothing else to pick
        values = {name: offered[name][place] for name in names}
        if post(browser, found, form.typed(values | why(form))).status_code == 303:
            return values
    return {}


def post(browser: FlaskClient, found: Found, form: PageForm) -> TestResponse:
    """Send a form; where a page asks before it stores, go on from there."""
    data: dict[str, list[str]] = {}
    for name, value in form.pairs():
        data.setdefault(name, []).append(value)
    answer = browser.post(found.target, data=data)
    asks = [each for each in forms_of(answer.text) if each.action.endswith("/save")]
    if answer.status_code == 200 and asks:
        return browser.post(asks[0].action, data=dict(asks[0].typed({"note": "so"}).pairs()))
    return answer


def wrongs(
    browser: FlaskClient,
    found: Found,
    typed: PageForm,
    theirs: dict[str, str],
    stored: set[str],
    answer: TestResponse,
) -> Iterator[str]:
    """What the page after a stale correction lacks."""
    form = found.among(forms_of(answer.text))
    if answer.status_code != 409 or form is None:
        yield f"answered {answer.status_code} without the form"
        return
    for name in theirs:
        if not same(form.value(name), typed.value(name)):
            yield f"{name}: {typed.value(name)!r} is lost, there is {form.value(name)!r}"
    for name in stored:
        lines = [words for known, words in form.beside if known in ("", name)]
        if not any(words_of(typed, name, theirs[name]) in line for line in lines):
            yield f"{name}: {theirs[name]!r} is stored, the page says {lines}"
    if version_of(form) == version_of(typed):
        yield "the old version stands in the form again"
    elif post(browser, found, form).status_code != 303:
        yield "it was not taken when it was sent again"


def same(one: str, other: str) -> bool:
    """As good as equal: how lines end is the browser's matter."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def words_of(form: PageForm, name: str, value: str) -> str:
    """How a value is told: a choice by its label, a box and a time by any word, all else as it is."""
    control = next(each for each in form.controls if each.name == name)
    if control.kind in (*BOXES, "datetime-local") or not value:
        return "Stored now"
    if control.kind == "textarea":
        return value.strip()
    return dict(control.options).get(value, value.strip().partition("\n")[0])


def why(form: PageForm) -> dict[str, str]:
    """Reasons where one is asked for."""
    return {name: "so" for name in WHY if name in form.names and not form.value(name)}


def candidates(form: PageForm, name: str) -> list[str]:
    """Other values of a field, of which the program should take one."""
    alike = [each for each in form.controls if each.name == name]
    first, now = alike[0], form.value(name)
    if first.kind == "select":
        return [value for value, _ in first.options if value != now]
    if first.kind in BOXES:
        others = [each.value for each in alike if not each.on]
        if first.kind == "radio":
            return others
        return [*(f"{now}\n{each}" for each in others[:1]), *([""] if now else [])]
    return [_written(first, now, 1)]


def my_words(form: PageForm, name: str) -> str:
    """What is typed into a field too late; a choice stays as it was read."""
    first = next(each for each in form.controls if each.name == name)
    chosen = first.kind in (*BOXES, "select")
    return "" if chosen else _written(first, form.value(name), 2)


def _written(control: Control, now: str, place: int) -> str:
    first, *others = now.split("\n") if control.kind != "textarea" else [now]
    return "\n".join([_other(control, first, place), *others])


def _other(control: Control, now: str, place: int) -> str:
    limit = LIMIT.fullmatch(now)
    if control.kind == "number" or now.isdecimal():
        return str(int(now or "0") + (place if int(now or "0") < 40 else -place))
    if control.kind == "date":
        return (date.fromisoformat(now or "2099-01-01") + timedelta(days=place)).isoformat()
    if control.kind == "datetime-local":
        at = datetime.fromisoformat(now or "2099-01-01T10:00") + timedelta(days=place)
        return at.isoformat(timespec="minutes")
    if control.kind == "email":
        return f"other{place}@example.com"
    if limit:
        return f"{int(limit[1]) + place} {limit[2]}"
    return f"{now} {'乙甲'[place - 1]}"
