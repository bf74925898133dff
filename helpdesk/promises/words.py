"""What the promises are called, in the order of the table, which begin when, and how they stand.

Pure: no database, no Flask.
"""

from __future__ import annotations

from enum import StrEnum

from helpdesk.core.i18n import N_, P_


class Clock(StrEnum):
    """What the clocks of a subject do now."""

    RUNS = "runs"
    PAUSED = "paused"
    STOPPED = "stopped"


ALARM = "promise"
DESK_CALENDAR = "cn-office"  # working days are those of the office, also for the desk
ORDER = (
    "acknowledge",
    "first_answer",
    "update",
    "containment",
    "sign",
    "send_back",
    "department_reply",
    "resolve",
    "callback",
    "close",
)
PROMISE_NAMES = {
    "acknowledge": N_("Acknowledge"),
    "first_answer": N_("First answer"),
    "update": N_("Next update"),
    "containment": N_("Containment"),
    "sign": N_("Sign"),
    "send_back": N_("Return window"),
    "department_reply": N_("Department reply"),
    "resolve": N_("Resolve"),
    "callback": N_("Follow-up call"),
    "close": P_("case", "Close"),
}
# Limits of the policy that are no promise of their own.
LIMIT_NAMES = {
    "hold": N_("Longest time on hold"),
    "margin": N_("Margin before an authority’s deadline"),
}
POLICY_NAMES = PROMISE_NAMES | LIMIT_NAMES
OWNER_NAMES = {
    "desk": N_("Service desk"),
    "department": N_("Department"),
    "supervisor": N_("Supervisor"),
}
AT_OPENING = ("acknowledge", "first_answer", "containment", "resolve")
AT_DISPATCH = ("sign", "send_back", "department_reply")
AT_ANSWER = ("callback", "close")
ONCE = ("acknowledge", "first_answer")  # not made again in a further cycle
FOR_CUSTOMERS = ("acknowledge", "first_answer", "update", "containment", "resolve", "callback")
LATER = ("update", "close")  # in the rail only when they have begun
WINDOWS = ("send_back",)  # a right that ends, not a promise that can be missed
EXTENDABLE = ("resolve", "department_reply")  # what a supervisor may grant more time for
AT_RISK = 0.75  # the share of a clock from which it is told as one at risk
BREACH = 100  # the share, in percent, from which a step of a chain speaks of a missed promise
# How a mark of the rail stands, for promises and for the steps of a notice.
STATE_NAMES = {
    "met": N_("kept"),
    "late": N_("kept late"),
    "running": N_("running"),
    "risk": N_("at risk"),
    "breached": N_("overdue"),
    "paused": N_("paused"),
    "pending": N_("not due yet"),
    "none": N_("over"),
}
TICKING = ("running", "risk", "breached")  # a clock runs towards the due time, or beyond it
VERDICT_NAMES = {
    "": N_("open"),
    "on_time": N_("on time"),
    "late": N_("late"),
    "missed": N_("overdue"),
    "dropped": N_("no longer counts"),
}
BROKEN = ("late", "missed")  # the verdicts of a promise that was not kept in time
RINGS = ("running", "risk")  # drawn as a ring that tells the share
OPEN = ("running", "paused", "pending", "window")
COUNTED = ("running", "paused")  # begun and not over: what a recount counts anew
URGENT = ("S1", "S2")  # severities of which people are told day and night
