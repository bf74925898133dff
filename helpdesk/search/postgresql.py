"""The index on PostgreSQL: one table with a tsvector under GIN for each kind.

Vectors and queries are written as literals, so no parser or dictionary of the server is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Delete,
    Float,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    false,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, Insert, insert

from helpdesk.search.words import Phrase, Term

SUBJECT = "subject_id"
# Weights of D, C, B, A: words of the body bear none (D), those of the heading A.
_WEIGHTS: ColumnElement[Any] = literal_column("CAST('{0.2,0.2,0.2,1.0}' AS real[])")
_BY_LENGTH = 1  # the rank is divided by 1 + log(length)
_POSITIONS = 16_383  # the last position that a tsvector can name


@lru_cache
def _table(name: str) -> Table:
    subject_id = Column("subject_id", BigInteger, primary_key=True)
    return Table(name, MetaData(), subject_id, Column("size", Integer), Column("vector", TSVECTOR))


def creation(name: str) -> list[str]:
    """The statements that make the table and its index.

    A short list of pending words makes writes as fast as a long one, without its half second
    when a writer must empty it. Statistics over more words let the planner know rare ones.
    """
    return [
        f"CREATE TABLE IF NOT EXISTS {name} (subject_id bigint PRIMARY KEY,"
        " size integer NOT NULL, vector tsvector NOT NULL)",
        _index(name),
        f"ALTER TABLE {name} ALTER COLUMN vector SET STATISTICS 1000",
    ]


def _index(name: str) -> str:
    return (
        f"CREATE INDEX IF NOT EXISTS ix_{name}_vector ON {name} USING gin (vector)"
        " WITH (gin_pending_list_limit = 256)"
    )


def before_loading(name: str) -> list[str]:
    """The statements before very many rows are written: without the index that is faster."""
    return [f"DROP INDEX IF EXISTS ix_{name}_vector"]


def after_loading(name: str) -> list[str]:
    """The statements after very many rows were written. An index of a million takes minutes, and no
    statement after it in this transaction is hurried either."""
    slowly = ["SET LOCAL statement_timeout = 0", "SET LOCAL maintenance_work_mem = '256MB'"]
    return [*slowly, _index(name), f"ANALYZE {name}"]


def _lexeme(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


def _start(tokens: Sequence[str]) -> int:
    """Where a text begins among the positions: the text decides, so texts added one by one
    seldom meet, and the same text added twice changes nothing."""
    return crc32(" ".join(tokens).encode()) % max(1, _POSITIONS - len(tokens))


def vector(heading: Sequence[str], body: Sequence[str]) -> str:
    """The tokens as the text of a tsvector, those of the heading with weight A."""
    places: dict[str, list[str]] = defaultdict(list)
    for tokens, weight in ((heading, "A"), (body, "")):
        for at, token in enumerate(tokens, _start(tokens)):
            places[token].append(f"{at % _POSITIONS + 1}{weight}")
    return " ".join(f"{_lexeme(token)}:{','.join(at)}" for token, at in places.items())


def row(subject_id: int, heading: Sequence[str], body: Sequence[str]) -> dict[str, object]:
    """The parameters of `put` and `add`."""
    words = vector(heading, body)
    return {"subject_id": subject_id, "size": len(words.encode()), "words": words}


def stored(name: str, row: dict[str, object]) -> tuple[Table, dict[str, object]]:
    """The table and these parameters as its columns; the words are read as a vector."""
    vector = row["words"]
    return _table(name), {"subject_id": row["subject_id"], "size": row["size"], "vector": vector}


def _insert(table: Table) -> Insert:
    return insert(table).values(
        subject_id=bindparam("subject_id"),
        size=bindparam("size"),
        vector=cast(bindparam("words", type_=String), TSVECTOR),
    )


@lru_cache
def put(name: str) -> Insert:
    """Write a subject's row anew."""
    statement = _insert(_table(name))
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["subject_id"], set_={"size": new.size, "vector": new.vector}
    )


def add(name: str, limit: int) -> Insert:
    """Append to a subject's row, unless it would exceed `limit` bytes.

    Vectors are joined as text: `||` would move the new positions, at the end up to the last one,
    where no phrase is found any more.
    """
    table = _table(name)
    statement = _insert(table)
    new = statement.excluded
    joined = cast(table.c.vector, Text) + " " + cast(new.vector, Text)
    return statement.on_conflict_do_update(
        index_elements=["subject_id"],
        set_={"size": table.c.size + new.size, "vector": cast(joined, TSVECTOR)},
        where=table.c.size + new.size <= limit,
    )


def remove(name: str, subject_id: int) -> Delete:
    """Take a subject out."""
    table = _table(name)
    return delete(table).where(table.c.subject_id == subject_id)


def _phrase(phrase: Phrase) -> str:
    words = " <-> ".join(map(_lexeme, phrase.tokens))
    return f"({words}:*)" if phrase.prefix else f"({words})"


def expression(terms: Sequence[Term], every: bool) -> str:
    """The terms as the text of a tsquery; every token stands in quotes."""
    joint = " & " if every else " | "
    return joint.join(f"({' | '.join(map(_phrase, term))})" for term in terms)


def ranked(name: str, terms: Sequence[Term], every: bool = True) -> Select[Any]:
    """Select subject_id and rank of what holds every term, or any, with them as `words`.

    The rank is cover density, which likes words that stand close together; of any terms it is
    how many are there, and how often.
    """
    table = _table(name)
    wanted = cast(bindparam("words", expression(terms, every), String), TSQUERY)
    measure = func.ts_rank_cd if every else func.ts_rank
    rank = measure(_WEIGHTS, table.c.vector, wanted, _BY_LENGTH, type_=Float)
    found = table.c.vector.bool_op("@@")(wanted) if terms else false()
    return select(table.c.subject_id, rank.label("rank")).where(found)
