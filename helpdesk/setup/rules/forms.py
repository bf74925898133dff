"""The forms of a routing rule and of its trial: a field for each condition."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField

from helpdesk.agents.admin_forms import department_choices
from helpdesk.core.i18n import gettext, language, lazy_gettext
from helpdesk.setup.blueprint import category_choices, named
from helpdesk.setup.models import RoutingRule
from helpdesk.setup.routing import CONDITIONS, Condition
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import Form, at_most, filled, may_be_empty, row_id
from helpdesk.words import SEVERITY_NAMES


def is_picked(condition: Condition) -> bool:
    """Whether a form offers choices for it; else a text is typed."""
    return condition.names is not None or condition.column == "category_id"


def field_of(condition: Condition, hint: str = "") -> Any:
    """The field of a condition, not yet bound to a form."""
    label, said = lazy_gettext(condition.label), {"description": lazy_gettext(hint)} if hint else {}
    if is_picked(condition):
        coerce = str if condition.names is not None else row_id
        return SelectField(label, [may_be_empty()], coerce=coerce, **said)
    return StringField(label, [may_be_empty(), at_most(condition.longest)], **said)


class ConditionsForm(Form):
    """A form with a field for each condition that is asked for by `offer`."""

    asked: tuple[Condition, ...] = ()

    def offer(self) -> None:
        """The choices of what a case may be."""
        for each in self.asked:
            if each.names is not None:
                self[each.column].choices = named(each.names, gettext("Anything"))
            elif is_picked(each):
                self[each.column].choices = category_choices(gettext("Anything"))

    def conditions(self) -> Iterator[tuple[Field, bool]]:
        """Each field, and whether it takes the whole width."""
        return ((self[each.column], each.full) for each in self.asked)


class RuleForm(ConditionsForm, Correction):
    """A routing rule."""

    page, home = "setup/route.html", "/admin/routes"
    asked = CONDITIONS
    name = StringField(
        lazy_gettext("Name of the rule"),
        [filled(), at_most(80)],
        description=lazy_gettext("It stands in the history of every case that it routes."),
    )
    department_id = SelectField(lazy_gettext("Goes to"), [may_be_empty()], coerce=row_id)
    severity = SelectField(lazy_gettext("Severity"), [may_be_empty()])
    dispatch = BooleanField(
        lazy_gettext("Accept and dispatch at once"),
        description=lazy_gettext("No person looks at it before the department does."),
    )
    active = BooleanField(lazy_gettext("In force"))

    @classmethod
    def offered(cls, row: RoutingRule | None = None) -> RuleForm:
        """The form with its choices, filled in from a rule."""
        form = cls(obj=row or RoutingRule(active=True))
        form.offer()
        form.department_id.choices = department_choices(gettext("The dispatch desk decides"))
        form.severity.choices = named(SEVERITY_NAMES, gettext("As usual for the category"))
        return form


for each in RuleForm.asked:  # in the order of the list, which is that of the page
    setattr(RuleForm, each.column, field_of(each, each.hint))


class TrialForm(ConditionsForm):
    """A case that is only thought of."""

    asked = tuple(each for each in CONDITIONS if each.column != "words")

    class Meta(Form.Meta):
        """It changes nothing, so it comes by address and needs no token."""

        csrf = False

    text = TextAreaField(lazy_gettext("What the customer says"), [may_be_empty(), at_most(2000)])

    def case(self) -> SimpleNamespace:
        """The case as routing asks it; what was left open is a complaint by phone in the reader's language."""
        usual = {"kind": "complaint", "channel": "phone", "language": language()}
        typed = {each.column: self[each.column].data for each in self.asked}
        return SimpleNamespace(**{name: typed[name] or usual.get(name, "") for name in typed})


for each in TrialForm.asked:
    setattr(TrialForm, each.column, field_of(each))
