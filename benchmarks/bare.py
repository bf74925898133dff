"""The bare limits of this machine: Flask alone, and the database alone with the same rows.

The rows are those that the program wrote for the last ticket that it opened; each copy gets new
keys and goes in by one transaction over a plain driver's connection, without any ORM.
"""

from __future__ import annotations

import itertools
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.client import Client, Times, measure
from benchmarks.sites import Site, start, stop, wait
from tests.help.servers import free_port

LAST = "(SELECT max(id) FROM ticket)"
OF_LAST = f"subject_kind = 'ticket' AND subject_id = {LAST}"
ROWS = {  # table: which of its rows belong to the last ticket
    "person": f"id = (SELECT person_id FROM ticket WHERE id = {LAST})",
    "contact_address": f"person_id = (SELECT person_id FROM ticket WHERE id = {LAST})",
    "ticket": f"id = {LAST}",
    "message": f"ticket_id = {LAST}",
    "promise": OF_LAST,
    "alarm": f"kind = 'promise' AND subject_id IN (SELECT id FROM promise WHERE {OF_LAST})",
    "search_ticket": f"{{key}} = {LAST}",
    "event": f"ticket_id = {LAST}",
    "delivery": f"event_seq IN (SELECT seq FROM event WHERE ticket_id = {LAST})",
}
KEYS = {  # column: the table that it points into
    "ticket_id": "ticket",
    "person_id": "person",
    "subject_id": "promise",
    "event_seq": "event",
}
OWN = {name: "id" for name in ROWS if name not in ("event", "search_ticket")} | {"event": "seq"}
WAITING = "SELECT count(*) FROM delivery WHERE state IN ('waiting', 'running')"
DRAW = "UPDATE counter SET value = value + 1 WHERE name = 'bench'"


@dataclass
class Table:
    """The rows of one table with the places of their keys and of what must be unique."""

    insert: str
    rows: list[list[Any]]
    shifts: list[tuple[int, int, int]]  # place of a key, first shift, further shift of each copy
    unique: list[int]

    def copy(self, number: int) -> list[list[Any]]:
        """The rows again, with keys of their own."""
        return [self._row(row, number) for row in self.rows]

    def _row(self, row: list[Any], number: int) -> list[Any]:
        values = list(row)
        for place, first, step in self.shifts:
            values[place] += first + number * step
        for place in self.unique:
            values[place] = f"{values[place]}-{number}"
        return values


def hello(site: Site, seconds: float, clients: int) -> Times:
    """Two words from Flask under the same server and the same threads as the site."""
    workers = ["-w", "1", "--threads", "160"]
    if site.name != "embedded":
        workers = ["-w", "2", "--threads", "8"]
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "/dev/null",
        "-k",
        "gthread",
        *workers,
        "--keep-alive",
        "15",
    ]
    place = ["-b", f"127.0.0.1:{port}", "--no-control-socket", "benchmarks.hello:app"]
    process = start([*command, *place], site.environ, Path("/dev/null"))
    try:
        url = f"http://127.0.0.1:{port}"
        wait(url)
        calls = itertools.repeat(lambda client: client.get("/"))
        return measure(lambda _n: Client(url), calls, clients, seconds)
    finally:
        stop(process)


def outbox(site: Site, within: float = 60.0) -> Times:
    """Wait until what opening has put into the outbox is worked off; returns how fast that went."""
    connection = connect(site)
    begin, first = time.perf_counter(), _run(connection, WAITING).fetchone()[0]
    left = first
    while left and time.perf_counter() - begin < within:
        time.sleep(0.2)
        left = _run(connection, WAITING).fetchone()[0]
    connection.close()
    return Times([0.0] * (first - left), time.perf_counter() - begin)


def inserts(site: Site, seconds: float, clients: int) -> Times:
    """The rows of one opened ticket, written again and again."""
    with_rows = connect(site)
    _run(with_rows, "INSERT INTO counter (name, value) VALUES ('bench', 1) ON CONFLICT DO NOTHING")
    tables = _tables(with_rows, site)
    with_rows.close()
    numbers, times = itertools.count(1), Times()
    begin = time.perf_counter()
    threads = [
        threading.Thread(target=_insert, args=(site, tables, numbers, begin + seconds, times))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.whole = time.perf_counter() - begin
    return times


def _insert(
    site: Site, tables: list[Table], numbers: Iterator[int], until: float, times: Times
) -> None:
    connection = connect(site)
    moment = time.perf_counter()
    while moment < until:
        number = next(numbers)
        copies = [(table.insert, table.copy(number)) for table in tables]
        moment = time.perf_counter()
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if isinstance(cursor, sqlite3.Cursor) else "BEGIN")
        cursor.execute(DRAW)
        for statement, rows in copies:
            cursor.executemany(statement, rows)
        cursor.execute(DRAW)
        cursor.execute("COMMIT")
        after = time.perf_counter()
        times.each.append(after - moment)
        moment = after
    connection.close()


def connect(site: Site) -> Any:
    """A plain connection to the site's database."""
    url = site.environ.get("HELPDESK_DATABASE_URL", "")
    if url:
        return psycopg.connect(url, autocommit=True)
    path = f"{site.environ['HELPDESK_INSTANCE']}/helpdesk.sqlite3"
    connection = sqlite3.connect(path, timeout=15, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _run(connection: Any, statement: str) -> Any:
    cursor = connection.cursor()
    cursor.execute(statement)
    return cursor


def _tables(connection: Any, site: Site) -> list[Table]:
    """The rows of the last ticket by table, ready to be copied."""
    is_sqlite = isinstance(connection, sqlite3.Connection)
    found: dict[str, tuple[list[str], list[list[Any]]]] = {}
    for name, condition in ROWS.items():
        key = "rowid" if is_sqlite else "subject_id"
        columns = "rowid, *" if is_sqlite and name == "search_ticket" else "*"
        cursor = _run(connection, f"SELECT {columns} FROM {name} WHERE {condition.format(key=key)}")
        names = [column[0] for column in cursor.description]
        found[name] = names, [list(map(_as_sent, row)) for row in cursor.fetchall()]
    for row in found["delivery"][1]:  # else the running program would deliver the copies
        row[found["delivery"][0].index("state")] = "done"
    steps = {name: _step(connection, name, *found[name]) for name in set(OWN) & set(found)}
    mark = "?" if is_sqlite else "%s"
    return [_table(name, *found[name], steps, mark) for name in found if found[name][1]]


def _step(connection: Any, name: str, names: list[str], rows: list[list[Any]]) -> tuple[int, int]:
    """How far the first copy's keys lie from these, and how far apart the copies are."""
    if not rows:
        return 0, 0
    own = OWN[name]
    newest: int = _run(connection, f"SELECT max({own}) FROM {name}").fetchone()[0]
    return newest - min(row[names.index(own)] for row in rows), len(rows)


def _table(
    name: str,
    names: list[str],
    rows: list[list[Any]],
    steps: dict[str, tuple[int, int]],
    mark: str,
) -> Table:
    shifts = []
    for place, column in enumerate(names):
        is_own = column == OWN.get(name)
        target = "ticket" if name == "search_ticket" and place == 0 else KEYS.get(column, "")
        if is_own or target:
            shifts.append((place, *steps[name if is_own else target]))
    unique = [place for place, column in enumerate(names) if column in ("number", "normal")]
    columns = ", ".join(f'"{column}"' for column in names)
    marks = ", ".join([mark] * len(names))
    return Table(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows, shifts, unique)


def _as_sent(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value
