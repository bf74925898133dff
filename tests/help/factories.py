"""People with names and cases with words, for tests."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Actor, Role
from helpdesk.agents.sign_in import fresh_session
from helpdesk.core import options
from helpdesk.core.db import db, transaction
from helpdesk.customers.people import Asker
from helpdesk.setup.models import Category, RoutingRule
from helpdesk.tickets.intake import Intake, Opened, open_ticket
from helpdesk.tickets.models import Ticket

CUSTOMER = Actor(kind="customer", id=None, name="王芳", role=Role.CUSTOMER)


def department(code: str = "quality", zh: str = "质量部", en: str = "Quality") -> Department:
    """The department with this code, made when it is missing."""
    found = db.session.scalar(db.select(Department).filter_by(code=code))
    if found is None:
        with transaction() as session:
            found = Department(code=code, name_zh=zh, name_en=en)
            session.add(found)
            options.changed()
    return found


def agent(
    name: str = "Zhang Wei", role: str = "agent", department: Department | None = None, **more: Any
) -> Agent:
    """A colleague; the mail address follows the name."""
    email = more.pop("email", f"{name.lower().replace(' ', '.')}@example.com")
    with transaction() as session:
        made = Agent(
            name=name,
            email=email,
            role=role,
            department_id=department.id if department else None,
            language=more.pop("language", "en"),
            **more,
        )
        session.add(made)
    return made


def rule(name: str, to: Department, **conditions: Any) -> RoutingRule:
    """A routing rule at the end of the list."""
    with transaction() as session:
        last = session.scalar(db.select(db.func.max(RoutingRule.position))) or 0
        made = RoutingRule(name=name, department_id=to.id, position=last + 1, **conditions)
        session.add(made)
        options.changed()
    return made


def intake(**more: Any) -> Intake:
    """A complaint about a fridge by Wang Fang, whose mail address is proven."""
    more.setdefault("proof", "dmarc")
    person = more.pop(
        "person", Asker(name="王芳", phone="139 1234 5678", email="wang.fang@example.com")
    )
    values = {
        "channel": "web",
        "subject": "冰箱修了三次还是不制冷",
        "body": "师傅来了三次，冰箱还是不制冷，要求退款。",
        "category": "quality.appliance.fridge",
        "language": "zh_Hans",
    }
    return Intake(person=person, **(values | more))


def opened(by: Actor = CUSTOMER, **more: Any) -> Opened:
    """The fridge complaint, opened."""
    return open_ticket(intake(**more), by)


def ticket(by: Actor = CUSTOMER, **more: Any) -> Ticket:
    """The ticket of the fridge complaint."""
    made = opened(by, **more).ticket
    if not db.session.info.get("writing"):
        db.session.commit()  # it was read: what others write is to be seen from now on
    return made


def sign_in(client: FlaskClient, agent: Agent) -> FlaskClient:
    """The same browser, signed in as this colleague (without the cost of a password)."""
    with client.session_transaction() as session:
        session.clear()
        session.update(fresh_session(agent))
    return client


SUPERVISOR = Actor(kind="token", id=900, name="Chen Jie", role=Role.SUPERVISOR, language="en")


def known_categories() -> set[str]:
    """The codes of the categories that are set up."""
    return set(db.session.scalars(db.select(Category.code)))
