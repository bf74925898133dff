"""What a telephone system is told of a caller, before it lets them wait and again while they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from helpdesk.agents.models import Agent
from helpdesk.agents.skills import parted
from helpdesk.calls import advice
from helpdesk.calls.advice import Claim, Closed
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import PhoneLine, PhoneQueue, Stay
from helpdesk.calls.words import StayState
from helpdesk.clock import now
from helpdesk.core.db import UtcTime, db
from helpdesk.core.errors import bad_fields
from helpdesk.core.i18n import N_
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket

LATELY = timedelta(minutes=15)
LONGEST = timedelta(hours=2)  # of a stay that is looked at
NO_QUEUE = N_("There is no such call queue.")


@dataclass(frozen=True)
class Advice:
    """What is said of one caller. `penalty` is the highest that is asked now, `ring` who that is; `wait`:
    the honest waiting time in seconds, None where nothing is known."""

    queue: str
    closed: Closed | None
    claim: Claim
    waited: int
    seats: Sequence[Any]
    wait: int | None

    @property
    def priority(self) -> int:
        """The higher, the earlier: one who asks again after a while has a higher one."""
        return round(self.claim.counts(max(self.waited, 1)))

    @property
    def announcement(self) -> str:
        """The name of what is played to a caller who can't be let in."""
        return f"closed-{self.closed.why}" if self.closed else ""

    @property
    def penalty(self) -> int:
        """The highest penalty of those who are asked now."""
        return advice.step(self.waited, [self._of(each) for each in self.seats if each.ready])

    def ring(self, most: int) -> list[str]:
        """The extensions of those who are asked at this step or an earlier one."""
        return [each.extension for each in self.seats if self._of(each) <= most]

    def _of(self, seat: Any) -> int:
        return self.claim.penalty(parted(seat.skills))


_LATELY = (Stay.queue_id == PhoneQueue.id, Stay.joined_at > bindparam("longest", type_=UtcTime))
_ANSWERED = (
    select(func.avg(Stay.waited))
    .where(*_LATELY, Stay.state == StayState.ANSWERED)
    .where(Stay.ended_at > bindparam("lately", type_=UtcTime))
)
_WAITS_SINCE = select(func.min(Stay.joined_at)).where(*_LATELY, Stay.state == StayState.WAITING)
_QUEUE = select(
    *(PhoneQueue.calendar, PhoneQueue.active, PhoneQueue.closed_until, PhoneQueue.skills),
    PhoneQueue.most_times,
    _ANSWERED.scalar_subquery().label("answered"),
    _WAITS_SINCE.scalar_subquery().label("since"),
).where(PhoneQueue.code == bindparam("code"))
_READY = (PhoneLine.paused == "").label("ready")
_SEATS = (
    select(PhoneLine.extension, Agent.skills, _READY)
    .join(Agent, Agent.id == PhoneLine.agent_id)
    .join(PhoneMember, PhoneMember.agent_id == Agent.id)
    .where(PhoneMember.queue == bindparam("code"), PhoneMember.there, Agent.active)
    .order_by(PhoneLine.extension)
)
_THEIRS = aliased(Ticket)
_NEWEST = (
    select(func.max(_THEIRS.id))
    .where(_THEIRS.person_id == Person.id, _THEIRS.closed_at.is_(None))
    .correlate(Person)
    .scalar_subquery()
)
_FREE = (Agent.id == Ticket.assignee_id) & Agent.active & (Agent.activity == "idle")
_CALLER = (
    select(Person.level, PhoneLine.extension)
    .select_from(Person)
    .outerjoin(Ticket, Ticket.id == _NEWEST)
    .outerjoin(Agent, _FREE)
    .outerjoin(PhoneLine, (PhoneLine.agent_id == Agent.id) & (PhoneLine.paused == ""))
    .where(Person.id == bindparam("person_id"))
)


def ask(code: str, number: str, topic: str = "", language: str = "", waited: int = 0) -> Advice:
    """The advice for a caller of this number ("" for one who does not show it) in this queue. Raises
    BadInput where there is no such queue."""
    at = now()
    asked = {"code": code, "lately": at - LATELY, "longest": at - LONGEST}
    row = db.session.execute(_QUEUE, asked).one_or_none()
    if row is None:
        raise bad_fields(queue=NO_QUEUE)
    calendar = in_force.current().calendars.get(row.calendar)
    seats = db.session.execute(_SEATS, {"code": code}).all()
    level, first = _caller(number)
    known = {skill for each in seats for skill in parted(each.skills)}
    wanted = advice.wanted((language, *parted(row.skills), topic), known)
    return Advice(
        queue=code,
        closed=advice.closed(at, row.active, row.closed_until, calendar),
        claim=Claim(advice.weight(level, row.most_times), first, wanted),
        waited=waited,
        seats=seats,
        wait=_wait(at, row.answered, row.since),
    )


def _caller(number: str) -> tuple[str, str]:
    """Their level, and the extension of the free agent who has their newest open case; nobody is
    guessed, so of a number of several customers nothing is known."""
    person_id = people.owners([number])[number] if number else None
    if person_id is None:
        return "", ""
    row = db.session.execute(_CALLER, {"person_id": person_id}).one()
    return row.level, row.extension or ""


def _wait(at: datetime, answered: float | None, since: datetime | None) -> int | None:
    """What the answered of late have waited on average, and at least what the first one waits already."""
    waits = (at - since).total_seconds() if since else None
    known = [float(each) for each in (answered, waits) if each is not None]
    return round(max(known)) if known else None
