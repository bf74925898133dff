"""What happened on a case or notice that somebody has to know of: one row for each person told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Exists, Select, exists, func, select, update

from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.clock import now
from helpdesk.core.db import change_rows, db, insert_new, transaction
from helpdesk.core.events import Event, record
from helpdesk.core.i18n import N_
from helpdesk.tickets import queries
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
Finder = Callable[[Actor, Sequence[int]], Sequence[Any]]
_finders: list[Finder] = []


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
            subject: dict[str, Any] = {
                "ticket": _Id.of(noted.ticket_id),
                "notice": _Id.of(noted.notice_id),
            }
            record(
                "staff.concerned", by=SYSTEM, **subject, what=noted.name, who=who, agents=[*fresh]
            )
    return set(known) - lately


@dataclass(frozen=True)
class _Id:
    """What record() wants to know of a ticket or a notice."""

    id: int

    @classmethod
    def of(cls, given: int | None) -> _Id | None:
        return cls(given) if given else None


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


def unseen(who: Actor) -> Select[int]:
    """How many news this person has not looked at."""
    return select(func.count()).where(News.agent_id == _id(who), News.seen_at.is_(None))


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


@dataclass(frozen=True)
class Item:
    """One line of the list: the news, and the case or notice that this person may see."""

    news: News
    ticket: Ticket | None
    notice: Any

    @property
    def words(self) -> str:
        """What happened, as a text of the catalogue."""
        return WORDS.get(self.news.name, self.news.name)


def page(who: Actor, before: int = 0) -> tuple[Sequence[Item], int]:
    """This person's news, the newest first, and the id after which the next page begins (0: none).

    News of what they may not see any more is left out.
    """
    query = select(News).where(News.agent_id == _id(who)).order_by(News.id.desc())
    rows = db.session.scalars(
        (query.where(News.id < before) if before else query).limit(PAGE + 1)
    ).all()
    shown = rows[:PAGE]
    tickets = _by_id(queries.tickets(who), Ticket.id, [row.ticket_id for row in shown])
    notices = _notices(who, [row.notice_id for row in shown])
    items = [Item(r, tickets.get(r.ticket_id), notices.get(r.notice_id)) for r in shown]
    return [i for i in items if i.ticket or i.notice], shown[-1].id if len(rows) > PAGE else 0


def _notices(who: Actor, ids: Iterable[int | None]) -> dict[int | None, Any]:
    """The notices among these that this person may see, as the part that keeps notices tells."""
    return {row.id: row for find in _finders for row in find(who, [i for i in ids if i])}


def finds_notices(finder: Finder) -> Finder:
    """Register what reads notices by their ids, those alone that a person may see."""
    _finders.append(finder)
    return finder


def _by_id(query: Any, column: Any, ids: Iterable[int | None]) -> dict[int | None, Any]:
    wanted = {each for each in ids if each}
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(query.where(column.in_(wanted))).unique()}
