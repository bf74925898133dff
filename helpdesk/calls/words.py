"""The words of the telephone: what can happen to a call, and where it then stands. Pure."""

from __future__ import annotations

import re

from helpdesk.core.i18n import N_
from helpdesk.core.named import Named

WRAP_UP = "wrapup"  # the reason of a pause that lasts while a call is written up


class Happening(Named):
    """What a provider can tell of a call; the same sixteen words for every provider."""

    RINGING = "ringing", N_("Came in")
    MENU = "menu", N_("Chose in the menu")
    QUEUED = "queued", N_("Began to wait")
    OFFERED = "offered", N_("Rang at an agent")
    MISSED = "missed", N_("Not answered by an agent")
    ANSWERED = "answered", N_("Answered")
    HELD = "held", N_("On hold")
    RESUMED = "resumed", N_("Taken off hold")
    TRANSFERRED = "transferred", N_("Transferred")
    LEFT = "left", N_("Left the queue")
    ABANDONED = "abandoned", N_("Gave up waiting")
    HUNGUP = "hungup", N_("Ended")
    WRAPPED = "wrapped", N_("Done by the agent")
    RECORDED = "recorded", N_("Recorded")
    SURVEYED = "surveyed", N_("Judged by the caller")
    AGENT = "agent", N_("State of an agent")


class State(Named):
    """Where a call stands; the first four while it lasts."""

    RINGING = "ringing", N_("Ringing")
    MENU = "menu", N_("In the menu")
    WAITING = "waiting", N_("Waiting in the queue")
    TALKING = "talking", N_("Talking")
    ANSWERED = "answered", N_("Answered")
    ABANDONED = "abandoned", N_("Gave up waiting")
    GONE = "gone", N_("Hung up before the queue")
    LEFT = "left", N_("Left the queue unanswered")
    LOST = "lost", N_("Lost by the telephone system")


class StayState(Named):
    """How a stay in a queue ended. It only moves forward: towards the end of this list."""

    WAITING = "waiting", N_("Waiting in the queue")
    LEFT = "left", N_("Left the queue")
    ABANDONED = "abandoned", N_("Gave up waiting")
    ANSWERED = "answered", N_("Answered")


LASTING = frozenset({State.RINGING, State.MENU, State.WAITING, State.TALKING})
DIRECTIONS = {"in": N_("Incoming"), "out": N_("Outgoing")}
# Why a stay was left unanswered. Those in WANTS_A_CALL are called back, and keep their place.
REASONS = ("timeout", "empty", "callback", "moved", "closed", "lost")
WANTS_A_CALL = frozenset({"timeout", "empty", "callback"})
UNSERVED = WANTS_A_CALL | {"closed"}  # nobody has heard them: a case
DIALLED = re.compile(r"\+?[0-9]{3,15}")  # what a telephone system can be asked to call
CONSENTS = {"consent": True, "no-consent": False}  # choices that say so, and are no topics
VOICEMAIL = "voicemail"  # the reason of a recording that is a message for us
LOST = "lost"  # the reason of a hang-up that nobody has seen
