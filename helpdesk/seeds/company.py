"""The invented company of the demo: its departments, people and routing rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.calls import code_tree
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.core import options
from helpdesk.core.db import db, transaction
from helpdesk.seeds.content import load, mail_of
from helpdesk.setup.models import Category, RoutingRule


def make_company(password_hash: str, seen_at: datetime) -> dict[str, Actor]:
    """Departments, rules and twelve colleagues, who all get this password; actors by their key."""
    company = load("company")
    with transaction() as session:
        options.put("company_zh", company["company_zh"])
        options.put("company_en", company["company_en"])
        departments = [_department(row) for row in company["departments"]]
        session.flush()
        ids = {row.code: row.id for row in departments}
        agents = {row["key"]: _agent(row, ids) for row in company["agents"]}
        for agent in agents.values():
            agent.password_hash, agent.seen_at = password_hash, seen_at
        _rules(company["rules"], ids)
        _telephones(company["queues"], company["telephones"], agents)
        _codes(company["codes"])
        options.changed()
        session.flush()
    return {key: agent.actor for key, agent in agents.items()}


def _department(row: dict[str, Any]) -> Department:
    """The department with this code, which may be there already, as the demo has it."""
    found = db.session.scalar(select(Department).where(Department.code == row["code"]))
    made = found or Department(code=row["code"])
    made.name_zh, made.name_en, made.mail = row["name_zh"], row["name_en"], row["mail"]
    made.calendar, made.active = "cn-office", True
    db.session.add(made)
    return made


def _agent(row: dict[str, Any], ids: dict[str, int]) -> Agent:
    email = mail_of(row["key"])
    made = db.session.scalar(select(Agent).where(Agent.email == email)) or Agent(email=email)
    made.name, made.role, made.language = row["name"], row["role"], row["language"]
    made.department_id = ids.get(row.get("department", ""))
    made.leads, made.active = row.get("leads", False), True
    made.presence = row["presence"]
    db.session.add(made)
    return made


def _telephones(
    queues: list[dict[str, Any]], lines: list[dict[str, Any]], agents: dict[str, Agent]
) -> None:
    """Queues of calls, and three colleagues who take them."""
    known = set(db.session.scalars(select(PhoneQueue.code)))
    db.session.add_all(PhoneQueue(**row) for row in queues if row["code"] not in known)
    db.session.flush()
    for row in lines:
        agent_id = agents[row["key"]].id
        db.session.merge(PhoneLine(agent_id=agent_id, extension=row["extension"], paused=""))
        for queue in row["queues"]:
            db.session.merge(PhoneMember(agent_id=agent_id, queue=queue))


def _codes(rows: list[dict[str, Any]]) -> None:
    """What calls are about, where nobody has given a tree."""
    if not code_tree.listed():
        code_tree.plant(rows, by=SYSTEM)


def _rules(rows: list[dict[str, Any]], ids: dict[str, int]) -> None:
    found = db.session.execute(select(Category.code, Category.id))
    categories = {row.code: row.id for row in found}
    for position, row in enumerate(rows, 1):
        conditions = {k: v for k, v in row.items() if k not in ("category", "to")}
        db.session.add(
            RoutingRule(
                position=position,
                category_id=categories[row["category"]] if "category" in row else None,
                department_id=ids.get(row.get("to", "")),
                **conditions,
            )
        )
