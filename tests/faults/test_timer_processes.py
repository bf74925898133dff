"""Small runs of benchmarks/faulting: timer processes that are killed, late, in a crowd, or wrong."""

from __future__ import annotations

from flask import Flask

from benchmarks.faulting import timers


def test_f3_killed_timer_processes_take_each_step_once(app: Flask) -> None:
    tally = timers.killed(app, rows=200, every=0.3, kills=8)
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, [])
    assert tally.kills


def test_f18_a_crowd_of_promises_due_together_is_stepped_once_each(app: Flask) -> None:
    tally = timers.at_once(app, rows=150)
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, [])


def test_f19_after_twelve_hours_of_silence_each_step_has_its_true_due_time(app: Flask) -> None:
    tally = timers.after_twelve_hours(app, rows=50)
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, [])
    assert min(tally.late) > 11 * 3600


def test_f12_wrong_clocks_double_nothing_and_are_early_by_no_more_than_their_error(
    app: Flask,
) -> None:
    tally = timers.wrong_clocks(app, rows=50, skew=6)
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, [])
