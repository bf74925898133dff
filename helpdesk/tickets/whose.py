"""Whose case comes in: what a door may take for proven, and what is only said (see docs/security.md).

A public form and a mail without proof never touch a known customer: their case gets a file of its
own with what was typed. Nobody is guessed; where several could be meant, a colleague picks.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, bindparam, or_, select, text
from sqlalchemy.orm import Session, joinedload

from helpdesk.agents.rights import Actor
from helpdesk.agents.scopes import INTAKE, WORK
from helpdesk.clock import now
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.customers import people
from helpdesk.customers.addresses import Address, read
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.customers.people import Proven
from helpdesk.tickets.fields import Intake
from helpdesk.words import SPOKEN

ASKED = ("contact_kind", "contact", "email", "phone", "extension")
NOBODY = N_("There is no such customer, or you may not see them.")


@dataclass(frozen=True)
class Origin:
    """Where a case came from and where its mails go."""

    contact: Address | None
    reply_to: str
    others: tuple[str, ...]  # further mail addresses that were given with it


def origin_of(intake: Intake) -> Origin:
    """The address that this case came from: what its door knows, else the first one given."""
    given = intake.person.addresses()
    if intake.channel in SPOKEN:  # where somebody is called back rather than written to
        given.sort(key=lambda each: each.kind == "email")
    contact = read("email", intake.came_from) if intake.came_from else next(iter(given), None)
    mails = [each.normal for each in given if each.kind == "email"]
    reply_to = mails[0] if mails else ""
    told = [reply_to, *mails, *intake.others] if reply_to else list(intake.others)
    own = contact.normal if contact else ""
    return Origin(contact, reply_to, tuple(dict.fromkeys(each for each in told if each != own)))


@dataclass(frozen=True)
class Candidates:
    """People whom a case could belong to, the lowest and highest id: equal when it is one."""

    proven: tuple[int | None, int | None] = (None, None)
    filed: tuple[int | None, int | None] = (None, None)


def columns() -> list[Select[int]]:
    """What the look before a ticket is made asks about people; values by asked_of()."""
    at_contact = people.is_at(bindparam("contact_kind"), bindparam("contact"))
    proven = at_contact & (ContactAddress.proven_by != "")
    at_any = or_(
        people.is_at("email", bindparam("email")),
        people.is_at("phone", bindparam("phone"))
        & (ContactAddress.extension == bindparam("extension")),
    )
    filed = at_any & (~Person.claimed | (ContactAddress.proven_by != ""))
    found = []
    for who in (proven, filed):
        ids = select(ContactAddress.person_id).join(Person, Person.id == ContactAddress.person_id)
        ids = ids.where(who, Person.known_as_id.is_(None))
        found += [ids.order_by(order).limit(1) for order in _ENDS]
    return found


_ENDS = (ContactAddress.person_id.asc(), ContactAddress.person_id.desc())


def asked_of(intake: Intake, origin: Origin) -> dict[str, str | None]:
    """The values for columns(); None finds nobody."""
    first = {each.kind: each for each in reversed(intake.person.addresses())}
    mail, phone, at = first.get("email"), first.get("phone"), origin.contact
    values = (
        at.kind if at else None,
        at.normal if at else None,
        mail.normal if mail else None,
        phone.normal if phone else None,
        phone.extension if phone else None,
    )
    return dict(zip(ASKED, values, strict=True))


def must_look_again(session: Session, intake: Intake, origin: Origin, found: Candidates) -> bool:
    """Whether somebody else may be making this proven customer at this moment: then it was waited
    for. Two mails of a new customer at once make one; SQLite has one writer anyway."""
    is_new = bool(intake.proof) and origin.contact is not None and found.proven[0] is None
    if not is_new or session.get_bind().dialect.name != "postgresql":
        return False
    assert origin.contact is not None
    words = f"{origin.contact.kind}:{origin.contact.normal}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:words))"), {"words": words})
    return True


def whose(session: Session, intake: Intake, by: Actor, found: Candidates) -> Person | None:
    """The known person whose case this is; None when nothing proves it.

    Raises NotFound when a colleague picked somebody who is not there.
    """
    if intake.person_id is not None:
        person = session.get(Person, intake.person_id)
        if person is None:
            raise NotFound(NOBODY)
        return person
    if intake.caller_id is not None:
        return _the_one(session, (intake.caller_id, intake.caller_id))
    if intake.proof:
        return _the_one(session, found.proven) if speaks_for_itself(intake) else None
    if by.kind != "token" or not vouches(by):
        return None
    person = _the_one(session, found.filed)
    name = intake.person.name.strip()
    return person if person is not None and name in ("", person.name) else None


def vouches(by: Actor) -> bool:
    """Whether `by` answers for the person that a case names: a colleague, or a program that works
    like one. A program that only files (scope intake) hands on what strangers typed."""
    return by.kind in ("agent", "token") and not only_files(by)


def only_files(by: Actor) -> bool:
    """Whether `by` is a program that only files cases: it reads back what it filed, and no more."""
    return INTAKE in by.scopes and WORK not in by.scopes


def speaks_for_itself(intake: Intake) -> bool:
    """Whether the sender is the one who asks: a contact form writes for somebody else."""
    origin = origin_of(intake)
    return origin.contact is not None and origin.reply_to in ("", origin.contact.normal)


def _the_one(session: Session, found: tuple[int | None, int | None]) -> Person | None:
    least, most = found
    if least is None or least != most:
        return None
    return session.get(
        Person, least, options=[joinedload(Person.addresses)]
    )  # who answers tells them


def asker(intake: Intake, by: Actor, known: Person | None) -> Person:
    """The person of the new ticket, known or drafted. Only a colleague's pick adds to a known one."""
    if known is not None:
        if intake.person_id is not None:
            people.confirm(known, intake.person)
        return known
    proven = None
    at = origin_of(intake).contact
    if intake.proof and at is not None and speaks_for_itself(intake):
        proven = Proven(at.kind, at.normal, intake.proof)
    claimed = proven is None and not vouches(by)
    return people.drafted(intake.person, intake.language, proven=proven, claimed=claimed)


def facts(intake: Intake, known: Person | None) -> dict[str, object]:
    """The ticket's columns that say where it came from."""
    origin = origin_of(intake)
    at, by = origin.contact, "colleague" if intake.person_id is not None else intake.proof
    proven = bool(intake.proof) and speaks_for_itself(intake)
    return {
        "contact_kind": at.kind if at else "",
        "contact": at.normal if at else "",
        "contact_extension": at.extension if at else "",
        "contact_name": intake.person.name.strip(),
        "contact_proven_by": by if at else "",
        "contact_proven_at": now() if at and by else None,
        "contact_others": list(origin.others),
        "reply_to": origin.reply_to,
        "settled": (known is not None and intake.caller_id is None) or intake.settled or proven,
    }
