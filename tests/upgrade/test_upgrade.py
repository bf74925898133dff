"""A database that an older edition has filled is brought to this one, and nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from benchmarks import sites
from benchmarks.upgrading import keeping, meanings
from benchmarks.upgrading.editions import KEY, url_of
from benchmarks.upgrading.forms import Forms
from helpdesk import create_app, settings
from helpdesk.clock import moved_to
from helpdesk.core import alarms
from helpdesk.core.db import db
from tests.help.stores import POSTGRES

pytestmark = pytest.mark.own_database

KEPT = Path(__file__).with_name("afb47f5.tar.xz")
ADMIN, PASSWORD = "ahmed.farouk@example.com", "haichuan-demo-2026"
WRITTEN = (  # what the kept database must hold for its upgrade to say anything
    *(
        "agent",
        "alarm",
        "api_token",
        "article",
        "article_revision",
        "assist",
        "attachment",
        "callback",
    ),
    *(
        "callback_attempt",
        "delivery",
        "duty",
        "absence",
        "escalation",
        "event",
        "extension",
        "heartbeat",
    ),
    *(
        "idempotency_key",
        "inbound_mail",
        "invitation",
        "journal_seal",
        "kb_miss",
        "link",
        "mailbox",
        "merging",
    ),
    *(
        "message",
        "notice",
        "outbound_mail",
        "person",
        "policy_version",
        "rating",
        "recount",
        "reminder",
    ),
    *("response", "routing_rule", "sending", "simulation", "simulated", "ticket"),
)
PAGES = (
    *(
        "/queue",
        "/tickets",
        "/callbacks",
        "/notices",
        "/kb",
        "/statistics",
        "/wallboard",
        "/mail",
        "/customers",
    ),
    *(
        "/board",
        "/admin/promises",
        "/admin/promises/versions/1",
        "/admin/calendars/cn-office",
        "/admin/routes",
    ),
    *(
        "/admin/options",
        "/admin/people",
        "/admin/mailboxes",
        "/admin/simulator",
        "/kb/fridge-not-cooling",
    ),
)
OF_A_TICKET = ("", "/promises", "/history", "/response-table", "/case-file")


@dataclass
class Upgraded:
    """The installation, what was in it before and after, and when the older edition stopped."""

    app: Flask
    before: meanings.Everything
    after: meanings.Everything
    made_at: datetime

    def flask(self, *arguments: str) -> str:
        """Run a command as an administrator does; what it prints."""
        return run(self.app, *arguments)


def run(app: Flask, *arguments: str) -> str:
    """Run a command as an administrator does, and leave nothing open; what it prints."""
    done = app.test_cli_runner().invoke(args=list(arguments))
    db.session.remove()
    assert done.exit_code == 0, (done.output, done.exception)
    return str(done.output)


@contextmanager
def older(folder: Path) -> Iterator[dict[str, str]]:
    """An installation as the older edition left it; gives its environment."""
    environ = {
        "HELPDESK_INSTANCE": str(folder),
        "HELPDESK_SECRET_KEY": KEY,
        "HELPDESK_LANGUAGE": "en",
    }
    with ExitStack() as stack:
        if POSTGRES:
            environ["HELPDESK_DATABASE_URL"] = stack.enter_context(sites.database(POSTGRES))
        keeping.load(KEPT, "postgresql" if POSTGRES else "sqlite", environ)
        yield environ


@contextmanager
def opened(environ: dict[str, str]) -> Iterator[Flask]:
    """This edition's app over that installation."""
    app = create_app(settings.load(environ))
    app.config["PROPAGATE"] = True
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The older installation after `flask db upgrade`."""
    with older(tmp_path_factory.mktemp("older")) as environ:
        before = meanings.read(url_of(environ))
        last = max(str(row["at"]) for row in before.tables["event"])
        made_at = datetime.fromisoformat(last).replace(tzinfo=UTC)
        with opened(environ) as app:
            made = Upgraded(app, before, before, made_at)
            made.flask("db", "upgrade")
            made.after = meanings.read(url_of(environ))
            yield made


@pytest.fixture
def desk(upgraded: Upgraded) -> FlaskClient:
    """An administrator of the older edition, signed in with the password of then."""
    browser = upgraded.app.test_client()
    page = browser.get("/sign-in").text
    fields = next(known for action, known in Forms(page).found if action == "/sign-in")
    answer = browser.post("/sign-in", data=fields | {"email": ADMIN, "password": PASSWORD})
    assert answer.status_code == 303
    return browser


def differing(all_of_it: list[meanings.Balance]) -> dict[str, Any]:
    """The subjects of which a row is not there once and as it was, with an example of each."""
    return {one.subject: (one.lost[:1], one.new[:1]) for one in all_of_it if not one.kept}


def test_what_is_kept_was_written_by_every_part_of_the_older_edition(upgraded: Upgraded) -> None:
    assert [name for name in WRITTEN if not upgraded.before.tables[name]] == []
    assert len(upgraded.before.tables["ticket"]) == 200
    promises = upgraded.before.meanings["promises of tickets"]
    assert {row["state"] for row in promises} >= {
        "met",
        "dropped",
        "running",
        "paused",
        "pending",
        "window",
    }
    assert {row["verdict"] for row in promises} >= {"on_time", "late", "missed", "dropped", ""}
    mails = {row["outcome"] for row in upgraded.before.tables["inbound_mail"]}
    assert mails >= {"ticket", "reply", "ignored", "quarantined"}
    assert KEPT.stat().st_size < 300_000


def test_each_row_is_there_once_and_as_it_was(upgraded: Upgraded) -> None:
    assert upgraded.after.revision > upgraded.before.revision
    assert differing(meanings.balances(upgraded.before, upgraded.after)) == {}


def test_each_promise_keeps_its_owner_its_due_and_actual_times_and_its_verdict(
    upgraded: Upgraded,
) -> None:
    names = (
        "number",
        "promise",
        "cycle",
        "part",
        "owner",
        "department",
        "due_at",
        "met_at",
        "verdict",
    )

    def facts(kept: meanings.Everything) -> list[str]:
        rows = kept.meanings["promises of tickets"]
        return sorted(str([row[name] for name in names]) for row in rows)

    assert facts(upgraded.after) == facts(upgraded.before)


def test_the_tables_are_those_of_the_models(upgraded: Upgraded) -> None:
    upgraded.flask("db", "check")  # ends with 1 where a model has something else


def test_the_defaults_of_this_edition_take_nothing_away(upgraded: Upgraded) -> None:
    with moved_to(upgraded.made_at):
        upgraded.flask("prepare")
    now = meanings.read(db.engine.url.render_as_string(hide_password=False))
    lost = {one.subject: one.lost for one in meanings.balances(upgraded.before, now) if one.lost}
    assert lost == {}


def broken(upgraded: Upgraded) -> list[str]:
    """What `flask doctor` finds in the data."""
    done = upgraded.app.test_cli_runner().invoke(args=["doctor", "--json"])
    checks = json.loads(done.output)["checks"]
    assert len(checks) > 30
    return [f"{one['id']} {one['promise']}: {one['examples']}" for one in checks
            if one["state"] == "BROKEN" and one["id"] != "clock"]  # fmt: skip


def test_the_doctor_finds_nothing_broken(upgraded: Upgraded) -> None:
    with moved_to(upgraded.made_at):
        assert broken(upgraded) == []


def test_old_cases_stand_on_the_pages(upgraded: Upgraded, desk: FlaskClient) -> None:
    one_of_each = {row["status"]: row["number"] for row in upgraded.before.tables["ticket"]}
    tickets = [
        f"/tickets/{number}{part}" for number in one_of_each.values() for part in OF_A_TICKET
    ]
    notices = [
        f"/notices/{row['year']}-{row['serial']}"
        for row in upgraded.before.tables["notice"]
        if row["year"]
    ]
    with moved_to(upgraded.made_at):
        answers = {page: desk.get(page).status_code for page in (*PAGES, *tickets, *notices)}
    assert len(answers) > 100
    assert {page: status for page, status in answers.items() if status != 200} == {}


def test_the_api_tells_the_promises_of_then(upgraded: Upgraded) -> None:
    token = upgraded.flask("tokens", "add", "reader", "--role", "supervisor").split()[-1]
    client, known = upgraded.app.test_client(), {"Authorization": f"Bearer {token}"}
    was: dict[str, list[Any]] = {}
    for row in upgraded.before.meanings["promises of tickets"]:
        was.setdefault(row["number"], []).append((row["promise"], row["state"], row["verdict"]))
    with moved_to(upgraded.made_at):
        for number in sorted(was)[::10]:
            told = client.get(f"/api/v1/tickets/{number}/responses", headers=known).get_json()[
                "items"
            ]
            facts = [(one["promise"], one["state"], one["verdict"] or "") for one in told]
            assert sorted(facts) == sorted(was[number]), number


def test_the_timers_of_then_ring_on(upgraded: Upgraded) -> None:
    """The last test on this database: it changes what is in it."""
    with moved_to(upgraded.made_at + timedelta(days=3)):
        assert alarms.ring_all() > 50
        assert [found for found in broken(upgraded) if found[:2] in ("I2", "I3", "I5", "I9")] == []


def test_the_way_back_loses_no_row_of_the_older_edition(tmp_path: Path) -> None:
    with older(tmp_path) as environ:
        before = meanings.read(url_of(environ))
        with opened(environ) as app:
            run(app, "db", "upgrade")
            run(app, "db", "downgrade", before.revision)
        back = meanings.read(url_of(environ))
    assert back.revision == before.revision
    assert back.tables.keys() == before.tables.keys()
    assert differing(meanings.balances(before, back)) == {}


def test_a_backup_of_the_older_tables_comes_back_over_the_newer_ones(tmp_path: Path) -> None:
    with older(tmp_path) as environ, opened(environ) as app:
        before, file = meanings.read(url_of(environ)), str(tmp_path / "before.tar.gz")
        run(app, "backup", file)
        run(app, "db", "upgrade")
        run(app, "restore", file, "--force", "--resend")
        assert differing(meanings.balances(before, meanings.read(url_of(environ)))) == {}
        run(app, "db", "check")
