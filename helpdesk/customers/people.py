"""Find or make the person who asks; list, search and edit people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import selectinload

from helpdesk import search
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import PICK, BadInput, bad_fields, refuse
from helpdesk.core.i18n import N_
from helpdesk.core.rows import entity, fresh
from helpdesk.customers.addresses import Address, kind_of, normal, read
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.words import LEVELS

WORDS = re.compile(r"[^\d\s+()/.\-]")
Writing = str | BindParameter[str] | None
MOST_FOUND = 8  # people of one number that an agent chooses among
# What can prove an address; "" is that it is only claimed.
PROOFS = {
    "": N_("claimed, not proven"),
    "colleague": N_("confirmed by a colleague"),
    "dmarc": N_("proven by the mail server"),
    "token": N_("proven by an answer to our mail"),
    "link": N_("proven by the link in our mail"),
}


class Proven(NamedTuple):
    """An address and what proves it: a key of PROOFS."""

    kind: str
    normal: str
    by: str


@dataclass(frozen=True)
class Asker:
    """Who asks, as a channel knows it. Phone, mail and `further` addresses are as written."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    level: str = ""
    organisation: str = ""
    further: tuple[str, ...] = ()

    def addresses(self) -> list[Address]:
        """Each given address once, mail before phone. Raises BadInput by field."""
        return list(self._addresses)

    @cached_property
    def _addresses(self) -> tuple[Address, ...]:
        found: dict[tuple[str, str, str], Address] = {}
        errors = {}
        given = [("email", "email", self.email), ("phone", "phone", self.phone)]
        given += [("further", kind_of(text), text) for text in self.further]
        for name, kind, text in given:
            if not text.strip():
                continue
            try:
                address = read(kind, text)
                found.setdefault((kind, address.normal, address.extension), address)
            except BadInput as error:
                errors[name] = error.text
        refuse(errors)
        return tuple(found.values())


def is_at(kind: Writing, normal: Writing) -> ColumnElement[bool]:
    """The condition of being this address (comparable writing), with whatever extension."""
    return (ContactAddress.kind == kind) & (ContactAddress.normal == normal)


def find(value: str) -> Sequence[Person]:
    """The people with this phone number or mail address, however it is written: none, one or
    several, those first who have proven it or are known by this very extension."""
    try:
        address = read(kind_of(value), value)
    except BadInput:
        return []
    query = (
        select(Person)
        .join(ContactAddress, ContactAddress.person_id == Person.id)
        .where(is_at(address.kind, address.normal), Person.known_as_id.is_(None))
        .options(selectinload(Person.addresses))
        .group_by(Person.id)
        .order_by(
            func.max(case((ContactAddress.extension == address.extension, 1), else_=0)).desc(),
            func.max(case((ContactAddress.proven_by != "", 1), else_=0)).desc(),
            Person.claimed,
            Person.id.desc(),
        )
    )
    return db.session.scalars(query.limit(MOST_FOUND)).all()


def owners(numbers: Iterable[str]) -> dict[str, int | None]:
    """Whose each of these telephone numbers is (comparable writing): the one customer on file who has
    it, else the one whom nothing but a case knows; None for nobody and for several. Nobody is guessed."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    found: dict[str, list[set[int]]] = {each: [set(), set()] for each in wanted}
    rows = select(ContactAddress.normal, Person.id, Person.claimed, ContactAddress.proven_by)
    rows = rows.join(Person, Person.id == ContactAddress.person_id)
    at_one = (ContactAddress.kind == "phone") & ContactAddress.normal.in_(wanted)
    for number, id_, claimed, proof in db.session.execute(
        rows.where(at_one, Person.known_as_id.is_(None))
    ):
        found[number][claimed and not proof].add(id_)
    return {number: _only(filed or said) for number, (filed, said) in found.items()}


def is_not_to_be_called(number: str) -> bool:
    """Whether a customer who has this telephone number (comparable writing) does not want it."""
    query = select(Person.id).join(ContactAddress, ContactAddress.person_id == Person.id)
    query = query.where(ContactAddress.kind == "phone", ContactAddress.normal == number)
    return db.session.scalar(query.where(Person.do_not_call).limit(1)) is not None


def _only(ids: set[int]) -> int | None:
    return next(iter(ids)) if len(ids) == 1 else None


def make(asker: Asker, language: str, *, proven: Proven | None = None, claimed: bool) -> Person:
    """A new person, who gets an id with the next flush. `claimed`: nothing but one case says so."""
    draft = drafted(asker, language, proven=proven, claimed=claimed)
    draft.addresses = [entity(each) for each in draft.addresses]
    person = entity(draft)
    db.session.add(person)
    return person


def drafted(asker: Asker, language: str, *, proven: Proven | None = None, claimed: bool) -> Person:
    """The same as plain values: see rows.fresh()."""
    person = fresh(
        Person,
        name=asker.name.strip(),
        organisation=asker.organisation.strip(),
        language=asker.language or language,
        level=asker.level or "plain",
        claimed=claimed,
    )
    person.addresses = [row_of(each) for each in asker.addresses()]
    for row in person.addresses:
        if proven is not None and (row.kind, row.normal) == (proven.kind, proven.normal):
            row.proven_at, row.proven_by = now(), proven.by
    return person


def row_of(address: Address) -> ContactAddress:
    """The address as plain values; nothing has proven it yet."""
    return fresh(ContactAddress, **address._asdict())


def confirm(person: Person, asker: Asker) -> list[ContactAddress]:
    """A colleague says that this person asks: what was empty is filled, and the addresses are
    theirs from now on, proven by a colleague. Returns those that are new."""
    person.name = person.name or asker.name.strip()
    person.organisation = person.organisation or asker.organisation.strip()
    person.claimed = False
    if asker.level in LEVELS:
        person.level = asker.level
    return prove_all(person, asker.addresses(), "colleague")


def prove_all(person: Person, given: Iterable[Address], by: str) -> list[ContactAddress]:
    """These addresses are proven to be the person's; returns the rows that are new."""
    known = {(a.kind, a.normal, a.extension): a for a in person.addresses}
    new = []
    for address in given:
        row = known.get((address.kind, address.normal, address.extension))
        if row is None:
            row = entity(row_of(address))
            person.addresses.append(row)
            new.append(row)
        if not row.proven_by:
            row.proven_at, row.proven_by = now(), by
    return new


def index(person: Person) -> None:
    """Let the person be found by name, company, telephone (also without the country) and mail."""
    search.put(db.session(), "person", person.id, found_by(person))


def found_by(person: Person) -> list[str]:
    """The texts for that, the name first."""
    numbers = list(dict.fromkeys(a.normal for a in person.addresses))
    national = [number.removeprefix("+86") for number in numbers if number.startswith("+86")]
    return [person.name, person.organisation, *numbers, *national]


def typed(words: str, dialect: str) -> dict[str, str]:
    """What known() is given for these words."""
    kind = "email" if "@" in words else "phone"
    digits = "".join(c for c in words if c.isdecimal())
    begun = digits.removeprefix("0086") if len(digits) > 2 and not WORDS.search(words) else words
    given = {"words": search.wanted(begun, dialect, prefix=True), "kind": "", "normal": ""}
    with suppress(BadInput):
        given |= {"normal": normal(kind, words), "kind": kind}
    return given


def known(any_words: str, dialect: str) -> Select[Person]:
    """People whose name, company, number or mail begins with what was typed(), best first; "" when it
    holds no word.

    Which of them a reader may see is the caller's question.
    """
    found = search.ranked(any_words, "person", dialect, prefix=True).subquery()
    hit = case((Person.id == found.c.subject_id, found.c.rank), else_=0)
    query = select(Person).outerjoin(found, found.c.subject_id == Person.id)
    query = query.where(Person.known_as_id.is_(None))
    mine = (ContactAddress.person_id == Person.id) & (ContactAddress.proven_by != "")
    by_word, proven = select(found.c.subject_id), select(ContactAddress.id).where(mine).exists()
    best = (Person.claimed, proven.desc(), hit.desc(), Person.id)
    same = select(ContactAddress.person_id).where(is_at(bindparam("kind"), bindparam("normal")))
    exact, either = Person.id.in_(same), Person.id.in_(union_all(by_word, same))
    return query.where(either).order_by(exact.desc(), *best)


def edit(person: Person, by: Actor, version: int, **changes: object) -> Person:
    """Change name, organisation, language, level, note or do_not_call. Raises Conflict when stale."""
    require(by, "customer.edit")
    with transaction():
        person = locked(person, version)
        for name, value in changes.items():
            setattr(person, name, value)
        if person.level not in LEVELS or person.language not in ("zh_Hans", "en"):
            raise bad_fields(level=PICK)
        person.claimed = False
        index(person)
    return person


def add_address(person: Person, by: Actor, kind: str, value: str) -> Person:
    """A further telephone number or mail address, which the colleague vouches for. It may be
    somebody else's, too. Raises BadInput for what is no address."""
    require(by, "customer.edit")
    try:
        address = read(kind, value)
    except BadInput as error:
        raise BadInput(error.text, errors={"address": error.text}) from None
    with transaction():
        person = locked(person)
        person.claimed = False
        prove_all(person, [address], "colleague")
        db.session.flush()
        index(person)
    return person
