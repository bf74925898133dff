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
FIRST, ANY_SUBJECT = "0001", "0016"  # since then a promise may be about anything
# Derived, of the database itself, or counts of the last minutes that begin anew (0008).
NOT_KEPT = ("search_", "sqlite_", "alembic_version", "rate_limit")

# The table that is gone -> the meaning that says what became of its rows.
MOVED = {"response": "promises of tickets"}
# A column whose values a migration changes on purpose -> why.
CHANGED = {
    ("contact_address", "normal"): "a phone's extension is read apart from its number (0012)",
    ("alarm", "kind"): "a promise is called one (0016)",
    ("escalation", "subject_kind"): "a promise is called one (0016)",
    ("reminder", "subject_kind"): "a promise is called one (0016)",
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
NOTICE_STEP = (
    "SELECT n.id, n.number, '{0}' AS step, n.{0}_due_at AS due_at"
    " FROM notice n WHERE n.{0}_due_at IS NOT NULL"
)
NOTICE_PROMISES = " UNION ALL ".join(
    NOTICE_STEP.format(step) for step in ("containment", "plan", "done", "check")
)
# Which promise a row is about: by the number of its case and the promise's name, or by its notice.
ABOUT = """
LEFT JOIN {table} r ON x.{column} = '{kind}' AND r.id = x.subject_id LEFT JOIN ticket t ON {its_case}
LEFT JOIN notice n ON x.{column} LIKE 'notice%' AND n.id = x.subject_id
"""
WHOM = """CASE WHEN r.id IS NULL THEN x.{column} ELSE 'promise' END AS about,
    t.number AS ticket, r.promise, r.cycle AS promise_cycle, r.part, n.id AS notice"""
ALARMS = f"""
SELECT {WHOM}, CASE WHEN r.id IS NULL THEN x.subject_id END AS other,
    x.cycle, x.level, x.due_at, x.first_due_at, x.tries, x.parked
FROM alarm x {ABOUT}
"""
ESCALATIONS = f"""
SELECT {WHOM}, x.level, x.cycle, x.told, x.due_at, x.at
FROM escalation x {ABOUT}
"""
REMINDERS = f"""
SELECT {WHOM}, a.email, x.promise AS told_of, x.level, x.cycle, x.role, x.due_at, x.tell_at,
    x.told_at, x.outcome
FROM reminder x JOIN agent a ON a.id = x.agent_id {ABOUT}
"""
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
    "promises of notices": {FIRST: NOTICE_PROMISES},
    "alarms by promise": _of_promises(ALARMS, "kind"),
    "escalations by promise": _of_promises(ESCALATIONS, "subject_kind"),
    "reminders by promise": _of_promises(REMINDERS, "subject_kind"),
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
        _balance(name, *_shared(name, rows, after.tables.get(name, [])))
        for name, rows in before.tables.items()
        if name in after.tables or name not in MOVED
    ]
    return tables + [
        _balance(name, rows, after.meanings[name]) for name, rows in before.meanings.items()
    ]


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
