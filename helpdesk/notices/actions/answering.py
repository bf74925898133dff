"""The responsible department: sign, object, report, plan, ask for time, say it is done."""

from __future__ import annotations

from datetime import datetime

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.errors import bad_fields
from helpdesk.core.i18n import N_
from helpdesk.core.moves import nothing
from helpdesk.files import StoredFile
from helpdesk.notices import clock
from helpdesk.notices.actions.step import (
    Step,
    attach,
    index,
    move,
    put_answer,
    require_future,
    step,
)
from helpdesk.notices.lifecycle import mark
from helpdesk.notices.models import Notice


@move("sign")
def sign(notice: Notice, it: Step) -> None:
    """The department confirms receipt and that it will act."""
    notice.signed_by, notice.signed_at = it.by.name, now()


@move("object")
def object_to(notice: Notice, it: Step) -> None:
    """Return it with the reason why it is wrong or not ours; no clock stops for that."""
    notice.objection, notice.ruling = it.comment.strip(), ""


def contain(
    notice: Notice,
    *,
    by: Actor,
    containment: str,
    files: tuple[StoredFile, ...] = (),
    version: int | None = None,
) -> Notice:
    """Report what was done at once, before the cause is known."""
    with step("contain", notice, by, version, containment=containment) as (notice, it):
        put_answer(notice, containment=containment, contained_at=now().isoformat())
        it.data |= {"containment": containment, "files": attach(notice, files)}
    return notice


def submit_plan(
    notice: Notice,
    *,
    by: Actor,
    root_cause: str,
    plan: str,
    planned_at: datetime | None,
    files: tuple[StoredFile, ...] = (),
    version: int | None = None,
) -> Notice:
    """Cause and plan with its day; a day after the time limit needs more time granted first."""
    given = {"root_cause": root_cause, "plan": plan, "planned_at": planned_at}
    require_future("planned_at", planned_at)
    with step("submit_plan", notice, by, version, **given) as (notice, it):
        assert planned_at is not None
        _not_after(notice, planned_at)
        put_answer(
            notice,
            root_cause=root_cause,
            plan=plan,
            planned_at=planned_at.isoformat(),
            submitted_at=now().isoformat(),
            submitted_by=by.name,
        )
        names = attach(notice, files)
        it.data |= {"plan": plan, "planned_at": planned_at.isoformat(), "files": names}
    return notice


def _not_after(notice: Notice, planned_at: datetime) -> None:
    due = clock.due_of(notice, "done")
    if due and due > now() and planned_at > due:
        late = N_("This is after the time limit. Ask for more time first, or plan an earlier day.")
        raise bad_fields(planned_at=late)


start = move("start")(nothing)  # an observation needs no plan: the work begins


def claim_done(
    notice: Notice,
    *,
    by: Actor,
    root_cause: str,
    correction: str,
    corrective: str,
    preventive: str,
    horizontal_check: str,
    evidence: str = "",
    files: tuple[StoredFile, ...] = (),
    version: int | None = None,
) -> Notice:
    """Report that it is done, with causes, the three kinds of action, the look elsewhere and proof.

    Evidence is a file or a description. The re-inspection's clock starts.
    """
    texts = {
        "root_cause": root_cause,
        "correction": correction,
        "corrective": corrective,
        "preventive": preventive,
        "horizontal_check": horizontal_check,
    }
    needed = {**texts, "evidence": evidence.strip() or bool(files)}
    with step("claim_done", notice, by, version, **needed) as (notice, it):
        claimed = {"claimed_at": now().isoformat(), "claimed_by": mark(by), "claimed_name": by.name}
        put_answer(notice, **texts, evidence=evidence, **claimed)
        notice.done_by_id = by.id if by.kind == "agent" else None
        notice.wanted_due_at = None
        it.data["files"] = attach(notice, files)
        index(notice)
    return notice


@move("ask_extension")
def ask_extension(notice: Notice, it: Step) -> None:
    """Ask for more time, with the reason and until when; a supervisor decides."""
    until = it.until
    require_future("until", until)
    assert until is not None
    due = clock.due_of(notice, "done")
    if due and until <= due:
        raise bad_fields(until=N_("Please choose a time after the present time limit."))
    notice.wanted_due_at, notice.extension_reason = until, it.comment.strip()
    it.data["until"] = until.isoformat()
