"""The side that orders: draft, edit, approve, issue, revoke."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import PICK, refuse
from helpdesk.core.events import record
from helpdesk.core.given import tidy
from helpdesk.core.i18n import N_
from helpdesk.core.moves import require_filled
from helpdesk.core.rows import draw
from helpdesk.files import StoredFile
from helpdesk.notices import clock
from helpdesk.notices.actions.step import Step, attach, index, move, step
from helpdesk.notices.fields import LACKING, NEEDED, ORDER
from helpdesk.notices.lifecycle import SOURCE_NAMES, Level
from helpdesk.notices.models import Notice
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket

MOST_TITLE = 200


def draft_all(
    department_ids: Sequence[int],
    *,
    by: Actor,
    issue: bool,
    ticket: Ticket | None = None,
    files: tuple[StoredFile, ...] = (),
    **texts: Any,
) -> list[Notice]:
    """One notice for each department, all or none, approved and issued when `issue`.

    The files go with the first. Raises NotAllowed, BadInput.
    """
    with transaction():
        made = [
            draft(by=by, department_id=each, ticket=ticket, files=() if at else files, **texts)
            for at, each in enumerate(department_ids)
        ]
        if issue:
            issue_all([approve(notice, by=by) for notice in made], by=by)
    return made


def draft(
    *,
    by: Actor,
    department_id: int,
    title: str,
    problem: str,
    requirement: str,
    level: str = Level.MINOR,
    ticket: Ticket | None = None,
    previous: Notice | None = None,
    source: str = "complaint",
    files: tuple[StoredFile, ...] = (),
    **texts: str,
) -> Notice:
    """A new notice without a number, seen by the issuing side only.

    `texts`: basis, check_method, responsible, cc, evidence, sanction. Raises NotAllowed, BadInput.
    """
    require(by, "notice.issue")
    given = {"title": title, "problem": problem, "requirement": requirement, **texts}
    fields = _checked({**given, "level": level, "source": source, "department_id": department_id})
    require_filled(NEEDED, fields, LACKING)
    with transaction() as session:
        notice = Notice(
            **fields,
            status="draft",
            ticket_id=ticket.id if ticket else None,
            previous_id=previous.id if previous else None,
            drafted_by=by.name,
            answer={},
            check={},
            rounds=[],
            round=1,
            extensions=0,
            level_reached=0,
        )
        session.add(notice)
        session.flush()
        attach(notice, files)
        index(notice)
        record("notice.draft", by=by, notice=notice, title=notice.title, level=notice.level)
    return notice


def edit(
    notice: Notice,
    *,
    by: Actor,
    version: int | None = None,
    files: tuple[StoredFile, ...] = (),
    **changes: Any,
) -> Notice:
    """Change a draft; one that was approved must be approved again. Old and new are recorded."""
    new = _checked(changes)
    require_filled([name for name in NEEDED if name in new], new, LACKING)
    with step("edit", notice, by, version) as (notice, it):
        changed = {n: [getattr(notice, n), v] for n, v in new.items() if getattr(notice, n) != v}
        for name, (_old, value) in changed.items():
            setattr(notice, name, value)
        names = attach(notice, files)
        index(notice)
        it.data |= {"changed": changed, "files": names}
    db.session.refresh(notice, ["department"])
    return notice


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with tidy texts. Raises BadInput naming each that is unknown or wrong."""
    errors = {name: N_("This field is not known.") for name in fields if name not in ORDER}
    choice = PICK
    if fields.get("level", Level.MINOR) not in set(Level):
        errors["level"] = choice
    if fields.get("source", "complaint") not in SOURCE_NAMES:
        errors["source"] = choice
    if "department_id" in fields and not _is_active(fields["department_id"]):
        errors["department"] = N_("Please choose a department.")
    if len(str(fields.get("title", ""))) > MOST_TITLE:
        errors["title"] = N_("This is too long: 200 characters at most.")
    refuse(errors)
    return {name: _tidy(value) for name, value in fields.items()}


def _is_active(department_id: Any) -> bool:
    unit = in_force.current().departments.get(department_id)
    return unit is not None and unit.active


def _tidy(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tidy(value)


@move("approve")
def approve(notice: Notice, it: Step) -> None:
    """The text is in order: it may be issued."""
    notice.approved_by = it.by.name


@move("issue")
def issue(notice: Notice, it: Step) -> None:
    """Send it to the department: the clocks start, and the number is drawn last of all.

    A number exists only when the transaction commits, so a year's numbers have no gap.
    """
    notice.issued_at, notice.issued_by = now(), it.by.name
    notice.issuer_id = it.by.id if it.by.kind == "agent" else None
    clock.begin(notice, now())
    _draw_number(notice)
    index(notice)
    it.data |= {"number": notice.number, "department": notice.department.code}
    _tell_ticket("ticket.notice_issued", notice, it.by)


def issue_all(notices: Iterable[Notice], *, by: Actor) -> list[Notice]:
    """Issue one matter to many departments: all of them or none."""
    with transaction():
        return [issue(notice, by=by) for notice in notices]


def issue_at_once(*, by: Actor, **values: Any) -> Notice:
    """A notice (`values` as draft() takes them), approved and issued; refused, it leaves no draft."""
    with transaction():
        return issue(approve(draft(by=by, **values), by=by), by=by)


def _draw_number(notice: Notice) -> None:
    zone = ZoneInfo(in_force.current().calendars["cn-office"].zone)
    notice.year = now().astimezone(zone).year
    notice.serial = draw(db.session(), f"notice:{notice.year}")
    notice.number = f"{options.get('notice_prefix')}〔{notice.year}〕{notice.serial}号"


def _tell_ticket(name: str, notice: Notice, by: Actor) -> None:
    """The case's own history says that a notice went out; its words stay with the notice."""
    if notice.ticket_id:
        ticket = db.session.get_one(Ticket, notice.ticket_id)
        record(name, by=by, ticket=ticket, number=notice.number, department=notice.department.code)


@move("withdraw")
def withdraw(notice: Notice, it: Step) -> None:
    """Revoke the notice, with a reason; a number that it had is not used again."""
    notice.closed_at, notice.wanted_due_at = now(), None
