"""Every verb of tickets, each with what leads up to it: name -> prepare() -> the verb, ready to run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.files import StoredFile, store
from helpdesk.tickets import actions, callbacks, queue
from helpdesk.tickets.actions.rereading import Reading
from helpdesk.tickets.idempotency import open_once
from helpdesk.tickets.intake import open_ticket
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.faults.crashing import Work

FACTS = {"cause_code": "material", "root_cause": "焊点虚焊", "remedy": "更换", "validity": "valid"}
WHY = "因为客户这样要求。"
HELD = actions.How(hold=timedelta(hours=1))


def boss() -> Actor:
    """The one colleague who may make every move."""
    known = db.session.scalar(db.select(Agent).filter_by(email="chen.jie@example.com"))
    return (known or make.agent("Chen Jie", "supervisor")).actor


def at(*moves: str) -> Ticket:
    """A complaint of a known customer after these moves."""
    ticket, by = make.ticket(), boss()
    for code in moves:
        HOW[code](ticket, by)
    return ticket


def last(ticket: Ticket) -> int:
    """The ticket's newest message."""
    newest = db.select(db.func.max(Message.id)).filter_by(ticket_id=ticket.id)
    return int(db.session.scalar(newest))


def in_days(days: float) -> datetime:
    """That many days from now."""
    return now() + timedelta(days=days)


def photo() -> tuple[StoredFile, ...]:
    """One small stored file."""
    return (store(b"%PDF-1.4 the receipt", "receipt.pdf", "application/pdf"),)


HOW: dict[str, Callable[[Ticket, Actor], object]] = {
    "accept": lambda t, by: actions.accept(t, by=by),
    "dispatch": lambda t, by: actions.dispatch(t, by=by, department_id=make.department().id),
    "sign": lambda t, by: actions.sign(t, by=by),
    "send_back": lambda t, by: actions.send_back(t, by=by, comment=WHY),
    "refuse_return": lambda t, by: actions.refuse_return(t, by=by, comment=WHY),
    "handle": lambda t, by: actions.handle(t, by=by),
    "transfer": lambda t, by: actions.transfer(
        t, by=by, comment=WHY, department_id=make.department("logistics", "物流部", "Logistics").id
    ),
    "hold": lambda t, by: actions.hold(t, by=by, comment=WHY, until=in_days(3)),
    "resume": lambda t, by: actions.resume(t, by=by),
    "ask_extension": lambda t, by: actions.ask_extension(t, by=by, comment=WHY, until=in_days(30)),
    "grant_extension": lambda t, by: actions.grant_extension(t, by=by),
    "refuse_extension": lambda t, by: actions.refuse_extension(t, by=by, comment=WHY),
    "reply": lambda t, by: actions.reply(t, by=by, body="已更换压缩机。", files=photo()),
    "answer_directly": lambda t, by: actions.answer_directly(t, by=by, body="已退款。"),
    "decline": lambda t, by: actions.decline(t, by=by, comment=WHY),
    "review": lambda t, by: actions.review(t, by=by),
    "approve": lambda t, by: actions.approve(t, by=by),
    "rework": lambda t, by: actions.rework(t, by=by, comment=WHY),
    "edit": lambda t, by: actions.edit(t, by=by, facts=FACTS, severity="S1", reason="烫伤"),
    "seal": lambda t, by: actions.seal(t, by=by, reason=WHY),
    "lift": lambda t, by: actions.lift(t, by=by, reason=WHY),
    "close": lambda t, by: actions.close(t, by=by),
    "reopen": lambda t, by: actions.reopen(t, by=by, comment=WHY),
    "archive": lambda t, by: actions.archive(t, by=by),
    "withdraw": lambda t, by: actions.withdraw(t, by=by, comment=WHY),
    "transfer_out": lambda t, by: actions.transfer_out(t, by=by, comment=WHY),
    "merge": lambda t, by: actions.merge(t, by=by, comment=WHY, target=first()),
    "unmerge": lambda t, by: actions.unmerge(t, by=by, comment=WHY),
    "urge": lambda t, by: actions.urge(t, by=by),
    "note": lambda t, by: actions.note(t, by=by, body="内部：已电话联系。"),
    "send_message": lambda t, by: actions.send_message(t, by=by, body="请发照片。"),
    "reply, held": lambda t, by: actions.reply(t, by=by, body="已更换。", files=photo(), how=HELD),
    "unsend": lambda t, by: actions.unsend(t, by=by, message_id=last(t)),
    "throw_away": lambda t, by: actions.throw_away(t, by=by, message_id=last(t)),
    "add_customer_message": lambda t, by: actions.add_customer_message(
        t, by=make.CUSTOMER, body="还是不制冷。", channel="web", files=photo()
    ),
    "add_assist": lambda t, by: actions.add_assist(
        t, by=by, department_id=make.department("lab", "实验室", "Laboratory").id, task="检测"
    ),
    "answer_assist": lambda t, by: actions.answer_assist(
        t, by=by, department_id=make.department("lab").id, answer="焊点虚焊。"
    ),
}
HANDLING = ("accept", "dispatch", "sign", "handle")
CALLBACK = (*HANDLING, "reply", "approve")
CLOSED = (*CALLBACK, "edit", "close")
BEFORE: dict[str, tuple[str, ...]] = {
    "accept": (),
    "dispatch": ("accept",),
    "sign": ("accept", "dispatch"),
    "send_back": ("accept", "dispatch"),
    "refuse_return": ("accept", "dispatch", "send_back"),
    "handle": ("accept", "dispatch", "sign"),
    "transfer": HANDLING,
    "hold": HANDLING,
    "resume": (*HANDLING, "hold"),
    "ask_extension": HANDLING,
    "grant_extension": (*HANDLING, "ask_extension"),
    "refuse_extension": (*HANDLING, "ask_extension"),
    "reply": HANDLING,
    "answer_directly": (),
    "decline": (),
    "review": (*HANDLING, "reply"),
    "approve": (*HANDLING, "reply", "review"),
    "rework": CALLBACK,
    "edit": HANDLING,
    "seal": (),
    "lift": ("seal",),
    "close": (*CALLBACK, "edit"),
    "reopen": CLOSED,
    "archive": CLOSED,
    "withdraw": HANDLING,
    "transfer_out": ("accept",),
    "merge": ("accept",),
    "unmerge": ("accept", "merge"),
    "urge": ("accept", "dispatch"),
    "note": (),
    "send_message": (),
    "unsend": (*HANDLING, "reply, held"),
    "throw_away": (*HANDLING, "reply, held", "unsend"),
    "add_customer_message": (*HANDLING, "hold"),
    "add_assist": HANDLING,
    "answer_assist": (*HANDLING, "add_assist"),
}


def first() -> Ticket:
    """The ticket that another one is merged into."""
    return db.session.scalars(db.select(Ticket).order_by(Ticket.id).limit(1)).one()


def prepared(code: str) -> Work:
    """The verb on a ticket that is ready for it. (Helpers make their rows first, not in the verb.)"""
    make.department()
    make.department("logistics", "物流部", "Logistics")
    make.department("lab", "实验室", "Laboratory")
    make.ticket(subject="另一台冰箱")
    ticket, by = at(*BEFORE[code]), boss()
    return lambda: HOW[code](ticket, by)


def _open() -> Work:
    made = make.intake(files=photo(), external_id="crm-1")
    make.rule("Fridges", make.department(), words="冰箱", dispatch=True)
    return lambda: open_ticket(made, make.CUSTOMER)


def _open_once() -> Work:
    sent, made = {"subject": "x"}, make.intake()
    return lambda: open_once("key-1", sent, made, make.CUSTOMER)


def _claimed() -> Ticket:
    """A case whose address nothing has proven."""
    return make.ticket(proof="", person=Asker(name="王芳", email="wang.fang@example.com"))


def _link_person() -> Work:
    known, claimed, by = make.ticket(), _claimed(), boss()
    return lambda: actions.link_person(
        claimed, by=by, person_id=known.person_id, with_addresses=True
    )


def _answer_at() -> Work:
    ticket, by = make.ticket(), boss()
    people.add_address(
        db.session.get_one(Person, ticket.person_id), by, "email", "wang@home.example"
    )
    return lambda: actions.answer_at(ticket, by=by, address="wang@home.example")


def _prove() -> Work:
    make.ticket()
    ticket = _claimed()
    return lambda: actions.prove(ticket, "wang.fang@example.com", "link", make.CUSTOMER)


def _claim() -> Work:
    ticket, by = make.ticket(), make.agent("Zhang Wei").actor
    return lambda: queue.claim(ticket, by=by)


def _assign() -> Work:
    ticket, agent, by = make.ticket(), make.agent("Zhang Wei"), boss()
    return lambda: queue.assign(ticket, by=by, agent_id=agent.id)


def _release() -> Work:
    ticket, by = make.ticket(), make.agent("Zhang Wei").actor
    queue.claim(ticket, by=by)
    return lambda: queue.release(ticket, by=by)


def _attempt() -> Work:
    ticket, by = at(*CALLBACK), make.agent("Zhao Min").actor
    said = {"contact": "reached", "resolved": "yes", "result": 5}
    return lambda: callbacks.attempt(ticket, by=by, **said)


def _rate() -> Work:
    ticket = at(*CLOSED)
    return lambda: callbacks.rate(ticket, by=make.CUSTOMER, result=5, resolved="yes")


def rung_after(hours: float) -> Work:
    """Ring one batch of what is due so many hours from now."""
    moment = now() + timedelta(hours=hours)

    def work() -> None:
        with moved_to(moment):
            alarms.ring_due()

    return work


def _mark_mailed() -> Work:
    by = boss()
    message_id = actions.send_message(make.ticket(), by=by, body="请发照片。").id
    lost = {"state": "failed", "error": "550", "to": "wang.fang@example.com"}
    return lambda: actions.mark_mailed(message_id, by=by, mailed=lost, lost=True)


def _renew_message() -> Work:
    by = boss()
    message = actions.add_customer_message(
        make.ticket(), by=make.CUSTOMER, body="ÄãºÃ", channel="email"
    )
    reading = Reading(body="你好", quoted="", html="", facts={}, files=photo(), names={})
    return lambda: actions.renew_message(message, reading, by=by, changed=["body"])


def _escalate() -> Work:
    make.ticket(severity="S1")
    return rung_after(5)


def _end_hold() -> Work:
    at(*HANDLING, "hold")
    return rung_after(73)


OTHERS: dict[str, Callable[[], Work]] = {
    "link_person": _link_person,
    "answer_at": _answer_at,
    "prove": _prove,
    "open_ticket": _open,
    "open_once": _open_once,
    "claim": _claim,
    "assign": _assign,
    "release": _release,
    "attempt": _attempt,
    "rate": _rate,
    "mark_mailed": _mark_mailed,
    "renew_message": _renew_message,
    "escalate": _escalate,
    "end_hold": _end_hold,
}
EVERY: dict[str, Callable[[], Work]] = {
    **{code: partial(prepared, code) for code in BEFORE},
    **OTHERS,
}
