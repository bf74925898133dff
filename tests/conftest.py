"""One app for the run; every test gets a fresh copy of a seeded database, on either profile.

TEST_DATABASE_URL names a PostgreSQL server's maintenance database to run the suite there,
TEST_REDIS_URL a Redis to run it with: `bin/test --servers` brings both. Processes that run parts of the
suite side by side (pytest-xdist) share no database, folder, port or Redis.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from helpdesk import create_app, settings
from helpdesk.agents import passwords
from helpdesk.api import auth
from helpdesk.core import kept
from helpdesk.core.db import db
from helpdesk.core.i18n import language
from helpdesk.core.migrating import upgrade
from helpdesk.seeds.defaults import seed_defaults
from helpdesk.setup import in_force
from tests.help import described, installations, servers
from tests.help.smtp_sink import Sink
from tests.help.stores import POSTGRES, SHARED, PostgresqlStore, Store

# Fixtures that several folders ask for; a test of the same name in a file wins.
pytest_plugins = (
    "tests.help.calls",
    "tests.help.consents",
    "tests.help.mail_doors",
    "tests.help.testbed",
    "tests.help.visits",
)

HERE = Path(__file__).parent
# Folders whose tests start browsers and programs, and wait for them.
WAITING = {"browser", "faults", "ops", "secrecy", "tests", "upgrade", "web"}
THOROUGH = "HELPDESK_TESTS_THOROUGH"  # in the environment: whether this run is

# A password costs a tenth of a second on purpose: tests of other things need not wait for it.
DEAR, passwords.METHOD = passwords.METHOD, "scrypt:1024:8:1"


class InEachLanguage(FileSystemBytecodeCache):
    """Compiled templates: their texts stand in them, so each language has its own."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The file's name."""
        return super().get_cache_key(f"{language()} {name}", filename)


def pytest_report_header() -> str:
    """What is not here: tests that need it are skipped, and the end says so."""
    there = {name: bool(servers.find(name)) for name in ("dovecot", "pdftotext", "redis-server")}
    there |= {"PostgreSQL": bool(servers.find("initdb")), "Chromium": bool(servers.chromium())}
    there |= {"the material beside the project": SHARED.is_dir()}
    missing = sorted(name for name, is_there in there.items() if not is_there)
    return f"not here, so its tests are skipped: {', '.join(missing) or 'nothing'}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on-stores", action="store_true", help="only what asks for the suite's database"
    )
    parser.addoption(
        "--thorough", action="store_true", help="also what tries every case of many for minutes"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Who names files wants all of them; the processes beside the first one only see that."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    os.environ.setdefault(THOROUGH, str(config.getoption("--thorough") or named))
    gc.disable()  # till all is collected: there is nothing to find among what stays


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Processes side by side read the same files, and in a new clone each would compile them all at the
    same time: each begins with its share, and finds the rest done. What can't be read says so later."""
    whole = [Path(each).resolve() for each in session.config.args] == [HERE]
    if "PYTEST_XDIST_WORKER" not in os.environ or not whole:
        return
    files = sorted(HERE.rglob("test_*.py"))
    own, all_ = (
        int(os.environ["PYTEST_XDIST_WORKER"][2:]),
        int(os.environ["PYTEST_XDIST_WORKER_COUNT"]),
    )
    for path in files[own * len(files) // all_ : (own + 1) * len(files) // all_]:
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(path.relative_to(HERE.parent).with_suffix("").parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Tests that wait leave a core to others: a process more than there are cores."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What touches no database is the same on each of them: a second run may leave it out. What tries
    every case of many is for .ci/run. Few long files begin first, so that no process waits for one."""
    items.sort(key=lambda each: each.path.parent.name not in WAITING)
    if os.environ[THOROUGH] != "True":
        later = pytest.mark.skip(reason="takes minutes: bin/test --thorough, and .ci/run, run it")
        for each in filter(lambda each: each.get_closest_marker("thorough"), items):
            each.add_marker(later)
    if not config.getoption("--on-stores"):
        return
    here = [each for each in items if _needs_database(each)]
    config.hook.pytest_deselected(items=[each for each in items if each not in set(here)])
    items[:] = here


def pytest_collection_finish(session: pytest.Session) -> None:
    """Ten thousand collected tests stay to the end: looking for garbage among them is no use."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _needs_database(test: pytest.Item) -> bool:
    fixtures = getattr(test, "fixturenames", ())
    return "store" in fixtures or test.get_closest_marker("own_database") is not None


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    kind = PostgresqlStore if POSTGRES else Store
    made = kind(tmp_path_factory.mktemp("database"))
    yield made
    made.drop()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The Redis of this process, or nothing: processes that share one hear each other's messages."""
    given = os.environ.get("TEST_REDIS_URL", "")
    if given and "PYTEST_XDIST_WORKER" in os.environ:
        with servers.redis() as own:
            yield own
    else:
        yield given


@pytest.fixture(scope="session")
def the_app(
    store: Store, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    known = settings.load(
        {
            "HELPDESK_DATABASE_URL": store.url,
            "HELPDESK_SECRET_KEY": "a key for tests only",
            "HELPDESK_INSTANCE": str(tmp_path_factory.mktemp("instance")),
            "HELPDESK_LANGUAGE": "en",
            "HELPDESK_MAIL_NETWORKS": "127.0.0.0/8:* [::1]:*",
            "HELPDESK_REDIS_URL": redis_url,
        }
    )
    app = create_app(known)
    # what one process compiles of the templates, those beside it need not
    compiled = tmp_path_factory.getbasetemp().parent / f"helpdesk-templates-{installations.RUN}"
    compiled.mkdir(exist_ok=True)
    app.jinja_env.bytecode_cache = InEachLanguage(str(compiled))
    app.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False, "PROPAGATE": True}
    described.watch(app)
    with app.app_context():
        upgrade()
        seed_defaults()
        store.setup = in_force.current()
        store.keep_template()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords that cost as much as outside of tests."""
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(passwords, "METHOD", DEAR)
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def app(the_app: Flask, store: Store) -> Iterator[Flask]:
    """The app with a fresh, seeded database and an application context."""
    with the_app.app_context():
        store.fresh()
        in_force.forget()
        kept.forget()
        auth.paces.forget()
        in_force._kept[db.engine] = store.setup
        yield the_app
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a sign-in. (Its requests use sessions of their own.)"""
    return app.test_client()


@pytest.fixture
def sink(app: Flask) -> Iterator[Sink]:
    """The mail server that the app sends through."""
    server, before = Sink(), app.extensions["helpdesk_settings"]
    app.extensions["helpdesk_settings"] = replace(before, smtp_url=server.url)
    yield server
    app.extensions["helpdesk_settings"] = before
    server.shutdown()
    server.server_close()


@pytest.fixture
def shared() -> Path:
    """The real material beside the project; the test is skipped where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("the real material is not beside this clone")
    return SHARED
