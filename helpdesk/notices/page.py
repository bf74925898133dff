"""What the pages of notices show: plain values, ready for the templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.agents.rights import Actor, scope
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import duration, gettext, language, ngettext
from helpdesk.notices import actions, buttons, clock, queries, words
from helpdesk.notices import rail as notice_rail
from helpdesk.notices import rows as board
from helpdesk.notices.actions.checking import RESULTS
from helpdesk.notices.fields import ANSWER
from helpdesk.notices.forms import MoveForm
from helpdesk.notices.lifecycle import LEVEL_NAMES, SOURCE_NAMES, STATE_NAMES, State, not_passed
from helpdesk.notices.models import Notice
from helpdesk.promises import rail, receipts
from helpdesk.promises.dues import Clock
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.setup.names import departments
from helpdesk.tickets import sight
from helpdesk.tickets.models import Message, Ticket

LEVEL_BARS = {"major": "S1", "minor": "S3", "observation": "S4"}  # drawn as severity bars


def names() -> dict[str, Any]:
    """The words and choices that the templates look up."""
    return {
        "state_names": STATE_NAMES,
        "level_names": LEVEL_NAMES,
        "level_bars": LEVEL_BARS,
        "source_names": SOURCE_NAMES,
        "result_names": RESULTS,
        "view_names": board.VIEWS,
        "age_names": board.AGE_NAMES,
        "departments": departments(),
        "step_names": clock.STEP_NAMES,
        "slug": queries.slug,
    }


@dataclass(frozen=True)
class NoticeRow:
    """One notice in the list: what it is, whose, how its next step stands."""

    notice: Notice
    department: str
    step: str
    due: Clock | None
    state: str
    age: str
    failed: dict[str, Any] | None  # the last re-inspection, while its further round goes on

    @property
    def url(self) -> str:
        """Where the notice is read."""
        return f"/notices/{queries.slug(self.notice)}"

    @property
    def status(self) -> str:
        """Where it stands, in words."""
        return gettext(STATE_NAMES[State(self.notice.status)])


def rows(found: Iterable[Notice]) -> list[NoticeRow]:
    """The rows of a list."""
    moment, snapshot = now(), in_force.current()
    return [_row(notice, snapshot, moment) for notice in found]


def _row(notice: Notice, snapshot: in_force.Setup, moment: datetime) -> NoticeRow:
    due = rail.clock_of(notice.next, snapshot, moment) if notice.next else None
    return NoticeRow(
        notice,
        snapshot.departments[notice.department_id].names[language()],
        gettext(clock.STEP_NAMES[notice.next.promise]) if notice.next else "",
        due,
        due.state if due else "none",
        duration(moment - notice.issued_at) if notice.issued_at else "",
        not_passed(notice.status, notice.rounds),
    )


def _receipts(steps: Mapping[str, Promise], snapshot: in_force.Setup) -> list[receipts.Receipt]:
    """How the due time of each step came about whose clock runs now."""
    return [
        receipts.receipt(row, gettext(clock.STEP_NAMES[step]), snapshot)
        for step, row in steps.items()
        if row.state == "running"
    ]


def page(
    notice: Notice, who: Actor, form: MoveForm | None = None, open_code: str = ""
) -> dict[str, Any]:
    """Everything on the page of one notice. `form` came back with errors, `open_code` is its move."""
    moment, snapshot, steps = now(), in_force.current(), clock.steps(notice)
    done = steps["done"].due_at if "done" in steps else None
    offered = buttons.buttons(notice, who, done, form, open_code)
    return names() | {
        "refused": form if form is not None and not any(each.open for each in offered) else None,
        "notice": notice,
        "department": notice.department.name(language()),
        "marks": notice_rail.marks(notice, steps, snapshot, moment),
        "next": notice.next,
        "receipts": _receipts(steps, snapshot),
        "done_due_at": done,
        "stretch_kinds": receipts.kinds(),
        "next_clock": rail.clock_of(notice.next, snapshot, moment) if notice.next else None,
        "overdue": actions.is_overdue(notice, moment),
        "buttons": offered,
        "answer": answer(notice.answer),
        "failed": not_passed(notice.status, notice.rounds),
        "rounds": [past | {"answer": answer(past["answer"])} for past in notice.rounds],
        "history": words.happenings(queries.history(notice)),
        "files": queries.files(notice),
        "ticket": queries.case_of(notice, who),
        "previous": db.session.get(Notice, notice.previous_id) if notice.previous_id else None,
        "following": queries.following(notice, who),
        "similar": _similar(notice, who),
        "asked": notice.wanted_due_at,
        "may_edit": any(move.code == "edit" for move in actions.legal_moves(notice, who)),
    }


def answer(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """What the department wrote in a round, with the names of the fields."""
    return [(gettext(label), fields[name]) for name, label in ANSWER.items() if fields.get(name)]


def _similar(notice: Notice, who: Actor) -> list[Ticket]:
    """What looks like a recurrence, for those who may see every case."""
    watched = notice.status == State.WATCHING and scope(who).everything
    return actions.similar_since(notice) if watched else []


def suggestion(ticket: Ticket) -> dict[str, Any]:
    """The form of a new notice about a case. No words of a confidential customer go into it."""
    first = db.session.scalar(
        select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    )
    facts = ("product", "model", "lot", "order_no", "occurred_at", "quantity")
    known = [str(ticket.facts[name]) for name in facts if ticket.facts.get(name)]
    words = "" if sight.is_sealed(ticket) or first is None else first.body[:2000]
    lines = [" · ".join([ticket.place, *known] if ticket.place else known), words]
    return {
        "title": ticket.subject,
        "problem": "\n".join(line for line in lines if line),
        "level": "major" if ticket.severity == "S1" else "minor",
        "source": "complaint",
        "departments": [ticket.department.code] if ticket.department else [],
    }


def done(code: str, notice: Notice) -> str:
    """What just happened, for the line above the page."""
    if code == "issue":
        return gettext("Issued as %(number)s.", number=notice.number)
    if code in ("verify_fail", "verify_partial"):
        words = gettext("Not passed: round %(n)s begins, and the department is told.")
        return words % {"n": notice.round}
    if code == "recur":
        return gettext("Noted. This is the draft of the graver notice.")
    return gettext("Done: %(state)s.", state=gettext(STATE_NAMES[State(notice.status)]))


def made(drafts: list[Notice]) -> str:
    """The same after drafting."""
    numbers = [notice.number for notice in drafts if notice.number]
    if numbers:
        return gettext("Issued as %(number)s.", number=", ".join(numbers))
    count = len(drafts)
    return ngettext("One draft is saved.", "%(num)s drafts are saved.", count)


def on_ticket(ticket: Ticket, who: Actor) -> list[NoticeRow]:
    """The notices of a case as its page shows them, in one statement."""
    return rows(queries.of_ticket(ticket, who))
