"""The forms of notices: one for the text of the notice, one for each move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import (
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.widgets import DateTimeLocalInput

from helpdesk.core.i18n import N_, lazy_gettext
from helpdesk.notices.actions.checking import RESULTS
from helpdesk.notices.fields import ANSWER, ORDER
from helpdesk.notices.lifecycle import CHECKS, LEVEL_NAMES, SOURCE_NAMES, TABLE
from helpdesk.notices.moving import VERBS
from helpdesk.setup.names import departments
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import Form, SelectMultipleCheckField, at_most, choices, filled

LONG = 5000


class MomentField(StringField):  # type: ignore[misc]
    """Date and time as the browser writes them; the verb reads them in the reader's zone."""

    widget = DateTimeLocalInput()


def _long(label: str, *checks: Any, rows: int = 4, hint: str = "") -> TextAreaField:
    """A text of several lines; `label` and `hint` are message ids."""
    return TextAreaField(
        lazy_gettext(label),
        [*checks, at_most(LONG)],
        description=lazy_gettext(hint) if hint else "",
        render_kw={"rows": rows},
    )


def _named(names: Mapping[Any, str]) -> list[SelectChoice]:
    return choices((code, lazy_gettext(name)) for code, name in names.items())


class NoticeForm(Correction):
    """The text of a notice, as the paper form has it."""

    level = SelectField(lazy_gettext(ORDER["level"]), [filled()], choices=_named(LEVEL_NAMES))
    source = SelectField(lazy_gettext(ORDER["source"]), [filled()], choices=_named(SOURCE_NAMES))
    responsible = StringField(lazy_gettext(ORDER["responsible"]), [at_most(200)])
    cc = StringField(lazy_gettext(ORDER["cc"]), [at_most(200)])
    title = StringField(lazy_gettext(ORDER["title"]), [filled(), at_most(200)])
    problem = _long(
        ORDER["problem"],
        filled(),
        rows=6,
        hint=N_("What can be seen: time, place, what, how many. No guess at causes."),
    )
    basis = _long(ORDER["basis"], rows=2, hint=N_("The clause or rule that is not kept."))
    requirement = _long(ORDER["requirement"], filled())
    check_method = _long(ORDER["check_method"], rows=2)
    evidence = _long(ORDER["evidence"], rows=2)
    sanction = _long(ORDER["sanction"], rows=2)
    files = MultipleFileField(lazy_gettext("Files"))

    def texts(self) -> dict[str, Any]:
        """What the verbs take, but for the department."""
        left_out = ("csrf_token", "files", "version", "departments", "department")
        return {n: f.data or "" for n, f in self._fields.items() if n not in left_out}


class NewNoticeForm(NoticeForm):
    """A new one; each ticked department gets a notice of its own."""

    departments = SelectMultipleCheckField(
        lazy_gettext(ORDER["department_id"]),
        [filled()],
        choices=lambda: choices(departments()),
        description=lazy_gettext("One notice goes to one department; tick more to write to each."),
    )


class EditNoticeForm(NoticeForm):
    """A draft that is changed."""

    department = SelectField(
        lazy_gettext(ORDER["department_id"]),
        [filled()],
        choices=lambda: choices(departments()),
        coerce=lambda u: str(getattr(u, "code", u)),
    )


class MoveForm(Form):
    """What the forms of all moves have."""

    version = HiddenField()


HINTS = {
    "root_cause": N_("Ask why until nothing lies behind it (5 whys)."),
    "correction": N_("How this case was put right."),
    "corrective": N_("What removes the cause."),
    "preventive": N_("What keeps it from happening elsewhere."),
    "horizontal_check": N_("Where you looked for the same fault, and what you found."),
    "evidence": N_("Needed when no file is attached."),
    "re_due": N_("Needed unless it passed."),
}
MOMENTS = {"planned_at": N_("Done by"), "until": N_("Until"), "re_due": N_("The rest is due")}
ROWS = dict.fromkeys(("correction", "corrective", "preventive", "horizontal_check"), 3)
NEEDS = {move.code: move.needs for move in TABLE} | {"verify": ("result", "comment")}


def _form(code: str, names: tuple[str, ...]) -> type[MoveForm]:
    """The form of a move: a control for each thing that its verb takes."""
    controls = {name: _control(name, code) for name in names}
    return type(f"{code.title()}Form", (MoveForm,), controls)


def _control(name: str, code: str) -> Any:
    """Evidence may be a file instead, and who grants more time says until when."""
    needed = name == "until" or (name in NEEDS[code] and name != "evidence")
    checks = [filled()] if needed else []
    if name == "files":
        return MultipleFileField(lazy_gettext("Evidence files"))
    if name == "result":
        return RadioField(lazy_gettext("Result"), checks, choices=_named(RESULTS))
    if name in MOMENTS:
        hint = lazy_gettext(HINTS[name]) if name in HINTS else ""
        return MomentField(lazy_gettext(MOMENTS[name]), checks, description=hint)
    if name == "comment":
        return _long(_asks(code), *checks, rows=4 if needed else 3)
    rows = ROWS.get(name, 4 if needed else 2)
    return _long(ANSWER[name], *checks, rows=rows, hint=HINTS.get(name, ""))


def _asks(code: str) -> str:
    """What the comment of a move is called."""
    if code == "verify":
        return N_("What was seen")
    return N_("Reason") if "comment" in NEEDS[code] else N_("Remark")


# by the code of the move; the three results of a re-inspection have one form
FORMS = {code: _form(code, names) for code, (_, names) in VERBS.items() if code not in CHECKS}
