"""Forms of the set-up pages for people, departments and tokens."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_babel.speaklater import LazyString
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)

from helpdesk.agents import departments
from helpdesk.agents.forms import LANGUAGE_CHOICES, mail_address
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import STAFF_NAMES
from helpdesk.agents.scopes import CALLS_A_MINUTE, SCOPE_NAMES, Bounds
from helpdesk.core.calendars import newest
from helpdesk.core.i18n import gettext, language, lazy_gettext, offered
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import (
    Form,
    SelectMultipleCheckField,
    at_most,
    choices,
    filled,
    may_be_empty,
    row_id,
)


def department_choices(none: str) -> list[Any]:
    """Active departments, after '' with these words."""
    rows = [row for row in departments.listed() if row.active]
    return choices([("", none)] + [(str(row.id), row.name(g.language)) for row in rows])


def code_field(most: int, hint: LazyString) -> StringField:
    """What programs call a thing; see Correction.given_once."""
    return StringField(lazy_gettext("Code"), [at_most(most)], description=hint)


class PersonForm(Correction):
    """A colleague."""

    name = StringField(lazy_gettext("Name"), [filled(), at_most(80)])
    email = EmailField(lazy_gettext("Mail address"), [filled(), mail_address()])
    role = RadioField(lazy_gettext("Role"), validate_choice=True)
    department_id = SelectField(lazy_gettext("Department"), [may_be_empty()], coerce=row_id)
    leads = BooleanField(
        lazy_gettext("Leads the department"),
        description=lazy_gettext("Is told when a promise of the department is at risk."),
    )
    language = RadioField(lazy_gettext("Language"), choices=choices(LANGUAGE_CHOICES))
    capacity = IntegerField(
        lazy_gettext("Open tickets at a time"),
        [filled()],
        description=lazy_gettext("New work is offered up to this number."),
    )

    @classmethod
    def offered(cls, agent: Agent | None = None) -> PersonForm:
        """The form with its choices, filled in from a colleague."""
        known = agent or Agent(role="agent", leads=False, language="zh_Hans", capacity=5)
        form = cls(obj=known)
        form.role.choices = choices(offered(STAFF_NAMES))
        form.department_id.choices = department_choices(gettext("None"))
        return form


class DepartmentForm(Correction):
    """A department."""

    page, home = "admin/department.html", "/admin/departments"
    given_once = ("code",)
    code = code_field(
        31, lazy_gettext("Short and for ever: it stands in addresses, such as “quality”.")
    )
    name_zh = StringField(lazy_gettext("Name in Chinese"), [filled(), at_most(80)])
    name_en = StringField(lazy_gettext("Name in English"), [filled(), at_most(80)])
    calendar = SelectField(
        lazy_gettext("Calendar"),
        description=lazy_gettext("The working hours by which its promises are counted."),
    )
    mail = EmailField(lazy_gettext("Shared mail address"), [may_be_empty(), mail_address()])
    active = BooleanField(lazy_gettext("Takes part: tickets can be sent to it"))

    @classmethod
    def offered(cls, row: Department | None = None) -> DepartmentForm:
        """The form with its choices, filled in from a department."""
        known = row or Department(calendar="cn-office", active=True)
        form = cls(obj=known)
        form.calendar.choices = choices(
            (code, row.name(language())) for code, row in newest().items()
        )
        return form


class TokenForm(Form):
    """A new API token."""

    name = StringField(
        lazy_gettext("What it is for"),
        [filled(), at_most(80)],
        description=lazy_gettext("The name stands in the journal beside what the program does."),
    )
    role = SelectField(lazy_gettext("Role"), [filled()])
    department_id = SelectField(lazy_gettext("Department"), [may_be_empty()], coerce=row_id)
    scopes = SelectMultipleCheckField(
        lazy_gettext("Only for"),
        [may_be_empty()],
        description=lazy_gettext(
            "Without a tick it does what its role may, and hands nobody a way back."
        ),
    )
    expires = DateField(lazy_gettext("Last day"), [may_be_empty()])
    rate = IntegerField(lazy_gettext("Calls a minute"), [filled()], default=CALLS_A_MINUTE)

    @classmethod
    def offered(cls, fresh: bool = False) -> TokenForm:
        """The form with its choices; `fresh` leaves out what was sent."""
        form = cls(formdata=None) if fresh else cls()
        form.scopes.choices = choices(offered(SCOPE_NAMES))
        form.role.choices = choices(offered(STAFF_NAMES))
        form.department_id.choices = department_choices(gettext("None"))
        return form

    def bounds(self) -> Bounds:
        """What narrows it."""
        rate = self.rate.data or CALLS_A_MINUTE
        return Bounds(tuple(self.scopes.data or ()), self.expires.data, rate)
