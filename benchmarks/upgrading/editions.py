"""An older edition of the program, taken out of the repository, and a database that it filled."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import sqlalchemy as sa

from benchmarks.sites import ROOT
from tests.help import servers

DOORS = Path(__file__).with_name("doors.py")
LAST = ("journal_seal", "simulated")  # what its timer process writes when everything else is done
KEY = "kept for upgrades only, and long enough for anything"


@dataclass(frozen=True)
class Edition:
    """The tree of one commit and the Python that has its packages."""

    folder: Path
    python: str

    def flask(self, *arguments: str, environ: Mapping[str, str]) -> str:
        """Run a command of that edition; what it prints. Raises RuntimeError with its words."""
        return self._run("-m", "flask", "--app", "wsgi", *arguments, environ=environ)

    def fill(self, tickets: int, environ: Mapping[str, str]) -> None:
        """Make a database with so many tickets: the demo, invented ones, and what came in by each door."""
        self.flask("prepare", "--demo", environ=environ)
        own = self._run(str(DOORS), "--count", environ=environ)
        more = tickets - count(environ) - int(own)
        if more > 0:
            load = ("--tickets", str(more), "--messages", "1", "--agents", "4", "--articles", "1")
            self.flask("seed", "load", *load, environ=environ)
        self._run(str(DOORS), environ=environ)
        self._settle(environ)

    def _run(self, *arguments: str, environ: Mapping[str, str]) -> str:
        done = subprocess.run(
            [self.python, *arguments],
            cwd=self.folder,
            env={**environ, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _settle(self, environ: Mapping[str, str]) -> None:
        """Let the timer process do what waits: it sends, seals the journal, ends what is begun."""
        command = [self.python, "-m", "flask", "--app", "wsgi", "alarms"]
        with subprocess.Popen(
            command, cwd=self.folder, env=dict(environ), stdout=subprocess.DEVNULL
        ) as timers:
            servers.wait_until(lambda: all(count(environ, table) for table in LAST), 120, "the end")
            timers.send_signal(signal.SIGTERM)


def url_of(environ: Mapping[str, str]) -> str:
    """Where the database of this environment is, as SQLAlchemy writes it."""
    given = environ.get("HELPDESK_DATABASE_URL", "")
    if given:
        return "postgresql+psycopg" + given[given.index(":") :]
    return f"sqlite:///{Path(environ['HELPDESK_INSTANCE']) / 'helpdesk.sqlite3'}"


def count(environ: Mapping[str, str], table: str = "ticket") -> int:
    """How many rows there are."""
    engine = sa.create_engine(url_of(environ), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


@contextmanager
def edition(commit: str) -> Iterator[Edition]:
    """The tree of this commit in a folder that is gone afterwards. Raises LookupError when it is not known."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-edition-") as place:
        folder = Path(place) / "tree"
        told = subprocess.run(
            ["git", "-C", str(ROOT), "archive", "--format=tar", commit],
            capture_output=True,
            check=False,
        )
        if told.returncode:
            raise LookupError(f"This clone has no commit {commit}: {told.stderr.decode().strip()}")
        with tarfile.open(fileobj=io.BytesIO(told.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Edition(folder, _python(folder, Path(place)))


def _python(folder: Path, place: Path) -> str:
    """This Python where it has every package in the version that the edition pins, else one of its own."""
    pins = [line.split("#")[0].strip() for line in (folder / "requirements.txt").open()]
    if all(_is_here(pin) for pin in pins if pin):
        return sys.executable
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
    python = str(place / "venv" / "bin" / "python")
    wanted = [python, "-m", "pip", "install", "-q", "-r", str(folder / "requirements.txt")]
    subprocess.run(wanted, check=True, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    return python


def _is_here(pin: str) -> bool:
    name, _, version = pin.partition("==")
    try:
        return metadata.version(name.partition("[")[0]) == version.partition(";")[0].strip()
    except metadata.PackageNotFoundError:
        return False
