"""Find or make the person who asks; list, search and edit people."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import BindParameter, Select, case, or_, select

from helpdesk import search
from helpdesk.agents.rights import Actor, require
from helpdesk.customers import addresses
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.db import db, locked, retrying, transaction
from helpdesk.errors import BadInput, Refused
from helpdesk.events import Event, durable
from helpdesk.i18n import N_

WORDS = re.compile(r"[^\d\s+()/.\-]")
Writing = str | BindParameter[str] | None
LEVELS = {"plain": N_("Standard"), "silver": N_("Silver"), "gold": N_("Gold"), "vip": N_("VIP")}


@dataclass(frozen=True)
class Asker:
    """Who asks, as a channel knows it. Phone and mail are as written."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    level: str = ""
    organisation: str = ""

    def normals(self) -> list[tuple[str, str, str]]:
        """(kind, as written, comparable) of each given address. Raises BadInput by field."""
        found, errors = [], {}
        for kind, value in (("email", self.email), ("phone", self.phone)):
            if not value.strip():
                continue
            try:
                found.append((kind, value.strip(), addresses.normal(kind, value)))
            except BadInput as error:
                errors[kind] = error.text
        if errors:
            raise BadInput(N_("Some fields need another look."), errors=errors)
        return found


def having(email: Writing = None, phone: Writing = None) -> Select[int]:
    """The ids of people with one of these addresses (comparable writing), the mail's owner first."""
    wanted = [
        (ContactAddress.kind == kind) & (ContactAddress.normal == normal)
        for kind, normal in (("email", email), ("phone", phone))
        if normal is not None
    ]
    return select(ContactAddress.person_id).where(or_(*wanted)).order_by(ContactAddress.kind)


def find(value: str) -> Person | None:
    """The person with this phone number or mail address, however it is written."""
    kind = "email" if "@" in value else "phone"
    try:
        normal = addresses.normal(kind, value)
    except BadInput:
        return None
    person_id = db.session.scalar(having(**{kind: normal}).limit(1))
    return db.session.get(Person, person_id) if person_id else None


def find_or_make(asker: Asker, language: str, known_id: int | None) -> Person:
    """The known person, completed with new addresses and a missing name, or a new one.

    A new one gets its id with the next flush.
    """
    session = db.session()
    normals = asker.normals()
    if known_id is None:
        person = Person(
            name=asker.name.strip(),
            organisation=asker.organisation.strip(),
            language=asker.language or language,
            level=asker.level or "plain",
        )
        person.addresses = [ContactAddress(kind=k, value=v, normal=n) for k, v, n in normals]
        session.add(person)
        return person
    person = session.get_one(Person, known_id)
    _complete(person, asker, normals)
    return person


def _complete(person: Person, asker: Asker, normals: list[tuple[str, str, str]]) -> None:
    """Fill what was empty; an address of somebody else stays with them."""
    person.name = person.name or asker.name.strip()
    if asker.level in LEVELS:
        person.level = asker.level
    known = {(a.kind, a.normal) for a in person.addresses}
    new = [(k, v, n) for k, v, n in normals if (k, n) not in known]
    taken = set()
    if new:
        rows = db.session.execute(
            select(ContactAddress.kind, ContactAddress.normal).where(
                ContactAddress.normal.in_([n for _k, _v, n in new])
            )
        )
        taken = {(kind, normal) for kind, normal in rows}
    free = [(kind, value, normal) for kind, value, normal in new if (kind, normal) not in taken]
    person.addresses += [ContactAddress(kind=k, value=v, normal=n) for k, v, n in free]


@durable("people.index", "ticket.opened")
def index_asker(noted: Event) -> None:
    """Whoever came with a new ticket can be found: not in the caller's time, but never forgotten."""
    person = db.session.get(Person, noted.data.get("person") or 0)
    if person is not None:
        with transaction():
            index(person)


def index(person: Person) -> None:
    """Let the person be found by name, company, telephone (also without the country) and mail."""
    numbers = [a.normal for a in person.addresses]
    national = [number.removeprefix("+86") for number in numbers if number.startswith("+86")]
    texts = [person.name, person.organisation, *numbers, *national]
    search.put(db.session(), "person", person.id, texts)


def known(words: str, most: int = 20) -> Select[Person]:
    """People whose name, company, number or mail begins with these words, best first.

    Which of them a reader may see is the caller's question.
    """
    kind = "email" if "@" in words else "phone"
    digits = "".join(c for c in words if c.isdecimal())
    begun = digits.removeprefix("0086") if len(digits) > 2 and not WORDS.search(words) else words
    found = search.ranked(begun, "person", db.engine.dialect.name, prefix=True).subquery()
    hit = case((Person.id == found.c.subject_id, found.c.rank), else_=0)
    query = select(Person).outerjoin(found, found.c.subject_id == Person.id)
    try:
        normal = addresses.normal(kind, words)
    except BadInput:
        return (
            query.where(found.c.subject_id.is_not(None)).order_by(hit.desc(), Person.id).limit(most)
        )
    same = select(ContactAddress.person_id).where(
        ContactAddress.kind == kind, ContactAddress.normal == normal
    )
    exact = Person.id.in_(same)
    return (
        query.where(or_(exact, found.c.subject_id.is_not(None)))
        .order_by(exact.desc(), hit.desc(), Person.id)
        .limit(most)
    )


def edit(person: Person, by: Actor, version: int, **changes: object) -> Person:
    """Change name, organisation, language, level, note or do_not_call. Raises Conflict when stale."""
    require(by, "customer.edit")
    with transaction():
        person = locked(person, version)
        for name, value in changes.items():
            if name not in {"name", "organisation", "language", "level", "note", "do_not_call"}:
                raise BadInput(
                    N_("This field is not known."), errors={name: N_("This field is not known.")}
                )
            setattr(person, name, value)
        if person.level not in LEVELS or person.language not in ("zh_Hans", "en"):
            wrong = N_("Please pick one of the offered choices.")
            raise BadInput(N_("Some fields need another look."), errors={"level": wrong})
        index(person)
    return person


def add_address(person: Person, by: Actor, kind: str, value: str) -> Person:
    """A further telephone number or mail address. Raises BadInput, Refused when it is another's."""
    require(by, "customer.edit")
    try:
        normal = addresses.normal(kind, value)
    except BadInput as error:
        raise BadInput(error.text, errors={"address": error.text}) from None

    def work() -> Person:
        return _add_address(person, kind, value.strip(), normal)

    return retrying(work)


def _add_address(person: Person, kind: str, value: str, normal: str) -> Person:
    with transaction():
        person = locked(person)
        owner = db.session.scalar(having(**{kind: normal}).limit(1))
        if owner is not None:
            other = N_("This address is known already; it belongs to customer %(id)s.")
            raise Refused(other, id=owner)
        person.addresses.append(ContactAddress(kind=kind, value=value, normal=normal))
        db.session.flush()
        index(person)
    return person
