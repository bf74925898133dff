"""Whose case it is and where its mails go: a colleague's click, or an address that is proven."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk import promises, search
from helpdesk.agents.rights import SYSTEM, Actor, require
from helpdesk.clock import now
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import NotFound, Refused, bad_field
from helpdesk.core.events import Event, record
from helpdesk.core.i18n import N_
from helpdesk.customers import people
from helpdesk.customers.addresses import Address, mail, masked
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.customers.people import Asker
from helpdesk.setup import in_force
from helpdesk.tickets import queries, sight
from helpdesk.tickets.actions.newer import require_version
from helpdesk.tickets.lifecycle import ENDED, Status, clock_of
from helpdesk.tickets.models import Ticket
from helpdesk.words import SEVERITIES, Kind

LINKED = "ticket.linked"
ELSEWHERE = N_("Mails of this case can only go to an address of its own or a proven one.")


def link_person(
    ticket: Ticket,
    *,
    by: Actor,
    person_id: int | None,
    version: int | None = None,
    with_addresses: bool = False,
) -> Ticket:
    """The case is this known customer's; None: it is nobody's whom we know, and has its own file.

    The click proves the address that it came from where it is the customer's already; the further
    ones go along only `with_addresses`. What an earlier click did is taken back. Raises NotFound.
    """
    with transaction():
        ticket = _for_change(ticket, by, version)
        if ticket.settled and ticket.person_id == person_id:
            return ticket
        old, data = db.session.get_one(Person, ticket.person_id), {}
        _take_back_last(ticket)
        if person_id is not None:
            person = _person(person_id)
            data = _confirmed(ticket, old, person, with_addresses)
        else:
            person = _own_file(ticket, old)
        _move(ticket, old, person, by, data)
    return ticket


def _for_change(ticket: Ticket, by: Actor, version: int | None) -> Ticket:
    require(by, "customer.edit")
    ticket = locked(ticket)
    queries.require_visible(ticket, by)
    if not sight.sees(by, ticket, sight.Field.PERSON):
        raise NotFound(N_("There is no such customer, or you may not see them."))
    require_version(ticket, version)
    if ticket.status == Status.ARCHIVED:
        raise Refused(N_("An archived ticket can't be changed."))
    return ticket


def _person(person_id: int) -> Person:
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound(N_("There is no such customer, or you may not see them."))
    return locked(person)


def _confirmed(
    ticket: Ticket, old: Person, person: Person, with_addresses: bool
) -> dict[str, list[int]]:
    """Prove what the click proves; returns the ids of the customer's addresses that are new, and of
    those that were only claimed before."""
    at = (ticket.contact_kind, ticket.contact)
    claimed = [r for r in person.addresses if not r.proven_by and (r.kind, r.normal) == at]
    given = [_read(row) for row in old.addresses] if with_addresses and old is not person else []
    new = people.prove_all(person, [*given, *map(_read, claimed)], "colleague")
    if any((row.kind, row.normal) == at for row in person.addresses):
        ticket.contact_proven_at, ticket.contact_proven_by = now(), "colleague"
    person.claimed = False
    db.session.flush()
    people.index(person)
    return {"added": [row.id for row in new], "confirmed": [row.id for row in claimed]}


def _read(row: ContactAddress) -> Address:
    return Address(row.kind, row.value, row.normal, row.extension)


def _own_file(ticket: Ticket, old: Person) -> Person:
    """The file of this case alone, as it was or made anew from what was typed."""
    first = _first_file(ticket, old)
    if first is not None:
        return first
    kind = ticket.contact_kind
    given = {kind: ticket.contact} if kind else {}
    further = tuple(each for each in ticket.contact_others if each)
    return people.make(
        Asker(name=ticket.contact_name, further=further, **given), ticket.language, claimed=True
    )


def _first_file(ticket: Ticket, old: Person) -> Person | None:
    """The file that the case began with, when no other case has it."""
    events = select(Event).where(Event.ticket_id == ticket.id, Event.name == LINKED)
    first = db.session.scalar(events.order_by(Event.seq).limit(1))
    person = db.session.get(Person, first.data["from_person"]) if first is not None else old
    if person is None:
        return None
    return None if _has_cases(person, but=ticket) else person


def _has_cases(person: Person, but: Ticket) -> bool:
    others = select(Ticket.id).where(Ticket.person_id == person.id, Ticket.id != but.id)
    return db.session.scalar(others.limit(1)) is not None


def _take_back_last(ticket: Ticket) -> None:
    """Undo what the last click added: its addresses, and the severity of a repeat."""
    events = select(Event).where(Event.ticket_id == ticket.id, Event.name == LINKED)
    last = db.session.scalar(events.order_by(Event.seq.desc()).limit(1))
    if last is None:
        return
    for name in ("added", "confirmed"):
        for id_ in last.data.get(name, ()):
            row = db.session.get(ContactAddress, id_)
            if row is not None and row.proven_by == "colleague":
                _take_back(row, gone=name == "added")
    was, became = last.data.get("severity_change", (None, None))
    if was and ticket.severity == became:
        ticket.severity = was
    db.session.flush()
    db.session.expire(db.session.get_one(Person, ticket.person_id), ["addresses"])
    if ticket.contact_proven_by == "colleague":
        ticket.contact_proven_at, ticket.contact_proven_by = None, ""


def _take_back(row: ContactAddress, *, gone: bool) -> None:
    if gone:
        db.session.delete(row)
    else:
        row.proven_at, row.proven_by = None, ""


def _move(ticket: Ticket, old: Person, person: Person, by: Actor, data: dict[str, Any]) -> None:
    db.session.flush()
    ticket.person_id, ticket.settled, ticket.updated_at = person.id, True, now()
    if old is not person and old.claimed and not _has_cases(old, but=ticket):
        old.known_as_id = person.id  # its own words are found under the customer from now on
    person.known_as_id = None
    ticket.anonymous = not person.addresses and not person.name
    severity = ticket.severity
    _count_repeat(ticket, person)
    if ticket.severity != severity:
        data["severity_change"] = [severity, ticket.severity]
    if Status(ticket.status) not in ENDED:
        # an undone repeat may have moved it, too
        promises.refit(ticket, clock_of(ticket.status), in_force.current())
    search.add(db.session(), "ticket", ticket.id, person.name)
    record(
        LINKED,
        by=by,
        ticket=ticket,
        from_person=old.id,
        person=person.id,
        repeat_of=_number_of(ticket.repeat_of_id),
        **data,
    )


def _number_of(id_: int | None) -> str:
    return db.session.get_one(Ticket, id_).number if id_ else ""


def _count_repeat(ticket: Ticket, person: Person) -> None:
    """A repeat counts once it is known whose case it is, and goes one severity up, as at the door."""
    found = None
    if ticket.kind == Kind.COMPLAINT and ticket.category_id:
        found = db.session.scalar(
            queries.repeated(person.id, ticket.category_id, ticket.received_at, before=ticket.id)
        )
    raised = found is not None and ticket.repeat_of_id is None and ticket.severity != "S1"
    ticket.repeat_of_id = found
    if raised and Status(ticket.status) not in ENDED:
        ticket.severity = SEVERITIES[SEVERITIES.index(ticket.severity) - 1]


def answer_at(ticket: Ticket, *, by: Actor, address: str, version: int | None = None) -> Ticket:
    """Mails of this case go to another of its own addresses, or to one that its customer has
    proven. Raises BadInput for any other."""
    with transaction():
        ticket = _for_change(ticket, by, version)
        new = mail(address)
        if new not in reply_choices(ticket):
            raise bad_field("address", ELSEWHERE)
        if new != ticket.reply_to:
            old, ticket.reply_to, ticket.updated_at = ticket.reply_to, new, now()
            record("ticket.reply_to", by=by, ticket=ticket, old=masked(old), new=masked(new))
    return ticket


def reply_choices(ticket: Ticket) -> list[str]:
    """Where mails of this case may go: its own mail addresses, and those its customer has proven."""
    own = [ticket.reply_to, ticket.contact if ticket.contact_kind == "email" else ""]
    person = db.session.get_one(Person, ticket.person_id)
    proven = [row.normal for row in person.addresses if row.kind == "email" and row.proven_by]
    return list(dict.fromkeys(filter(None, [*own, *ticket.contact_others, *proven])))


def prove(ticket: Ticket, address: str, how: str, by: Actor) -> None:
    """This mail address is proven by an answer (token, dmarc) or the one-time link: on the case, on
    its own file, and to be the customer's who alone has proven it before."""
    with transaction():
        ticket = locked(ticket)
        person = db.session.get_one(Person, ticket.person_id)
        rows = [r for r in person.addresses if (r.kind, r.normal) == ("email", address)]
        fresh = [row for row in rows if not row.proven_by]
        known = _known_by(address, but=person.id) if fresh and not ticket.settled else None
        for row in fresh:
            row.proven_at, row.proven_by = now(), how
        on_case = ticket.contact == address and not ticket.contact_proven_by
        if on_case:
            ticket.contact_proven_at, ticket.contact_proven_by = now(), how
        if on_case or fresh:
            record("ticket.proven", by=by, ticket=ticket, address=masked(address), how=how)
        if known is not None and ticket.contact == address:
            _move(ticket, person, known, SYSTEM, {})


def _known_by(address: str, but: int) -> Person | None:
    """The one other person who has proven this mail address; None when there is none or several."""
    at = people.is_at("email", address) & (ContactAddress.proven_by != "")
    query = select(Person.id).join(ContactAddress, ContactAddress.person_id == Person.id)
    query = query.where(at, Person.id != but, Person.known_as_id.is_(None))
    ids = db.session.scalars(query.distinct().limit(2)).all()
    return db.session.get(Person, ids[0]) if len(ids) == 1 else None
