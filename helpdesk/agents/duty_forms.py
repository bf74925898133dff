"""The two forms of the duty roster."""

from __future__ import annotations

from typing import Any, Self

from sqlalchemy import select
from wtforms import DateField, SelectField, TimeField

from helpdesk.agents.admin_forms import department_choices
from helpdesk.agents.duty import ROLE_NAMES, WEEKDAY_NAMES
from helpdesk.agents.duty_keeping import Shift
from helpdesk.agents.models import Agent
from helpdesk.core.db import db
from helpdesk.core.i18n import gettext, lazy_gettext, offered
from helpdesk.web.forms import Form, SelectMultipleCheckField, choices, filled, may_be_empty, row_id


class AbsenceForm(Form):
    """Somebody is away."""

    mark = "away-"  # before the names of its fields: both forms stand on one page
    agent_id = SelectField(lazy_gettext("Who is away"), [filled()], coerce=row_id)
    deputy_id = SelectField(lazy_gettext("Deputy"), [may_be_empty()], coerce=row_id)
    starts_on = DateField(lazy_gettext("First day"), [may_be_empty()])
    ends_on = DateField(lazy_gettext("Last day"), [may_be_empty()])

    @classmethod
    def offered(cls, fresh: bool = False) -> Self:
        """The form with its choices; `fresh` leaves out what was sent."""
        form = cls(formdata=None, prefix=cls.mark) if fresh else cls(prefix=cls.mark)
        form.agent_id.choices = _people(gettext("Please choose"))
        form.deputy_id.choices = _people(gettext("None"))
        return form


class DutyForm(AbsenceForm):
    """Somebody is on duty in a role."""

    mark = "duty-"
    role = SelectField(lazy_gettext("Role"), [filled()])
    department_id = SelectField(lazy_gettext("Department"), [may_be_empty()], coerce=row_id)
    agent_id = SelectField(lazy_gettext("On duty"), [filled()], coerce=row_id)
    weekdays = SelectMultipleCheckField(
        lazy_gettext("Weekdays"), description=lazy_gettext("None ticked means every day.")
    )
    from_time = TimeField(lazy_gettext("From"), [may_be_empty()])
    until_time = TimeField(
        lazy_gettext("Until"),
        [may_be_empty()],
        description=lazy_gettext("An end before the beginning is on the next morning."),
    )

    @classmethod
    def offered(cls, fresh: bool = False) -> Self:
        """The form with its choices; `fresh` leaves out what was sent."""
        form = super().offered(fresh)
        form.role.choices = choices(offered(ROLE_NAMES))
        everywhere = gettext("Whole company, or the service desk")
        form.department_id.choices = department_choices(everywhere)
        form.weekdays.choices = choices(offered(WEEKDAY_NAMES))
        return form

    def shift(self) -> Shift:
        """What was filled in."""
        days = "".join(sorted(self.weekdays.data or ()))
        return Shift(**self.typed() | {"weekdays": days})


def _people(none: str) -> list[Any]:
    query = select(Agent.id, Agent.name).where(Agent.active).order_by(Agent.name, Agent.id)
    rows = db.session.execute(query)
    return choices([("", none)] + [(str(row.id), row.name) for row in rows])
