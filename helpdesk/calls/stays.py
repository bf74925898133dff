"""What a stay in a queue counts as: the one home of these conditions, so that a figure and the list
behind it can't differ. Each is asked of Stay joined with its PhoneQueue."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from helpdesk.calls.models import PhoneQueue, Stay
from helpdesk.calls.words import StayState
from helpdesk.core.i18n import N_

_ANSWERED, _ABANDONED = Stay.state == StayState.ANSWERED, Stay.state == StayState.ABANDONED
_SOON, _SHORT = Stay.waited <= PhoneQueue.threshold, Stay.waited <= PhoneQueue.short_abandon

COUNTED: dict[str, ColumnElement[bool]] = {  # in the order of the counts in figures.Figures
    "answered": _ANSWERED,
    "abandoned": _ABANDONED,
    "short": _ABANDONED & _SHORT,
    "left": Stay.state == StayState.LEFT,
    "waiting": Stay.state == StayState.WAITING,
    "in_time": _ANSWERED & _SOON,
    "abandoned_in_time": _ABANDONED & _SOON,
}
LISTED: dict[str, ColumnElement[bool]] = {
    **COUNTED,
    "offered": Stay.id.is_not(None),
    "given_up": _ABANDONED & ~_SHORT,
    "late": _ANSWERED & ~_SOON,
}
NAMES = {  # what a list of calls may be narrowed to
    "offered": N_("All waits"),
    "waiting": N_("Still waiting"),
    "answered": N_("Answered"),
    "in_time": N_("Answered in time"),
    "late": N_("Answered late"),
    "abandoned": N_("Gave up waiting"),
    "given_up": N_("Gave up, short waits left out"),
    "left": N_("Left the queue"),
}
