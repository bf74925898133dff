"""A backup that is taken while everything works, then restored: the work goes on from there (F27)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from flask import Flask

from benchmarks.faulting import outbox, timers
from benchmarks.faulting.nursery import nursery
from benchmarks.faulting.tally import Tally
from helpdesk.core.db import db
from helpdesk.ops import backup


def under_load(app: Flask, folder: Path, rows: int) -> Tally:
    """F27: what waited at the backup has gone out since, so it is held back; alarms ring once."""
    copy, known = folder / "copy.tar.gz", app.extensions["helpdesk_settings"]
    with outbox.posting(app) as first, nursery(app, timers.timers):
        outbox.complaints(rows)
        timers.promises_due(rows, timers.timedelta(seconds=1))
        backup.write(copy, known)
        timers.quiet()
        outbox.wait(lambda: not outbox.under_way())
    db.session.remove()
    backup.restore(copy, known, force=True)
    due = timers.waiting()
    with outbox.posting(app) as second:
        with nursery(app, timers.timers):
            timers.quiet()
            outbox.wait(lambda: not outbox.under_way())
        again = _ids(first) & _ids(second)
    tally = timers.tally("F27", rows, 1)
    tally.doubled += again.total()
    tally.note = f"{due} alarms rang after restoring; {again.total()} mails sent again"
    return tally


def _ids(sink: outbox.Sink) -> Counter[str]:
    """The Message-IDs that this mail server took."""
    return Counter({str(mail["Message-ID"]) for mail in sink.taken})
