"""open_ticket(): the only way a ticket begins, whatever the door."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session, joinedload

from helpdesk import promises, search
from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.clock import now
from helpdesk.core.alarms import TABLE as ALARMS
from helpdesk.core.beside import Row
from helpdesk.core.db import db, retrying, transaction
from helpdesk.core.driven import Driven
from helpdesk.core.errors import bad_fields
from helpdesk.core.events import record, write_journal
from helpdesk.core.i18n import N_
from helpdesk.core.options import Option
from helpdesk.core.rows import MARK, NextIds, Numbered, Rows, fresh, ids_of, marked, rows_of, write
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Unit
from helpdesk.promises.words import ORDER
from helpdesk.setup import in_force, routing
from helpdesk.setup.routing import facts_of
from helpdesk.tickets import actions, fields, queries, whose
from helpdesk.tickets.checking import GIVEN, checked
from helpdesk.tickets.fields import Intake
from helpdesk.tickets.lifecycle import goes_to_departments
from helpdesk.tickets.models import Message, Ticket
from helpdesk.words import SPOKEN, Kind

__all__ = ["Intake", "Opened", "open_ticket", "open_tickets"]
NUMBER_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Opened:
    """The row of the ticket with its response table; `new` is False when it had come in before.

    A new one's rows are plain values (see rows.fresh), and `snapshot` is the set-up that made it.
    """

    row: Ticket
    promises: list[Promise]
    new: bool
    snapshot: in_force.Setup | None = None

    @cached_property
    def ticket(self) -> Ticket:
        """The ticket as verbs take it: read when it is asked for."""
        person = joinedload(Ticket.person)
        return db.session.get_one(Ticket, self.row.id, options=[person], populate_existing=True)


def open_ticket(intake: Intake, by: Actor) -> Opened:
    """The ticket of this case: registered, planned, routed, alarmed and recorded in one transaction.

    The same (channel, external_id) gives the ticket that it made before. Raises BadInput with a
    sentence by field; then nothing is stored.
    """
    return open_tickets([(intake, by)])[0]


def open_tickets(cases: Sequence[tuple[Intake, Actor]]) -> list[Opened]:
    """The tickets of several cases, each by whom, written together: all or none. No two of them
    may be of one person, who could be new."""
    cases = [(checked(intake), by) for intake, by in cases]
    is_all = not db.session.info.get("writing")  # nothing else follows in this transaction

    def work() -> list[Opened]:
        with transaction() as session:
            return _open(session, cases, is_all)

    return retrying(work)


@dataclass(frozen=True)
class _Look:
    """What one statement found before the ticket is made."""

    setup_version: int
    seen_id: int | None
    people: whose.Candidates
    ids: dict[Any, Iterator[int]]  # for what will be new


# What others name has its id before it is written: at most so many rows of a case.
NAMED: dict[Any, int] = {Person: 1, Ticket: 1, Message: 1, Promise: len(ORDER)}
# Made once: to put a statement together takes as long as to run it. NULL equals nothing.
LOOK = Driven(
    select(
        Row(
            select(Option.value).where(Option.name == "version").scalar_subquery(),
            select(Ticket.id)
            .where(
                Ticket.channel == bindparam("channel"),
                Ticket.external_id == bindparam("external_id"),
            )
            .scalar_subquery(),
            *(each.scalar_subquery() for each in whose.columns()),
            *(NextIds(kind.__table__, most) for kind, most in NAMED.items()),
        )
    )
)


def _look(session: Session, intake: Intake) -> _Look:
    origin = whose.origin_of(intake)
    given = {"channel": intake.channel, "external_id": intake.external_id or None}
    asked = given | whose.asked_of(intake, origin)
    found = _found(asked)
    again = whose.must_look_again(session, intake, origin, found.people)
    return _found(asked) if again else found


def _found(asked: dict[str, str | None]) -> _Look:
    row = json.loads(LOOK.value(**asked))
    candidates = whose.Candidates(proven=(row[2], row[3]), filed=(row[4], row[5]))
    ids = dict(zip(NAMED, map(ids_of, row[6:]), strict=True))
    return _Look(int(row[0] or 0), row[1], candidates, ids)


@dataclass(frozen=True)
class _Draft:
    """A case that is decided and not written yet."""

    intake: Intake
    by: Actor
    known: Person | None
    plan: _Plan
    message: Message
    opened: Opened
    snapshot: in_force.Setup
    ids: dict[Any, Iterator[int]]

    @property
    def newcomer(self) -> list[Person]:
        """The person, where the case brings a new one."""
        return [] if self.known else [self.opened.row.person]

    @property
    def goes_to(self) -> Unit | None:
        """The department that it is sent to at once, as its rule wants it."""
        at_once = self.plan.route.dispatch and goes_to_departments(self.opened.row.kind)
        return self.plan.unit if at_once else None

    @property
    def done(self) -> Opened:
        """What its caller gets: the ticket as it stands now."""
        opened = self.opened
        return replace(opened, row=opened.ticket) if self.goes_to else opened


def _open(session: Session, cases: Sequence[tuple[Intake, Actor]], is_all: bool) -> list[Opened]:
    found = [_drafted(session, intake, by) for intake, by in cases]
    if drafts := [each for each in found if isinstance(each, _Draft)]:
        made = _named(drafts)
        if is_all and not any(each.goes_to or each.intake.files for each in drafts):
            for each in drafts:
                _note(each)
            _store(session, drafts, made, write_journal)
        else:
            _store(session, drafts, made, write)
            for each in drafts:
                _note(each)
                _dispatch(each)
    return [each.done if isinstance(each, _Draft) else each for each in found]


def _drafted(session: Session, intake: Intake, by: Actor) -> _Draft | Opened:
    """All about the new ticket, or the one that the case made before."""
    look = _look(session, intake)
    if look.seen_id:
        seen = session.get_one(Ticket, look.seen_id)
        return Opened(seen, list(promises.table(seen)), new=False)
    snapshot = in_force.current(look.setup_version)
    known = whose.whose(session, intake, by, look.people)
    person = whose.asker(intake, by, known)
    plan = _decide(session, intake, person, known, snapshot)
    ticket = _ticket(intake, person, plan, whose.facts(intake, known))
    opened = Opened(ticket, _promises(ticket, intake, snapshot, by), True, snapshot)
    message = _first_message(ticket, intake)
    return _Draft(intake, by, known, plan, message, opened, snapshot, look.ids)


def _note(draft: _Draft) -> None:
    ticket, route = draft.opened.row, draft.plan.route
    record(
        "ticket.opened",
        by=draft.by,
        ticket=ticket,
        **{each: getattr(ticket, each) for each in ("kind", "channel", "severity", "queue")},
        person=ticket.person_id,
        rule=route.rule,
        reason=route.reason,
    )


def _dispatch(draft: _Draft) -> None:
    if unit := draft.goes_to:
        actions.accept(draft.opened.ticket, by=SYSTEM)
        actions.dispatch(draft.opened.ticket, by=SYSTEM, department_id=unit.id)


@dataclass(frozen=True)
class _Plan:
    """What was decided about a case before its rows are written."""

    node: in_force.Node | None
    route: routing.Route
    unit: Unit | None
    severity: str
    repeat_of_id: int | None


def _decide(
    session: Session,
    intake: Intake,
    person: Person,
    known: Person | None,
    snapshot: in_force.Setup,
) -> _Plan:
    node = _node(intake, snapshot)
    repeat = _repeat(session, known, node, intake)
    facts = facts_of(intake, f"{intake.subject}\n{intake.body}", person.level, node)
    route = routing.decide(facts, snapshot.rules)
    severity = routing.starting_severity(
        intake.severity, route, node.severity if node else None, intake.kind, bool(repeat)
    )
    return _Plan(node, route, snapshot.taking_part(route.department_id), severity, repeat)


def _node(intake: Intake, snapshot: in_force.Setup) -> in_force.Node | None:
    """The category by its code. Raises BadInput for an unknown one."""
    if not intake.category:
        return None
    node = snapshot.category(intake.category)
    if node is None or not node.active:
        wrong = N_("This category does not exist. Please pick one of the offered choices.")
        raise bad_fields(category=wrong)
    return node


def _repeat(
    session: Session, known: Person | None, node: in_force.Node | None, intake: Intake
) -> int | None:
    """The same person's newest earlier complaint of this category within 30 calendar days."""
    if known is None or node is None or intake.kind != Kind.COMPLAINT:
        return None
    return session.scalar(queries.repeated(known.id, node.id, intake.received_at or now()))


def _ticket(intake: Intake, person: Person, plan: _Plan, origin: dict[str, Any]) -> Ticket:
    received = min(intake.received_at or now(), now())
    given = {each.column: getattr(intake, each.name) for each in GIVEN}
    decided = {
        "severity": plan.severity,
        "category_id": plan.node.id if plan.node else None,
        "received_at": received,
    }
    ticket = fresh(
        Ticket,
        **(given | decided | origin),
        number=f"{now().astimezone(NUMBER_ZONE).year}-{MARK}",  # of this year: 2026-000412
        external_id=intake.external_id or None,
        facts=intake.fields,
        department_id=plan.unit.id if plan.unit else None,
        queue=plan.unit.code if plan.unit else routing.DISPATCH_DESK,
        assignee_id=intake.taken_by,
        route_rule=plan.route.rule,
        route_reason=plan.route.reason,
        anonymous=not person.addresses and not person.name,
        waiting_since=received,
        repeat_of_id=plan.repeat_of_id,
        track_salt=secrets.token_hex(8),
    )
    ticket.person = person
    return ticket


def _promises(ticket: Ticket, intake: Intake, snapshot: in_force.Setup, by: Actor) -> list[Promise]:
    """The response table of the new ticket, before either is stored."""
    rows = promises.plan(ticket, snapshot)
    if intake.channel in SPOKEN and intake.spoken_to:
        promises.meet_at_opening(rows, "acknowledge", by.name, snapshot)
    promises.note_next_due(ticket, rows)
    return rows


def _named(drafts: Sequence[_Draft]) -> list[Any]:
    """All rows of the cases, those that others name first, with the ids by which they do so."""
    newcomers = [person for each in drafts for person in each.newcomer]
    addresses = [address for person in newcomers for address in person.addresses]
    tickets, messages = [each.opened.row for each in drafts], [each.message for each in drafts]
    promised = [row for each in drafts for row in each.opened.promises]
    made: list[Any] = [*newcomers, *addresses, *tickets, *messages, *promised]
    ids = {kind: chain(*(each.ids[kind] for each in drafts)) for kind in NAMED}
    for row in made:
        if row.entity in ids:
            row.id = next(ids[row.entity])
    for person in newcomers:
        for address in person.addresses:
            address.person_id = person.id
    for each in drafts:
        ticket = each.opened.row
        ticket.person_id, each.message.ticket_id = ticket.person.id, ticket.id
        for row in each.opened.promises:
            row.subject_id = ticket.id
    return made


def _store(
    session: Session,
    drafts: Sequence[_Draft],
    made: list[Any],
    write_all: Callable[..., Sequence[int]],
) -> None:
    """Write all rows, with the words that find them; what writes the tickets draws their numbers."""
    tickets = [each.opened.row for each in drafts]
    rung = (promises.alarms_of(each.opened.promises, each.snapshot) for each in drafts)
    who = [(person.id, people.found_by(person)) for each in drafts for person in each.newcomer]
    words = (
        ("person", who),
        ("ticket", [(each.opened.row.id, _found_by(each)) for each in drafts]),
    )
    searched = [Rows(*search.new_rows(session, kind, texts)) for kind, texts in words]
    batch = [*rows_of(made), Rows(ALARMS, [*chain(*rung)]), *searched]
    number = Numbered(f"ticket:{tickets[0].number[:4]}", len(tickets), _bearers(searched[-1].table))
    first = write_all(session, batch, number)[0]
    for place, each in enumerate(drafts):
        ticket, intake = each.opened.row, each.intake
        ticket.number = marked(ticket.number, first + place)
        if intake.files:
            here = ticket.id, each.message.id
            session.add_all(actions.attachment_rows(intake.files, *here, public=True))
        if each.known and intake.person_id is not None:  # a pick has added to them
            people.index(each.known)


def _found_by(draft: _Draft) -> list[str]:
    ticket = draft.opened.row
    return fields.searched(ticket, ticket.person.name, [draft.intake.body])


@cache
def _bearers(words: Any) -> frozenset[Any]:
    """The columns in which a new ticket's number stands: its own, and of the table of its words."""
    texts = [each for each in words.c if not isinstance(each.type, Integer)]
    return frozenset([Ticket.__table__.c.number, *texts])


def _first_message(ticket: Ticket, intake: Intake) -> Message:
    return fresh(
        Message,
        kind="customer",
        public=True,
        channel=intake.channel,
        author=ticket.contact_name,
        body=intake.body,
        quoted=intake.quoted,
        html=intake.html,
        language=intake.language,
        message_id=intake.message_id,
        data=intake.mail,
        at=ticket.received_at,
    )
