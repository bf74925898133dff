"""The legal moves of a notice as buttons, each with its form filled from what is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.i18n import gettext, when, zone
from helpdesk.core.moves import Move
from helpdesk.notices import actions
from helpdesk.notices.forms import FORMS, MoveForm
from helpdesk.notices.lifecycle import CHECKS
from helpdesk.notices.models import Notice

LOCAL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Button:
    """A legal move as a button with its dialog."""

    code: str
    label: str
    main: bool
    danger: bool
    form: MoveForm
    open: bool
    hint: str


def buttons(
    notice: Notice, who: Actor, due: datetime | None, form: MoveForm | None, open_code: str
) -> list[Button]:
    """The legal moves; the three results of a re-inspection are one button. `due` is until when the
    work must be done.
    """
    found: list[Button] = []
    for move in actions.legal_moves(notice, who):
        code = "verify" if move.code in CHECKS else move.code
        if code in FORMS and code not in {button.code for button in found}:
            is_open = code == open_code
            shown = form if form is not None and is_open else _fresh(code, notice, due)
            found.append(_button(code, move, notice, shown, is_open))
    return found


def _button(code: str, move: Move, notice: Notice, form: MoveForm, is_open: bool) -> Button:
    label = gettext("Record re-inspection") if code == "verify" else gettext(move.label)
    for field in form:
        field.id = f"{code}-{field.name}"
    danger = code in ("withdraw", "recur")
    return Button(code, label, move.main, danger, form, is_open, _hint(code, notice))


def _fresh(code: str, notice: Notice, due: datetime | None) -> MoveForm:
    """The empty form of a move, with what is known already."""
    form = FORMS[code](formdata=None, data=known_words(notice), prefix="")
    form.version.data = str(notice.version)
    for name, at in _moments(code, notice, due).items():
        if name in form:
            form[name].data = at.astimezone(zone()).strftime(LOCAL)
    return form


def known_words(notice: Notice) -> dict[str, str]:
    """What the department has written so far, by the fields of its moves."""
    known = notice.answer if notice.answer or not notice.rounds else notice.rounds[-1]["answer"]
    return {name: words for name, words in known.items() if not name.endswith("_at")}


def _moments(code: str, notice: Notice, due: datetime | None) -> dict[str, datetime]:
    """Times that are probably meant, to be corrected."""
    done = due or now() + timedelta(days=7)
    if code == "grant_extension":
        return {"until": notice.wanted_due_at or done}
    if code == "ask_extension":
        return {"until": max(done, now()) + timedelta(days=7)}
    if code == "submit_plan":
        return {"planned_at": max(done, now() + timedelta(days=1))}
    return {}


def _hint(code: str, notice: Notice) -> str:
    if code == "issue":
        return gettext("It gets its number, the department is told, and the clocks start.")
    if code in ("grant_extension", "refuse_extension"):
        at = when(notice.wanted_due_at)
        return gettext("Asked for until %(at)s: %(why)s", at=at, why=notice.extension_reason)
    if code in ("uphold", "overrule"):
        return gettext("The department objects: %(why)s", why=notice.objection)
    if code == "close_watch":
        return gettext("It closes by itself on %(at)s.", at=when(notice.watch_until))
    return ""
