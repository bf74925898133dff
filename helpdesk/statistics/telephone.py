"""The telephone's part of the wallboard: each queue at this moment and today, and the list behind each
figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from helpdesk.agents.rights import Actor, may, scope
from helpdesk.calls import exchange, figures, lists, telephones
from helpdesk.calls.figures import Figures
from helpdesk.calls.lists import CallFilter
from helpdesk.calls.telephones import Doing
from helpdesk.clock import now
from helpdesk.core.i18n import N_

DAY = timedelta(days=1)
NAMES = {
    "waiting": N_("Waiting in the queue"),
    "longest": N_("Longest wait"),
    "ready": N_("Ready for calls"),
    "talking": N_("Talking"),
    "break": N_("On a break"),
    "service_level": N_("Service level"),
    "asa": N_("Average speed of answer"),
    "abandon_rate": N_("Abandon rate"),
}
COLUMNS = {code: (name, figures.DEFINITIONS[code]) for code, name in NAMES.items()}
BEHIND = {  # a figure of the day -> the waits that it is made of
    "service_level": "in_time",
    "asa": "answered",
    "abandon_rate": "given_up",
}


@dataclass(frozen=True)
class Line:
    """One queue: who waits and since when, its agents by what they do, and its figures of today."""

    code: str
    name: str
    waiting: int
    first: datetime | None
    agents: dict[str, int]
    today: Figures
    at: datetime

    @property
    def longest(self) -> timedelta | None:
        """How long the first has waited; None when nobody waits."""
        return max(self.at - self.first, timedelta(0)) if self.first else None

    @property
    def deserted(self) -> bool:
        """Callers wait, and nobody is ready, rings or talks: somebody must act now."""
        there = (Doing.READY, Doing.RINGING, Doing.TALKING)
        return bool(self.waiting) and not any(self.agents[each] for each in there)

    def waits_url(self, figure: str) -> str:
        """The list of the waits behind a figure."""
        if figure in ("waiting", "longest"):
            wanted = CallFilter(queue=self.code, stay="waiting")
        else:
            day = lists.today()
            wanted = CallFilter(since=day, until=day, queue=self.code, stay=BEHIND[figure])
        return f"{wanted.page}?{wanted.query()}"

    def agents_url(self, doing: str) -> str:
        """The list of the agents behind a figure."""
        return f"/calls/agents?{urlencode({'queue': self.code, 'doing': doing})}"


@dataclass(frozen=True)
class Telephones:
    """All queues, and since when the telephone system can't be reached."""

    lines: Sequence[Line]
    down_since: datetime | None


def read(who: Actor) -> Telephones | None:
    """The queues as `who` may see them: for those who may know of every call. None for all others, and
    where there are no queues. Seven statements, however many calls there were."""
    if not (may(who, "call.read") and scope(who).everything):
        return None
    names = lists.queues(active=True)
    if not names:
        return None
    begin = lists.midnight(lists.today())
    today, waiting = (
        figures.by_queue(begin, lists.midnight(lists.today() + DAY)),
        figures.now_waiting(),
    )
    there, at = telephones.now_there(), now()
    lines = []
    for code, name in names:
        count, first = waiting.get(code, (0, None))
        mine = [each.doing for each in telephones.of(there, code)]
        agents = {str(doing): mine.count(doing) for doing in Doing}
        lines.append(Line(code, name, count, first, agents, today.get(code, Figures()), at))
    return Telephones(lines, exchange.down_since())
