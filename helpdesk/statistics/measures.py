"""What is counted: each measure with its definition, and which cases stand behind its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.tickets.filters import Filter
from helpdesk.words import SCORES

EVERYTHING = Filter()
ON_TIME, JUDGED = Filter(verdict=("on_time",)), Filter(verdict=("on_time", "late", "missed"))
KEPT = Filter(verdict=("on_time", "late"))
SATISFIED, RATED = Filter(score=("5", "4", "3")), Filter(score=tuple(map(str, SCORES)))
REACHED, GIVEN_UP = Filter(call=("reached",)), Filter(call=("unreachable",))
CALLED = Filter(call=("reached", "unreachable"))


@dataclass(frozen=True)
class Measure:
    """One measure. `unit`: count of cases, share of cases, or time that cases took.

    `source` says where its numbers come from (see sources.py). `part` is what is counted of it, in the
    words of its lists; a share is told `of` others. `column` False: it stands below the table alone.
    """

    code: str
    label: str
    source: str = "received"
    unit: str = "count"
    part: Any = EVERYTHING
    of: Any = EVERYTHING
    promise: str = ""
    column: bool = True

    @property
    def definition(self) -> str:
        """What it counts, in a sentence for its readers (a message id)."""
        return DEFINITIONS[self.code]

    def judges(self, chosen: str) -> str:
        """The promise that it speaks of: a reader may have `chosen` one for shares; '' for none."""
        return chosen if chosen and self.promise and self.unit == "share" else self.promise


TABLE = (
    Measure("received", N_("New")),
    Measure("closed", N_("Closed"), "closed"),
    Measure("open", N_("Open"), "open"),
    Measure("overdue", N_("Overdue now"), "now", part=Filter(late="yes")),
    Measure("on_time", N_("On time"), "due", "share", ON_TIME, JUDGED, promise="resolve"),
    Measure("response_time", N_("First answer"), "kept", "time", KEPT, promise="first_answer"),
    Measure("resolve_time", N_("Resolution"), "kept", "time", KEPT, promise="resolve"),
    Measure("satisfaction", N_("Satisfied"), "said", "share", SATISFIED, RATED),
    Measure("repeats", N_("Repeat complaints"), unit="share", part=Filter(repeat="yes")),
    Measure("returned", N_("Returned"), unit="share", part=Filter(returned="yes")),
    Measure("urged", N_("Urged"), part=Filter(urged="yes")),
    Measure("reopened", N_("Further rounds"), part=Filter(reopened="yes")),
    Measure("escalated", N_("Escalated"), part=Filter(level=("any",))),
    Measure(
        "reached", N_("Follow-up calls reached"), "said", "share", REACHED, CALLED, column=False
    ),
    Measure("unreachable", N_("Not reached"), "said", part=GIVEN_UP, column=False),
)
DEFINITIONS = {
    "received": N_("Cases received in the period, by the time at which they reached us."),
    "closed": N_(
        "Cases that ended in the period: closed, declined, withdrawn or handed to others."
    ),
    "open": N_("Cases that had not ended when the period ended, as far as is known today."),
    "overdue": N_("Open cases with a promise whose time is up at this moment, whenever they came."),
    "on_time": N_(
        "Of the cases with a promise that fell due in the period, whenever they came: the share "
        "kept on time. Kept late and open and overdue count against it; a promise whose time is "
        "not yet up, even one kept early, counts in the period in which it falls due. The worst "
        "round of a case in the period decides."
    ),
    "response_time": N_(
        "Time until a person first answered, for cases received in the period: working time "
        "where the promise counts working time, else time on the clock; time on hold left out."
    ),
    "resolve_time": N_(
        "Time until the customer was answered in full, for cases received in the period; "
        "counted like the first answer. Further rounds of a case are added."
    ),
    "satisfaction": N_(
        "Very satisfied, satisfied or basically satisfied, of all cases received in the period "
        "that were rated by phone or on the tracking page. The last rating of a case counts; "
        "customers who were not reached or did not want to rate are left out."
    ),
    "repeats": N_(
        "Cases received in the period of a customer who had complained about the same category "
        "within 30 days, of all cases received."
    ),
    "returned": N_("Cases that a department sent back at least once, of all cases received."),
    "urged": N_("Cases that the customer or a supervisor pressed for at least once."),
    "reopened": N_(
        "Cases that were reopened or reworked: they are in their second round or later."
    ),
    "escalated": N_("Cases whose present round reached a step of the escalation chain."),
    "reached": N_("Follow-up calls that reached the customer, of those reached or given up."),
    "unreachable": N_(
        "Follow-up calls given up: refused, wrong number, or three attempts in vain."
    ),
}
BY_CODE = {measure.code: measure for measure in TABLE}


def measure(code: str) -> Measure:
    """The measure with this code. Raises NotFound."""
    if code not in BY_CODE:
        raise NotFound(N_("There is no such measure."))
    return BY_CODE[code]


def parts() -> dict[str, Filter]:
    """What is counted of the cases received, by the code of its measure."""
    return {each.code: each.part for each in BY_CODE.values() if each.source == "received"}


def promises_of(source: str) -> tuple[str, ...]:
    """The promises that the measures of this source speak of."""
    found = (each.promise for each in BY_CODE.values() if each.source == source)
    return tuple(dict.fromkeys(found))
