"""A receipt that adds up: what every explanation of a due time must fulfil."""

from __future__ import annotations

from itertools import pairwise

from helpdesk import promises
from helpdesk.clock import Limit, LimitKind, remaining
from helpdesk.promises import receipts
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force


def proven(row: Promise) -> bool:
    """Check one receipt; False when the promise has no due time yet."""
    snapshot = in_force.current()
    spans = receipts.spans(row, snapshot)
    if not spans:
        return False
    assert row.started_at and row.due_at
    assert (spans[0].start, spans[-1].end) == (row.started_at, row.due_at), row.promise
    assert all(one.end == two.start for one, two in pairwise(spans))
    limit, calendar = Limit.parse(row.limit), snapshot.calendar_of(row)
    counted = [span for span in spans if span.kind == "counted"]
    pauses = promises.pauses_of(row)
    paused = sum(span.seconds for span in spans if span.kind == "paused")
    if row.bound == "" and row.extended_to is None:  # due by its limit alone
        assert paused == sum(remaining(*pause, limit, calendar) for pause in pauses)
        if limit.kind in (LimitKind.clock_minutes, LimitKind.work_minutes):
            assert sum(span.seconds for span in counted) == limit.amount * 60, row.promise
        elif not pauses:
            assert len(counted) == limit.amount, row.promise
    return True
