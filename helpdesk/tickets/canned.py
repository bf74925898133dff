"""Canned replies as agents use them: their own department's and everybody's, in two languages.

Placeholders are named and filled one by one; there is no template language to inject into.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Select, or_, select, update

from helpdesk.agents.rights import Actor, Role
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_, gettext, in_language, when
from helpdesk.setup import in_force
from helpdesk.setup.models import CannedReply
from helpdesk.setup.replies.actions import BRACES, TEXTS
from helpdesk.tickets import sight
from helpdesk.tickets.models import Ticket


def listed(who: Actor, words: str = "", limit: int = 50) -> Sequence[CannedReply]:
    """The active replies that this colleague may use, most used first.

    A department's replies are for its own people and for the desk (who serve every department);
    every one of `words` must occur in a title or text of either language, whatever the case.
    """
    query = _offered(who)
    columns = [getattr(CannedReply, name) for name in (*TEXTS, "code")]
    for word in words.split():
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    ordered = query.order_by(CannedReply.uses.desc(), CannedReply.code).limit(limit)
    return db.session.scalars(ordered).all()


def _offered(who: Actor) -> Select[CannedReply]:
    """The active replies of everybody and, for a handler, of the own department."""
    query = select(CannedReply).where(CannedReply.active)
    if who.role is not Role.HANDLER:
        return query
    own = CannedReply.department_id == who.department_id
    return query.where(own | CannedReply.department_id.is_(None))


def render(reply: CannedReply, ticket: Ticket, agent: Actor, language: str) -> str:
    """The reply's text for this ticket in zh_Hans or en, ready to be edited and sent.

    Unknown braces stay as they are; a value that is missing becomes a polite general word.
    """
    text = reply.body_zh if language.startswith("zh") else reply.body_en
    with in_language(language):
        fillers = _fillers(ticket, agent, language)
        return BRACES.sub(lambda at: fillers[at[1]]() if at[1] in fillers else at[0], text)


def used(reply_id: int, who: Actor) -> None:
    """Count one use, so that what helps most comes first. Raises NotFound for one not offered."""
    found = _offered(who).where(CannedReply.id == reply_id)
    if db.session.scalar(found.with_only_columns(CannedReply.id)) is None:
        raise NotFound(N_("There is no such canned reply."))
    with transaction():
        change_rows(
            update(CannedReply).where(CannedReply.id == reply_id).values(uses=CannedReply.uses + 1)
        )


def _fillers(ticket: Ticket, agent: Actor, language: str) -> dict[str, Callable[[], str]]:
    return {
        "name": lambda: _customer(ticket, agent) or gettext("Customer"),
        "number": lambda: ticket.number,
        "agent": lambda: agent.name,
        "department": lambda: _department(ticket, language),
        "due": lambda: when(ticket.due_at) or gettext("soon"),
    }


def _customer(ticket: Ticket, reader: Actor) -> str:
    """The customer's name as it came with the case, never a known one: it goes into words to
    whoever wrote. '' for a reader from whom a confidential one is hidden."""
    if not sight.sees(reader, ticket, sight.Field.NAME):
        return ""
    return ticket.contact_name


def _department(ticket: Ticket, language: str) -> str:
    unit = in_force.current().departments.get(ticket.department_id or 0)
    return unit.names[language] if unit else gettext("Service desk")
