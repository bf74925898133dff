"""What the promises are called, in the order of the table, and which begin when."""

from __future__ import annotations

from helpdesk.i18n import N_

ALARM = "response"
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
    "close": N_("Close"),
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
OPEN = ("running", "paused", "pending", "window")
