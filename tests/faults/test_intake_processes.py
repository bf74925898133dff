"""Small runs of benchmarks/faulting: killed web processes, a database that restarts or refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from benchmarks.faulting import intake, places
from helpdesk.core.db import db
from tests.help.servers import find


@pytest.mark.thorough
def test_f1_every_case_that_was_answered_exists_once(app: Flask, tmp_path: Path) -> None:
    """Web processes are killed twice a second; clients ask again with the same Idempotency-Key."""
    tally = intake.web_killed(app, tmp_path, seconds=5, every=0.5)
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, []), tally.note
    assert tally.accepted
    assert tally.kills


@pytest.mark.skipif(find("initdb") is None, reason="PostgreSQL is not installed")
def test_f8_a_database_that_restarts_loses_no_answered_case(app: Flask) -> None:
    """Nothing but 201 and 503 is answered, and cases come in again after each restart."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no server that could restart")
    tally = places.run("F8", "postgresql", seconds=4, rows=0)
    assert (tally["lost"], tally["doubled"], tally["broken"]) == (0, 0, []), tally["note"]
    assert tally["accepted"]


@pytest.mark.skipif(find("initdb") is None, reason="PostgreSQL is not installed")
def test_f9_cases_mails_and_steps_are_there_once_though_a_twentieth_of_transactions_gives_way(
    app: Flask,
) -> None:
    """PostgreSQL itself refuses them, as a deadlock or a serialization failure, half at the commit."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: nobody has to give way")
    tally = places.run("F9", "postgresql", seconds=3, rows=20)
    assert (tally["lost"], tally["doubled"], tally["broken"]) == (0, 0, []), tally["note"]
    assert tally["kills"], "nobody was made to give way"
