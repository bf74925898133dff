"""The response table: which promises a ticket carries, and what happens to their clocks.

Form, clock, escalation and statistics read these rows, so they can't disagree. Every function
works inside the caller's transaction and leaves ticket.due_at at the next running promise.

names.py     what the promises are called, and which begin when
choosing.py  which row of the policy holds for a ticket
rows.py      the rows: planned, stored, read
external.py  the deadline of an authority and ours before it
timing.py    the clock of one row: due, alarms, pauses, time taken
keeping.py   how a promise ends
running.py   clocks that start, wait, go on, get more time, begin anew
refitting.py what a corrected severity, an undone merge or answer makes of them
"""

from helpdesk.tickets.responses.choosing import applicable, limit_for
from helpdesk.tickets.responses.external import internal_deadline
from helpdesk.tickets.responses.keeping import drop, drop_open, meet, meet_at_opening
from helpdesk.tickets.responses.names import (
    ALARM,
    AT_ANSWER,
    AT_DISPATCH,
    AT_OPENING,
    AT_RISK,
    BREACH,
    DESK_CALENDAR,
    EXTENDABLE,
    FOR_CUSTOMERS,
    ONCE,
    OPEN,
    ORDER,
    OWNER_NAMES,
    POLICY_NAMES,
    PROMISE_NAMES,
    STATE_NAMES,
    TICKING,
    WINDOWS,
)
from helpdesk.tickets.responses.refitting import (
    as_remembered,
    before_merge,
    put_back,
    refit,
    remembered,
)
from helpdesk.tickets.responses.rows import (
    current,
    is_window_over,
    newest,
    note_next_due,
    plan,
    planned,
    rail,
    store,
    table,
)
from helpdesk.tickets.responses.running import (
    extend,
    hold_ends_at,
    next_update,
    pause,
    replan,
    resume,
    start,
)
from helpdesk.tickets.responses.timing import (
    alarms_of,
    calendar_of,
    next_alarm,
    pauses_of,
    share_at,
    taken,
)

__all__ = [
    "ALARM",
    "AT_ANSWER",
    "AT_DISPATCH",
    "AT_OPENING",
    "AT_RISK",
    "BREACH",
    "DESK_CALENDAR",
    "EXTENDABLE",
    "FOR_CUSTOMERS",
    "ONCE",
    "OPEN",
    "ORDER",
    "OWNER_NAMES",
    "POLICY_NAMES",
    "PROMISE_NAMES",
    "STATE_NAMES",
    "TICKING",
    "WINDOWS",
    "alarms_of",
    "applicable",
    "as_remembered",
    "before_merge",
    "calendar_of",
    "current",
    "drop",
    "drop_open",
    "extend",
    "hold_ends_at",
    "internal_deadline",
    "is_window_over",
    "limit_for",
    "meet",
    "meet_at_opening",
    "newest",
    "next_alarm",
    "next_update",
    "note_next_due",
    "pause",
    "pauses_of",
    "plan",
    "planned",
    "put_back",
    "rail",
    "refit",
    "remembered",
    "replan",
    "resume",
    "share_at",
    "start",
    "store",
    "table",
    "taken",
]
