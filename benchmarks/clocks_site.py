"""What the measurements of the clocks share: a figure with its aim, and a private database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from benchmarks import sites
from benchmarks.load.run import seed_load
from helpdesk import create_app, settings
from helpdesk.core.db import db
from helpdesk.core.migrating import upgrade
from helpdesk.seeds.defaults import seed_defaults
from tests.help import servers


@dataclass(frozen=True)
class Figure:
    """One measurement; `aim` is the least (or, with `less`, the most) that it may be."""

    what: str
    value: float
    unit: str
    aim: float | None = None
    less: bool = False

    @property
    def kept(self) -> bool | None:
        """Whether the aim is met; None without one."""
        if self.aim is None:
            return None
        return self.value <= self.aim if self.less else self.value >= self.aim

    @property
    def line(self) -> str:
        """One line for the terminal."""
        shown = f"{self.value:,.0f}" if abs(self.value) >= 100 else f"{self.value:,.2f}"
        text = f"{self.what:<52} {shown:>12} {self.unit:<12}"
        if self.aim is None:
            return text.rstrip()
        verdict = "kept" if self.kept else "MISSED"
        return f"{text} (aim {'<=' if self.less else '>='} {self.aim:,g}: {verdict})"


@dataclass(frozen=True)
class Asked:
    """On which database to measure: '' SQLite, 'private' a PostgreSQL of our own, else a URL."""

    postgresql: str = ""

    @property
    def profile(self) -> str:
        """The database in words."""
        return "PostgreSQL" if self.postgresql else "SQLite"

    @contextmanager
    def site(self, tickets: int = 0, open_: int = 0) -> Iterator[Flask]:
        """An app in this process, inside its context, with so many invented tickets."""
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="helpdesk-clocks-"))
            app = create_app(settings.load(self._environ(Path(folder), stack)))
            stack.enter_context(app.app_context())
            upgrade()
            seed_defaults()
            if tickets:
                seed_load(tickets, open=open_)
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("ANALYZE")
                    connection.commit()
            yield app

    def _environ(self, folder: Path, stack: ExitStack) -> dict[str, str]:
        more = {"SECRET_KEY": "k" * 40}
        if self.postgresql:
            private = self.postgresql == "private"
            server = stack.enter_context(sites.safe_postgresql()) if private else self.postgresql
            more["DATABASE_URL"] = stack.enter_context(sites.database(server))
        return servers.environment(folder, **more)
