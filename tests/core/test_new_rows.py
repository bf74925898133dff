"""New rows are the same rows whichever way they are written: as each database takes them best, or one
by one as SQLAlchemy would."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from helpdesk.clock import moved_to
from helpdesk.core import alarms, events, rows
from helpdesk.core.db import Model, db, transaction
from helpdesk.core.rows import Numbered, Rows, draw
from helpdesk.customers.people import Asker
from helpdesk.promises.models import Escalation
from helpdesk.tickets import intake
from helpdesk.tickets.intake import Intake, open_ticket, open_tickets
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.statements import counted

STEPS: Any = Escalation.__table__
NOON = datetime(2026, 3, 5, 4, tzinfo=UTC)
RANDOM = {"track_salt"}
POINTS = {  # what names another row without a foreign key
    ("promise", "subject_id"): "ticket",
    ("alarm", "subject_id"): "promise",
    ("event", "ticket_id"): "ticket",
    ("search_ticket", "subject_id"): "ticket",
    ("search_person", "subject_id"): "person",
}
FILLED = ("person", "contact_address", "ticket", "message", "promise", "alarm", "event", "delivery")


def open_many() -> None:
    """New and known people, odd characters, every kind of column, and one that dispatches itself."""
    make.rule("fridges", make.department(), words="冷柜", dispatch=True)
    known = Asker(name="王芳", phone="139 1234 5678", email="wang@example.com")
    make.ticket(person=known, fields={"product": "BCD-452"}, confidential=True)
    make.ticket(person=known, external_id="A-1", body="又“坏”了: 100 %, it's \\ %(x)s :y ? 🙂")
    make.ticket(
        person=Asker(), kind="enquiry", category="", mail={"others": [["a@b.example", "é"]]}
    )
    make.ticket(person=Asker(name="Ann", email="ann@example.com"), proof="", body="冷柜 no. 2")
    make.ticket(channel="phone", external_due_at=datetime(2026, 4, 1, tzinfo=UTC))


def stored() -> dict[str, list[dict[str, Any]]]:
    """Every row that an opening makes; each id is its place in its table."""
    tables = [Model.metadata.tables[name] for name in FILLED]
    found = {
        table.name: [
            dict(row)
            for row in db.session.execute(select(table).order_by(*table.primary_key)).mappings()
        ]
        for table in tables
    }
    for kind in ("ticket", "person"):
        key = "rowid" if db.engine.dialect.name == "sqlite" else "subject_id"
        words = db.session.execute(
            text(f"SELECT {key} AS subject_id, * FROM search_{kind} ORDER BY 1")
        )
        found[f"search_{kind}"] = [dict(row) for row in words.mappings()]
    ids = {name: sorted(row.get("id", 0) for row in each) for name, each in found.items()}
    for table in tables:
        for column in table.c:
            for key in column.foreign_keys:
                POINTS.setdefault((table.name, column.name), key.column.table.name)
    return {name: [_placed(name, row, ids) for row in each] for name, each in found.items()}


def _placed(table: str, row: dict[str, Any], ids: dict[str, list[int]]) -> dict[str, Any]:
    named = {name: of for (about, name), of in POINTS.items() if about == table} | {"id": table}
    placed = {
        name: ids[of].index(row[name])
        for name, of in named.items()
        if row.get(name) in ids.get(of, ())
    }
    kept = {name: value for name, value in row.items() if name not in RANDOM | {"order_key"}}
    data = {"data": {**row["data"], "person": None}} if table == "event" else {}
    return kept | placed | data


def empty() -> None:
    with transaction() as session:
        for name in (
            *reversed(FILLED),
            "search_ticket",
            "search_person",
            "counter",
            "routing_rule",
        ):
            session.execute(text(f"DELETE FROM {name}"))
    db.session.expunge_all()


def plainly(
    session: Session, batch: Iterable[Rows], *numbered: Numbered, last: bool = False
) -> list[int]:
    """What write() does, as SQLAlchemy does it."""
    firsts = [draw(session, each.counter, each.amount) for each in numbered]
    for table in batch:
        for each, first in zip(numbered, firsts, strict=True):
            table = rows._with_numbers(table, each.columns, first) if table.values else table
        for row in table.values:
            session.connection().execute(insert(table.table), dict(row))
    return firsts


class UndoneError(Exception):
    """Something else goes wrong after the case was written."""


def test_a_case_can_be_opened_after_one_that_was_undone_in_the_same_session(app: Flask) -> None:
    """SQLite gives its ids to the next one, which the session took for a second of the same."""
    kept = []
    for _ in range(2):
        with pytest.raises(UndoneError), transaction():
            kept.append(make.ticket(subject="undone"))
            raise UndoneError
    with transaction() as session:
        kept.append(make.ticket(subject="first"))
        with session.begin_nested() as savepoint:
            kept.append(make.ticket(subject="undone"))
            savepoint.rollback()
        kept.append(make.ticket(subject="second"))
    found = db.session.execute(select(Ticket.subject, Ticket.number).order_by(Ticket.id)).all()
    assert [subject for subject, _number in found] == ["first", "second"]
    assert [number[5:] for _subject, number in found] == ["000001", "000002"]
    assert db.session.get_one(Ticket, kept[-1].id) is kept[-1]


def test_what_json_has_no_word_for_is_refused_and_nothing_is_stored(app: Flask) -> None:
    """SQLite stored NaN, and the page of the case could not be read."""
    for number in (float("nan"), float("inf")):
        with pytest.raises((ValueError, DataError)):
            make.ticket(mail={"odd": number})
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_cases_without_a_key_of_their_own_are_many(app: Flask) -> None:
    """An empty one was stored as one that each case of the channel had."""
    numbers = {make.ticket(external_id=key).number for key in ("", None, "")}
    assert len(numbers) == 3


def test_cases_are_stored_row_by_row_as_one_insert_after_the_other_would_store_them(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved_to(NOON):
        open_many()
        together = stored()
        empty()
        for module in (events, intake):
            monkeypatch.setattr(module, "write", plainly)
        open_many()
        apart = stored()
    assert {name: len(each) for name, each in together.items() if not each} == {}
    for name, each in together.items():
        assert each == apart[name], name


def several() -> list[Intake]:
    """Cases of different people: one known, new ones with and without an address, one dispatched at once."""
    make.rule("fridges", make.department(), words="冷柜", dispatch=True)
    make.ticket()
    return [
        make.intake(body="It is Wang Fang again."),
        make.intake(person=Asker(name="Ann", email="ann@example.com"), body="冷柜 no. 2"),
        make.intake(person=Asker(), kind="enquiry", category="", external_id="A-1"),
        make.intake(
            person=Asker(name="Bo", email="bo@example.com", phone="139 0000 1111"), proof=""
        ),
    ]


def test_cases_opened_together_have_the_rows_that_they_have_one_after_the_other(app: Flask) -> None:
    """Numbers in their order, a person each, events and deliveries; in fewer statements."""
    with moved_to(NOON):
        cases = [(each, make.CUSTOMER) for each in several()]
        with counted() as sent:
            opened = open_tickets(cases)
        together, numbers = stored(), [each.ticket.number for each in opened]
        empty()
        cases = [(each, make.CUSTOMER) for each in several()]
        with counted() as singly:
            again = [open_ticket(*each) for each in cases]
        apart = stored()
    assert numbers == [each.ticket.number for each in again]
    assert [each.new for each in opened] == [True] * 4
    for found in (together, apart):  # a verb on the second case may write before or after the third
        found["alarm"] = sorted(
            ({**row, "id": 0} for row in found["alarm"]), key=lambda row: row["subject_id"]
        )
    for name, each in together.items():
        assert each == apart[name], name
    assert len(sent) < len(singly)
    assert [each.new for each in open_tickets([cases[2]])] == [False]


def test_rows_are_changed_in_one_statement_each_to_values_of_its_own(app: Flask) -> None:
    with transaction():
        alarms.set_alarms([alarms.alarm_row("bell", n, NOON) for n in range(5)])
    table = alarms.TABLE
    ids = db.session.scalars(select(table.c.id).order_by(table.c.id)).all()
    new = [
        {"id": i, "level": n, "first_due_at": NOON, "error": None} for n, i in enumerate(ids[1:])
    ]
    with transaction(), counted() as statements:
        rows.change_many(table, new)
        rows.change_many(table, [])
    assert len(statements) == 1
    found = db.session.execute(select(table.c.level, table.c.first_due_at).order_by(table.c.id))
    assert [tuple(each) for each in found] == [(0, None), *((n, NOON) for n in range(4))]


def test_rows_whose_key_is_there_are_left_out_and_the_new_ones_are_named(app: Flask) -> None:
    step = {"promise_id": 1, "cycle": 1, "told": "", "due_at": NOON, "at": NOON}
    steps = [step | {"level": level} for level in (50, 75)]
    with transaction():
        assert rows.insert_new(STEPS, steps[:1]) == []
        found = rows.insert_new(STEPS, steps, STEPS.c.promise_id, STEPS.c.level)
        assert rows.insert_new(STEPS, steps) == []
    assert [tuple(row) for row in found] == [(1, 75)]
    assert db.session.scalars(select(STEPS.c.level).order_by(STEPS.c.level)).all() == [50, 75]


def test_what_a_set_changes_is_read_anew_by_who_holds_it(app: Flask) -> None:
    """Of two rows that are held, the one that changed; no statement is asked for the other."""
    one, other = make.ticket(), make.ticket()
    held, still = db.session.get_one(Ticket, one.id), db.session.get_one(Ticket, other.id)
    before = held.subject, still.subject
    with transaction():
        rows.change_many(Ticket.__table__, [{"id": held.id, "subject": "Another"}])
    with counted() as sent:
        assert still.subject == before[1]
    assert sent == [] and held.subject == "Another" != before[0]
