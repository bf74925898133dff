"""After the work: re-inspection, further rounds, watching the effect, recurrence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, on_alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import PICK, bad_fields
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.files import StoredFile
from helpdesk.notices import clock
from helpdesk.notices.actions import issuing
from helpdesk.notices.actions.step import Step, attach, move, require_future, step
from helpdesk.notices.lifecycle import Level, State
from helpdesk.notices.models import Notice
from helpdesk.notices.similar import similar_since
from helpdesk.tickets.models import Ticket

RESULTS = {
    "pass": N_("Passed"),
    "partial": N_("Partly passed"),
    "fail": N_("Failed"),
}
_TAKEN_OVER = (  # by the notice that follows on a recurrence
    *("department_id", "title", "requirement", "source"),
    *("basis", "check_method", "responsible", "cc"),
)
_GRAVER = {Level.OBSERVATION: Level.MINOR, Level.MINOR: Level.MAJOR, Level.MAJOR: Level.MAJOR}


def verify(
    notice: Notice,
    *,
    by: Actor,
    result: str,
    comment: str = "",
    re_due: datetime | None = None,
    files: tuple[StoredFile, ...] = (),
    version: int | None = None,
) -> Notice:
    """The re-inspection: pass, partial or fail, with what was seen.

    Passed: its effect is watched. Else a further round begins, due at `re_due`, and one level
    more is told. Raises NotAllowed for a verifier of the responsible department or the claimer.
    """
    if result not in RESULTS:
        raise bad_fields(result=PICK)
    require_future("re_due", re_due if result != "pass" else None)
    with transaction():
        code, given = f"verify_{result}", {"comment": comment, "re_due": re_due}
        with step(code, notice, by, version, **given) as (notice, it):
            names = attach(notice, files)
            notice.verifier_id = by.id if by.kind == "agent" else None
            notice.check = _finding(by, result, comment, names)
            it.data |= {"result": result, "round": notice.round, "files": names}
        if re_due is None or result == "pass":
            return _watch(notice)
        return _next_round(notice, re_due, new_plan=result == "fail")


def _finding(by: Actor, result: str, comment: str, files: list[str]) -> dict[str, object]:
    return {
        "result": result,
        "comment": comment.strip(),
        "verifier": by.name,
        "verified_at": now().isoformat(),
        "files": files,
    }


def _watch(notice: Notice) -> Notice:
    with step("watch", notice, SYSTEM, None) as (notice, it):
        clock.begin_watch(notice)
        it.data["until"] = notice.watch_until.isoformat() if notice.watch_until else ""
    return notice


def _next_round(notice: Notice, re_due: datetime, new_plan: bool) -> Notice:
    """Keep this round as it was and begin the next; a failed plan needs a new one."""
    new_plan = new_plan and notice.level != Level.OBSERVATION
    with step("replan" if new_plan else "rework", notice, SYSTEM, None) as (notice, it):
        told = clock.escalate_failure(notice)
        past = {"round": notice.round, "answer": notice.answer, "check": notice.check}
        notice.rounds = [*notice.rounds, past]
        notice.round, notice.answer, notice.check = notice.round + 1, {}, {}
        notice.done_by_id = notice.verifier_id = None
        clock.begin_round(notice, now(), re_due, new_plan)
        it.data |= {"round": notice.round, "told": told, "until": re_due.isoformat()}
    return notice


@move("close_watch")
def close_watch(notice: Notice, it: Step) -> None:
    """The effect lasted: the notice is closed out. By itself when the watch is over."""
    notice.check = notice.check | {"effect": it.comment.strip(), "recurred": False}
    notice.closed_at = now()
    clock.end_watch(notice)


@on_alarm(clock.WATCH_ALARM)
def end_watch(ring: Ring) -> None:
    """The watch is over: close out, unless similar complaints came in; then a person decides."""
    notice = db.session.get(Notice, ring.subject_id, populate_existing=True)
    if notice is None or notice.status != State.WATCHING:
        return
    again = [ticket.number for ticket in similar_since(notice)]
    if again:
        record("notice.suspected", by=SYSTEM, notice=notice, tickets=again)
    else:
        close_watch(notice, by=SYSTEM, comment=N_("The watch ended without a recurrence."))


def recur(notice: Notice, *, by: Actor, version: int | None = None, comment: str = "") -> Notice:
    """It happened again while the effect was watched: a graver notice is drafted, linked to this.

    Returns the new draft; this notice ends as recurred.
    """
    with transaction(), step("recur", notice, by, version, comment=comment) as (notice, it):
        notice.check = notice.check | {"effect": comment.strip(), "recurred": True}
        notice.closed_at = now()
        clock.end_watch(notice)
        kept: dict[str, Any] = {name: getattr(notice, name) for name in _TAKEN_OVER}
        again = issuing.draft(
            by=by,
            problem=f"{comment.strip()}\n\n{notice.problem}"[:5000],
            level=_GRAVER[Level(notice.level)],
            previous=notice,
            ticket=db.session.get(Ticket, notice.ticket_id) if notice.ticket_id else None,
            **kept,
        )
        it.data["again"] = again.id
    return again
