"""Who asks and who works in a load test: invented customers and colleagues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.load.bulk import Bulk
from benchmarks.load.writing import Writing
from helpdesk import search
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Role
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.seeds.content import HOST, load

LEVELS = (("plain", "silver", "gold", "vip"), (78, 13, 7, 2))
PHONES = 10_000
PERSON = (
    "id", "name", "organisation", "language", "level", "note", "do_not_call", "created_at",
    "version", "claimed",
)  # fmt: skip
ADDRESS = ("person_id", "kind", "value", "normal", "extension", "proven_at", "proven_by")


@dataclass(frozen=True)
class Customer:
    """What tickets need to know of a customer."""

    id: int
    name: str
    language: str
    phone: str = ""
    mail: str = ""  # '' for three in ten


@dataclass(frozen=True)
class Colleague:
    """What tickets and the journal need to know of an agent."""

    id: int
    name: str
    mail: str


@dataclass(frozen=True)
class Staff:
    """Everybody who works: the desk, the handlers by department code, the leads."""

    desk: list[Colleague]
    handlers: dict[str, list[Colleague]]
    supervisors: list[Colleague]

    def mails(self) -> list[str]:
        """Everybody's address to sign in with: the desk, handlers, supervisors."""
        handlers = [each for group in self.handlers.values() for each in group]
        return [each.mail for each in (*self.desk, *handlers, *self.supervisors)]


def make_departments(session: Session) -> dict[str, int]:
    """The six departments of the demo, where they are missing: id by code."""
    known = set(session.scalars(select(Department.code)))
    for row in load("company")["departments"]:
        if row["code"] not in known:
            session.add(Department(**row))
    session.flush()
    return {unit.code: unit.id for unit in session.scalars(select(Department))}


def make_customers(bulk: Bulk, writing: Writing, count: int, at: datetime) -> list[Customer]:
    """So many customers with a phone number and mostly a mail address, found by search."""
    first = bulk.first_id(Person)
    people = [_customer(id_, writing) for id_ in range(first, first + count)]
    levels = writing.chance.choices(*LEVELS, k=count)
    rows = [
        (who.id, who.name, "", who.language, level, "", False, at, 1, False)
        for who, level in zip(people, levels, strict=True)
    ]
    addresses = [row for who in people for row in _addresses(who, at)]
    bulk.write(Person, PERSON, rows)
    bulk.write(ContactAddress, ADDRESS, addresses)
    known = {who.id: _texts(who) for who in people}
    search.put_many(bulk.session, "person", known.items())
    return people


def _customer(id_: int, writing: Writing) -> Customer:
    language = "zh_Hans" if writing.chance.random() < 0.62 else "en"
    name, has_mail = writing.name(language), writing.chance.random() < 0.7
    phone = f"138{id_ // PHONES:04d}{id_ % PHONES:04d}"
    return Customer(id_, name, language, phone, f"customer.{id_}@{HOST}" if has_mail else "")


def _texts(who: Customer) -> list[str]:
    """The texts of people.index()."""
    mails = [who.mail] if who.mail else []
    return [who.name, "", f"+86{who.phone}", who.phone, *mails]


def _addresses(who: Customer, at: datetime) -> list[tuple[object, ...]]:
    proof = (at, "colleague")
    rows: list[tuple[object, ...]] = [
        (who.id, "phone", who.phone, f"+86{who.phone}", "", *proof),
    ]
    return [*rows, (who.id, "email", who.mail, who.mail, "", *proof)] if who.mail else rows


def make_staff(
    session: Session, writing: Writing, count: int, departments: dict[str, int], password_hash: str
) -> Staff:
    """So many colleagues, at least one per department: half at the desk, a few supervisors."""
    codes = [row["code"] for row in load("company")["departments"]]
    supervisors = max(1, count // 25)
    handlers = max(len(codes), count // 2)
    desk = max(2, count - handlers - supervisors)
    plans = (
        [(Role.AGENT, "")] * desk
        + [(Role.HANDLER, codes[n % len(codes)]) for n in range(handlers)]
        + [(Role.SUPERVISOR, "")] * supervisors
    )
    first = (session.scalar(select(Agent.id).order_by(Agent.id.desc()).limit(1)) or 0) + 1
    made = [
        ((role, code), _agent(first + place, role, code, writing, departments, password_hash))
        for place, (role, code) in enumerate(plans)
    ]
    for (role, _code), agent in made[desk : desk + len(codes)]:
        agent.leads = role is Role.HANDLER  # the first of each department
    session.add_all(agent for _plan, agent in made)
    session.flush()
    staff = Staff([], {code: [] for code in codes}, [])
    for (role, code), agent in made:
        group = {Role.AGENT: staff.desk, Role.SUPERVISOR: staff.supervisors}.get(role)
        (staff.handlers[code] if group is None else group).append(
            Colleague(agent.id, agent.name, agent.email)
        )
    return staff


def _agent(
    number: int,
    role: Role,
    code: str,
    writing: Writing,
    departments: dict[str, int],
    password_hash: str,
) -> Agent:
    language = "zh_Hans" if writing.chance.random() < 0.6 else "en"
    return Agent(
        email=f"load.{number:04d}@{HOST}",
        name=writing.name(language),
        role=role,
        department_id=departments.get(code),
        language=language,
        presence="ready",
        password_hash=password_hash,
    )


def one_of(group: list[Colleague], number: int) -> Colleague:
    """The member with this number, counted round and round."""
    return group[number % len(group)]


def pick_customer(chance: Random, people: list[Customer]) -> int:
    """The place of a customer; some ask far more often than others."""
    return int(len(people) * chance.random() ** 1.6)
