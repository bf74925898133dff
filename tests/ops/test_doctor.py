"""`flask doctor` finds what is broken, and only that."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from helpdesk import files, promises
from helpdesk.agents.rights import SYSTEM
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms, events, jobs, outbox, seals
from helpdesk.core.alarms import Alarm
from helpdesk.core.calendars import Calendar
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Counter, Event
from helpdesk.core.heartbeats import beat
from helpdesk.core.outbox import Delivery
from helpdesk.customers.models import ContactAddress
from helpdesk.notices.models import Notice
from helpdesk.ops import doctor
from helpdesk.ops.doctor import history, invariants, mail, sums, surroundings
from helpdesk.ops.doctor.finding import Finding, check
from helpdesk.promises.models import Escalation, Promise
from helpdesk.statistics import counting, judging
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import notices as sample

SHOWS_NEXT = "I9 tickets and notices show the due time of their next promise"


def force(statement: sa.Executable) -> None:
    """Change rows behind the back of every rule."""
    with transaction() as session:
        session.execute(statement, execution_options={"synchronize_session": False})


def broken() -> list[str]:
    """The promises about data that do not hold."""
    db.session.expire_all()
    return [
        f"{finding.id} {finding.promise}" for check in doctor.DATA if not (finding := check()).ok
    ]


@pytest.fixture
def ticket(app: Flask) -> Ticket:
    """A complaint that an agent has accepted."""
    made = make.ticket()
    return actions.accept(made, by=make.agent().actor)


def test_a_healthy_installation_has_nothing_broken(ticket: Ticket) -> None:
    assert broken() == []


def test_a_finding_reads_as_one_line() -> None:
    assert check("I1", "all is well")(list)().line == "ok          0  I1           all is well"
    lost = check("I1", "none is lost")(lambda: "abcdef")().line
    assert lost == "BROKEN      6  I1           none is lost (a, b, c, d, e)"
    told = check("mail", "for your eyes", notable=True)(lambda: "a")()
    assert told.line.startswith("note        1")
    assert Finding("mail", "x", 1, notable=True).ok


def test_i3_an_alarm_that_is_due_and_did_not_ring_is_found(ticket: Ticket) -> None:
    with transaction():
        alarms.set_alarm("promise", 99, now() - timedelta(minutes=5))
    assert broken() == ["I3 no alarm is due and has not rung"]


def test_i3_a_running_promise_without_an_alarm_is_found(ticket: Ticket) -> None:
    force(sa.delete(Alarm))
    assert broken() == ["I3 every running promise has its alarm"]


def test_a_parked_alarm_is_a_note_and_breaks_nothing(ticket: Ticket) -> None:
    force(sa.insert(Alarm).values(kind="bell", subject_id=1, due_at=now(), parked=True))
    assert invariants.parked_alarms().broken == 1
    assert broken() == []


@pytest.mark.parametrize(
    "odd",
    [
        {"state": "lost"},
        {"state": "done", "done_at": None},
        {"state": "waiting", "tries": outbox.MAX_TRIES + 1},
    ],
)
def test_i4_an_outbox_row_in_no_legal_state_is_found(ticket: Ticket, odd: dict) -> None:
    values = {"event_seq": 1, "subscriber": "mail", "order_key": "mail:t1", "next_at": now()}
    force(sa.insert(Delivery).values(**(values | {"tries": 0} | odd)))
    assert broken() == ["I4 each delivery is done, waits or is known dead"]


def test_i5_a_status_that_no_move_led_to_is_found(ticket: Ticket) -> None:
    force(sa.update(Ticket).values(status="handling"))
    assert broken() == ["I5 tickets moved only as their table says"]


def test_i5_a_step_that_is_not_in_the_table_is_found(ticket: Ticket) -> None:
    force(sa.update(Ticket).values(status="signed"))
    step = {"old": "registered", "new": "signed"}
    force(sa.update(Event).where(Event.name == "ticket.accept").values(data=step))
    assert "I5 tickets moved only as their table says" in broken()


def test_i5_a_ticket_with_a_status_and_no_moves_is_found(app: Flask) -> None:
    make.ticket()
    force(sa.update(Ticket).values(status="accepted"))
    assert broken() == ["I5 tickets moved only as their table says"]


def test_an_address_that_is_proven_by_nothing_is_found(app: Flask) -> None:
    make.ticket()
    assert broken() == []
    force(sa.update(ContactAddress).values(proven_by="colleague", proven_at=None))
    force(sa.update(Ticket).values(contact_proven_by="hearsay"))
    assert broken() == [
        "addresses each address is claimed, or proven by something",
        "addresses each case says where it came from, and what proves it",
    ]


def test_i6_a_gap_in_the_journal_is_found(ticket: Ticket) -> None:
    force(sa.delete(Delivery))
    force(sa.delete(Event).where(Event.seq == 1))
    assert "I6 the journal's numbers have no gap" in broken()


def test_i6_a_ticket_number_beyond_what_was_drawn_is_found(ticket: Ticket) -> None:
    force(sa.update(Ticket).values(number=f"{now().year}-000900"))
    assert broken() == ["I6 ticket numbers are drawn and unique"]


def test_i6_a_gap_in_the_numbers_of_notices_is_found(app: Flask) -> None:
    unit = make.department()
    force(sa.insert(Counter).values(name="notice:2026", value=3))
    values = {"department_id": unit.id, "title": "x", "problem": "x", "requirement": "x"}
    for serial in (1, 3):
        number = f"N-2026-{serial:04d}"
        with transaction() as session:
            session.add(Notice(year=2026, serial=serial, number=number, **values))
    assert broken() == ["I6 notice numbers have no gap"]


def test_i8_an_attachment_without_its_bytes_is_found(app: Flask) -> None:
    kept = files.store(b"photo", "fridge.txt", "text/plain")
    make.ticket(files=(kept,))
    assert broken() == []
    files.remove(kept.key)
    assert broken() == ["I8 every attachment has its bytes"]


RAW = b"From: Wang Fang <wang.fang@example.com>\r\nSubject: Fridge\r\n\r\nIt is warm.\r\n"


def test_i1_a_mail_that_nobody_looked_at_is_found(app: Flask) -> None:
    deliver(RAW, "support")
    assert broken() == []
    force(sa.update(InboundMail).values(outcome="stored", received_at=now() - timedelta(hours=1)))
    assert broken() == ["I1 every mail became a ticket, a reply or waits"]


def test_i1_a_mail_that_became_a_ticket_of_no_number_is_found(app: Flask) -> None:
    deliver(RAW, "support")
    force(sa.update(InboundMail).values(outcome="reply", ticket_id=None))
    assert broken() == ["I1 every mail became a ticket, a reply or waits"]


def test_i8_a_mail_whose_bytes_are_gone_is_found(app: Flask) -> None:
    row = deliver(RAW, "support")
    files.remove(row.file_key)
    assert broken() == ["I8 every mail is kept as it came"]


def test_i8_a_file_that_no_row_names_is_a_note(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mail.nameless_files().broken
    monkeypatch.setattr(mail, "stored_keys", lambda older_than: files.stored_keys())
    files.store(b"nobody's", "x.txt", "text/plain")
    assert mail.nameless_files().broken >= before + 1
    assert mail.nameless_files().ok


def test_i9_a_ticket_that_shows_the_wrong_due_time_is_found(ticket: Ticket) -> None:
    force(sa.update(Ticket).values(due_at=now()))
    assert broken() == [SHOWS_NEXT]


def test_i9_a_notice_that_shows_the_wrong_due_time_or_a_step_that_was_taken_is_found(
    app: Flask,
) -> None:
    notice = sample.planned(sample.cast())
    assert broken() == []
    done = notice.next_id
    force(sa.update(Notice).values(due_at=now()))
    assert broken() == [SHOWS_NEXT]
    force(sa.update(Notice).values(due_at=sample.due(notice, "done")))
    assert broken() == []
    force(sa.update(Promise).where(Promise.id == done).values(state="met"))
    assert broken() == [SHOWS_NEXT]


def test_i3_a_notice_whose_next_step_has_no_alarm_is_found(app: Flask) -> None:
    sample.issued(sample.cast())
    assert broken() == []
    force(sa.delete(Alarm))
    assert broken() == ["I3 every running promise has its alarm"]


def test_i9_an_open_ticket_with_an_end_is_found(ticket: Ticket) -> None:
    force(sa.update(Ticket).values(closed_at=now()))
    assert broken() == ["I9 status and end agree"]


def test_a_clock_that_runs_on_an_ended_ticket_is_found(ticket: Ticket) -> None:
    actions.withdraw(ticket, by=make.agent("Zhao Min").actor, comment="solved itself")
    assert broken() == []
    force(sa.update(Promise).values(state="running"))
    assert broken() == ["I9 no clock runs on an ended ticket"]


def run(app: Flask) -> tuple[int, str]:
    """`flask doctor`: its exit status and what it prints."""
    done = app.test_cli_runner().invoke(args=["doctor"])
    return done.exit_code, done.output


def test_the_command_prints_every_check_and_ends_well(ticket: Ticket, app: Flask) -> None:
    status, said = run(app)
    assert status == 0, said
    assert f"{len(doctor.CHECKS)} checks, 0 broken." in said


def test_the_command_fails_when_a_promise_is_broken(ticket: Ticket, app: Flask) -> None:
    force(sa.delete(Alarm))
    status, said = run(app)
    assert status == 1
    assert "BROKEN" in said


def test_tables_of_another_release_are_found(ticket: Ticket, app: Flask) -> None:
    force(sa.text("DELETE FROM alembic_version"))
    _status, said = run(app)
    assert "BROKEN      1  schema       the tables are those of this release" in said


def test_a_redis_that_does_not_answer_is_found(
    ticket: Ticket, app: Flask, reconnect: Callable[[str | None], None]
) -> None:
    reconnect("redis://127.0.0.1:1/0")
    _status, said = run(app)
    assert "BROKEN      1  redis        Redis answers, where one is set (ConnectionError)" in said


@pytest.fixture
def reconnect() -> Callable[[str | None], None]:
    """Use another Redis for one test."""
    before = jobs._url
    yield jobs.connect
    jobs.connect(before)


@contextmanager
def without_constraints(table: str) -> Iterator[None]:
    """The table as it would be if the database guarded nothing: no unique rows, no keys."""
    aside = f"{table}_aside"
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {aside}")
        connection.exec_driver_sql(f"CREATE TABLE {table} AS SELECT * FROM {aside}")
    try:
        yield
    finally:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {table}")
            connection.exec_driver_sql(f"ALTER TABLE {aside} RENAME TO {table}")


def double(table: str) -> None:
    """Every row of the table a second time, with another id."""
    with db.engine.begin() as connection:
        columns = [c["name"] for c in sa.inspect(connection).get_columns(table)]
        same = ", ".join(f'"{name}"' for name in columns if name != "id")
        connection.exec_driver_sql(
            f"INSERT INTO {table} (id, {same}) SELECT id + 1000, {same} FROM {table}"
        )


def test_i1_a_source_with_two_tickets_is_found(app: Flask) -> None:
    make.ticket(external_id="form-7")
    with without_constraints("ticket"):
        double("ticket")
        assert invariants.sources().broken == 1
    assert broken() == []


def test_i1_a_case_that_was_taken_in_and_is_gone_is_found(ticket: Ticket) -> None:
    with transaction():
        events.record("ticket.opened", by=SYSTEM, ticket=SimpleNamespace(id=ticket.id + 1))
    assert broken() == ["I1 each case that was taken in is there"]


def test_i9_a_promise_about_a_case_that_is_gone_is_found(ticket: Ticket) -> None:
    row = promises.table(ticket)[0]
    assert broken() == []
    force(sa.update(Promise).where(Promise.id == row.id).values(subject_id=ticket.id + 1))
    assert "I9 each promise is about a case that is there" in broken()


def test_i9_a_promise_about_an_unknown_kind_of_thing_is_found(ticket: Ticket) -> None:
    row = promises.table(ticket)[-1]
    force(sa.update(Promise).where(Promise.id == row.id).values(subject_kind="wish"))
    assert "I9 each promise is about a case that is there" in broken()


def test_i2_a_step_of_escalation_taken_twice_is_found(ticket: Ticket) -> None:
    step = {"promise_id": 1, "level": 50, "told": "owner"}
    force(sa.insert(Escalation).values(**step, due_at=now(), at=now(), cycle=1))
    assert broken() == []
    with without_constraints("escalation"):
        double("escalation")
        assert invariants.escalations().broken == 1


def test_i6_two_tickets_with_one_number_are_found(ticket: Ticket) -> None:
    with without_constraints("ticket"):
        double("ticket")
        assert history.ticket_numbers().broken == 1


def test_i7_a_row_of_the_journal_that_was_changed_after_it_was_sealed_is_found(
    ticket: Ticket,
) -> None:
    assert seals.seal() == 2
    assert broken() == []
    force(sa.update(Event).where(Event.seq == 2).values(by_name="Nobody"))
    finding = history.journal_seals()
    assert (finding.id, finding.broken, list(finding.examples)) == ("I7", 1, ["1-2"])
    assert "I7 the journal is what was sealed" in broken()


def test_i9_a_group_that_the_statistics_lose_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved_to(now() - timedelta(days=3)):
        make.ticket()
    assert sums.statistics().broken == 0
    monkeypatch.setattr(counting, "tally", lambda scope, moment, by, parts: {})
    finding = sums.statistics()
    assert finding.broken == len(sums.GROUPS)
    assert finding.examples[0] == "received by department: 0 of 1"


def test_i9_a_promise_that_the_statistics_do_not_judge_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved_to(now() - timedelta(days=20)):
        made = make.ticket()
    force(sa.update(Promise).where(Promise.of(made)).values(verdict="late"))
    assert sums.verdicts_told().broken == 0
    monkeypatch.setattr(judging, "fell_due", lambda *_rest: {})
    assert list(sums.verdicts_told().examples) == ["0 of 1"]


def test_f12_a_process_whose_clock_runs_ahead_is_found(ticket: Ticket) -> None:
    with moved_to(now() + timedelta(minutes=5)):
        beat("alarms")
    assert surroundings.clocks().broken == 1
    assert (
        "loop alarms +300 s" in surroundings.clocks().line or "+299 s" in surroundings.clocks().line
    )


def test_f12_a_clock_that_differs_from_the_database_is_found(ticket: Ticket) -> None:
    assert surroundings.clocks().broken == 0
    with moved_to(now() + timedelta(hours=1)):
        assert surroundings.clocks().line.startswith("BROKEN")


def test_a_disk_that_is_nearly_full_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert surroundings.disk().ok
    monkeypatch.setattr(surroundings, "LEAST_FREE", 1 << 60)
    assert not surroundings.disk().ok


def test_a_promise_beyond_the_published_holidays_is_a_note(ticket: Ticket) -> None:
    assert surroundings.beyond().broken == 0
    force(sa.update(Promise).where(Promise.promise == "resolve").values(provisional=True))
    assert list(surroundings.beyond().examples) == [ticket.number]
    assert surroundings.beyond().ok


def test_a_calendar_that_ends_soon_is_a_note(app: Flask) -> None:
    force(sa.update(Calendar).values(covered=["2020-01-01", "2020-12-31"]))
    assert "cn-office until 2020-12-31" in surroundings.published().line
    assert surroundings.published().ok


def test_a_check_that_cannot_be_made_counts_as_broken(
    ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    @check("database", "the database answers")
    def unreachable() -> list[str]:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(doctor, "CHECKS", (unreachable,))
    [finding] = doctor.examine()
    assert not finding.ok
    assert "the database answers" in finding.line


def test_machines_read_the_same_report_as_json(ticket: Ticket, app: Flask) -> None:
    force(sa.delete(Alarm))
    done = app.test_cli_runner().invoke(args=["doctor", "--json"])
    told = json.loads(done.output)
    assert done.exit_code == told["broken"] == 1
    assert {each["id"] for each in told["checks"]} >= {f"I{n}" for n in range(1, 10)}
    assert [c["id"] for c in told["checks"] if c["state"] == "broken"] == ["I3"]
    newest = set(ScriptDirectory("migrations").get_heads())
    assert {told["facts"]["schema version"]} == newest
    assert told["facts"]["tickets"] == "1"


def test_the_report_tells_what_waits_and_for_how_long(ticket: Ticket, app: Flask) -> None:
    late = {"event_seq": 1, "subscriber": "mail", "order_key": "x", "state": "dead", "tries": 5}
    force(sa.insert(Delivery).values(**late, next_at=now() - timedelta(days=2, hours=3)))
    _status, said = run(app)
    assert "oldest dead delivery:       2 d 3 h" in said
    assert "oldest parked alarm:        none" in said
    assert "calendar cn-office:" in said


def test_i5_a_long_journal_is_read_as_a_stream(ticket: Ticket) -> None:
    """The memory that the check takes does not follow the length of the journal."""
    first = events.last_seq() + 1
    steps = [("hold", "handling", "waiting"), ("resume", "waiting", "handling")]
    who = {"by_kind": "system", "by_name": "system", "ticket_id": ticket.id, "at": now()}
    rows = [
        {"seq": first + n, "name": f"ticket.{code}", "data": {"old": old, "new": new}} | who
        for n in range(40_000)
        for code, old, new in [steps[n % 2]]
    ]
    with transaction() as session:
        session.execute(sa.insert(Event), rows)
    tracemalloc.start()
    found_now = history.tickets()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found_now.broken == 1  # nothing leads from accepted to on hold
    assert peak < 6_000_000
