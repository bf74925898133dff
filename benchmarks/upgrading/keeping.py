"""Small copies of an edition's databases that stay in the project: plain SQL, and the files beside it.

The index of words is left empty: it is large, and derived from the rest.
"""

from __future__ import annotations

import io
import lzma
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from benchmarks.upgrading.editions import url_of
from tests.help.servers import find

SQL = "database.sql"


def keep(environs: Mapping[str, Mapping[str, str]], target: Path) -> None:
    """Write the databases of these environments, by name, with the files that they name."""
    with tarfile.open(target, "w:xz", preset=9 | lzma.PRESET_EXTREME) as archive:
        for name, environ in sorted(environs.items()):
            _add(archive, f"{name}/{SQL}", _sql(environ).encode())
            instance = Path(environ["HELPDESK_INSTANCE"])
            for path in sorted((instance / "files").rglob("*")):
                if path.is_file():
                    _add(archive, f"{name}/{path.relative_to(instance)}", path.read_bytes())


def load(archive: Path, name: str, environ: Mapping[str, str]) -> None:
    """Fill the empty installation of this environment with a copy that was kept."""
    instance = Path(environ["HELPDESK_INSTANCE"])
    with tarfile.open(archive) as kept:
        for member in kept:
            if member.name.startswith(f"{name}/"):
                member.name = member.name.removeprefix(f"{name}/")
                kept.extract(member, instance, filter="data")
    script = (instance / SQL).read_text(encoding="utf8")
    given = environ.get("HELPDESK_DATABASE_URL", "")
    if given.startswith("postgresql"):
        with psycopg.connect(given, autocommit=True) as connection:
            connection.execute(script.encode())
    else:
        with sqlite3.connect(url_of(environ).removeprefix("sqlite:///")) as database:
            database.executescript(script)
        database.close()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _sql(environ: Mapping[str, str]) -> str:
    given = environ.get("HELPDESK_DATABASE_URL", "")
    if given.startswith("postgresql"):
        return _of_postgresql(given)
    with sqlite3.connect(url_of(environ).removeprefix("sqlite:///")) as database:
        return "\n".join(_of_sqlite(database))


def _of_postgresql(url: str) -> str:
    """pg_dump's own words, as statements that any client can run."""
    program = find("pg_dump")
    assert program, "PostgreSQL's client programs are not installed"
    plain = ["--no-owner", "--no-acl", "--inserts", "--rows-per-insert=1000", "--no-comments"]
    plain.append("--exclude-table-data=search_*")
    done = subprocess.run([program, *plain, url], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.split("\n") if not line.startswith(("--", "\\"))]
    return "\n".join(lines)


def _of_sqlite(database: sqlite3.Connection) -> Iterator[str]:
    """Each table with its rows; then indexes and triggers."""
    made = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    indexes = tuple(f"{name}_" for name, sql in made if sql.startswith("CREATE VIRTUAL"))
    own = [(name, sql) for name, sql in made if not name.startswith(indexes)]
    yield "BEGIN;"
    for name, sql in own:
        if sql.startswith("CREATE VIRTUAL"):
            yield f"{sql};"
        elif sql.startswith("CREATE TABLE"):
            yield f"{sql};"
            yield from _rows(database, name)
    yield from (f"{sql};" for _, sql in own if not sql.startswith(("CREATE TABLE", "CREATE VIRT")))
    yield "COMMIT;"


def _rows(database: sqlite3.Connection, name: str) -> Iterator[str]:
    columns = [f'"{row[1]}"' for row in database.execute(f'PRAGMA table_info("{name}")')]
    quoted = ", ".join(f"quote({column})" for column in columns)
    rows = [f"({','.join(row)})" for row in database.execute(f'SELECT {quoted} FROM "{name}"')]
    if rows:
        yield f'INSERT INTO "{name}" ({", ".join(columns)}) VALUES'
        yield ",\n".join(rows) + ";"
