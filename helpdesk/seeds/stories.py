"""Plays the stories through the real verbs, in the order of time, while the alarms ring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import moved_to
from helpdesk.core import alarms
from helpdesk.core.errors import HelpdeskError
from helpdesk.customers.people import Asker
from helpdesk.notices import actions as notices
from helpdesk.notices.models import Notice
from helpdesk.seeds.timeline import Timeline
from helpdesk.setup import in_force
from helpdesk.tickets import actions, callbacks, fields
from helpdesk.tickets.fields import On
from helpdesk.tickets.intake import Intake, open_ticket
from helpdesk.tickets.models import Ticket

TILL = Actor(kind="token", id=None, name="门店收银系统", role=Role.AGENT)
INTAKE = ("body", *(each.name for each in fields.on(On.GIVEN) if each.type != "moment"))
TIMES = ("until", "next_at", "planned_at", "re_due")


class Happening(NamedTuple):
    """One thing that happens at a moment; sorting puts a whole history into its order."""

    at: datetime
    order: tuple[int, int]
    run: Callable[[], object]


class Stage:
    """Who is there and which tickets and notices there are, while the stories are played."""

    def __init__(
        self, timeline: Timeline, actors: dict[str, Actor], customers: dict[str, dict[str, Any]]
    ) -> None:
        self.timeline, self.actors, self.customers = timeline, actors, customers
        self.tickets: dict[str, Ticket] = {}
        self.notices: dict[str, Notice] = {}
        self.people: dict[str, int] = {}

    def happenings(self, stories: list[dict[str, Any]]) -> list[Happening]:
        """Every opening and every step of the stories. Raises KeyError for an unknown person."""
        return [made for place, story in enumerate(stories) for made in self._of(place, story)]

    def _of(self, place: int, story: dict[str, Any]) -> list[Happening]:
        opening = Happening(self.timeline.at(story["at"]), (place, 0), partial(self._open, story))
        return [opening] + [
            Happening(
                self.timeline.at(at),
                (place, index),
                partial(self._step, story, do, by, rest[0] if rest else {}),
            )
            for index, (at, do, by, *rest) in enumerate(story.get("steps", ()), 1)
        ]

    def _open(self, story: dict[str, Any]) -> None:
        if "notice" in story:
            given = self._meant(story["notice"])
            ticket, by = self.tickets[story["ticket"]], self.actors[story["by"]]
            self.notices[story["key"]] = notices.draft(by=by, ticket=ticket, **given)
            return
        intake = Intake(
            person=Asker(**self.customers[story["person"]]),
            fields=story.get("fields", {}),
            **self._proof(story),
            **{name: story[name] for name in INTAKE if name in story},
        )
        opened = open_ticket(intake, self.actor(story.get("by", "customer"), story))
        self.tickets[story["key"]] = opened.ticket
        self.people.setdefault(story["person"], opened.ticket.person_id)

    def _proof(self, story: dict[str, Any]) -> dict[str, Any]:
        """A colleague has picked whom we know; a new customer's mail was proven. Not so in a story
        that is `claimed`: it only says so."""
        if story.get("claimed"):
            return {}
        known = self.people.get(story["person"])
        by_mail = story.get("by", "customer") == "customer" and story["channel"] == "email"
        return {"person_id": known} if known else {"proof": "dmarc" if by_mail else ""}

    def actor(self, key: str, story: dict[str, Any]) -> Actor:
        """The colleague with this key, the till, or the customer of the story."""
        if key == "customer":
            name = self.customers[story["person"]].get("name", "")
            return Actor(kind="customer", id=None, name=name, role=Role.CUSTOMER)
        return TILL if key == "till" else self.actors[key]

    def _step(self, story: dict[str, Any], do: str, by: str, given: dict[str, Any]) -> None:
        try:
            self._do(story, do, by, given)
        except HelpdeskError as error:
            raise ValueError(f"Story {story['key']}, {do} by {by}: {error.text}") from error

    def _do(self, story: dict[str, Any], do: str, by: str, given: dict[str, Any]) -> None:
        actor, meant = self.actor(by, story), self._meant(given)
        if "notice" in story:
            getattr(notices, do)(self.notices[story["key"]], by=actor, **meant)
            return
        ticket = self.tickets[story["key"]]
        if do == "customer_says":
            actions.add_customer_message(ticket, by=actor, channel=story["channel"], **meant)
        else:
            verbs = callbacks if do in ("attempt", "rate") else actions
            getattr(verbs, do)(ticket, by=actor, **meant)

    def _meant(self, given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a verb: departments by code, tickets by story, times by words."""
        meant = dict(given)
        if "to" in meant:
            unit = in_force.current().unit(meant.pop("to"))
            meant["department_id"] = unit.id if unit else None
        for name in TIMES:
            if name in meant:
                meant[name] = self.timeline.at(meant[name])
        if "target" in meant:
            meant["target"] = self.tickets[meant["target"]]
        return meant


def play(
    happenings: list[Happening], until: datetime, progress: Callable[[str], object] | None = None
) -> None:
    """Let everything happen at its moment, with every alarm that is due before; then up to `until`."""
    in_order = sorted(happenings, key=lambda each: (each.at, each.order))
    for number, happening in enumerate(in_order, 1):
        ring_until(happening.at)
        with moved_to(happening.at):
            happening.run()
        if progress and number % 50 == 0:
            progress(f"{number} / {len(in_order)}")
    ring_until(until)


def ring_until(moment: datetime) -> None:
    """Ring the alarms that are due up to `moment`, each batch at its own time."""
    while True:
        due = alarms.next_thing()
        if due is None or due > moment:
            return
        with moved_to(due):
            alarms.ring_due(limit=1000)
