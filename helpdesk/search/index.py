"""What callers use: keep the index within their transaction, one statement for each change.

Each kind of subject has a table of its own, so a rare article is not weighed by the words of
many tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Select, column, select, text
from sqlalchemy import table as named
from sqlalchemy.orm import Session, scoped_session

from helpdesk.search import postgresql, sqlite
from helpdesk.search.fold import initials
from helpdesk.search.words import shared_terms, terms, tokens

KINDS = ("ticket", "article", "notice", "person")
Writer = Connection | Session | scoped_session[Session]
Texts = Iterable[str | None]

_PREFIX = "search_"
_LIMIT = 600_000  # characters of one subject's tokens; what is beyond is not found
_BACKENDS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def _name(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no search index for {kind!r}")
    return _PREFIX + kind


def _backend(writer: Writer) -> ModuleType:
    bind = writer if isinstance(writer, Connection) else writer.get_bind()
    return _BACKENDS[bind.dialect.name]


def is_index_table(name: str) -> bool:
    """Whether a table belongs to the index (FTS5 makes five for each): Alembic leaves it alone."""
    return any(name == _name(kind) or name.startswith(f"{_name(kind)}_") for kind in KINDS)


def create(connection: Connection) -> None:
    """Make the tables of the index where they are missing."""
    for kind in KINDS:
        for statement in _backend(connection).creation(_name(kind)):
            connection.execute(text(statement))


def drop(connection: Connection) -> None:
    """Remove the tables of the index where they exist."""
    for kind in KINDS:
        connection.execute(text(f"DROP TABLE IF EXISTS {_name(kind)}"))


@contextmanager
def loading(session: Writer, kind: str) -> Iterator[None]:
    """Write very many subjects inside, with `put_many`, while nobody searches; commit as you like.

    PostgreSQL builds its index anew afterwards, which is faster than to extend it row by row.
    """
    backend = _backend(session)
    for statement in backend.before_loading(_name(kind)):
        session.execute(text(statement))
    yield
    for statement in backend.after_loading(_name(kind)):
        session.execute(text(statement))


def subjects(connection: Connection, kind: str, after: int = 0) -> list[int]:
    """The ids of all that is in the index, in order, from the one behind `after` on."""
    subject: Any = column(_backend(connection).SUBJECT)
    found = select(subject).select_from(named(_name(kind))).where(subject > after)
    return list(connection.scalars(found.order_by(subject)))


def _within_limit(words: list[str]) -> list[str]:
    if 5 * sum(map(len, words)) <= _LIMIT:  # no character takes more than four bytes
        return words
    sizes = accumulate(len(word.encode()) + 1 for word in words)
    return [word for word, size in zip(words, sizes, strict=True) if size <= _LIMIT]


def _row(backend: ModuleType, kind: str, subject_id: int, texts: Texts) -> dict[str, Any]:
    heading, *rest = [each or "" for each in texts] or [""]
    names = initials(heading) if kind == "person" else []
    body = [word for each in rest for word in tokens(each)]
    row: dict[str, Any] = backend.row(
        subject_id, _within_limit([*tokens(heading), *names]), _within_limit(body)
    )
    return row


def put(session: Writer, kind: str, subject_id: int, texts: Texts) -> None:
    """Index a subject anew by its texts; the first is its heading and weighs more.

    For a person the heading is the name, and the pinyin initials of a Chinese name are found too.
    """
    backend = _backend(session)
    session.execute(backend.put(_name(kind)), _row(backend, kind, subject_id, texts))


def new_rows(
    writer: Writer, kind: str, found: Iterable[tuple[int, Texts]]
) -> tuple[Any, list[dict[str, Any]]]:
    """The table and the rows of subjects that are new, for who writes them together with others."""
    backend, table, rows = _backend(writer), None, []
    for subject_id, texts in found:
        table, row = backend.stored(_name(kind), _row(backend, kind, subject_id, texts))
        rows.append(row)
    return table, rows


def put_many(session: Writer, kind: str, subjects: Iterable[tuple[int, Texts]]) -> None:
    """The same for many subjects, as (subject_id, texts), in one batch."""
    backend = _backend(session)
    rows = [_row(backend, kind, subject_id, texts) for subject_id, texts in subjects]
    if rows:
        session.execute(backend.put(_name(kind)), rows)


def add(session: Writer, kind: str, subject_id: int, text: str) -> None:
    """Index one more text of a subject, such as a message that a ticket has gained."""
    backend = _backend(session)
    row = _row(backend, kind, subject_id, ["", text])
    session.execute(backend.add(_name(kind), _LIMIT), row)


def remove(session: Writer, kind: str, subject_id: int) -> None:
    """Take a subject out of the index."""
    session.execute(_backend(session).remove(_name(kind), subject_id))


def ranked(query: str, kind: str, dialect: str, *, prefix: bool = False) -> Select[Any]:
    """Select `subject_id` and `rank` (a higher one fits better) of what matches every word.

    `dialect` is the database's name ("sqlite", "postgresql"). With `prefix` the last word may be
    unfinished. A query without a word matches nothing. Rights are not applied: join the
    subject's table and its rule. Ranking reads each match: among many tickets use `matching`,
    newest first.
    """
    statement: Select[Any] = _BACKENDS[dialect].ranked(_name(kind), terms(query, prefix))
    return statement


def wanted(query: str, dialect: str, *, prefix: bool = False) -> str:
    """What a statement of ranked() or matching() asks for other words by, as its parameter `words`;
    "" without a word, which matches nothing."""
    found: str = _BACKENDS[dialect].expression(terms(query, prefix), every=True)
    return found


def matching(query: str, kind: str, dialect: str, *, prefix: bool = False) -> Select[Any]:
    """Select only the `subject_id` of what matches every word, for `IN`. Else like `ranked`."""
    statement = ranked(query, kind, dialect, prefix=prefix)
    return statement.with_only_columns(statement.selected_columns.subject_id)


def alike(text: str, kind: str, dialect: str) -> Select[Any]:
    """Select `subject_id` and `rank` of what shares words with a text: order by rank, and limit.

    Meant for suggestions; it looks at everything that holds one of the words.
    """
    statement: Select[Any] = _BACKENDS[dialect].ranked(_name(kind), shared_terms(text), every=False)
    return statement
