"""open_ticket(): the only way a ticket begins, whatever the door."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk import promises, search
from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.clock import now
from helpdesk.core.alarms import TABLE as ALARMS
from helpdesk.core.db import retrying, transaction
from helpdesk.core.errors import BadInput, bad_fields, refuse
from helpdesk.core.events import record
from helpdesk.core.given import tidy
from helpdesk.core.i18n import N_
from helpdesk.core.options import Option
from helpdesk.core.rows import Rows, adopt, fresh, keep, name, store
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Unit
from helpdesk.setup import in_force, routing
from helpdesk.setup.routing import facts_of
from helpdesk.tickets import actions, fields, queries, whose
from helpdesk.tickets.fields import Intake, On
from helpdesk.tickets.lifecycle import goes_to_departments
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.veil import veiled
from helpdesk.words import SPOKEN, Kind, casefile

__all__ = ["Intake", "Opened", "checked", "guess_language", "open_ticket", "open_tickets"]
MOST_SUBJECT, MOST_BODY = 200, 100_000
GIVEN = fields.on(On.GIVEN)
TEXTS = [each for each in GIVEN if each.type == "text"]
NUMBER_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Opened:
    """The ticket with its response table; `new` is False when it had come in before.

    `snapshot` is the set-up that a new one was made by.
    """

    ticket: Ticket
    promises: list[Promise]
    new: bool
    snapshot: in_force.Setup | None = None


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

    def work() -> list[Opened]:
        with transaction() as session:
            return _open(session, cases)

    return retrying(work)


def checked(intake: Intake) -> Intake:
    """The intake with tidy texts. Raises BadInput naming every field that needs another look."""
    intake = _tidied(intake)
    errors = {each.name: each.problem(getattr(intake, each.name)) for each in GIVEN}
    errors = {name: problem for name, problem in errors.items() if problem}
    if not intake.body and not intake.subject:
        errors["body"] = N_("Please say what happened.")
    if len(intake.body) > MOST_BODY:
        errors["body"] = N_(
            "This is too long: 100,000 characters at most. Attach the rest as a file."
        )
    if early := fields.too_early(intake.external_due_at, intake.received_at or now()):
        errors["external_due_at"] = early
    errors |= _errors_of(lambda: intake.person.addresses())
    errors |= _errors_of(lambda: casefile.cleaned(intake.fields))
    refuse(errors)
    return replace(
        intake,
        subject=intake.subject or intake.body.splitlines()[0][:80],
        body=intake.body or intake.subject,
        fields=casefile.cleaned(intake.fields),
        language=intake.language or guess_language(intake.subject + intake.body),
    )


def _tidied(intake: Intake) -> Intake:
    """Texts without odd blanks and secrets; those that nobody must give are cut where too long."""
    texts: dict[str, Any] = {}
    for each in TEXTS:
        words = tidy(getattr(intake, each.name))
        texts[each.name] = words if each.needed else words[: each.longest]
    texts["subject"] = veiled(texts["subject"]).replace("\n", " ")
    return replace(
        intake,
        **texts,
        body=veiled(tidy(intake.body)),
        quoted=veiled(intake.quoted),
        html=veiled(intake.html),
    )


def _errors_of(check: Any) -> dict[str, str]:
    try:
        check()
    except BadInput as error:
        return error.errors
    return {}


def guess_language(text: str) -> str:
    """zh_Hans when the text has Han characters to speak of, else en."""
    han = sum("\u4e00" <= c <= "\u9fff" for c in text[:500])
    return "zh_Hans" if han * 5 >= max(min(len(text), 500), 1) or han > 20 else "en"


@dataclass(frozen=True)
class _Look:
    """What one statement found before the ticket is made."""

    setup_version: int
    seen_id: int | None
    people: whose.Candidates


# Made once: to put a statement together takes as long as to run it. NULL equals nothing.
LOOK = select(
    select(Option.value).where(Option.name == "version").scalar_subquery(),
    select(Ticket.id)
    .where(Ticket.channel == bindparam("channel"), Ticket.external_id == bindparam("external_id"))
    .scalar_subquery(),
    *(each.scalar_subquery() for each in whose.columns()),
)


def _look(session: Session, intake: Intake) -> _Look:
    origin = whose.origin_of(intake)
    given = {"channel": intake.channel, "external_id": intake.external_id or None}
    asked = given | whose.asked_of(intake, origin)
    found = _found(session, asked)
    again = whose.must_look_again(session, intake, origin, found.people)
    return _found(session, asked) if again else found


def _found(session: Session, asked: dict[str, str | None]) -> _Look:
    row = session.connection().execute(LOOK, asked).one()
    candidates = whose.Candidates(proven=(row[2], row[3]), filed=(row[4], row[5]))
    return _Look(int(row[0] or 0), row[1], candidates)


@dataclass(frozen=True)
class _Draft:
    """A case that is decided and not written yet."""

    intake: Intake
    by: Actor
    known: Person | None
    snapshot: in_force.Setup
    plan: _Plan
    ticket: Ticket
    message: Message
    rows: list[Promise]

    @property
    def newcomer(self) -> list[Person]:
        """The person, where the case brings a new one."""
        return [] if self.known else [self.ticket.person]


def _open(session: Session, cases: Sequence[tuple[Intake, Actor]]) -> list[Opened]:
    drafts = [_drafted(session, intake, by) for intake, by in cases]
    if new := [each for each in drafts if isinstance(each, _Draft)]:
        _store(session, new)
    return [_opened(each) if isinstance(each, _Draft) else each for each in drafts]


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
    rows = _promises(ticket, intake, snapshot, by)
    message = _first_message(ticket, intake)
    return _Draft(intake, by, known, snapshot, plan, ticket, message, rows)


def _opened(draft: _Draft) -> Opened:
    """Recorded, and dispatched where its route says so."""
    ticket, plan = draft.ticket, draft.plan
    record(
        "ticket.opened",
        by=draft.by,
        ticket=ticket,
        **{each: getattr(ticket, each) for each in ("kind", "channel", "severity", "queue")},
        person=ticket.person_id,
        rule=plan.route.rule,
        reason=plan.route.reason,
    )
    if plan.route.dispatch and plan.unit and goes_to_departments(ticket.kind):
        actions.accept(ticket, by=SYSTEM)
        actions.dispatch(ticket, by=SYSTEM, department_id=plan.unit.id)
    return Opened(ticket, draft.rows, new=True, snapshot=draft.snapshot)


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
    set_committed_value(ticket, "person", person)
    return ticket


def _promises(ticket: Ticket, intake: Intake, snapshot: in_force.Setup, by: Actor) -> list[Promise]:
    """The response table of the new ticket, before either is stored."""
    rows = promises.plan(ticket, snapshot)
    if intake.channel in SPOKEN and intake.spoken_to:
        promises.meet_at_opening(rows, "acknowledge", by.name, snapshot)
    promises.note_next_due(ticket, rows)
    return rows


def _store(session: Session, drafts: Sequence[_Draft]) -> None:
    """Write the tickets with their numbers drawn last, and with them all that names them."""
    newcomers = [person for each in drafts for person in each.newcomer]
    addresses = [address for person in newcomers for address in person.addresses]
    tickets, messages = [each.ticket for each in drafts], [each.message for each in drafts]
    rows = [row for each in drafts for row in each.rows]
    new = [*newcomers, *addresses, *tickets, *messages, *rows]
    numbers = _numbers(session, new, len(tickets))
    for person in newcomers:
        for address in person.addresses:
            keep(address, person_id=person.id)
    for each, number in zip(drafts, numbers, strict=True):
        keep(each.ticket, number=number, person_id=each.ticket.person.id)
        for row in each.rows:
            keep(row, subject_id=each.ticket.id)
        keep(each.message, ticket_id=each.ticket.id)
    alarms = [row for each in drafts for row in promises.alarms_of(each.rows, each.snapshot)]
    found = [(each.ticket.id, _found_by(each)) for each in drafts]
    who = [(person.id, people.found_by(person)) for person in newcomers]
    words = (("ticket", found), ("person", who))
    searched = [Rows(*search.new_rows(session, kind, texts)) for kind, texts in words]
    store(session, new, Rows(ALARMS, alarms), *searched)
    adopt(session, [*newcomers, *addresses, *tickets])
    for each in drafts:
        if each.intake.files:
            here = each.ticket.id, each.message.id
            session.add_all(actions.attachment_rows(each.intake.files, *here, public=True))
        if each.known and each.intake.person_id is not None:  # a pick has added to them
            people.index(each.known)


def _found_by(draft: _Draft) -> list[str]:
    return fields.searched(draft.ticket, draft.ticket.person.name, [draft.intake.body])


def _numbers(session: Session, new: list[Any], count: int) -> list[str]:
    """The next numbers of this year, 2026-000412, and ids for what is new. No number is used twice (it
    is drawn under its row's lock)."""
    year = now().astimezone(NUMBER_ZONE).year
    first = name(session, f"ticket:{year}", new, count)
    return [f"{year}-{number:06d}" for number in range(first, first + count)]


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
