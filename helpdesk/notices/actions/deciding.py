"""The side that ordered decides: on objections, on plans, on more time."""

from __future__ import annotations

from datetime import datetime

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.notices import clock
from helpdesk.notices.actions.step import require_future, step
from helpdesk.notices.models import Notice


def rule(
    notice: Notice, *, by: Actor, upheld: bool, ruling: str, version: int | None = None
) -> Notice:
    """Decide an objection: upheld, the notice is revoked; refused, it stands as issued.

    The clocks ran on all the while.
    """
    with step("uphold" if upheld else "overrule", notice, by, version, comment=ruling) as it:
        it.notice.ruling = ruling.strip()
        it.notice.closed_at = now() if upheld else None
    return it.notice


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
    with step("grant_extension", notice, by, version, comment=comment) as it:
        assert it.notice.wanted_due_at is not None
        old, new = it.notice.done_due_at, until or it.notice.wanted_due_at
        it.notice.done_due_at, it.notice.wanted_due_at = new, None
        it.notice.extensions += 1
        it.data |= {"until": new.isoformat(), "before": old.isoformat() if old else ""}
    return it.notice


def refuse_extension(
    notice: Notice, *, by: Actor, version: int | None = None, comment: str = ""
) -> Notice:
    """No more time, with the reason."""
    with step("refuse_extension", notice, by, version, comment=comment) as it:
        it.notice.wanted_due_at = None
    return it.notice


def accept_plan(
    notice: Notice, *, by: Actor, version: int | None = None, comment: str = ""
) -> Notice:
    """The plan is good: the department carries it out."""
    with step("accept_plan", notice, by, version, comment=comment) as it:
        pass
    return it.notice


def reject_plan(
    notice: Notice, *, by: Actor, version: int | None = None, comment: str = ""
) -> Notice:
    """The plan goes back with the reason; the time that it lay with us does not count."""
    with step("reject_plan", notice, by, version, comment=comment) as it:
        clock.wait_for_reading(it.notice, datetime.fromisoformat(it.notice.answer["submitted_at"]))
    return it.notice


def decide_extension(
    notice: Notice,
    *,
    by: Actor,
    granted: bool,
    until: datetime | None = None,
    version: int | None = None,
    comment: str = "",
) -> Notice:
    """Grant or refuse the time that was asked for."""
    if granted:
        return grant_extension(notice, by=by, until=until, version=version, comment=comment)
    return refuse_extension(notice, by=by, version=version, comment=comment)
