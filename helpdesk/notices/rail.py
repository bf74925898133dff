"""The rail of a notice: its steps from left to right in time, as tickets wear their promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.i18n import N_, gettext, when
from helpdesk.notices import clock
from helpdesk.notices.lifecycle import ENDED, State
from helpdesk.notices.models import Notice
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.rail import state_of

_PAST = (*ENDED, State.WATCHING)


@dataclass(frozen=True)
class NoticeMark:
    """One mark of the rail, as components/rail.html draws it."""

    promise: str
    label: str
    state: str
    share: float
    title: str
    text: str
    due_at: datetime | None
    met_at: datetime | None


LABELS = {
    "issue": N_("Issue"),
    "sign": N_("Sign"),
    **clock.STEP_NAMES,
    "watch": N_("Effect"),
}


def marks(
    notice: Notice,
    steps: Mapping[str, Promise],
    snapshot: Snapshot,
    moment: datetime,
) -> list[NoticeMark]:
    """The rail of a notice: its steps in this round with due and actual times."""
    running = {name: row for name, row in steps.items() if row.state == "running"}
    going = {name: state_of(row, snapshot, moment) for name, row in running.items()}
    return [
        _mark(notice, step, due, met, going.get(step)) for step, due, met in _steps(notice, steps)
    ]


def _steps(
    notice: Notice, steps: Mapping[str, Promise]
) -> list[tuple[str, datetime | None, datetime | None]]:
    """The steps that this notice has: (step, due, taken)."""
    ended = notice.closed_at if notice.status in (State.CLOSED, State.REOPENED) else None
    dues = {step: row.due_at for step, row in steps.items()}
    found = [
        ("issue", None, notice.issued_at),
        ("sign", None, notice.signed_at),
        *((step, dues.get(step), clock.met_at(notice, step)) for step in clock.STEPS),
        ("watch", notice.watch_until, ended),
    ]
    optional = ("containment", "plan")
    return [s for s in found if s[0] not in optional or s[1] is not None or s[2] is not None]


def _mark(
    notice: Notice,
    step: str,
    due: datetime | None,
    met: datetime | None,
    going: tuple[str, float] | None,
) -> NoticeMark:
    state, share = _state(notice, step, due, met, going)
    label = gettext(LABELS[step])
    text = when(met) if met else gettext("due %(at)s", at=when(due)) if due else ""
    if step == "watch" and due and not met:
        text = gettext("until %(at)s", at=when(due))
    return NoticeMark(step, label, state, share, f"{label}: {text}" if text else "", text, due, met)


def _state(
    notice: Notice,
    step: str,
    due: datetime | None,
    met: datetime | None,
    going: tuple[str, float] | None,
) -> tuple[str, float]:
    if met is not None:
        late = due is not None and met > due and step != "watch"
        return ("late" if late else "met"), 1.0
    if going is not None:
        return going
    if notice.status == State.WATCHING and step == "watch":
        return "running", 0.0
    return ("none" if notice.status in _PAST else "pending"), 0.0
