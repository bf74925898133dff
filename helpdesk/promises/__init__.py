"""What we owe, to whom, until when: one clock for whatever is owed.

Form, clock, escalation and statistics read the same rows, so they can't disagree. A room that owes
something says only which promises, whose and when; every function works inside the caller's
transaction and leaves the subject's due_at at the next running promise.

words.py       what the promises are called, which begin when, how they stand. Pure
models.py      the rows: promises, steps that were taken, people who are told
policy.py      the snapshot that is given, and which terms hold for a case
subjects.py    what promises are about, and how the clock may touch it
rows.py        a subject's promises: planned, stored, read
external.py    the deadline of an authority and ours before it
timing.py      the clock of one row: due, alarms, pauses, time taken
keeping.py     how a promise ends
running.py     clocks that start, wait, go on, get more time, begin anew
refitting.py   what a corrected severity, an undone merge or answer makes of them
escalation.py  the chain: at which share of a clock who is told
reminders.py   who is told when, and one digest instead of a flood
recompute.py   every open promise is counted anew after a calendar was edited
rail.py dues.py receipts.py   how they are shown: marks, due times in words, how time was counted
verdicts.py    how they were kept, as SQL
"""

from helpdesk.promises.keeping import drop_open, meet, meet_at_opening
from helpdesk.promises.policy import applicable
from helpdesk.promises.refitting import as_remembered, before_merge, put_back, refit, remembered
from helpdesk.promises.rows import (
    current,
    is_window_over,
    newest,
    note_next_due,
    plan,
    planned,
    shown,
    table,
)
from helpdesk.promises.running import (
    extend,
    hold_ends_at,
    next_update,
    pause,
    replan,
    resume,
    start,
)
from helpdesk.promises.timing import alarms_of, next_alarm, pauses_of, taken
