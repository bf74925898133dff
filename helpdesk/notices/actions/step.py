"""The frame of every move of a notice: lock, right, table, needed fields, change, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from helpdesk import search
from helpdesk.agents.rights import Actor, Role, scope
from helpdesk.clock import now
from helpdesk.core.db import db, locked, require_current, transaction
from helpdesk.core.errors import NotFound, bad_fields
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.moves import Move, Taking, Verb, taking, verb
from helpdesk.files import StoredFile, settle
from helpdesk.notices import clock, lifecycle
from helpdesk.notices.fields import LACKING
from helpdesk.notices.lifecycle import Stand
from helpdesk.notices.models import Notice
from helpdesk.tickets.models import Attachment

FARTHEST = timedelta(days=730)
Step = Taking[Actor]


def stand_of(notice: Notice) -> Stand:
    """What the table must know of this notice."""
    return Stand(
        status=notice.status,
        kind=notice.level,
        department_id=notice.department_id,
        asked=notice.wanted_due_at is not None,
        extensions=notice.extensions,
        claimed_by=notice.answer.get("claimed_by", ""),
    )


def require_right(code: str, notice: Notice, by: Actor) -> None:
    """Raise NotAllowed for a step that is not this person's to take, wherever the notice stands;
    NotFound where they may not know of it."""
    if not is_visible(notice, by):
        raise NotFound(N_("There is no such notice, or it is not yours to see."))
    row = "verify_pass" if code == "verify" else code  # one door for its three results
    lifecycle.TABLE.require_right(row, stand_of(notice), by)


def legal_moves(notice: Notice, by: Actor) -> list[Move]:
    """The next moves of this person on this notice: the buttons."""
    return lifecycle.moves(stand_of(notice), by) if is_visible(notice, by) else []


def is_visible(notice: Notice, by: Actor) -> bool:
    """Whether `by` may know of this notice: a department of its own, once issued."""
    seen = scope(by)
    issued = notice.number is not None and notice.department_id in seen.department_ids
    return by.role is Role.SYSTEM or seen.everything or issued


@contextmanager
def step(
    code: str, notice: Notice, by: Actor, version: int | None, **given: object
) -> Iterator[tuple[Notice, Step]]:
    """Everything that all moves share: the locked notice, and the step on its way. `given` are the
    fields that the table may ask for.

    Raises NotFound, NotAllowed, Refused, Conflict, or BadInput for a field that is not filled.
    """
    with transaction():
        notice = locked(notice)
        require_right(code, notice, by)
        require_current(notice, version)
        row = lifecycle.TABLE.check(code, stand_of(notice), by)
        with taking(notice, row, by, given, LACKING) as it:
            yield notice, it
        clock.follow(notice)
        record(f"notice.{code}", by=by, notice=notice, **it.data)


def move(code: str) -> Callable[[Callable[[Notice, Step], object]], Verb[Notice, Actor]]:
    """The verb of this row of the table: what is written under `@move(code)` happens in the frame."""
    return partial(verb, step, code)


def require_future(name: str, at: datetime | None) -> None:
    """Raise BadInput when a time that must lie ahead does not, or lies too far ahead."""
    if at is None or now() < at <= now() + FARTHEST:
        return
    wrong = N_("Please choose a time in the future.")
    if at > now():
        wrong = N_("Please choose a time within two years.")
    raise bad_fields(**{name: wrong})


def put_answer(notice: Notice, **fields: str) -> None:
    """Keep what the department wrote, beside what it has written before in this round."""
    tidy = {name: value.strip() for name, value in fields.items() if value.strip()}
    notice.answer = notice.answer | tidy


def attach(notice: Notice, files: tuple[StoredFile, ...]) -> list[str]:
    """Keep evidence files with the notice; returns their names for the journal."""
    settle(files)
    db.session.add_all(Attachment.of(file, notice_id=notice.id) for file in files)
    return [file.name for file in files]


def index(notice: Notice) -> None:
    """Make the notice findable by number, title, problem, demand and the department's answer."""
    search.put(db.session(), "notice", notice.id, found_by(notice))


def found_by(notice: Notice) -> list[str | None]:
    """The texts for that, the title first."""
    answer = [value for value in notice.answer.values() if isinstance(value, str)]
    return [notice.title, notice.number, notice.problem, notice.requirement, notice.basis, *answer]
