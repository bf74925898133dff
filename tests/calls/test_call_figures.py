"""The measures of queues against a count by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.calls import figures
from helpdesk.calls.figures import Figures
from helpdesk.clock import now
from tests.help import factories as make
from tests.help.telephone import abandoned, answered, event, take


def test_every_measure_equals_a_count_by_hand(app: Flask) -> None:
    agent = make.agent("Zhang Wei").email
    take(*answered(agent, "a1"))  # waited 12 s
    for number, (waits, name) in enumerate(((30, "answered"), (20, "answered"))):
        began = {"call_id": f"b{number}", "began": now() - timedelta(minutes=10)}
        take(
            event("ringing", **began),
            event("queued", 3, **began),
            event(name, 3 + waits, agent=agent, **began),
            event("hungup", 99, **began),
        )
    for number, waits in enumerate((2, 5, 19, 60)):
        take(*abandoned(waits, f"c{number}"))
    take(
        event("ringing", call_id="d"),
        event("queued", 3, call_id="d"),
        event("left", 63, reason="timeout", call_id="d"),
    )
    take(event("ringing", call_id="e"), event("queued", 3, call_id="e"))
    found = figures.by_queue(now() - timedelta(hours=1), now())["complaints"]
    counts = (
        found.offered,
        found.answered,
        found.abandoned,
        found.short,
        found.left,
        found.waiting,
    )
    assert counts == (9, 3, 4, 2, 1, 1)
    assert found.offered == found.answered + found.abandoned + found.left + found.waiting
    assert found.service_level == 2 / 5  # 12 and 20 s of three answered, two given up after 5 s
    assert (found.strict_level, found.lenient_level) == (2 / 9, 5 / 9)
    assert found.asa == pytest.approx((12 + 30 + 20) / 3)
    assert found.abandon_rate == 2 / 7
    assert found.time_to_abandon == pytest.approx((2 + 5 + 19 + 60) / 4)
    assert (found.longest_answered, found.longest_abandoned) == (30, 60)
    [(count, _since)] = figures.now_waiting().values()
    assert count == 1


def test_a_share_of_nothing_is_no_share() -> None:
    nothing = Figures()
    assert nothing.service_level is None and nothing.asa is None and nothing.abandon_rate is None


def test_a_stay_counts_in_the_interval_in_which_it_began_and_intervals_add_up(app: Flask) -> None:
    since = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    for number, minutes in enumerate((0, 29.9, 30, 31, 95)):
        began = since + timedelta(minutes=minutes) - timedelta(seconds=3)
        take(*abandoned(60, f"c{number}", began=began))
    half = timedelta(minutes=30)
    parts = figures.by_interval(since, since + timedelta(hours=3), half)
    counted = {at: found.offered for (_queue, at), found in parts.items()}
    assert counted == {since: 2, since + half: 2, since + 3 * half: 1}
    whole = figures.by_queue(since, since + timedelta(hours=3))["complaints"]
    assert sum(parts.values(), Figures()) == whole
