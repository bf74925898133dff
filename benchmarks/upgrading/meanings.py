"""What an upgrade must not change, asked of any edition's tables, and how two answers differ.

Two kinds of subjects are compared, each as a bag of rows: every table, over the columns that both editions have,
and the meanings below, which are asked in the words of each edition and so hold across tables that are renamed,
split or given other keys. A migration that does that adds a line to each meaning that reads them, and the tables
that it ends to MOVED.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Rows = list[dict[str, Any]]
# Since the second a promise may be about anything, since the third what a notice owes is one.
FIRST, ANY_SUBJECT, OF_NOTICES = "0001", "0016", "0017"
# Derived, of the database itself, or counts of the last minutes that begin anew (0008).
NOT_KEPT = ("search_", "sqlite_", "alembic_version", "rate_limit")

# The table that is gone, or holds more than it did -> the meanings that say what became of its rows.
MOVED = {"response": "promises of tickets", "promise": "promises of tickets, of notices"}
# A table that has another name since, and the same rows.
RENAMED = {"outbound_mail": "envelope"}  # 0019
# A column whose values a migration changes on purpose -> why.
CHANGED = {
    ("contact_address", "normal"): "a phone's extension is read apart from its number (0012)",
    ("alarm", "kind"): "a promise is called one (0016), also a notice's (0017)",
    ("alarm", "subject_id"): "a notice's alarm names its promise (0017)",
    ("alarm", "cycle"): "the round is told by the promise (0017)",
    ("escalation", "cycle"): "the step of a notice is told by the promise (0017)",
    ("escalation", "subject_kind"): "a promise is called one (0016)",
    ("reminder", "cycle"): "the step of a notice is told by the promise (0017)",
    ("reminder", "subject_id"): "the promise has a column of its own (0017)",
    ("reminder", "subject_kind"): "a promise is called one (0016), and names its subject (0017)",
}

# Where promises are, what names one of them elsewhere, and how its case is found.
PLACES = {
    FIRST: {"table": "response", "kind": "response", "its_case": "t.id = r.ticket_id"},
    ANY_SUBJECT: {
        "table": "promise",
        "kind": "promise",
        "its_case": "r.subject_kind = 'ticket' AND t.id = r.subject_id",
    },
}
PROMISES = """
SELECT t.number, r.promise, r.cycle, r.part, r.position, r.owner, d.code AS department, r.owner_name,
    r."limit", r.chain, r.calendar, r.calendar_version, r.bound, r.latest_at, r.policy_version, r.profile,
    r.started_at, r.due_at, r.provisional, r.extended_to, r.extended_at, r.paused_at, r.pauses, r.warned_at,
    r.level, r.state, r.verdict, r.met_at, r.taken, r.met_by, r.done
FROM {table} r JOIN ticket t ON {its_case} LEFT JOIN department d ON d.id = r.owner_department_id
"""
# What a notice owes in the round that goes on: its steps, once columns of its own, then promises.
STEPS = ("containment", "plan", "done", "check")
NOTICE_STEP = """
SELECT n.id, n.number, n.round, '{0}' AS step, n.{0}_due_at AS due_at,
    CASE '{0}' WHEN 'check' THEN NULL ELSE n.round_at END AS started_at,
    coalesce(nullif(n.limits ->> '{0}', ''), '1 cd') AS "limit", n.due_at AS next_due_at
FROM notice n WHERE n.{0}_due_at IS NOT NULL
"""
NOTICE_COLUMNS = " UNION ALL ".join(NOTICE_STEP.format(step) for step in STEPS)
NOTICE_PROMISES = """
SELECT n.id, n.number, n.round, r.promise AS step, r.due_at,
    CASE r.promise WHEN 'check' THEN NULL ELSE r.started_at END AS started_at, r."limit",
    next.due_at AS next_due_at
FROM notice n JOIN promise r ON r.subject_kind = 'notice' AND r.subject_id = n.id AND r.cycle = n.round
LEFT JOIN promise next ON next.id = n.next_id
WHERE r.due_at IS NOT NULL
"""
# Which promise a row is about: by the number of its case or by its notice, and by the promise's name
# and cycle. A notice's own clock wrote round, extension and step as one number, and 0 for a round
# that failed.
ABOUT = """
LEFT JOIN {table} r ON x.{column} = '{kind}' AND r.id = x.subject_id LEFT JOIN ticket t ON {its_case}
LEFT JOIN notice n ON x.{column} LIKE 'notice%' AND n.id = x.subject_id
"""
WHOM = """
    CASE WHEN r.id IS NULL AND x.{column} <> 'notice' THEN x.{column} ELSE 'promise' END AS about,
    t.number AS ticket, n.id AS notice, coalesce(r.part, CASE x.{column} WHEN 'notice' THEN 1 END) AS part,
    CASE WHEN x.{column} <> 'notice' THEN r.promise WHEN x.level = 0 OR x.cycle % 10 = 3 THEN 'check'
        WHEN x.cycle % 10 = 2 THEN 'done' WHEN x.cycle % 10 = 1 THEN 'plan' ELSE 'containment' END AS promise,
    CASE WHEN x.{column} <> 'notice' THEN r.cycle WHEN x.level = 0 THEN x.cycle
        ELSE x.cycle / 100 END AS promise_cycle,
    CASE WHEN x.{column} <> 'notice' THEN x.cycle END AS cycle, x.level"""
ABOUT_PROMISE = """
LEFT JOIN promise r ON {names} LEFT JOIN ticket t ON r.subject_kind = 'ticket' AND t.id = r.subject_id
LEFT JOIN notice n ON n.id = CASE WHEN r.subject_kind = 'notice' THEN r.subject_id {or_else} END
"""
WHOM_PROMISE = """
    t.number AS ticket, n.id AS notice, r.part, r.promise, r.cycle AS promise_cycle,
    CASE WHEN r.subject_kind = 'notice' THEN NULL ELSE x.cycle END AS cycle, x.level"""
BY_ID = ABOUT_PROMISE.format(names="r.id = x.promise_id", or_else="")
ALARM = "x.due_at, x.first_due_at, x.tries, x.parked FROM alarm x"
ALARMS = f"SELECT {WHOM}, CASE WHEN r.id IS NULL AND x.kind <> 'notice' THEN x.subject_id END AS other, {ALARM} {ABOUT}"
ALARMS_OF_PROMISES = f"""
SELECT x.kind AS about, {WHOM_PROMISE}, CASE WHEN r.id IS NULL THEN x.subject_id END AS other, {ALARM}
""" + ABOUT_PROMISE.format(
    names="x.kind = 'promise' AND r.id = x.subject_id",
    or_else="WHEN x.kind LIKE 'notice%' THEN x.subject_id",
)
ESCALATION = "x.told, x.due_at, x.at FROM escalation x"
ESCALATIONS = f"SELECT {WHOM}, {ESCALATION} {ABOUT}"
ESCALATIONS_OF_PROMISES = f"SELECT 'promise' AS about, {WHOM_PROMISE}, {ESCALATION} {BY_ID}"
REMINDER = """a.email, x.promise AS told_of, x.role, x.due_at, x.tell_at, x.told_at, x.outcome
FROM reminder x JOIN agent a ON a.id = x.agent_id
"""
REMINDERS = f"SELECT {WHOM}, {REMINDER} {ABOUT}"
REMINDERS_OF_PROMISES = f"SELECT 'promise' AS about, {WHOM_PROMISE}, {REMINDER} {BY_ID}"
JOURNAL = """
SELECT e.seq, e.at, e.name, t.number, e.notice_id, e.by_kind, e.by_id, e.by_name, e.data
FROM event e LEFT JOIN ticket t ON t.id = e.ticket_id
"""
CALLS = """
SELECT t.number, c.cycle, c.state, c.next_at, c.attempts, k.contact, k.resolved, k.words, k.by_name, k.at
FROM callback c JOIN ticket t ON t.id = c.ticket_id LEFT JOIN callback_attempt k ON k.callback_id = c.id
"""


def _of_promises(query: str, column: str = "") -> dict[str, str]:
    return {since: query.format(column=column, **place) for since, place in PLACES.items()}


# Meaning -> the first migration for which a query holds -> the query.
MEANINGS: dict[str, dict[str, str]] = {
    "promises of tickets": _of_promises(PROMISES),
    "promises of notices": {FIRST: NOTICE_COLUMNS, OF_NOTICES: NOTICE_PROMISES},
    "alarms by promise": _of_promises(ALARMS, "kind") | {OF_NOTICES: ALARMS_OF_PROMISES},
    "escalations by promise": _of_promises(ESCALATIONS, "subject_kind")
    | {OF_NOTICES: ESCALATIONS_OF_PROMISES},
    "reminders by promise": _of_promises(REMINDERS, "subject_kind")
    | {OF_NOTICES: REMINDERS_OF_PROMISES},
    "follow-up calls": {FIRST: CALLS},
    "journal": {FIRST: JOURNAL},
}


@dataclass(frozen=True)
class Everything:
    """All rows of a database: by table, and by meaning."""

    revision: str
    tables: Mapping[str, Rows]
    meanings: Mapping[str, Rows]


@dataclass(frozen=True)
class Balance:
    """One subject before and after. A row that changed is lost as it was and new as it is."""

    subject: str
    before: int
    after: int
    lost: list[str]
    new: list[str]

    @property
    def kept(self) -> bool:
        """Whether each row is there once, as it was."""
        return not self.lost and not self.new


def read(url: str) -> Everything:
    """Every row of the database at this URL, whatever its edition."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        revision = str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))
        names = [name for name in sa.inspect(connection).get_table_names() if _is_kept(name)]
        return Everything(
            revision,
            {name: _rows(connection, f'SELECT * FROM "{name}"') for name in sorted(names)},
            {name: _rows(connection, _asked(asked, revision)) for name, asked in MEANINGS.items()},
        )


def balances(before: Everything, after: Everything) -> list[Balance]:
    """Each table and meaning of `before`, compared with `after`."""
    tables = [
        _balance(name, *_shared(name, rows, _same_table(name, after.tables)))
        for name, rows in before.tables.items()
        if name not in MOVED
    ]
    return tables + [
        _balance(name, rows, after.meanings[name]) for name, rows in before.meanings.items()
    ]


def _same_table(name: str, tables: Mapping[str, Rows]) -> Rows:
    return tables.get(name) or tables.get(RENAMED.get(name, name), [])


def _is_kept(table: str) -> bool:
    return not table.startswith(NOT_KEPT)


def _asked(queries: Mapping[str, str], revision: str) -> str:
    return queries[max(since for since in queries if since <= revision)]


def _rows(connection: sa.Connection, query: str) -> Rows:
    return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def _shared(table: str, before: Rows, after: Rows) -> tuple[Rows, Rows]:
    """The rows over the columns that both have, without those that change on purpose."""
    if not before or not after:
        return before, after
    names = [name for name in before[0] if name in after[0] and (table, name) not in CHANGED]
    return _only(names, before), _only(names, after)


def _only(names: list[str], rows: Rows) -> Rows:
    return [{name: row[name] for name in names} for row in rows]


def _balance(subject: str, before: Rows, after: Rows) -> Balance:
    was, now = Counter(map(_text, before)), Counter(map(_text, after))
    lost, new = (was - now).elements(), (now - was).elements()
    return Balance(subject, len(before), len(after), sorted(lost), sorted(new))


def _text(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, default=str, ensure_ascii=False)
