"""The kept sums tell what counting tells: for every group, measure and period, after every verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import moved_to, now
from helpdesk.core.background import BREATH
from helpdesk.core.db import db, transaction
from helpdesk.ops import doctor
from helpdesk.promises.models import Promise
from helpdesk.promises.words import ORDER
from helpdesk.statistics import facts, folding, groups, kept
from helpdesk.statistics.kept import KeptSums
from helpdesk.statistics.measures import promises_of
from helpdesk.statistics.models import DaySum
from helpdesk.statistics.sources import NOBODY, Sums
from helpdesk.tickets import actions
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.faults import ticket_verbs
from tests.help.faults.crashing import Work
from tests.help.sampled import FEW_VERBS, few
from tests.help.statements import counted

BYS = ("", *groups.NAMES)
PERIODS = (
    {"from": "2026-03-01", "to": "2026-03-31"},
    {"from": "2026-02-10", "to": "2026-04-20"},
    {"from": "2026-03-09", "to": "2026-03-15"},
    {"from": "2026-03-20", "to": "2026-03-24"},
    {"period": "today"},
    {"period": "year"},
)
VERBS: dict[str, Callable[[], Work]] = {
    **{code: lambda c=code: ticket_verbs.prepared(c) for code in ticket_verbs.BEFORE},
    **ticket_verbs.OTHERS,
}


def brought_up() -> None:
    """Every case is in the sums, as of now."""
    for _turn in range(1000):
        if not folding.fold() and kept.as_of() is not None:
            return
    raise AssertionError("the sums are never brought up")


def told(sums: Sums, by: str) -> dict[str, Any]:
    """Everything that the page asks of these sums."""
    found: dict[str, Any] = {
        name: plain(getattr(sums, name)) for name in ("received", "closed", "said", "standing")
    }
    found |= {"kept": sums.kept, "due": sums.due, "open": plain(sums.open)}
    found |= {"before": (sums.before.received, sums.before.closed)}
    if not by:
        whole = sums.in_all(promises_of("kept"), ORDER)
        before = whole["due"].get("before", {}).get("resolve", NOBODY)
        found["before due"] = (before.on_time, before.late, before.missed)
        found["whole"] = {
            "received": whole["received"].get("all", {}),
            "due": whole["due"].get("now", {}),
        }
    return found


def plain(counts: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Without what is zero."""
    rows = {key: {name: n for name, n in row.items() if n} for key, row in counts.items()}
    return {key: row for key, row in rows.items() if row}


def compared(periods: Any = PERIODS, bys: Any = BYS) -> int:
    """Kept and counted are the same; returns how many numbers they are."""
    brought_up()
    steps = db.session.scalars(db.select(Ticket.escalation).distinct())
    levels = {f"level_{at}": Filter(level=(str(at),)) for at in steps if at}
    seen = 0
    for period in periods:
        for by in bys:
            for percentiles in (True, False):
                scope = samples.scope(period)
                anew = Sums(scope, by, "resolve", percentiles, levels)
                mine = kept.sums(anew)
                assert isinstance(mine, KeptSums)
                found = told(mine, by)
                assert found == told(anew, by), (period, by)
                seen += len(str(found))
    return seen


def test_kept_sums_tell_what_counting_tells_in_every_period_by_every_group(app: Flask) -> None:
    samples.live(40)
    with moved_to(samples.LAST):
        assert compared(PERIODS[:1]) + compared(PERIODS[1:], ("", "day", "agent")) > 10_000
    with moved_to(samples.LAST + timedelta(days=9, hours=5)):  # promises have run out, none is told
        compared(PERIODS[-2:], ("", "week", "month", "department"))


def test_the_hours_of_a_day_before_are_told_though_only_whole_days_are_kept(app: Flask) -> None:
    """Today until one o'clock is compared with yesterday until one, in which a promise was due."""
    samples.live(40)
    mine = (Promise.promise == "resolve", Promise.verdict.in_(("on_time", "late")))
    due = db.session.scalars(db.select(Promise.due_at).where(*mine).order_by(Promise.id)).first()
    assert due
    with moved_to(due + timedelta(days=1, hours=1)):
        compared(({"period": "today"},), ("",))
        sums = kept.sums(Sums(samples.scope({"period": "today"}), "", "resolve", True, {}))
        assert any(told(sums, "")["before due"])


@pytest.mark.parametrize("verb", few(sorted(VERBS), *FEW_VERBS))
def test_after_each_verb_the_kept_sums_tell_what_counting_tells(app: Flask, verb: str) -> None:
    work: Work = VERBS[verb]()
    brought_up()
    work()
    period = [{"from": f"{now():%Y-%m-%d}", "to": f"{now():%Y-%m-%d}"}]
    assert compared(period, ("", "agent"))


def test_a_promise_with_several_rounds_counts_once_in_each_stretch(app: Flask) -> None:
    """By its worst round in it: whatever days, months and years its rounds lie in."""
    days = ("2025-12-30", "2026-01-02", "2026-01-02", "2026-01-20", "2026-03-05")
    ranks = (1, 3, 2, 1, 2)
    told = {
        "received": days[0],
        "closed": "",
        "marks": {},
        "now": {},
        "rows": [["resolve", d, r, 100 * r] for d, r in zip(days, ranks, strict=True)],
    }
    for level, size in facts.LEVELS.items():
        numbers = facts.added(told, level)
        spans = sorted({facts.cut(day, level) for day in days})
        for i, first in enumerate(spans):
            for last in spans[i:]:
                found: Counter[str] = Counter()
                for (begin, end), more in numbers.items():
                    if first <= begin and end <= last:
                        facts.add(found, more)
                inside = [
                    r
                    for d, r in zip(days, ranks, strict=True)
                    if first <= facts.cut(d, level) <= last
                ]
                worst = max(inside)
                assert [found[f"due:resolve:{r}"] for r in (1, 2, 3)] == [
                    int(r == worst) for r in (1, 2, 3)
                ], (size, first, last)
                if worst < 3:
                    assert found["due:resolve:taken"] == 100 * sum(inside)


@pytest.mark.parametrize("taken", [0, 1, 99, 100, 101, 999, 1000, 3600, 86_399, 12_882_163])
def test_a_time_lies_within_its_step_and_short_times_are_steps_of_their_own(taken: int) -> None:
    step = facts.step_of(taken)
    assert step <= taken <= step + taken // 10
    assert facts.step_of(step) == step
    assert step == taken or taken >= 100


def test_the_page_says_how_old_its_figures_are_and_needs_no_ticket_or_promise(
    client: FlaskClient,
) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    samples.live(10)
    with moved_to(samples.LAST):
        assert "Figures as of" not in client.get("/statistics").get_data(as_text=True)
        brought_up()
        with counted() as sent:
            page = client.get("/statistics?period=year").get_data(as_text=True)
    assert "Figures as of 10:00:00" in page
    read = [text for text in sent if "FROM ticket" in text or "FROM promise" in text]
    assert len([text for text in read if "received_at" in text or "promise.due_at" in text]) <= 3


def test_what_happened_more_than_five_seconds_ago_is_told_though_nobody_else_follows(
    app: Flask,
) -> None:
    with moved_to(samples.LAST) as tick:
        make.ticket()
        brought_up()
        tick(60)
        make.ticket(subject="Another")
        today = Sums(samples.scope({"period": "today"}))
        assert kept.sums(today).received["all"]["received"] == 2


def test_other_measures_or_another_zone_begin_the_sums_anew(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    brought_up()
    monkeypatch.setattr(folding, "SHAPE", folding.SHAPE + 1)
    assert kept.as_of() is None
    assert not isinstance(kept.sums(Sums(samples.scope({"period": "today"}))), KeptSums)
    assert compared([{"period": "year"}], ("", "channel"))


def test_the_doctor_finds_a_kept_number_that_is_wrong(app: Flask) -> None:
    with moved_to(samples.LAST):
        escalated = make.ticket()
        with transaction():
            escalated.escalation = 75
    with moved_to(samples.LAST + timedelta(days=2)):
        brought_up()
        assert doctor.sums.kept_sums().ok
        with transaction() as session:
            row = session.scalars(
                db.select(DaySum).where(
                    DaySum.by == "channel", DaySum.level == "d", DaySum.first != ""
                )
            ).first()
            assert row
            row.counts = row.counts | {"received.received": 2}
        assert doctor.sums.kept_sums().examples == ("received by channel",)


def test_the_loop_goes_on_at_once_while_anything_is_left(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "FILL", 2)
    monkeypatch.setattr(folding, "BATCH", 2)
    tickets = [make.ticket(subject=f"Case {turn}") for turn in range(5)]
    assert [folding._round() for _turn in range(3)] == [BREATH, BREATH, folding.PAUSE]
    for ticket in tickets[:3]:
        actions.urge(ticket, by=samples.BOSS)
    assert [folding._round() for _turn in range(2)] == [BREATH, folding.PAUSE]
    assert compared([{"period": "today"}], ("",))
