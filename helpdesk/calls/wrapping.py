"""A call is written up: a code of its queue's tree, a note, and what comes next. Then the next call may come.

What follows on the case is done by the case's own verbs, with their rights and refusals; nothing is kept
of a form when one of them refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM, Actor, require_own
from helpdesk.calls import attending
from helpdesk.calls.cases import NO_CASE
from helpdesk.calls.models import Call, Interaction, PhoneQueue
from helpdesk.calls.queries import ANOTHER
from helpdesk.calls.terms_models import WrapUpCode
from helpdesk.clock import now, within_reach
from helpdesk.core.alarms import Ring, clear_alarms, on_alarm, set_alarm
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import FILL, PICK, NotFound, Refused, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import actions, lifecycle, queries
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Ticket

ALARM = "call.next_step"
MOST_NOTE = 5000
STEPS = {
    "none": N_("Nothing more"),
    "solve": N_("It is solved: answer and close"),
    "follow_up": N_("Follow it up at"),
    "call_back": N_("Call back at"),
}
TIMED = ("follow_up", "call_back")
AFTER = N_("Please give a time that is still to come.")
DONE = N_("This call is written up already.")


@dataclass(frozen=True)
class WrittenUp:
    """The form as it was filled. `next_step` "" leaves it to the code; `answer` is what the customer was
    told, and goes on the case as our answer where it is solved."""

    code: str = ""
    note: str = ""
    next_step: str = ""
    next_at: datetime | None = None
    answer: str = ""


class Choice(NamedTuple):
    """A code that can be picked, with the names from the root of the tree to it."""

    code: WrapUpCode
    names: tuple[str, ...]


def choices(queue_id: int | None, language: str) -> list[Choice]:
    """The leaves of the part of the tree that this queue uses, in its order; what lies under a code that
    is not in use is not offered."""
    root = _root(queue_id)
    rows = db.session.scalars(select(WrapUpCode).order_by(WrapUpCode.code)).all()
    unused = {row.code for row in rows if not row.active}
    known = {row.code: row for row in rows if unused.isdisjoint(path(row.code))}
    above = {step for code in known for step in path(code)[:-1]}
    return [
        Choice(row, tuple(known[each].name(language) for each in path(code) if each in known))
        for code, row in known.items()
        if _is_below(code, root) and code not in above
    ]


def _root(queue_id: int | None) -> str:
    terms = db.session.get(PhoneQueue, queue_id) if queue_id else None
    return terms.codes if terms else ""


def path(code: str) -> list[str]:
    """The code and those above it, the root first: a, a.b, a.b.c."""
    parts = code.split(".")
    return [".".join(parts[: place + 1]) for place in range(len(parts))]


def _is_below(code: str, root: str) -> bool:
    return not root or code == root or code.startswith(f"{root}.")


def mine(talk_id: int, by: Actor) -> Interaction:
    """A talk that this colleague had. Raises NotFound for another's."""
    talk = db.session.get(Interaction, talk_id)
    if talk is None or talk.agent_id is None:
        raise NotFound(ANOTHER)
    require_own(by, talk.agent_id, "call.lead")
    return talk


def save(talk: Interaction, written: WrittenUp, *, by: Actor) -> Interaction:
    """Keep the form, do on the case what follows from it, and let the next call come.

    Raises BadInput by field, Refused for a call that is written up or has no case yet, and what the
    verbs of the case raise.
    """
    with transaction():
        talk = locked(talk)
        assert talk.agent_id is not None
        require_own(by, talk.agent_id, "call.lead")
        if talk.code or talk.note or talk.next_step:
            raise Refused(DONE)
        ticket = db.session.get(Ticket, talk.ticket_id) if talk.ticket_id else None
        if ticket is None and not db.session.get_one(Call, talk.call_id).blocked:
            raise Refused(NO_CASE)
        picked = _picked(talk, written)
        _keep(talk, written, picked)
        if ticket is not None:
            _follow(talk, ticket, written, picked, by)
        clear_alarms(attending.ALARM, [talk.id])
        record("call.written_up", by=by, ticket=ticket, call=talk.call_id, code=talk.code)
        db.session.flush()
        attending.settle([talk.agent_id])
    return talk


def _picked(talk: Interaction, written: WrittenUp) -> WrapUpCode | None:
    """The code, checked together with the other fields. Raises BadInput."""
    offered = {each.code.code: each.code for each in choices(talk.queue_id, settings().language)}
    picked = offered.get(written.code)
    errors: dict[str, str] = {}
    if picked is None and (offered or written.code):
        errors["code"] = PICK if written.code else FILL
    if len(written.note) > MOST_NOTE:
        errors["note"] = N_("This is too long: 5,000 characters at most.")
    step = _step(written, picked)
    if step not in STEPS:
        errors["next_step"] = PICK
    if step in TIMED and written.next_at and not now() < written.next_at:
        errors["next_at"] = AFTER
    if step in TIMED and written.next_at and not within_reach(written.next_at):
        errors["next_at"] = AFTER
    if step in TIMED and not written.next_at and picked is None:
        errors["next_at"] = FILL
    if step == "solve" and not written.answer.strip():
        errors["answer"] = FILL
    refuse(errors)
    return picked


def _step(written: WrittenUp, picked: WrapUpCode | None) -> str:
    return written.next_step or (picked.next_step if picked else "") or "none"


def _keep(talk: Interaction, written: WrittenUp, picked: WrapUpCode | None) -> None:
    talk.code, talk.note = written.code, written.note.strip()
    talk.next_step = _step(written, picked)
    talk.saved_at = talk.saved_at or now()
    if talk.next_step in TIMED:
        talk.next_at = written.next_at or now() + timedelta(days=picked.days if picked else 1)
        set_alarm(ALARM, talk.id, talk.next_at)


def _follow(
    talk: Interaction, ticket: Ticket, written: WrittenUp, picked: WrapUpCode | None, by: Actor
) -> None:
    """What the form means for the case."""
    words = "\n".join(part for part in (_name(picked), talk.note) if part)
    if words:
        actions.note(ticket, by=by, body=words)
    if picked and picked.category and ticket.category_id is None and ticket.closed_at is None:
        _categorise(ticket, picked.category, by)
    if talk.next_step == "solve":
        _solve(ticket, written.answer.strip(), by)


def _name(picked: WrapUpCode | None) -> str:
    return picked.name(settings().language) if picked else ""


def _categorise(ticket: Ticket, code: str, by: Actor) -> None:
    known = in_force.current().category(code)
    if known is not None:
        actions.edit(ticket, by=by, category_id=known.id)


def _solve(ticket: Ticket, answer: str, by: Actor) -> None:
    """The customer has the answer: it stands on the case, which ends where its kind needs no more."""
    ticket = actions.answer_directly(ticket, by=by, body=answer)
    if "close" in {move.code for move in lifecycle.TABLE.moves(queries.stand_of(ticket), by)}:
        actions.close(ticket, by=by)


@on_alarm(ALARM)
def is_due(ring: Ring) -> None:
    """The time that was promised has come: who is on the case is told."""
    talk = db.session.get(Interaction, ring.subject_id)
    ticket = db.session.get(Ticket, talk.ticket_id) if talk and talk.ticket_id else None
    if talk is not None and ticket is not None and ticket.status not in ENDED:
        record("call.next_step", by=SYSTEM, ticket=ticket, call=talk.call_id, step=talk.next_step)
