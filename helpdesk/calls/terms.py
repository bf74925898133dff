"""Queues of calls and agents' telephones, as administrators keep them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.agents.change import change, is_lacking, odd_code, saved
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Actor, require
from helpdesk.agents.skills import parted, tidy
from helpdesk.calls import advice, attending, code_tree, commands
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.fields import CODE, ODD_CODE, ONE_LINE, is_one_line
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.calendars import newest
from helpdesk.core.db import change_rows, db, stored, transaction
from helpdesk.core.errors import FILL, PICK, BadInput, NotFound, bad_fields, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.settings import settings

EXTENSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,19}")
SIP_USER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,59}")
NO_QUEUE = N_("There is no such call queue.")
MOST_DAYS = 3650
SECONDS = {  # of a queue: the least and the most
    "threshold": (1, 3600),
    "short_abandon": (0, 600),
    "wrap_up": (0, 3600),
}
MOST_TIMES = range(1, 21)
LONGEST_CLOSED = timedelta(hours=24)


@dataclass(frozen=True)
class Terms:
    """What an administrator says of one queue, in seconds; `calendar` "" is always open. Its calls are
    written up by the codes at or below `codes`; "" is the whole tree. `skills`: see agents.skills;
    `most_times`: see calls.advice."""

    code: str
    name: str
    department_id: int | None = None
    calendar: str = ""
    threshold: int | None = 20
    short_abandon: int | None = 5
    wrap_up: int | None = 30
    announces: bool = False
    codes: str = ""
    recording_days: int | None = 0
    skills: str = ""
    most_times: int | None = 3
    active: bool = True


def listed() -> Sequence[PhoneQueue]:
    """All queues, those out of use last."""
    order = PhoneQueue.active.desc(), PhoneQueue.code
    return db.session.scalars(select(PhoneQueue).order_by(*order)).all()


def found(queue_id: int) -> PhoneQueue:
    """This queue. Raises NotFound."""
    return stored(PhoneQueue, queue_id, NO_QUEUE)


def save(row: PhoneQueue | None, given: Terms, by: Actor) -> PhoneQueue:
    """A new queue, or a change of this one, whose code stays.

    Raises NotAllowed, or BadInput naming each odd field.
    """
    before = row.skills if row else ""
    with transaction():
        kept = saved("phone queue", PhoneQueue, row, given, by, _check)
        if kept.skills != before:
            _seat_again(kept)
    return kept


def use_codes(queue: str, root: str, by: Actor) -> None:
    """This queue, by its code, uses this part of the tree. Raises NotFound, and what save() raises."""
    row = db.session.scalar(select(PhoneQueue).where(PhoneQueue.code == queue))
    if row is None:
        raise NotFound(NO_QUEUE)
    kept = {each.name: getattr(row, each.name) for each in fields(Terms)}
    save(row, Terms(**kept | {"name": row.name or queue, "codes": root}), by)


def _check(given: Terms, new: bool) -> None:
    errors = {} if given.name.strip() else {"name": FILL}
    for name, (least, most) in SECONDS.items():
        seconds = getattr(given, name)
        if seconds is None or not least <= seconds <= most:
            errors[name] = N_("Please give seconds that make sense: not negative, an hour at most.")
    if given.most_times not in MOST_TIMES:
        errors["most_times"] = N_("Please give a number from 1 to 20.")
    errors |= _odd_skills(given.skills)
    if given.calendar and given.calendar not in newest():
        errors["calendar"] = PICK
    if is_lacking(Department, given.department_id):
        errors["department_id"] = PICK
    if given.codes and given.codes not in {row.code for row in code_tree.listed()}:
        errors["codes"] = PICK
    if new:
        errors |= odd_code(PhoneQueue, given.code, CODE, ODD_CODE)
    if given.recording_days is None or not 0 <= given.recording_days <= MOST_DAYS:
        errors["recording_days"] = N_("Please give days: 0 for no end, 3,650 at most.")
    refuse(errors)


def _odd_skills(text: str) -> dict[str, str]:
    try:
        tidy(text)
    except BadInput as odd:
        return {"skills": odd.text}
    return {}


def close(code: str, until: datetime | None, by: Actor) -> None:
    """This queue, by its code, takes no calls until then; None: it does again at once. It opens by
    itself. Raises NotAllowed for who leads nobody, BadInput for another queue or too long a time."""
    require(by, "call.lead")
    with transaction():
        row = db.session.scalar(select(PhoneQueue).where(PhoneQueue.code == code))
        if row is None:
            raise bad_fields(queue=PICK)
        if until and until > now() + LONGEST_CLOSED:
            raise bad_fields(until=PICK)
        row.closed_until = until
        told = until.isoformat() if until else None
        record(
            "phone.queue_closed" if until else "phone.queue_opened", by=by, queue=code, until=told
        )


def closed_by_hand() -> Sequence[PhoneQueue]:
    """The queues that a supervisor has closed, those that open first in front."""
    shut = select(PhoneQueue).where(PhoneQueue.closed_until > now())
    return db.session.scalars(shut.order_by(PhoneQueue.closed_until, PhoneQueue.code)).all()


@dataclass(frozen=True)
class Held:
    """An agent's telephone as it is set up: extension ("" for none), queues by code, who it is to the
    exchange where it rings in the browser ("" for a telephone on the desk), and what the agent can do."""

    agent: Agent
    extension: str
    queues: tuple[str, ...]
    sip_user: str = ""
    skills: str = ""

    def values(self) -> dict[str, Any]:
        """By the names of the form's fields."""
        said = {name: getattr(self, name) for name in ("extension", "sip_user", "skills")}
        return said | {"queues": list(self.queues)}


def telephones() -> list[Held]:
    """All who work here, by name, with their telephones: three statements."""
    people = select(Agent).where(Agent.active).order_by(Agent.name, Agent.id)
    lines = {row.agent_id: row for row in db.session.scalars(select(PhoneLine))}
    sits: dict[int, list[str]] = {}
    for row in db.session.scalars(_MEMBERS):
        sits.setdefault(row.agent_id, []).append(row.queue)
    return [
        _held(agent, lines.get(agent.id), sits.get(agent.id, ()))
        for agent in db.session.scalars(people)
    ]


def _held(agent: Agent, line: PhoneLine | None, queues: Iterable[str]) -> Held:
    extension, sip_user = (line.extension, line.sip_user) if line else ("", "")
    return Held(agent, extension, tuple(queues), sip_user, agent.skills)


_MEMBERS = select(PhoneMember).where(PhoneMember.there).order_by(PhoneMember.queue)


def held(agent: Agent) -> Held:
    """One agent's telephone."""
    line = db.session.get(PhoneLine, agent.id)
    mine = db.session.scalars(_MEMBERS.where(PhoneMember.agent_id == agent.id))
    return _held(agent, line, (row.queue for row in mine))


@dataclass(frozen=True)
class InBrowser:
    """How a telephone in the browser signs on; without a user it stands on the desk, and without a
    secret the stored one stays."""

    user: str = ""
    secret: str = field(default="", repr=False)


def set_up(
    agent: Agent,
    extension: str,
    queues: Sequence[str],
    by: Actor,
    browser: InBrowser | None = None,
    skills: str | None = None,
) -> None:
    """Give an agent this telephone in these queues; without an extension they have none. `browser` and
    `skills`: None where nothing is said of them.

    The telephone system is asked to do the same. Raises NotAllowed, or BadInput naming each odd field.
    """
    with change("phone line", by) as making:
        before = held(agent)
        sip = browser or InBrowser(before.sip_user if extension else "")
        can = before.skills if skills is None else skills
        _check_line(agent, extension, queues, sip, can)
        after = Held(agent, extension, tuple(sorted(set(queues))), sip.user, tidy(can))
        making.id, making.old, making.new = agent.id, before.values(), after.values()
        if sip.secret:
            making.new |= {"sip_secret": "new"}
        if before != after or sip.secret:
            _seat(before, after)
            _keep_browser(agent, sip)


def _check_line(
    agent: Agent, extension: str, queues: Sequence[str], sip: InBrowser, can: str
) -> None:
    errors = _odd_browser(agent, extension, sip) | _odd_skills(can)
    taken = select(PhoneLine.agent_id).where(PhoneLine.extension == extension)
    if extension and not EXTENSION.fullmatch(extension):
        errors["extension"] = N_("Please give digits or Latin letters, 20 at most.")
    elif extension and db.session.scalar(taken) not in (None, agent.id):
        errors["extension"] = N_("Somebody else has this extension.")
    if queues and not extension:
        errors["extension"] = N_("Without an extension nobody can sit in a queue.")
    if not set(queues) <= {row.code for row in listed()} | set(held(agent).queues):
        errors["queues"] = PICK
    refuse(errors)


def _odd_browser(agent: Agent, extension: str, sip: InBrowser) -> dict[str, str]:
    row = db.session.get(PhoneLine, agent.id)
    if sip.user and not SIP_USER.fullmatch(sip.user):
        return {
            "sip_user": N_("Please give the name by which it signs on at the telephone system.")
        }
    if sip.user and not extension:
        return {"sip_user": N_("Without an extension there is no telephone.")}
    if sip.user and not (sip.secret or (row and row.sip_secret)):
        return {"sip_secret": FILL}
    return {} if is_one_line(sip.secret) else {"sip_secret": ONE_LINE}


def _keep_browser(agent: Agent, sip: InBrowser) -> None:
    row = db.session.get(PhoneLine, agent.id)
    if row is not None:
        secret = encryption.encrypted(sip.secret) or row.sip_secret
        row.sip_user, row.sip_secret = sip.user, secret if sip.user else ""


def _seat(before: Held, after: Held) -> None:
    """Another extension leaves every queue and joins anew; so do other skills, with their penalty."""
    moved = before.extension != after.extension
    anew = moved or before.skills != after.skills
    change_rows(update(Agent).where(Agent.id == after.agent.id).values(skills=after.skills))
    set_committed_value(after.agent, "skills", after.skills)
    leaves = set(before.queues) - (set() if anew else set(after.queues))
    joins = set(after.queues) - (set() if anew else set(before.queues))
    for queue in sorted(leaves):
        _sit(before, queue, False)
    if moved:
        _keep_line(after)
    for queue in sorted(joins):
        _sit(after, queue, True)


def _seat_again(queue: PhoneQueue) -> None:
    """All who sit there join anew, with the penalties that follow from what is wanted now."""
    mine = select(Agent).join(PhoneMember).where(PhoneMember.queue == queue.code, PhoneMember.there)
    for agent in db.session.scalars(mine).unique().all():
        for there in (False, True):
            _sit(held(agent), queue.code, there)


def _sit(line: Held, queue: str, there: bool) -> None:
    wanted = db.session.scalar(select(PhoneQueue.skills).where(PhoneQueue.code == queue)) or ""
    cost = advice.penalty(parted(line.skills), parted(wanted)) if wanted else None
    penalty = commands.keep_member(line.agent.id, queue, there, cost)
    if settings().phone is not None and line.extension:
        verb = "member_add" if there else "member_remove"
        commands.ask(verb, None, line=line.extension, queue=queue, penalty=penalty)


def _keep_line(after: Held) -> None:
    """Another telephone shows nothing of the one before: whether it is paused is said to it anew."""
    row = db.session.get(PhoneLine, after.agent.id)
    secret = row.sip_secret if row is not None else ""
    if row is not None:
        db.session.delete(row)
        db.session.flush()
    if after.extension:
        known = {"agent_id": after.agent.id, "extension": after.extension}
        db.session.add(PhoneLine(**known, sip_user=after.sip_user, sip_secret=secret))
        db.session.flush()
        attending.settle([after.agent.id])
