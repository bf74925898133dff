"""The documentation says what the program does, and its links lead somewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import tokens
from helpdesk.agents.rights import SYSTEM
from helpdesk.api.operations import OPERATIONS
from helpdesk.clock import moved_to, now
from helpdesk.core import background
from helpdesk.core.errors import BadInput
from helpdesk.ops import manual
from helpdesk.settings import Settings
from helpdesk.setup.promises import actions as setup_promises
from helpdesk.setup.promises import drafts
from helpdesk.words import CHANNELS
from tests.help import factories as make
from tests.help.smtp_sink import Sink

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_PATH = re.compile(r"`((?:helpdesk|tests|docs|bin|migrations|benchmarks)/[\w./-]*[\w/])`")
MOST_BYTES = 250_000


def relative_links(page: Path) -> list[str]:
    """Where the page's links to files of the project lead, without the part after #."""
    links = LINK.findall(page.read_text(encoding="utf8"))
    return [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]


def test_the_page_of_the_lifecycle_is_what_the_command_prints() -> None:
    page = (ROOT / "docs/lifecycle.md").read_text(encoding="utf8")
    assert manual.as_markdown() in page, "run: flask --app wsgi lifecycle, and copy it there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    lost = [link for link in relative_links(page) if not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = CODE_PATH.findall(page.read_text(encoding="utf8"))
    new = {
        "helpdesk/api/sms.py",
        "helpdesk/notify/text.py",
        "tests/api/test_sms.py",
    }  # the worked examples own
    assert [path for path in named if path not in new and not (ROOT / path).exists()] == []


def test_every_page_of_the_documentation_is_reached_from_the_readme() -> None:
    linked = set(relative_links(ROOT / "README.md"))
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert pages - linked == set()


def test_every_setting_of_the_environment_is_in_the_operations_page() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf8")
    source = (ROOT / "helpdesk/settings.py").read_text(encoding="utf8")
    read = re.findall(r'get(?:\.number|\.choice)?\("([A-Z_]+)"', source)
    assert len(read) > len(Settings.__dataclass_fields__) // 2
    assert [name for name in read if f"HELPDESK_{name}`" not in page] == []


def test_the_operations_page_names_every_process_and_how_to_make_the_database() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf8")
    for process in ("gunicorn wsgi:app", "worker", "alarms", "mail fetch", "mail serve"):
        assert re.search(rf"^\|[^|]+\|[^|]*{process}`", page, re.M), process
    for wanted in ("CREATE ROLE", "CREATE DATABASE", "helpdesk@.service", "ssl_certificate_key"):
        assert wanted in page


@pytest.mark.parametrize(
    "name", ["web", "live", "background", "worker", "alarms", "fetch", "serve"]
)
def test_each_process_of_the_operations_page_is_one_that_the_unit_can_start(name: str) -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf8")
    assert f"`{name}`" in page
    assert f"\n{name} | {name}-*)" in (ROOT / "bin/process").read_text(encoding="utf8")


ANSWER = "An answer, from the button to the mail server"
POLICY = "A change of the policy, from the form to a promise"


def walk(title: str = ANSWER) -> list[str]:
    """The files of a walk, as the page lists them."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf8")
    part = re.split(r"\n###? ", page.partition(f"### {title}")[2])[0]
    return re.findall(r"^\| `([\w/.]+)` \|", part, re.M)


def test_the_walk_from_the_policys_form_to_a_promise_is_short_and_really_goes_that_way(
    client: FlaskClient,
) -> None:
    """At most six files, and a new case is promised what the form said."""
    make.sign_in(client, make.agent(role="admin"))
    lines = setup_promises.lines(setup_promises.in_force().id)
    fields = drafts.of_lines(lines).fields | {"resolve-S3-limit": "7 wd", "note": "Slower"}
    fields["based_on"] = str(setup_promises.in_force().id)
    ran: set[str] = set()
    sys.setprofile(lambda frame, _event, _value: ran.add(frame.f_code.co_filename))
    try:
        client.post("/admin/promises", data=fields)
        opened = make.opened(severity="S3", kind="complaint")
    finally:
        sys.setprofile(None)
    limits = {row.promise: row.limit for row in opened.promises}
    assert limits["resolve"] == "7 wd"
    assert 4 < len(walk(POLICY)) <= 6
    assert [path for path in walk(POLICY) if str(ROOT / path) not in ran] == []


def test_the_walk_from_an_answer_to_its_mail_is_short_and_really_goes_that_way(
    sink: Sink, client: FlaskClient
) -> None:
    """At most 18 files to open; each program file among them runs between the button and the server."""
    agent, ticket = make.agent(role="supervisor"), make.ticket(kind="enquiry")
    background.deliver_round()
    make.sign_in(client, agent)
    ran: set[str] = set()

    def note(frame: FrameType, _event: str, _value: object) -> None:
        ran.add(frame.f_code.co_filename)

    words = {"mode": "reply", "body": "明天上门。", "solved": "yes"}
    sys.setprofile(note)
    try:
        client.post(f"/tickets/{ticket.number}/messages", data=words)
        with moved_to(now() + timedelta(minutes=1)):
            background.deliver_round()
    finally:
        sys.setprofile(None)
    assert len(sink.taken) == 2, "the receipt, and the answer"
    programs = [path for path in walk() if path.endswith(".py")]
    assert len(walk()) <= 18 and len(programs) > 12
    assert [path for path in programs if str(ROOT / path) not in ran] == []


@pytest.mark.parametrize("picture", sorted((ROOT / "docs/images").glob("*")), ids=lambda p: p.name)
def test_a_picture_loads_fast(picture: Path) -> None:
    assert picture.stat().st_size < MOST_BYTES


@pytest.fixture
def receive(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Any]:
    """What the worked example answers to a message: its code, run from the page."""
    page = (ROOT / "docs/adding-a-channel.md").read_text(encoding="utf8")
    example: dict[str, Any] = {"__name__": "sms"}
    monkeypatch.setitem(OPERATIONS, "sms.receive", None)  # and away again, as it was
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], example)
    monkeypatch.setitem(CHANNELS, "sms", "Text message")
    _row, text = tokens.add("Gateway", "agent", SYSTEM)
    headers = {"Authorization": f"Bearer {text}"}

    def answer(message: dict[str, str]) -> Any:
        with app.test_request_context("/api/v1/sms", method="POST", json=message, headers=headers):
            body, status = example["receive"]()
            return status, body.json

    return answer


MESSAGE = {"id": "a1", "from": "13900002007", "text": "The dishwasher leaks again."}


def test_the_worked_example_opens_one_ticket_for_a_message_sent_twice(receive) -> None:
    (first, made), (again, known) = receive(MESSAGE), receive(MESSAGE)
    assert (first, again) == (201, 201)
    assert made == known


def test_the_worked_example_refuses_an_empty_message(receive) -> None:
    with pytest.raises(BadInput):
        receive(MESSAGE | {"text": ""})
