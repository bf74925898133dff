"""What is counted: each measure with its definition, and which cases stand behind its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.tickets.filters import Filter
from helpdesk.words.scores import SCORES

EVERYTHING = Filter()
JUDGED = ("on_time", "late", "missed")
KEPT = ("on_time", "late")
SATISFIED = ("5", "4", "3")
RATED = tuple(str(score) for score in SCORES)


@dataclass(frozen=True)
class Measure:
    """One measure. `unit`: count of cases, share of cases, or time that cases took.

    `moment` says which cases belong to a period: those received or closed in it, with a promise that
    fell due in it, open at its end, or open now. `part` are the counted ones among them; a share is told `of` others.
    """

    code: str
    label: str
    definition: str
    unit: str = "count"
    moment: str = "received"
    part: Filter = EVERYTHING
    of: Filter = EVERYTHING
    promise: str = ""
    good: str = ""  # up or down, where more or less is better


def _promise(code: str, *verdicts: str) -> Filter:
    return Filter(promise=code, verdict=verdicts)


ALL = (
    Measure(
        "received",
        N_("New"),
        N_("Cases received in the period, by the time at which they reached us."),
    ),
    Measure(
        "closed",
        N_("Closed"),
        N_("Cases that ended in the period: closed, declined, withdrawn or handed to others."),
        moment="closed",
    ),
    Measure(
        "open",
        N_("Open"),
        N_("Cases that had not ended when the period ended, as far as is known today."),
        moment="open",
        good="down",
    ),
    Measure(
        "overdue",
        N_("Overdue now"),
        N_("Open cases with a promise whose time is up at this moment, whenever they came."),
        moment="now",
        part=Filter(late="yes"),
        good="down",
    ),
    Measure(
        "on_time",
        N_("On time"),
        N_(
            "Of the cases with a promise that fell due in the period, whenever they came: the share "
            "kept on time. Kept late and open and overdue count against it; a promise whose time is "
            "not yet up, even one kept early, counts in the period in which it falls due. The worst "
            "round of a case in the period decides."
        ),
        unit="share",
        moment="promised",
        part=_promise("resolve", "on_time"),
        of=_promise("resolve", *JUDGED),
        promise="resolve",
        good="up",
    ),
    Measure(
        "response_time",
        N_("First answer"),
        N_(
            "Time until a person first answered, for cases received in the period: working time "
            "where the promise counts working time, else time on the clock; time on hold left out."
        ),
        unit="time",
        part=_promise("first_answer", *KEPT),
        promise="first_answer",
        good="down",
    ),
    Measure(
        "resolve_time",
        N_("Resolution"),
        N_(
            "Time until the customer was answered in full, for cases received in the period; "
            "counted like the first answer. Further rounds of a case are added."
        ),
        unit="time",
        part=_promise("resolve", *KEPT),
        promise="resolve",
        good="down",
    ),
    Measure(
        "satisfaction",
        N_("Satisfied"),
        N_(
            "Very satisfied, satisfied or basically satisfied, of all cases received in the period "
            "that were rated by phone or on the tracking page. The last rating of a case counts; "
            "customers who were not reached or did not want to rate are left out."
        ),
        unit="share",
        part=Filter(score=SATISFIED),
        of=Filter(score=RATED),
        good="up",
    ),
    Measure(
        "repeats",
        N_("Repeat complaints"),
        N_(
            "Cases received in the period of a customer who had complained about the same category "
            "within 30 days, of all cases received."
        ),
        unit="share",
        part=Filter(repeat="yes"),
        good="down",
    ),
    Measure(
        "returned",
        N_("Returned"),
        N_("Cases that a department sent back at least once, of all cases received."),
        unit="share",
        part=Filter(returned="yes"),
        good="down",
    ),
    Measure(
        "urged",
        N_("Urged"),
        N_("Cases that the customer or a supervisor pressed for at least once."),
        part=Filter(urged="yes"),
        good="down",
    ),
    Measure(
        "reopened",
        N_("Further rounds"),
        N_("Cases that were reopened or reworked: they are in their second round or later."),
        part=Filter(reopened="yes"),
        good="down",
    ),
    Measure(
        "escalated",
        N_("Escalated"),
        N_("Cases whose present round reached a step of the escalation chain."),
        part=Filter(level=("any",)),
        good="down",
    ),
    Measure(
        "reached",
        N_("Follow-up calls reached"),
        N_("Follow-up calls that reached the customer, of those reached or given up."),
        unit="share",
        part=Filter(call=("reached",)),
        of=Filter(call=("reached", "unreachable")),
        good="up",
    ),
    Measure(
        "unreachable",
        N_("Not reached"),
        N_("Follow-up calls given up: refused, wrong number, or three attempts in vain."),
        part=Filter(call=("unreachable",)),
        good="down",
    ),
)
BY_CODE = {measure.code: measure for measure in ALL}


def measure(code: str) -> Measure:
    """The measure with this code. Raises NotFound."""
    if code not in BY_CODE:
        raise NotFound(N_("There is no such measure."))
    return BY_CODE[code]
