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
from helpdesk.notices.lifecycle import AUTOMATIC, CHECKS, LEVEL_NAMES, SOURCE_NAMES, TABLE
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
    """A move that needs no words."""

    version = HiddenField()


class RemarkForm(MoveForm):
    """A move with a remark, if any."""

    comment = _long(N_("Remark"), rows=3)


class ReasonForm(MoveForm):
    """A move that must be reasoned."""

    comment = _long(N_("Reason"), filled())


class FilesForm(MoveForm):
    """A move with evidence."""

    files = MultipleFileField(lazy_gettext("Evidence files"))


class ContainForm(FilesForm):
    """What was done at once."""

    containment = _long(ANSWER["containment"], filled())


class CauseForm(FilesForm):
    """What begins with the cause."""

    root_cause = _long(
        ANSWER["root_cause"],
        filled(),
        hint=N_("Ask why until nothing lies behind it (5 whys)."),
    )


class PlanForm(CauseForm):
    """Cause and plan."""

    plan = _long(ANSWER["plan"], filled())
    planned_at = MomentField(lazy_gettext("Done by"), [filled()])


class ClaimForm(CauseForm):
    """What was done, in the words that reviewers ask for."""

    correction = _long(
        ANSWER["correction"], filled(), rows=3, hint=N_("How this case was put right.")
    )
    corrective = _long(ANSWER["corrective"], filled(), rows=3, hint=N_("What removes the cause."))
    preventive = _long(
        ANSWER["preventive"], filled(), rows=3, hint=N_("What keeps it from happening elsewhere.")
    )
    horizontal_check = _long(
        ANSWER["horizontal_check"],
        filled(),
        rows=3,
        hint=N_("Where you looked for the same fault, and what you found."),
    )
    evidence = _long(ANSWER["evidence"], rows=2, hint=N_("Needed when no file is attached."))


class AskExtensionForm(ReasonForm):
    """More time, with its reason."""

    until = MomentField(lazy_gettext("Until"), [filled()])


class GrantExtensionForm(RemarkForm):
    """More time as asked, or until another moment."""

    until = MomentField(lazy_gettext("Until"), [filled()])


class VerifyForm(FilesForm):
    """The re-inspection."""

    result = RadioField(lazy_gettext("Result"), [filled()], choices=_named(RESULTS))
    comment = _long(N_("What was seen"), filled())
    re_due = MomentField(
        lazy_gettext("The rest is due"),
        description=lazy_gettext("Needed unless it passed."),
    )


WITH_FIELDS: dict[str, type[MoveForm]] = {
    "contain": ContainForm,
    "submit_plan": PlanForm,
    "claim_done": ClaimForm,
    "ask_extension": AskExtensionForm,
    "grant_extension": GrantExtensionForm,
}
# by the code of the move; the three results of a re-inspection have one form
FORMS = {
    move.code: WITH_FIELDS.get(move.code) or (ReasonForm if move.needs else RemarkForm)
    for move in TABLE
    if move.code not in (*AUTOMATIC, *CHECKS, "edit")
} | {"verify": VerifyForm}
