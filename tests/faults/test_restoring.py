"""A backup taken under load and restored: nothing is sent again, no step is taken twice (F27)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from benchmarks.faulting import restoring
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.models import Envelope
from helpdesk.ops import backup
from tests.help import factories as make
from tests.help.servers import find

pytestmark = pytest.mark.skipif(
    find("pg_dump") is None, reason="PostgreSQL's client programs are not installed"
)


def test_f27_after_restoring_nothing_is_sent_again_and_each_step_is_taken_once(
    app: Flask, tmp_path: Path
) -> None:
    tally = restoring.under_load(app, tmp_path, rows=12)
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, []), tally.note


@pytest.mark.parametrize("resend", [False, True])
def test_f27_a_mail_that_was_to_be_tried_again_waits_for_a_person(
    app: Flask, tmp_path: Path, resend: bool
) -> None:
    """It may have gone out between the backup and the restoring; --resend sends it all the same."""
    make.ticket()
    deliver_due()
    with transaction():
        mail = db.session.scalars(db.select(Envelope)).one()
        mail.state, mail.next_at = "retry", now() + timedelta(minutes=5)
    known = app.extensions["helpdesk_settings"]
    backup.write(tmp_path / "copy.tar.gz", known)
    db.session.remove()
    backup.restore(tmp_path / "copy.tar.gz", known, force=True, resend=resend)
    mail = db.session.scalars(db.select(Envelope)).one()
    assert (mail.state, mail.next_at is None) == (
        ("retry", False) if resend else ("uncertain", True)
    )
