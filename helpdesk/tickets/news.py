"""What happened on a case or notice that somebody has to know of: one row for each person told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Exists, Select, exists, func, select, update

from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.clock import now
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.events import Event, record
from helpdesk.core.i18n import N_
from helpdesk.core.rows import insert_new
from helpdesk.tickets.models import News, Ticket

PAGE = 50
QUIET = timedelta(minutes=30)  # the same news of the same case is mailed once in this time
WORDS = {
    "ticket.dispatch": N_("Dispatched to your department"),
    "ticket.transfer": N_("Transferred to your department"),
    "ticket.assist": N_("Your department is asked to assist"),
    "ticket.send_back": N_("The department returns it"),
    "ticket.assign": N_("Given to you"),
    "ticket.urged": N_("The customer urges"),
    "ticket.rated": N_("The customer is not satisfied"),
    "message.customer": N_("The customer wrote again"),
    "call.judged": N_("The caller gave a low score"),
    "call.next_step": N_("What was promised on the telephone is due"),
    "notice.issue": N_("A rectification notice for your department"),
    "notice.verify_fail": N_("Re-inspection failed: please act again"),
    "notice.verify_partial": N_("Re-inspection passed in part: please act again"),
    "notice.reject_plan": N_("The plan was sent back"),
    "notice.overrule": N_("The objection was overruled"),
    "notice.grant_extension": N_("More time was granted"),
    "notice.refuse_extension": N_("No more time was granted"),
    "notice.object": N_("The department objects"),
    "notice.ask_extension": N_("More time is asked for"),
    "notice.claim_done": N_("Reported as done: please re-inspect"),
}
TABLE: Any = News.__table__


def tell(noted: Event, people: Iterable[tuple[int, str]]) -> set[int]:
    """Put the event before these people (id, name), each once however often it is tried.

    Gives the ids of those to whom a mail is due as well: not again within half an hour of the
    same news of the same case that they have not looked at.
    """
    known = dict(people)
    if not known:
        return set()
    with transaction():
        lately = _lately(noted, known)
        rows = [_row(noted, agent_id) for agent_id in known]
        fresh = {row.agent_id for row in insert_new(TABLE, rows, TABLE.c.agent_id)}
        if fresh:
            who = ", ".join(name for agent_id, name in known.items() if agent_id in fresh)
            ids = {"ticket": noted.ticket_id, "notice": noted.notice_id}
            about: Any = {name: SimpleNamespace(id=each) for name, each in ids.items() if each}
            record("staff.concerned", by=SYSTEM, **about, what=noted.name, who=who, agents=[*fresh])
    return set(known) - lately


def _row(noted: Event, agent_id: int) -> dict[str, Any]:
    return {
        "agent_id": agent_id,
        "event_seq": noted.seq,
        "name": noted.name,
        "ticket_id": noted.ticket_id,
        "notice_id": noted.notice_id,
        "at": now(),
    }


def _lately(noted: Event, known: Iterable[int]) -> set[int]:
    """Who has unseen news of the same kind about it already."""
    query = select(News.agent_id).where(
        News.agent_id.in_(list(known)),
        News.event_seq != noted.seq,
        News.name == noted.name,
        News.ticket_id.is_not_distinct_from(noted.ticket_id),
        News.notice_id.is_not_distinct_from(noted.notice_id),
        News.seen_at.is_(None),
        News.at > now() - QUIET,
    )
    return set(db.session.scalars(query))


def unseen(agent_id: Any) -> Select[int]:
    """How many news this person has not looked at."""
    return select(func.count()).where(News.agent_id == agent_id, News.seen_at.is_(None))


def _id(who: Actor) -> int | None:
    return who.id if who.kind == "agent" else None


def about(who: Actor, ticket_id: Any) -> Exists:
    """The condition that this person has news of the case that they have not looked at."""
    mine = (News.agent_id == _id(who)) & News.seen_at.is_(None) & (News.ticket_id == ticket_id)
    return exists().where(mine)


def saw(who: Actor, *, ticket: Ticket | None = None, notice: Any = None) -> None:
    """This person looks at the case or notice, or (neither given) has read the whole list."""
    about = [News.agent_id == _id(who), News.seen_at.is_(None)]
    if ticket is not None:
        about.append(News.ticket_id == ticket.id)
    if notice is not None:
        about.append(News.notice_id == notice.id)
    if db.session.scalar(select(News.id).where(*about).limit(1)) is None:
        return
    with transaction():
        change_rows(update(News).where(*about).values(seen_at=now()))


def page(who: Actor, before: int = 0) -> tuple[Sequence[News], int]:
    """This person's news, the newest first, and the id after which the next page begins (0: none)."""
    query = select(News).where(News.agent_id == _id(who)).order_by(News.id.desc())
    rows = db.session.scalars(
        (query.where(News.id < before) if before else query).limit(PAGE + 1)
    ).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else 0
