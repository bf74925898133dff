"""Forms of the set-up pages for rules, categories and canned replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField

from helpdesk.core.i18n import gettext, lazy_gettext
from helpdesk.customers.people import LEVELS
from helpdesk.setup.blueprint import category_choices, department_choices, number
from helpdesk.setup.categories.actions import CategoryText
from helpdesk.setup.models import CannedReply, Category, RoutingRule
from helpdesk.setup.replies.actions import ReplyText
from helpdesk.setup.rules.actions import RuleText
from helpdesk.web.forms import Form, at_most, choices, filled, may_be_empty
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES
from helpdesk.words.severities import SEVERITY_NAMES

LANGUAGES = [("zh_Hans", "中文"), ("en", "English")]


def named(names: Mapping[Any, str], none: str) -> list[Any]:
    """('', none) and these codes with their translated names."""
    return choices([("", none), *((str(code), gettext(name)) for code, name in names.items())])


class RuleForm(Form):
    """A routing rule."""

    version = HiddenField()
    name = StringField(
        lazy_gettext("Name of the rule"),
        [filled(), at_most(80)],
        description=lazy_gettext("It stands in the history of every case that it routes."),
    )
    kind = SelectField(lazy_gettext("Kind"), [may_be_empty()])
    category_id = SelectField(
        lazy_gettext("Category"),
        [may_be_empty()],
        description=lazy_gettext("With everything under it."),
    )
    channel = SelectField(lazy_gettext("Way in"), [may_be_empty()])
    level = SelectField(lazy_gettext("Customer level"), [may_be_empty()])
    language = SelectField(lazy_gettext("Language"), [may_be_empty()])
    place = StringField(
        lazy_gettext("Place"),
        [may_be_empty(), at_most(80)],
        description=lazy_gettext("A part of the place, such as a town or a street."),
    )
    words = StringField(
        lazy_gettext("Words in the text"),
        [may_be_empty(), at_most(500)],
        description=lazy_gettext("Any one of these, parted by commas."),
    )
    department_id = SelectField(lazy_gettext("Goes to"), [may_be_empty()])
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
        offer_conditions(form)
        form.department_id.choices = department_choices(gettext("The dispatch desk decides"))
        form.severity.choices = named(SEVERITY_NAMES, gettext("As usual for the category"))
        if row is not None and not form.is_submitted():
            form.category_id.data = str(row.category_id or "")
            form.department_id.data = str(row.department_id or "")
        return form

    def rule(self) -> RuleText:
        """What was filled in."""
        texts = ("name", "kind", "place", "channel", "words", "level", "language", "severity")
        return RuleText(
            **{name: self[name].data or "" for name in texts},
            category_id=number(self.category_id.data),
            department_id=number(self.department_id.data),
            dispatch=self.dispatch.data,
            active=self.active.data,
        )


class TrialForm(Form):
    """A case that is only thought of."""

    class Meta(Form.Meta):
        """It changes nothing, so it comes by address and needs no token."""

        csrf = False

    kind = SelectField(lazy_gettext("Kind"), [may_be_empty()])
    category_id = SelectField(lazy_gettext("Category"), [may_be_empty()])
    channel = SelectField(lazy_gettext("Way in"), [may_be_empty()])
    level = SelectField(lazy_gettext("Customer level"), [may_be_empty()])
    language = SelectField(lazy_gettext("Language"), [may_be_empty()])
    place = StringField(lazy_gettext("Place"), [may_be_empty(), at_most(200)])
    text = TextAreaField(lazy_gettext("What the customer says"), [may_be_empty(), at_most(2000)])


def offer_conditions(form: Any) -> None:
    """The choices of what a case may be, on the rule's form and on the trial's."""
    anything = gettext("Anything")
    form.kind.choices = named(KIND_NAMES, anything)
    form.category_id.choices = category_choices(anything)
    form.channel.choices = named(CHANNELS, anything)
    form.level.choices = named(LEVELS, anything)
    form.language.choices = choices([("", anything), *LANGUAGES])


class CategoryForm(Form):
    """A category."""

    code = StringField(
        lazy_gettext("Code"),
        [at_most(61)],
        description=lazy_gettext("For programs and for ever, such as “quality.appliance”."),
    )
    name_zh = StringField(lazy_gettext("Name in Chinese"), [filled(), at_most(60)])
    name_en = StringField(lazy_gettext("Name in English"), [filled(), at_most(60)])
    parent_id = SelectField(lazy_gettext("Lies under"), [may_be_empty()])
    severity = SelectField(lazy_gettext("Severity to begin with"), [may_be_empty()])
    department_id = SelectField(lazy_gettext("Lead department"), [may_be_empty()])
    public = BooleanField(lazy_gettext("Offered on the public form"))
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, row: Category | None = None, parent_id: int | None = None) -> CategoryForm:
        """The form with its choices, filled in from a category."""
        form = cls(obj=row or Category(public=True, active=True))
        form.parent_id.choices = category_choices(gettext("Nothing: it is at the top"))
        form.severity.choices = named(SEVERITY_NAMES, gettext("As usual for the kind of case"))
        form.department_id.choices = department_choices(gettext("None"))
        if not form.is_submitted():
            form.parent_id.data = str((row.parent_id if row else parent_id) or "")
            form.department_id.data = str(row.department_id or "") if row else ""
        if row is not None:
            del form.code
        else:
            form.code.flags.required = True
        return form

    def category(self) -> CategoryText:
        """What was filled in."""
        return CategoryText(
            code=self.code.data if "code" in self else "",
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            parent_id=number(self.parent_id.data),
            severity=self.severity.data or "",
            department_id=number(self.department_id.data),
            public=self.public.data,
            active=self.active.data,
        )


class ReplyForm(Form):
    """A canned reply."""

    code = StringField(
        lazy_gettext("Code"),
        [at_most(41)],
        description=lazy_gettext("Short: people type it to find the reply."),
    )
    title_zh = StringField(lazy_gettext("Title in Chinese"), [filled(), at_most(80)])
    body_zh = TextAreaField(lazy_gettext("Text in Chinese"), [filled()])
    title_en = StringField(lazy_gettext("Title in English"), [filled(), at_most(80)])
    body_en = TextAreaField(lazy_gettext("Text in English"), [filled()])
    department_id = SelectField(lazy_gettext("For"), [may_be_empty()])
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, row: CannedReply | None = None) -> ReplyForm:
        """The form with its choices, filled in from a reply."""
        form = cls(obj=row or CannedReply(active=True))
        form.department_id.choices = department_choices(gettext("Everybody"))
        if row is not None:
            del form.code
            if not form.is_submitted():
                form.department_id.data = str(row.department_id or "")
        else:
            form.code.flags.required = True
        return form

    def reply(self) -> ReplyText:
        """What was filled in."""
        return ReplyText(
            code=self.code.data if "code" in self else "",
            title_zh=self.title_zh.data,
            title_en=self.title_en.data,
            body_zh=self.body_zh.data,
            body_en=self.body_en.data,
            department_id=number(self.department_id.data),
            active=self.active.data,
        )
