"""The index on SQLite: one FTS5 table for each kind, its rowid is the subject's id.

FTS5 knows no ON CONFLICT, so a row is replaced; rows come newest first without sorting.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Delete,
    Float,
    Insert,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    select,
)

from helpdesk.search.words import Phrase, Term

SUBJECT = "rowid"
HEADING_WEIGHT = 5.0  # against 1 for the body


@lru_cache
def _table(name: str) -> Table:
    """The FTS5 table; the column of the table's own name is what FTS5 matches."""
    texts = [Column(each, Text) for each in ("heading", "body", name)]
    return Table(name, MetaData(), Column("rowid", Integer, primary_key=True), *texts)


def creation(name: str) -> list[str]:
    """The statements that make the table. Tokens arrive cut, so the ascii tokenizer is enough."""
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5("
        "heading, body, tokenize = \"ascii tokenchars '-_./@'\")"
    ]


def before_loading(_name: str) -> list[str]:
    """The statements before very many rows are written: FTS5 needs none."""
    return []


after_loading = before_loading


def row(subject_id: int, heading: Sequence[str], body: Sequence[str]) -> dict[str, object]:
    """The parameters of `put` and `add`."""
    return {"rowid": subject_id, "heading": " ".join(heading), "body": " ".join(body)}


def stored(name: str, row: dict[str, object]) -> tuple[Table, dict[str, object]]:
    """The table and these parameters as its columns."""
    return _table(name), row


@lru_cache
def put(name: str) -> Insert:
    """Write a subject's row anew."""
    return insert(_table(name)).prefix_with("OR REPLACE")


def add(name: str, limit: int) -> Insert:
    """Append to the body of a subject's row, unless it holds `limit` characters."""
    table, body = _table(name), bindparam("body", type_=Text)
    old = func.coalesce(func.max(table.c.body), "")
    grown = func.trim(old + " " + body)
    kept = case((func.length(old) + func.length(body) > limit, old), else_=grown)
    same = table.c.rowid == bindparam("rowid")
    row = select(bindparam("rowid"), func.coalesce(func.max(table.c.heading), ""), kept)
    return put(name).from_select(["rowid", "heading", "body"], row.where(same))


def remove(name: str, subject_id: int) -> Delete:
    """Take a subject out."""
    table = _table(name)
    return delete(table).where(table.c.rowid == subject_id)


def _phrase(phrase: Phrase) -> str:
    words = " ".join(phrase.tokens).replace('"', '""')
    return f'"{words}" *' if phrase.prefix else f'"{words}"'


def expression(terms: Sequence[Term], every: bool) -> str:
    """The terms in the language of MATCH; every token stands in quotes."""
    joint = " AND " if every else " OR "
    return joint.join(f"({' OR '.join(map(_phrase, term))})" for term in terms)


def ranked(name: str, terms: Sequence[Term], every: bool = True) -> Select[Any]:
    """Select subject_id and rank (BM25) of what holds every term, or any, with them as `words`."""
    table = _table(name)
    column = table.c[name]
    rank = -func.bm25(column, HEADING_WEIGHT, 1.0, type_=Float)
    wanted = bindparam("words", expression(terms, every), Text)
    found = column.match(wanted) if terms else false()
    return select(table.c.rowid.label("subject_id"), rank.label("rank")).where(found)
