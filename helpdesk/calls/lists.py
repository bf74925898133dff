"""The list of calls as its page shows it: what the address asks for, and a line for each call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor
from helpdesk.calls import queries
from helpdesk.calls.models import Call, PhoneLine, PhoneQueue
from helpdesk.calls.stays import NAMES
from helpdesk.calls.words import State
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.given import whole
from helpdesk.core.i18n import company_zone
from helpdesk.customers.models import Person

PAGE = 50
MOST = 10_000  # counted
YEARS = range(1990, 2101)


@dataclass(frozen=True)
class CallFilter:
    """What the address asks for; everything empty means all calls. Days are those of the company."""

    page: ClassVar = "/calls"  # which shows the list
    since: date | None = None
    until: date | None = None
    queue: str = ""
    agent: int | None = None
    state: str = ""
    stay: str = ""  # see stays.NAMES

    @classmethod
    def read(cls, args: Mapping[str, Any]) -> CallFilter:
        """The filter of an address; what makes no sense there is left out."""
        return cls(
            since=day_of(args.get("from")),
            until=day_of(args.get("to")),
            queue=str(args.get("queue") or "")[:60].replace("\x00", ""),
            agent=whole(args.get("agent")),
            state=args["state"] if args.get("state") in set(State) else "",
            stay=args["stay"] if args.get("stay") in NAMES else "",
        )

    @property
    def narrows(self) -> bool:
        """Whether it asks for anything."""
        return self != CallFilter()

    def values(self, **changes: object) -> dict[str, object]:
        """The address of this filter with some parts changed; empty parts are left out."""
        new = vars(replace(self, **changes))  # type: ignore[arg-type]
        named = {"from": new["since"], "to": new["until"]}
        named |= {name: new[name] for name in ("queue", "agent", "state", "stay")}
        return {name: str(value) for name, value in named.items() if value not in ("", None)}

    def days(self) -> dict[str, object]:
        """The part of the address that says from when to when."""
        return {name: day for name, day in self.values().items() if name in ("from", "to")}

    def query(self) -> str:
        """The filter as the query of an address."""
        return urlencode(self.values())

    def wanted(self) -> queries.Wanted:
        """The same for queries."""
        return queries.Wanted(
            since=midnight(self.since) if self.since else None,
            until=midnight(self.until + timedelta(days=1)) if self.until else None,
            queue=self.queue,
            agent=self.agent,
            state=self.state,
            stay=self.stay,
        )


def day_of(given: Any) -> date | None:
    """The day that an address names; None for what is none."""
    try:
        found = date.fromisoformat(str(given or ""))
    except ValueError:
        return None
    return found if found.year in YEARS else None


def midnight(day: date) -> datetime:
    """When a day of the company begins."""
    return datetime.combine(day, time.min, company_zone()).astimezone(UTC)


def today() -> date:
    """The company's day."""
    return now().astimezone(company_zone()).date()


@dataclass(frozen=True)
class Row:
    """A line of the list: a call, whose it is, what it waited, who talked, and its case."""

    call: Call
    person: str
    stays: Sequence[Any]  # all of the call; in a list of stays the one that the line stands for
    queues: Sequence[str]
    agents: Sequence[str]
    ticket: str

    @property
    def waited(self) -> timedelta | None:
        """In all queues together, until now where it lasts; None for who never waited."""
        if not self.stays:
            return None
        return sum(map(wait_of, self.stays), timedelta(0))


def wait_of(stay: Any) -> timedelta:
    """How long a stay took, or has taken until now."""
    if stay.waited is not None:
        return timedelta(seconds=stay.waited)
    lasts: timedelta = now() - stay.joined_at
    return max(lasts, timedelta(0))


def rows(found: Sequence[queries.Listed], who: Actor | None, by_stay: bool) -> list[Row]:
    """A line for each, in their order; as many statements however many they are."""
    parts = queries.parts([each.call.id for each in found], who)
    people, named = _names(found), dict(queues())
    made = []
    for each in found:
        mine = parts.of(each.call.id)
        stays = [stay for stay in mine.stays if not by_stay or stay.id == each.id]
        made.append(
            Row(
                call=each.call,
                person=people.get(each.call.person_id, ""),
                stays=stays,
                queues=_once(named.get(stay.queue, "") for stay in stays),
                agents=_once(talk.agent for talk in mine.talks),
                ticket=next((row.ticket for row in (*mine.talks, *stays) if row.ticket), ""),
            )
        )
    return made


def _once(names: Iterable[str | None]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]


def _names(found: Sequence[queries.Listed]) -> dict[int | None, str]:
    ids = {each.call.person_id for each in found} - {None}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in rows}


def queues(active: bool = False) -> list[tuple[str, str]]:
    """(code, name) of the queues that there are, or of those that are `active`."""
    query = select(PhoneQueue.code, PhoneQueue.name).order_by(PhoneQueue.code)
    query = query.where(PhoneQueue.active) if active else query
    return [(row.code, row.name or row.code) for row in db.session.execute(query)]


def agents() -> list[tuple[str, str]]:
    """(id, name) of the agents who have a telephone."""
    query = select(Agent.id, Agent.name).join(PhoneLine).order_by(Agent.name)
    return [(str(row.id), row.name) for row in db.session.execute(query)]
