"""The side that ordered decides: on objections, on plans, on more time."""

from __future__ import annotations

from datetime import datetime

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.moves import nothing
from helpdesk.notices import clock
from helpdesk.notices.actions.step import Step, move, require_future, step
from helpdesk.notices.models import Notice


def rule(
    notice: Notice, *, by: Actor, upheld: bool, comment: str, version: int | None = None
) -> Notice:
    """Decide an objection: upheld, the notice is revoked; refused, it stands as issued.

    The clocks ran on all the while.
    """
    code = "uphold" if upheld else "overrule"
    with step(code, notice, by, version, comment=comment) as (notice, _):
        notice.ruling = comment.strip()
        notice.closed_at = now() if upheld else None
    return notice


@move("grant_extension")
def grant_extension(notice: Notice, it: Step) -> None:
    """More time: done is due when it was asked for, or `until` then if the supervisor says so."""
    require_future("until", it.until)
    assert notice.wanted_due_at is not None
    new = it.until or notice.wanted_due_at
    old, notice.wanted_due_at = clock.grant(notice, new), None
    notice.extensions += 1
    it.data |= {"until": new.isoformat(), "before": old.isoformat() if old else ""}


@move("refuse_extension")
def refuse_extension(notice: Notice, it: Step) -> None:
    """No more time, with the reason."""
    notice.wanted_due_at = None


accept_plan = move("accept_plan")(nothing)  # the plan is good: the department carries it out


@move("reject_plan")
def reject_plan(notice: Notice, it: Step) -> None:
    """The plan goes back with the reason; the time that it lay with us does not count."""
    clock.wait_for_reading(notice, datetime.fromisoformat(notice.answer["submitted_at"]))
