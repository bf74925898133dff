"""Who may do what: the one home of rights. Pure, no database.

A verb is allowed by role; which tickets, notices and articles a person sees is a Scope, and every
list, count, search, export, page, attachment and socket room asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from helpdesk.core.errors import NotAllowed
from helpdesk.core.i18n import N_
from helpdesk.core.named import Named


class Role(Named):
    """What a person is here for. CUSTOMER and SYSTEM never sign in."""

    AGENT = "agent", N_("Call agent")
    HANDLER = "handler", N_("Department handler")
    SUPERVISOR = "supervisor", N_("Supervisor")
    ADMIN = "admin", N_("Administrator")
    AUDITOR = "auditor", N_("Auditor")
    CUSTOMER = "customer", N_("Customer")
    SYSTEM = "system", N_("System")


STAFF = (Role.AGENT, Role.HANDLER, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
ROLE_NAMES = Role.names()
STAFF_NAMES = {role: ROLE_NAMES[role] for role in STAFF}


@dataclass(frozen=True)
class Actor:
    """Who does it: the `by` of every verb."""

    kind: str  # agent, token, customer, system
    id: int | None
    name: str
    role: Role
    department_id: int | None = None
    leads: bool = False
    language: str = "zh_Hans"
    scopes: frozenset[str] = frozenset()  # of a token; see agents.scopes

    @classmethod
    def of(cls, kind: str, row: Any, **more: Any) -> Actor:
        """The person or program of this row."""
        return _actor(kind, row.id, row.name, row.role, row.department_id, **more)


@lru_cache(maxsize=500)
def _actor(kind: str, id_: int, name: str, role: str, *where: Any, **more: Any) -> Actor:
    """One object for all who ask: a page asks many times who reads it."""
    return Actor(kind, id_, name, Role(role), *where, **more)


SYSTEM = Actor(kind="system", id=None, name="system", role=Role.SYSTEM)

NOT_INCLUDED = N_("Your role does not include this. Ask a supervisor if you need it.")
_DESK = {Role.AGENT, Role.SUPERVISOR, Role.ADMIN, Role.SYSTEM}
_WORK = _DESK | {Role.HANDLER}
_LEAD = {Role.SUPERVISOR, Role.ADMIN, Role.SYSTEM}
_READ = set(STAFF) | {Role.SYSTEM}

VERBS: dict[str, set[Role]] = {
    "ticket.read": _READ,
    "ticket.open": _DESK,
    "ticket.message": _WORK,
    "ticket.note": _WORK,
    "ticket.edit": _WORK,
    "ticket.reclassify": _DESK,  # kind, severity, category: what moves a promise
    "ticket.seal": _DESK,
    "ticket.lift_confidentiality": _LEAD,
    "ticket.claim": _WORK,
    "ticket.assign": _LEAD | {Role.AGENT},
    "assist.answer_any": _DESK,  # a person of the department that was asked needs no such right
    "ticket.export": _LEAD | {Role.AUDITOR},
    "customer.read": _READ,
    "customer.edit": _DESK,
    "notice.read": _READ,
    "notice.read_all": _DESK | {Role.AUDITOR},  # every department's, and drafts
    "notice.work": _LEAD | {Role.HANDLER},  # steps of notices may be theirs to take
    "notice.issue": _LEAD,
    "callback.work": _DESK,
    "call.read": _READ,  # which ones: see calls.queries
    "call.use": _DESK,  # dial, hold, hand on ... at one's own telephone
    "call.lead": _LEAD,  # colleagues in queues and out of them, their pauses, their calls written up
    "call.report": _DESK,  # what happened to calls: a telephone system's token
    "call.hear": {Role.SUPERVISOR, Role.ADMIN},  # any recording; for others see calls.queries
    "call.spy": _LEAD,  # listen to a colleague's talk; each time is noted
    "article.read": _READ,
    "article.write": _WORK,
    "article.publish": _LEAD,
    "statistics.read": _LEAD | {Role.AUDITOR},
    "wallboard.read": _READ,
    "presence.set": _WORK,
    "settings.read": _LEAD | {Role.AUDITOR},
    "simulation.run": _LEAD,
    "settings.edit": {Role.ADMIN, Role.SYSTEM},
    "duty.edit": _LEAD,
    "people.edit": {Role.ADMIN, Role.SYSTEM},
    "mail.review": _DESK,
    "journal.read": _LEAD | {Role.AUDITOR},
    "metrics.read": {Role.ADMIN, Role.AUDITOR},
    "board.read": _LEAD | {Role.AUDITOR},
    "board.retry": _LEAD,
}


def may(who: Actor | None, verb: str) -> bool:
    """True when this person's role has the verb. Moves of tickets and notices are in their tables."""
    return who is not None and who.role in VERBS[verb]


def require(who: Actor | None, verb: str) -> None:
    """Raise NotAllowed unless may(who, verb)."""
    if not may(who, verb):
        raise NotAllowed(NOT_INCLUDED)


def require_own(who: Actor, agent_id: int, verb: str) -> None:
    """Raise NotAllowed for who acts for another person and has not the verb."""
    if not (who.kind == "agent" and who.id == agent_id):
        require(who, verb)


@dataclass(frozen=True)
class Scope:
    """What a person sees: everything, what departments lead or assist in, or nothing."""

    everything: bool
    department_ids: frozenset[int] = frozenset()


def scope(who: Actor | None) -> Scope:
    """The tickets and notices that `who` may know of; queries turn it into SQL."""
    if who is None or who.role is Role.CUSTOMER:
        return Scope(everything=False)
    if who.role is Role.HANDLER:
        own = {who.department_id} if who.department_id else set()
        return Scope(everything=False, department_ids=frozenset(own))
    return Scope(everything=True)


def stands_for(who: Actor, department_id: int | None) -> bool:
    """Whether `who` may act for this department: its own people, and the desk, which serves all."""
    own = who.department_id is not None and who.department_id == department_id
    return own or who.role is not Role.HANDLER


def require_stands_for(who: Actor, department_id: int | None) -> None:
    """Raise NotAllowed unless stands_for(who, department_id)."""
    if not stands_for(who, department_id):
        raise NotAllowed(
            N_(
                "Another department leads this case. Please answer what you were asked, or write a note."
            )
        )
