"""One life as rows of the tables; ids are counted here, in the order of writing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from benchmarks.load.bulk import Bulk
from benchmarks.load.lives import ANSWERED, Life
from benchmarks.load.people import Customer, Staff, one_of
from benchmarks.load.promises import PromiseRow, Promises, when
from benchmarks.load.talk import talk_of
from benchmarks.load.writing import Writing
from helpdesk import promises
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import Model
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.words import ORDER
from helpdesk.setup.in_force import Setup
from helpdesk.tickets import holds
from helpdesk.tickets.models import Callback, CallbackAttempt, Message, Rating, Ticket
from helpdesk.words import Kind

AT_THE_DESK = (
    "registered",
    "accepted",
    "return_requested",
    "reopened",
    "rejected",
    "transferred",
    "answered_directly",
)


@dataclass(frozen=True)
class World:
    """What every ticket refers to."""

    setup: Setup
    promises: Promises
    customers: list[Customer]
    staff: Staff
    departments: dict[str, int]
    categories: dict[str, int]
    writing: Writing
    now: int


def _contact(who: Customer, life: Life) -> tuple[Any, ...]:
    """Where the case came from: known customers, picked by a colleague or proven by their mail."""
    by_mail = bool(who.mail) and life.channel not in ("phone", "counter")
    at = ("email", who.mail) if by_mail else ("phone", f"+86{who.phone}")
    proof = (when(life.received), "dmarc" if life.channel == "email" and by_mail else "colleague")
    return (*at, "", who.name, *proof, [], who.mail, True)


@dataclass
class Pages:
    """Rows in waiting, by table, and the texts of the search index."""

    world: World
    next_ids: dict[type[Model], int]
    rows: dict[type[Model], list[tuple[Any, ...]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    texts: list[tuple[int, list[str]]] = field(default_factory=list)

    def flush(self, bulk: Bulk) -> None:
        """Write what waits."""
        for model, columns in TABLES.items():
            bulk.write(model, columns, self.rows[model])
        bulk.index("ticket", self.texts)
        self.rows.clear()
        self.texts = []

    def _id(self, model: type[Model]) -> int:
        self.next_ids[model] += 1
        return self.next_ids[model] - 1

    def add(self, life: Life, id_: int, number: str, merged_into: int | None) -> None:
        """Every row of one life."""
        world = self.world
        code = life.department
        category = world.categories[life.category]
        unit = world.setup.departments[world.departments[code]]
        table = world.promises.table(life, category, unit.calendar)
        taken = [self._promise(life, id_, row) for row in table]
        due = min(
            (row.due_at for row in table if row.state == "running" and row.due_at), default=None
        )
        words = self._talk(life, id_)
        self._hold(life, id_)
        self._callback(life, id_)
        facts = self._facts(life)
        person = world.customers[life.person]
        self.texts.append(
            (id_, [life.subject, number, person.name, life.place, *words, *facts.values()])
        )
        self.rows[Ticket].append(
            self._ticket(
                life, id_, number, category, facts, due, max(taken, default=0), merged_into
            )
        )

    def _ticket(
        self, life: Life, id_: int, number: str, category: int, facts: dict[str, str],
        due: Any, level: int, merged_into: int | None,
    ) -> tuple[Any, ...]:  # fmt: skip
        world = self.world
        dispatched = life.at("dispatch") is not None
        queue = life.department if dispatched and life.status not in AT_THE_DESK else "dispatch"
        held = life.at("hold")
        last = life.steps[-1][1] if life.steps else life.received
        answered = life.at(*ANSWERED) if life.cycle == 1 else None
        waits = None if life.ended or answered or life.said else life.received
        waits = life.at("reopen") or waits
        assignee = self._assignee(life)
        return (
            id_, number, life.kind, life.status, life.severity, life.channel, None, life.subject,
            life.language, category, life.place, world.customers[life.person].id,
            world.departments[life.department] if dispatched else None, queue, assignee, "",
            "", "[]", False, False, facts, life.cycle, int(life.status == "return_requested"), 0,
            level, merged_into, when(life.received), when(life.received),
            when(waits) if waits else None, due,
            "配件在途" if held else "", when(world.now + 2 * 86400) if held else None,
            when(answered) if answered else None, when(life.ended) if life.ended else None,
            when(max(last, life.said or 0)), f"{world.writing.chance.getrandbits(64):016x}", 1,
            *_contact(world.customers[life.person], life),
        )  # fmt: skip

    def _assignee(self, life: Life) -> int | None:
        staff = self.world.staff
        if life.at("sign") and life.status not in AT_THE_DESK:
            return one_of(staff.handlers[life.department], life.handler).id
        if life.at("accept") and not life.at("dispatch"):
            return one_of(staff.desk, life.desk).id
        return None

    def _facts(self, life: Life) -> dict[str, str]:
        facts = {"product": life.product}
        if life.kind == Kind.COMPLAINT and life.at("close"):
            facts |= self.world.writing.file(life.language)
        return facts

    def _promise(self, life: Life, ticket_id: int, row: PromiseRow) -> int:
        """Store one promise with its alarm and the steps of its chain; returns the level reached."""
        world, row.id = self.world, self._id(Promise)
        taken = world.promises.take_steps(row) if row.state == "running" else []
        for level, told, at in taken:
            self.rows[Escalation].append((row.id, level, row.cycle, told, at, at))
        if row.state == "running":
            for alarm in promises.next_alarm(row, world.setup):  # type: ignore[arg-type]
                self.rows[Alarm].append(tuple(alarm[name] for name in ALARM))
        owner = world.departments[life.department] if row.owner == "department" else None
        self.rows[Promise].append(
            (
                row.id, Ticket.subject_kind, ticket_id, row.promise, row.cycle, 1, ORDER.index(row.promise),
                row.state, row.verdict, row.owner, owner, "", row.limit, row.chain, row.calendar,
                row.calendar_version, world.setup.policy_version, row.started_at, row.due_at, row.provisional,
                row.paused_at, [], row.warned_at, row.level, row.met_at,
                row.taken, self._kept_by(life, row), "", "", "",
            )
        )  # fmt: skip
        return row.level

    def _kept_by(self, life: Life, row: PromiseRow) -> str:
        if row.state != "met":
            return ""
        staff = self.world.staff
        if row.owner == "department" and life.at("sign"):
            return one_of(staff.handlers[life.department], life.handler).name
        return one_of(staff.desk, life.desk).name

    def _talk(self, life: Life, ticket_id: int) -> list[str]:
        """The conversation; returns its texts."""
        bodies = []
        for place, (kind, at) in enumerate(talk_of(life, self.world.now)):
            body = self._words(life, kind, place)
            bodies.append(body)
            author, agent = self._author(life, kind)
            channel = life.channel if kind == "customer" else "desk"
            self.rows[Message].append(
                (
                    self._id(Message), ticket_id, kind, kind != "note", channel, author, agent, body,
                    "", "", life.language, {}, when(at),
                )
            )  # fmt: skip
        return bodies

    def _words(self, life: Life, kind: str, place: int) -> str:
        writing = self.world.writing
        if kind == "customer":
            return (
                writing.reply(life.language) if place else writing.case(life.language, life.subject)
            )
        return writing.note(life.language) if kind == "note" else writing.answer(life.language)

    def _author(self, life: Life, kind: str) -> tuple[str, int | None]:
        world = self.world
        if kind == "customer":
            return world.customers[life.person].name, None
        group = world.staff.handlers[life.department] if life.at("sign") else world.staff.desk
        who = one_of(group, life.handler)
        return who.name, who.id

    def _hold(self, life: Life, ticket_id: int) -> None:
        if life.status == "waiting":
            until = when(self.world.now + 2 * 86400)
            self.rows[Alarm].append((holds.ALARM, ticket_id, 1, 0, until, 0, False))

    def _callback(self, life: Life, ticket_id: int) -> None:
        """The follow-up call, made by somebody who did not handle the case."""
        approved, closed = life.at("approve"), life.at("close")
        if not approved:
            return
        id_ = self._id(Callback)
        state = "reached" if closed else "due"
        next_at = when(approved) if closed else when(approved) + timedelta(hours=20)
        self.rows[Callback].append(
            (id_, ticket_id, 1, state, next_at, int(bool(closed)), when(approved))
        )
        if closed:
            who = one_of(self.world.staff.desk, life.desk + 1)
            words = self.world.writing.verdict(life.language)
            solved = "yes" if life.score > 2 else "no"
            self.rows[CallbackAttempt].append(
                (id_, "reached", solved, words, who.name, who.id, when(closed))
            )
            self.rows[Rating].append(
                (ticket_id, 1, "phone", life.score, min(5, life.score + 1), life.score, solved, "", words, when(closed))
            )  # fmt: skip


TICKET = (
    "id", "number", "kind", "status", "severity", "channel", "external_id", "subject", "language",
    "category_id", "place", "person_id", "department_id", "queue", "assignee_id", "offer_reason",
    "route_rule", "route_reason", "confidential", "anonymous", "facts", "cycle", "returns", "urges",
    "escalation", "merged_into_id", "received_at", "registered_at", "waiting_since", "due_at",
    "hold_reason", "hold_until", "replied_at", "closed_at", "updated_at", "track_salt", "version",
    "contact_kind", "contact", "contact_extension", "contact_name", "contact_proven_at",
    "contact_proven_by", "contact_others", "reply_to", "settled",
)  # fmt: skip
MESSAGE = (
    "id", "ticket_id", "kind", "public", "channel", "author", "agent_id", "body", "quoted", "html",
    "language", "data", "at",
)  # fmt: skip
PROMISE = (
    "id", "subject_kind", "subject_id", "promise", "cycle", "part", "position", "state", "verdict", "owner",
    "owner_department_id", "owner_name", "limit", "chain", "calendar",
    "calendar_version", "policy_version", "started_at", "due_at", "provisional", "paused_at",
    "pauses", "warned_at", "level", "met_at", "taken", "met_by", "done", "bound", "profile",
)  # fmt: skip
ALARM = ("kind", "subject_id", "cycle", "level", "due_at", "tries", "parked")
ESCALATION = ("promise_id", "level", "cycle", "told", "due_at", "at")
CALLBACK = ("id", "ticket_id", "cycle", "state", "next_at", "attempts", "created_at")
ATTEMPT = ("callback_id", "contact", "resolved", "words", "by_name", "by_id", "at")
RATING = (
    "ticket_id", "cycle", "source", "result", "attitude", "speed", "resolved", "reason", "words",
    "at",
)  # fmt: skip
TABLES: dict[type[Model], tuple[str, ...]] = {
    Ticket: TICKET, Message: MESSAGE, Promise: PROMISE, Alarm: ALARM, Escalation: ESCALATION,
    Callback: CALLBACK, CallbackAttempt: ATTEMPT, Rating: RATING,
}  # fmt: skip
