"""The migrations lead to the tables of the models, from nothing and from an older edition with rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from helpdesk import create_app, settings
from helpdesk.core import kept, migrating
from helpdesk.core.db import db
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.search import is_index_table
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket
from tests.help.stores import POSTGRES, _psycopg

pytestmark = pytest.mark.own_database

FIRST = "0001"
NAME = "helpdesk_migrated"
RENAMED = {"outbound_mail", "response"}  # tables of the first edition that have another name by now


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app with a database of its own, which each test makes anew."""
    folder = tmp_path_factory.mktemp("migrated")
    url = f"sqlite:///{folder / 'migrated.sqlite3'}"
    if POSTGRES:
        server = sa.make_url(_psycopg(POSTGRES))
        url = server.set(database=NAME).render_as_string(hide_password=False)
    given = {
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_SECRET_KEY": "a key for tests only, long enough",
        "HELPDESK_INSTANCE": str(folder),
    }
    app = create_app(settings.load(given))
    migrating.connect(app)
    return app


@pytest.fixture
def empty(migrated: Flask) -> Iterator[Flask]:
    """The app, and in its database nothing."""
    with migrated.app_context(), _new_database():
        in_force.forget()
        kept.forget()
        yield migrated
        db.session.remove()
        db.engine.dispose()


@contextmanager
def _new_database() -> Iterator[None]:
    if not POSTGRES:
        yield
        for file in Path(db.engine.url.database or "").parent.glob("migrated.sqlite3*"):
            file.unlink()
        return
    server = sa.create_engine(_psycopg(POSTGRES), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{NAME}"')
    try:
        yield
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{NAME}" WITH (FORCE)')


def differences() -> list[Any]:
    """What autogeneration would still change."""
    with db.engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_object": lambda _o, name, kind, *_: (
                not (kind == "table" and is_index_table(name))
            ),
        }
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata)
        )


def partial_indexes() -> dict[str, str]:
    """Each index with a condition, as the database wrote it down: comparing by name leaves it out."""
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    other = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(other if POSTGRES else sqlite))
        return {name: " ".join(told.split()) for name, told in rows}


def test_an_empty_database_gets_exactly_the_tables_of_the_models(empty: Flask) -> None:
    upgrade()
    assert differences() == []
    migrated = partial_indexes()
    with db.engine.begin() as connection:
        db.metadata.drop_all(connection)
        db.metadata.create_all(connection)
    assert migrated == partial_indexes()


def put(table_name: str, **values: Any) -> int:
    """A row of a table as it is now, its other columns blank; returns its id."""
    table = sa.Table(table_name, sa.MetaData(), autoload_with=db.engine)
    blank = {c.name: _blank(c) for c in table.columns if not c.nullable and c.name != "id"}
    with db.engine.begin() as connection:
        return int(
            connection.execute(table.insert().values(blank | values)).inserted_primary_key[0]
        )


def test_an_older_edition_keeps_its_rows(empty: Flask) -> None:
    upgrade(revision=FIRST)
    put("mailbox", name="support", address="help@example.com")
    upgrade()
    row = db.session.execute(
        sa.text("SELECT name, address, per_minute, proof_by FROM mailbox")
    ).one()
    assert tuple(row) == ("support", "help@example.com", 30, "")
    assert differences() == []


def _insert(connection: sa.Connection, name: str, /, **told: Any) -> None:
    """A row of an older edition; what is not told is blank."""
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    blank = {c.name: _blank(c) for c in table.columns if not c.nullable and c.name != "id"}
    connection.execute(table.insert().values(blank | told))


def _counted(*names: str) -> list[int]:
    return [db.session.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names]


def test_rows_that_hang_on_a_table_that_changes_stay(empty: Flask) -> None:
    upgrade(revision=FIRST)
    person = put("person")
    ticket = put("ticket", number="2026-000001", person_id=person)
    put("message", ticket_id=ticket, body="It leaks.")
    put("response", ticket_id=ticket, promise="resolve", state="running")
    upgrade()
    assert _counted("person", "ticket", "message", "promise") == [1, 1, 1, 1]
    db.session.rollback()
    downgrade(revision=FIRST)
    assert _counted("person", "ticket", "message", "response") == [1, 1, 1, 1]


@pytest.mark.skipif(bool(POSTGRES), reason="PostgreSQL watches foreign keys while tables change")
def test_a_row_that_points_to_nothing_stops_the_upgrade_and_nothing_of_it_is_kept(
    empty: Flask,
) -> None:
    upgrade(revision=FIRST)
    tables = set(sa.inspect(db.engine).get_table_names())
    with closing(sqlite3.connect(str(db.engine.url.database))) as loose:
        loose.execute("INSERT INTO link (from_id, to_id, kind) VALUES (98, 99, 'repeat')")
        loose.commit()
    with pytest.raises(sa.exc.IntegrityError, match="2 rows point to nothing: link 1 -> ticket"):
        upgrade()
    assert set(sa.inspect(db.engine).get_table_names()) == tables
    assert db.session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_promises_keep_their_ids_alarms_and_steps_there_and_back(empty: Flask) -> None:
    upgrade(revision="0015")
    with db.engine.begin() as connection:
        _insert(connection, "person", id=1)
        _insert(connection, "ticket", id=7, person_id=1, number="2026-000007")
        for row_id, promise in ((30, "acknowledge"), (31, "resolve")):
            _insert(connection, "response", id=row_id, ticket_id=7, promise=promise, limit="8 wh")
        _insert(connection, "alarm", id=1, kind="response", subject_id=31)
        _insert(connection, "alarm", id=2, kind="hold", subject_id=7)
        _insert(connection, "escalation", subject_kind="response", subject_id=31, ticket_id=7)
    upgrade()
    about = 'SELECT id, subject_kind, subject_id, promise, "limit" FROM promise ORDER BY id'
    assert _all(about) == [
        (30, "ticket", 7, "acknowledge", "8 wh"),
        (31, "ticket", 7, "resolve", "8 wh"),
    ]
    assert _all("SELECT kind FROM alarm ORDER BY id") == [("promise",), ("hold",)]
    assert _all("SELECT promise_id FROM escalation") == [(31,)]
    with db.engine.begin() as connection:
        _insert(connection, "promise", subject_kind="ticket", subject_id=7, promise="close")
    assert _all("SELECT max(id) FROM promise") == [(32,)]  # the counter goes on behind the old ids
    downgrade(revision="0015")
    assert _all("SELECT id, ticket_id, promise FROM response ORDER BY id") == [
        (30, 7, "acknowledge"),
        (31, 7, "resolve"),
        (32, 7, "close"),
    ]
    assert _all("SELECT kind FROM alarm ORDER BY id") == [("response",), ("hold",)]
    assert _all("SELECT subject_kind, subject_id, ticket_id FROM escalation") == [
        ("response", 31, 7)
    ]


START, SOON, LATER = (datetime(2026, 3, day, 1, tzinfo=UTC) for day in (9, 12, 23))


def _old_notice(connection: sa.Connection) -> None:
    """A notice in its second round as its own columns told it, at 75 % of its plan's time."""
    _insert(connection, "department", id=3, code="quality", calendar="cn-office")
    _insert(connection, "agent", id=9, email="a@example.com")
    limits = {"containment": "", "plan": "3 wd", "done": "10 wd", "check": "5 wd"}
    times = {"round_at": START, "plan_due_at": SOON, "done_due_at": LATER, "due_at": SOON}
    told = {"number": "质整〔2026〕4号", "status": "signed", "level": "minor", "round": 2}
    _insert(connection, "notice", id=4, department_id=3, limits=limits, **times, **told)
    steps = ((50, 201), (75, 201), (100, 102), (0, 1))  # the last two of the first round
    for level, cycle in steps:
        about = {"subject_kind": "notice", "subject_id": 4, "notice_id": 4}
        _insert(connection, "escalation", level=level, cycle=cycle, **about)
    about |= {"agent_id": 9, "promise": "plan", "level": 75, "cycle": 201}
    _insert(connection, "reminder", id=1, **about)
    _insert(connection, "alarm", id=5, kind="notice", subject_id=4, level=90, cycle=201)


def test_what_a_notice_owed_becomes_promises_with_its_steps_and_its_alarm(empty: Flask) -> None:
    upgrade(revision="0016")
    with db.engine.begin() as connection:
        _old_notice(connection)
    columns = "SELECT plan_due_at, done_due_at, check_due_at, round_at, due_at FROM notice"
    cycles = "SELECT subject_kind, subject_id, level, cycle FROM escalation ORDER BY level"
    before = _all(columns), _all(cycles), _all("SELECT kind, subject_id, level, cycle FROM alarm")
    upgrade()
    about = (
        "SELECT promise, cycle, state, \"limit\", level FROM promise WHERE subject_kind = 'notice'"
    )
    rows = {(name, cycle): tuple(rest) for name, cycle, *rest in _all(about)}
    assert rows == {
        ("plan", 2): ("running", "3 wd", 75),
        ("done", 2): ("running", "10 wd", 0),
        ("check", 2): ("pending", "5 wd", 0),
        ("plan", 1): ("dropped", "3 wd", 0),
        ("done", 1): ("dropped", "10 wd", 0),
        ("check", 1): ("dropped", "5 wd", 0),
    }
    following = "SELECT promise FROM promise JOIN notice ON next_id = promise.id"
    assert _all(following) == [("plan",)]
    ids = {
        (name, cycle): each for each, name, cycle in _all("SELECT id, promise, cycle FROM promise")
    }
    taken = _all("SELECT promise_id, level, cycle FROM escalation ORDER BY level")
    plan = ids["plan", 2]
    assert taken == [
        (ids["check", 1], 0, 1),
        (plan, 50, 2),
        (plan, 75, 2),
        (ids["done", 1], 100, 1),
    ]
    assert _all("SELECT kind, subject_id, level FROM alarm") == [("promise", plan, 90)]
    assert _all("SELECT promise_id, subject_kind, subject_id FROM reminder") == [
        (plan, "notice", 4)
    ]
    downgrade(revision="0016")
    after = _all(columns), _all(cycles), _all("SELECT kind, subject_id, level, cycle FROM alarm")
    assert after == before
    assert _all("SELECT subject_kind, subject_id, cycle FROM reminder") == [("notice", 4, 201)]


def test_steps_before_and_after_more_time_was_granted_stay_apart_there_and_back(
    empty: Flask,
) -> None:
    upgrade(revision="0016")
    with db.engine.begin() as connection:
        _old_notice(connection)
        granted = {"name": "notice.grant_extension", "at": SOON}
        _insert(connection, "event", notice_id=4, **granted)
        connection.execute(sa.text("DELETE FROM escalation"))
        connection.execute(sa.text("UPDATE notice SET extensions = 2, due_at = done_due_at"))
        about = {"subject_kind": "notice", "subject_id": 4, "notice_id": 4}
        for level, cycle in ((50, 202), (75, 202), (50, 212), (50, 222), (75, 222), (50, 201)):
            _insert(connection, "escalation", level=level, cycle=cycle, **about)
    cycles = "SELECT level, cycle FROM escalation ORDER BY cycle, level"
    before = _all(cycles)
    upgrade()
    with db.engine.connect() as connection:
        done = connection.execute(
            sa.text(
                "SELECT id, level, extended_to, extended_at FROM promise WHERE promise = 'done' AND cycle = 2"
            )
        ).one()
    assert done.level == 75 and done.extended_to and done.extended_at
    runs = [run for (run,) in _all(f"SELECT cycle FROM escalation WHERE promise_id = {done.id}")]
    assert sorted(runs.count(run) for run in set(runs)) == [1, 2, 2]
    downgrade(revision="0016")
    assert _all(cycles) == before


def _all(query: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


BEFORE_CLAIMS = "0011"  # an address was one person's, and nothing said whether it is proven


def as_kept_then(number: str) -> str:
    """A number as the older edition compared it: an extension was glued on, or part of the text."""
    digits = "".join(filter(str.isdigit, number))
    return f"+86{digits.lstrip('0')}" if number.isascii() else number


@dataclass
class Old:
    """Rows of the edition in which addresses were neither claimed nor proven."""

    numbers: dict[str, int] = field(default_factory=dict)

    def person(self, name: str, **addresses: str) -> int:
        """Somebody with a mail address and telephone numbers as the older edition kept them."""
        id_ = put("person", name=name, level="plain")
        for kind, value in addresses.items():
            normal = value if kind == "email" else as_kept_then(value)
            put("contact_address", person_id=id_, kind=kind[:5], value=value, normal=normal)
        return id_

    def case(self, name: str, person: int, channel: str, **said: Any) -> None:
        """A case of theirs with its first message; `said` stands beside a mail's words."""
        number = f"2026-{len(self.numbers) + 1:06}"
        id_ = put("ticket", number=number, person_id=person, channel=channel, kind="enquiry")
        author = str(said.pop("author", "Vera Lindt"))
        put("message", ticket_id=id_, kind="customer", channel=channel, author=author, data=said)
        self.numbers[name] = id_


def became(id_: int) -> dict[str, Any]:
    """Where a case came from and goes to, after the upgrade."""
    row = db.session.execute(sa.select(Ticket).where(Ticket.id == id_)).scalar_one()
    names = ("contact_kind", "contact", "contact_name", "contact_proven_by", "reply_to", "settled")
    return {name: getattr(row, name) for name in names}


def proofs(person: int) -> list[tuple[str, str, str]]:
    """What is known of a person's addresses: as it is compared, its extension, what proved it."""
    mine = sa.select(ContactAddress).where(ContactAddress.person_id == person)
    rows = db.session.scalars(mine.order_by(ContactAddress.id))
    return [(row.normal, row.extension, row.proven_by) for row in rows]


def test_cases_of_before_addresses_were_proven_keep_customer_answers_and_what_mails_had_proven(
    empty: Flask,
) -> None:
    upgrade(revision=BEFORE_CLAIMS)
    old = Old()
    vera = old.person("Vera Lindt", email="vera@home.example", phone="0139 1234 5678")
    signed, claimed = (old.person(n, email=f"{n}@home.example") for n in ("sig", "cla"))
    dmarc = {"from": "Vera@home.example", "proof": "pass"}
    old.case("proven mail", vera, "email", **dmarc)
    old.case("call", vera, "phone")
    old.case("form", vera, "web")
    old.case("answer", signed, "email", **{"from": "sig@home.example", "why": {"rule": "token"}})
    machine = {"from": "cla@home.example", "why": {"rule": "token"}, "automatic": True}
    old.case("machine", claimed, "email", **machine)
    old.case("stranger", claimed, "email", **{"from": "else@where.example"})
    upgrade()
    mail = {"contact_kind": "email", "contact_name": "Vera Lindt", "settled": True}
    at_home = {"contact": "vera@home.example", "reply_to": "vera@home.example"}
    proven = {"contact_proven_by": "dmarc"}
    assert became(old.numbers["proven mail"]) == mail | at_home | proven
    assert became(old.numbers["form"]) == mail | at_home | proven
    call = {"contact_kind": "phone", "contact": "+8613912345678", "contact_proven_by": ""}
    assert became(old.numbers["call"]) == mail | at_home | call
    assert became(old.numbers["answer"])["contact_proven_by"] == "token"
    assert became(old.numbers["machine"])["contact_proven_by"] == ""
    other = became(old.numbers["stranger"])
    assert (other["contact"], other["reply_to"]) == ("else@where.example", "else@where.example")
    assert other["contact_proven_by"] == ""  # nobody's address: it is the case's alone
    assert proofs(vera) == [("vera@home.example", "", "dmarc"), ("+8613912345678", "", "")]
    assert proofs(signed) == [("sig@home.example", "", "token")]
    assert proofs(claimed) == [("cla@home.example", "", "")]
    people = db.session.execute(sa.select(Person.claimed, Person.known_as_id)).all()
    assert set(map(tuple, people)) == {(False, None)}
    assert differences() == []


def test_a_number_with_its_extension_is_read_anew_and_never_twice(empty: Flask) -> None:
    upgrade(revision=BEFORE_CLAIMS)
    old = Old()
    glued = "0531-88001234-805"
    office = old.person("Office", phone=glued, phone2="0531 8800 1234 转 805")
    odd = old.person("Odd", phone="139")
    upgrade()
    assert proofs(office) == [("+8653188001234", "805", "")]
    assert len(proofs(odd)) == 1


def test_the_way_back_keeps_each_address_with_its_oldest_owner(empty: Flask) -> None:
    upgrade()
    people = [put("person", name=name, level="plain") for name in ("First", "Second")]
    for person in people:
        put(
            "contact_address",
            person_id=person,
            kind="email",
            value="both@home.example",
            normal="both@home.example",
        )
    downgrade(revision=BEFORE_CLAIMS)
    rows = db.session.execute(sa.text("SELECT person_id, normal FROM contact_address")).all()
    assert [tuple(row) for row in rows] == [(people[0], "both@home.example")]


def test_the_way_back_leads_to_the_older_edition(empty: Flask) -> None:
    upgrade(revision=FIRST)
    tables, indexes = set(sa.inspect(db.engine).get_table_names()), partial_indexes()
    upgrade()
    assert set(sa.inspect(db.engine).get_table_names()) > tables - RENAMED
    downgrade(revision=FIRST)
    assert (set(sa.inspect(db.engine).get_table_names()), partial_indexes()) == (tables, indexes)


def _blank(column: sa.Column[Any]) -> Any:
    """Any value of the column's kind."""
    if isinstance(column.type, sa.JSON):
        return {}
    kind = column.type.python_type
    return {bool: False, int: 0, str: "", dict: {}, list: []}.get(kind, sa.func.now())
    return {bool: False, int: 0, str: ""}.get(column.type.python_type, sa.func.now())
