"""The side that ordered decides: on objections, on plans, on more time."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.notices import clock
from helpdesk.notices.actions.step import require_future, step, take
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


def grant_extension(
    notice: Notice,
    *,
    by: Actor,
    until: datetime | None = None,
    version: int | None = None,
    comment: str = "",
) -> Notice:
    """More time: done is due when it was asked for, or at `until` if the supervisor says so."""
    require_future("until", until)
    with step("grant_extension", notice, by, version, comment=comment) as (notice, it):
        assert notice.wanted_due_at is not None
        new = until or notice.wanted_due_at
        old, notice.wanted_due_at = clock.grant(notice, new), None
        notice.extensions += 1
        it.data |= {"until": new.isoformat(), "before": old.isoformat() if old else ""}
    return notice


def refuse_extension(
    notice: Notice, *, by: Actor, version: int | None = None, comment: str = ""
) -> Notice:
    """No more time, with the reason."""
    with step("refuse_extension", notice, by, version, comment=comment) as (notice, _):
        notice.wanted_due_at = None
    return notice


accept_plan = partial(take, "accept_plan")  # the plan is good: the department carries it out


def reject_plan(
    notice: Notice, *, by: Actor, version: int | None = None, comment: str = ""
) -> Notice:
    """The plan goes back with the reason; the time that it lay with us does not count."""
    with step("reject_plan", notice, by, version, comment=comment) as (notice, _):
        clock.wait_for_reading(notice, datetime.fromisoformat(notice.answer["submitted_at"]))
    return notice
