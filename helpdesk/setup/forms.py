"""Forms of the set-up pages for categories and canned replies."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, StringField, TextAreaField

from helpdesk.core.i18n import gettext, lazy_gettext
from helpdesk.setup.blueprint import category_choices, department_choices, named, number
from helpdesk.setup.categories.actions import CategoryText
from helpdesk.setup.models import CannedReply, Category
from helpdesk.setup.replies.actions import ReplyText
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import at_most, filled, may_be_empty
from helpdesk.words.severities import SEVERITY_NAMES


class CategoryForm(Correction):
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
        form = cls(obj=row or Category(public=True, active=True, parent_id=parent_id))
        form.parent_id.choices = category_choices(gettext("Nothing: it is at the top"))
        form.severity.choices = named(SEVERITY_NAMES, gettext("As usual for the kind of case"))
        form.department_id.choices = department_choices(gettext("None"))
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


class ReplyForm(Correction):
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
