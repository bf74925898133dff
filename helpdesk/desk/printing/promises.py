"""The response table itself: every promise with what became of it."""

from __future__ import annotations

from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.core.i18n import N_
from helpdesk.desk.printing.facts import PrintedCase
from helpdesk.paper import TableBlock
from helpdesk.promises.models import Promise
from helpdesk.promises.words import OWNER_NAMES, PROMISE_NAMES, VERDICT_NAMES
from helpdesk.setup.speech import Speech, stamp

STATES = {
    "pending": N_("not begun"),
    "running": N_("running"),
    "paused": N_("paused"),
}


def promise_table(case: PrintedCase, say: Speech) -> TableBlock:
    """Every promise with owner, due, warning, actual time, verdict and what was done."""
    headers = (
        N_("Promise"),
        N_("Owner"),
        N_("Due"),
        N_("Warned"),
        N_("Met"),
        N_("Verdict"),
        N_("What was done"),
    )
    rows = [promise_row(case, row, say) for row in case.promises]
    widths = [1.9, 1.6, 1.6, 1.7, 1.6, 1.1, 2.9]
    return TableBlock(say(N_("Response table")), [say(h) for h in headers], rows, widths)


def promise_row(case: PrintedCase, row: Promise, say: Speech) -> list[str]:
    """One promise in words."""
    name = say(PROMISE_NAMES[row.promise])
    again = f" ({row.cycle})" if row.cycle > 1 else ""
    return [
        name + again,
        owner(row, say),
        stamp(row.due_at),
        _warned(case, row, say),
        stamp(row.met_at),
        verdict(row, say),
        " · ".join(filter(None, [row.met_by, say(row.done) if row.done else ""])),
    ]


def owner(row: Promise, say: Speech) -> str:
    """The responsible side and person."""
    side = say.department(row.owner_department_id) or say(OWNER_NAMES[row.owner])
    return " · ".join(filter(None, [side, row.owner_name]))


def _warned(case: PrintedCase, row: Promise, say: Speech) -> str:
    told = [step for step in case.steps if step.promise_id == row.id]
    if not told:
        return stamp(row.warned_at)
    roles = dict.fromkeys(role for role in told[-1].told.split(",") if role)
    names = "、".join(say(ROLE_NAMES.get(role, role)) for role in roles)
    return f"{stamp(told[-1].at)} {told[-1].level} % {names}"


def verdict(row: Promise, say: Speech) -> str:
    """Kept, late, overdue, or how its clock stands."""
    return say(VERDICT_NAMES[row.verdict] if row.verdict else STATES.get(row.state, ""))
