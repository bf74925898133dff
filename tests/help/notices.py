"""A notice about the fridge, and everybody who has a part in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.notices import actions, clock
from helpdesk.notices.models import Notice
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

DONE = {
    "root_cause": "为什么漏？焊点虚焊。为什么虚焊？温度低。为什么低？没有点检。",
    "correction": "更换压缩机。",
    "corrective": "焊台加装温度报警。",
    "preventive": "其他焊台一并加装。",
    "horizontal_check": "排查同批次 120 台，另有 2 台，已返工。",
    "evidence": "点检表 3 份。",
}


@dataclass
class Cast:
    """The two sides, and somebody of a department that has nothing to do with it."""

    supervisor: Actor
    admin: Actor
    handler: Actor
    stranger: Actor
    agent: Actor
    auditor: Actor
    quality_id: int


def cast() -> Cast:
    quality = make.department()
    logistics = make.department("logistics", "物流部", "Logistics")
    return Cast(
        make.agent("Chen Jie", "supervisor").actor,
        make.agent("Admin One", "admin").actor,
        make.agent("Li Na", "handler", quality).actor,
        make.agent("Sun Lei", "handler", logistics).actor,
        make.agent("Zhang Wei").actor,
        make.agent("Wu Di", "auditor").actor,
        quality.id,
    )


def due(notice: Notice, step: str) -> datetime:
    """When a step of this round is due."""
    at = clock.due_of(notice, step)
    assert at is not None
    return at


def drafted(who: Cast, ticket: Ticket | None = None, **more: Any) -> Notice:
    values = {
        "title": "冰箱反复维修未检漏",
        "problem": "三次上门记录均无检漏数据。",
        "requirement": "补做检漏，排查同批次。",
    }
    return actions.draft(
        by=who.supervisor, department_id=who.quality_id, ticket=ticket, **(values | more)
    )


def issued(who: Cast, **more: Any) -> Notice:
    notice = drafted(who, **more)
    actions.approve(notice, by=who.supervisor)
    return actions.issue(notice, by=who.supervisor)


def signed(who: Cast, **more: Any) -> Notice:
    return actions.sign(issued(who, **more), by=who.handler)


def planned(who: Cast, **more: Any) -> Notice:
    notice = signed(who, **more)
    return plan(notice, who)


def plan(notice: Notice, who: Cast, planned_at: datetime | None = None) -> Notice:
    return actions.submit_plan(
        notice,
        by=who.handler,
        root_cause=DONE["root_cause"],
        plan="加装报警，培训焊工。",
        planned_at=planned_at or now() + timedelta(days=2),
    )


def working(who: Cast, **more: Any) -> Notice:
    return actions.accept_plan(planned(who, **more), by=who.supervisor)


def claimed(who: Cast, **more: Any) -> Notice:
    return actions.claim_done(working(who, **more), by=who.handler, **DONE)


def watching(who: Cast, **more: Any) -> Notice:
    return actions.verify(
        claimed(who, **more), by=who.supervisor, result="pass", comment="现场合格"
    )
