"""Everything that the ticket page shows, read in few statements whatever the ticket has grown to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import ceil
from typing import Any

from sqlalchemy import Row, select

from helpdesk import promises
from helpdesk.agents.rights import Actor, may, stands_for
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_, gettext, language
from helpdesk.core.moves import Move
from helpdesk.customers.models import ContactAddress
from helpdesk.desk import case_rows
from helpdesk.desk.case_rows import PAGE
from helpdesk.promises import rail
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force as set_up
from helpdesk.tickets import (
    askers,
    callbacks,
    choices,
    copies,
    fields,
    lifecycle,
    queries,
    sight,
)
from helpdesk.tickets.actions.newer import by_others
from helpdesk.tickets.actions.unsending import SURE
from helpdesk.tickets.fields import On
from helpdesk.tickets.lifecycle import ENDED, Status
from helpdesk.tickets.models import Assist, Attachment, Callback, Extension, Message, Ticket
from helpdesk.tickets.sight import Field
from helpdesk.words import LEVELS, Kind, casefile

ANSWERS = ("reply", "answer_directly")


@dataclass
class Case:
    """One ticket as one reader may see it."""

    ticket: Ticket
    who: Actor
    seen: int  # the journal number up to which this page tells
    merged_into: str
    repeat_of: str
    messages: Sequence[Message] = ()
    files: dict[int, list[Attachment]] = field(default_factory=dict)
    rows: list[Promise] = field(default_factory=list)
    others: Sequence[Row[*tuple[Any, ...]]] = ()
    assists: Sequence[Assist] = ()
    extension: Extension | None = None
    callback: Callback | None = None
    about: askers.About | None = None  # where it came from, for readers who may know
    has_notices: bool = False
    has_calls: bool = False
    before: int = queries.BIGGEST  # the messages are the newest before this id
    earlier: bool = False  # there are messages before them
    has_news: bool = False  # of the case, that this reader has not looked at yet
    draft: Message | None = None  # this reader's own words that were taken back

    @cached_property
    def moves(self) -> list[Move]:
        """The legal next moves of this reader, decisions on extensions only when one was asked."""
        ticket = self.ticket
        if not self.leads:
            return []
        late = promises.is_window_over(self.rows, ticket)
        found = lifecycle.TABLE.moves(queries.stand_of(ticket, late), self.who)
        decisions = ("grant_extension", "refuse_extension")
        return [move for move in found if self.extension or move.code not in decisions]

    @property
    def leads(self) -> bool:
        """Whether this reader works on the case itself, not only assists in it."""
        return stands_for(self.who, self.ticket.department_id)

    def answers_for(self, assist: Assist) -> bool:
        """Whether this reader may answer what an assisting department was asked."""
        own = self.who.department_id == assist.department_id
        return may(self.who, "assist.answer_any") or (own and may(self.who, "ticket.note"))

    @property
    def answer(self) -> Move | None:
        """The move that answers the customer, when it is legal now."""
        return next((move for move in self.moves if move.code in ANSWERS), None)

    @property
    def buttons(self) -> list[Move]:
        """The moves that are buttons: the answer has the composer."""
        return [move for move in self.moves if move.code not in ANSWERS]

    def sees(self, field: Field | str) -> bool:
        """Whether this reader sees this of the case; see sight.Field."""
        return sight.sees(self.who, self.ticket, Field(field))

    @property
    def hidden(self) -> bool:
        """Whether the customer's identity is not for this reader."""
        return not self.sees(Field.PERSON)

    @cached_property
    def eyes(self) -> tuple[object, ...]:
        """What a message of this case reads like depends on, beside itself: whom the reader sees."""
        sees = self.sees(Field.NAME), self.sees(Field.SOURCE), may(self.who, "mail.review")
        return language(), self.ticket.number, self.customer, *sees

    @property
    def customer(self) -> str:
        """The customer's name as this reader may see it."""
        return sight.name(self.ticket, self.who)

    @property
    def level(self) -> str | None:
        """The customer's level, when it is more than the usual one."""
        level = self.ticket.person.level
        return gettext(LEVELS[level]) if level in LEVELS and level != "plain" else None

    @property
    def addresses(self) -> list[ContactAddress]:
        """The customer's addresses; none when the identity is hidden."""
        return [] if self.hidden else self.ticket.person.addresses

    @property
    def marks(self) -> list[rail.Mark]:
        """The promise rail."""
        return rail.marks(promises.shown(self.rows, self.ticket), set_up.current())

    @property
    def is_open(self) -> bool:
        """Whether the ticket has not ended."""
        return Status(self.ticket.status) not in ENDED

    @property
    def is_newest(self) -> bool:
        """Whether the messages are the newest ones."""
        return self.before == queries.BIGGEST

    @property
    def is_whole(self) -> bool:
        """Whether the messages are all that there are."""
        return self.is_newest and not self.earlier

    @cached_property
    def first(self) -> Message | None:
        """The message that the case began with; on the pages beside the conversation none."""
        if self.is_whole or not self.messages:
            return self.messages[0] if self.messages else None
        return queries.first_message(self.ticket)

    @property
    def further_people(self) -> dict[str, str]:
        """Address and name of those who may get a copy of the answer, when a colleague wants it."""
        if self.hidden:
            return {}
        return copies.named_in(self.messages) if self.is_whole else copies.named(self.ticket)

    @property
    def write_modes(self) -> list[str]:
        """What this reader may write: reply, message, note."""
        found = ["reply"] if self.answer else []
        if self.leads and may(self.who, "ticket.message") and self.is_open:
            found.append("message")
        if may(self.who, "ticket.note") and self.ticket.status != Status.ARCHIVED:
            found.append("note")
        return found

    @property
    def asks_solved(self) -> bool:
        """Whether an answer to this complaint must say that it solves the matter: no department
        has looked at it, and what was promised as solved ends with it."""
        code = self.answer.code if self.answer else ""
        return code == "answer_directly" and self.ticket.kind == Kind.COMPLAINT

    @property
    def route(self) -> str:
        """Why it went where it went."""
        return choices.route_words(self.ticket)

    @property
    def open_others(self) -> list[Row[*tuple[Any, ...]]]:
        """The person's further tickets that are open."""
        return [row for row in self.others if row.closed_at is None]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The fields that stand beside the conversation: label and value."""
        return [
            (gettext(each.label), each.said(getattr(self.ticket, each.column)))
            for each in fields.on(On.SIDE)
        ]

    @property
    def same_matter(self) -> int:
        """How many complaints in this category the person has made up to this one."""
        ticket = self.ticket
        if ticket.kind != Kind.COMPLAINT or ticket.category_id is None:
            return 1
        return 1 + sum(
            bool(
                row.category_id == ticket.category_id
                and row.kind == Kind.COMPLAINT
                and row.received_at <= ticket.received_at
            )
            for row in self.others
        )

    @property
    def department(self) -> str:
        """The lead department's name."""
        return self.ticket.department.name(language()) if self.ticket.department else ""

    def unit_name(self, department_id: int) -> str:
        """The name of a department by its id."""
        unit = set_up.current().departments.get(department_id)
        return unit.names[language()] if unit else ""

    def author(self, message: Message) -> str:
        """Who wrote a message, as this reader may know it."""
        return sight.author(message, self.ticket, self.who)

    def body(self, message: Message) -> str:
        """What a message says, as this reader may know it."""
        return sight.body(message, self.ticket, self.who)

    def held_until(self, message: Message) -> datetime | None:
        """Until when these words wait on their way out; None when nothing holds them any more."""
        until = message.held_until and message.held_until - SURE
        return until if until and until > now() else None

    def seconds_until(self, until: datetime) -> int:
        """The whole seconds that are left."""
        return ceil((until - now()).total_seconds())

    def can_unsend(self, message: Message) -> bool:
        """Whether this reader may still take these words back."""
        mine = self.who.kind == "agent" and message.agent_id == self.who.id
        return mine and self.held_until(message) is not None

    def lacking(self, required: list[str]) -> list[str]:
        """The fields that must be filled before a complaint may be closed and are not."""
        if self.ticket.kind != Kind.COMPLAINT:
            return []
        return [found.code for found in casefile.lacking(self.ticket.facts, required)]


def load(number: str, who: Actor, *, anew: bool = False, before: int = queries.BIGGEST) -> Case:
    """The ticket with its newest messages before `before`, promises, the person's other tickets and
    what is asked, in one statement; `anew` asks once more whose case it is.

    Raises NotFound when there is none that `who` may see.
    """
    given = {"number": queries.plain_number(number), "before": before, "reader": who.id}
    row = db.session.execute(case_rows.statement(who), given).unique().first()
    if row is None:
        raise NotFound(N_("There is no such ticket, or it is not yours to see."))
    ticket, seen, into, repeat_of, extension, has_news, has_notices, has_calls, *beside = row
    case = Case(
        ticket, who, seen or 0, into or "", repeat_of or "", extension=extension, before=before,
        has_news=has_news, has_notices=has_notices, has_calls=has_calls,
    )  # fmt: skip
    said, drafts, files, case.rows, case.assists, others = case_rows.read(beside, who)
    case.earlier = len(said) > PAGE
    case.messages = said[:PAGE][::-1]
    case.draft = next(iter(drafts), None) if who.kind == "agent" else None
    for file in files:
        case.files.setdefault(file.message_id, []).append(file)
    case.about = None if case.hidden else askers.about(ticket, case.who, anew=anew)
    case.others = others if case.sees(Field.OTHERS) else ()
    if ticket.status == Status.CALLBACK:
        case.callback = callbacks.of(ticket)
    return case


def head(number: str, who: Actor) -> Case:
    """The same without its conversation: for its further pages and its verbs."""
    return load(number, who, before=0)


def newer_messages(case: Case, since_seq: int) -> list[Message]:
    """What others said after the writer's page was drawn."""
    later = select(Event).where(Event.ticket_id == case.ticket.id, Event.seq > since_seq)
    rows = db.session.scalars(later.where(by_others(case.who)))
    ids = {row.data.get("message") for row in rows}
    return [message for message in case.messages if message.public and message.id in ids]
