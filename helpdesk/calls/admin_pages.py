"""Settings of the telephone: queues of calls, and who has which extension."""

from __future__ import annotations

from flask import render_template
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired

from helpdesk.agents import people
from helpdesk.agents.admin_forms import code_field, department_choices
from helpdesk.agents.models import Agent
from helpdesk.agents.sign_in import by, needs
from helpdesk.calls import lists, terms
from helpdesk.calls.models import PhoneQueue
from helpdesk.calls.terms import Terms
from helpdesk.core.calendars import newest
from helpdesk.core.i18n import gettext, language, lazy_gettext
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import (
    SelectMultipleCheckField,
    at_most,
    choices,
    filled,
    may_be_empty,
    row_id,
)
from helpdesk.web.pages import Page, answered

QUEUES, LINES = "/admin/phone/queues", "/admin/phone/lines"


class QueueForm(Correction):
    """A queue of calls."""

    page, home = "setup/phone_queue.html", QUEUES
    given_once = ("code",)
    code = code_field(60, lazy_gettext("As the telephone system calls it; it stays for ever."))
    name = StringField(lazy_gettext("Name"), [filled(), at_most(80)])
    department_id = SelectField(lazy_gettext("Department"), [may_be_empty()], coerce=row_id)
    calendar = SelectField(lazy_gettext("Opening hours"), [may_be_empty()])
    threshold = IntegerField(
        lazy_gettext("Answered in time within, seconds"),
        [InputRequired()],
        description=lazy_gettext("The service level counts calls that were answered so soon."),
    )
    short_abandon = IntegerField(
        lazy_gettext("Short wait, seconds"),
        [InputRequired()],
        description=lazy_gettext("Who gives up within it is counted only, and not called back."),
    )
    wrap_up = IntegerField(lazy_gettext("Writing up, seconds at most"), [InputRequired()])
    announces = BooleanField(lazy_gettext("Says that calls are recorded, and asks"))
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, row: PhoneQueue | None = None) -> QueueForm:
        """The form with its choices, filled in from a queue."""
        usual = {"threshold": 20, "short_abandon": 5, "wrap_up": 30}
        form = cls(obj=row or PhoneQueue(active=True, announces=False, calendar="", **usual))
        form.department_id.choices = department_choices(gettext("None"))
        hours = [(code, each.name(language())) for code, each in newest().items()]
        form.calendar.choices = choices([("", gettext("Always open")), *hours])
        return form


class LineForm(Correction):
    """An agent's telephone."""

    page, home = "setup/phone_line.html", LINES
    extension = StringField(
        lazy_gettext("Extension"),
        [may_be_empty(), at_most(20)],
        description=lazy_gettext(
            "By it the telephone system names the agent. Empty: no telephone."
        ),
    )
    queues = SelectMultipleCheckField(lazy_gettext("Takes calls of"), [may_be_empty()])

    @classmethod
    def offered(cls, agent: Agent) -> LineForm:
        """The form with its choices, filled in from an agent's telephone."""
        form = cls(obj=agent, stored=lambda: terms.held(agent).values())
        known = dict(lists.queues(active=True))
        others = {code: code for code in terms.held(agent).queues if code not in known}
        form.queues.choices = choices((known | others).items())
        return form


@blueprint.get(QUEUES)
@needs("settings.read")
def phone_queues() -> Page:
    """All queues of calls."""
    return render_template(
        "setup/phone_queues.html",
        queues=terms.listed(),
        units=in_force.current().departments,
        calendars=newest(),
    )


@blueprint.route(f"{QUEUES}/new", methods=["GET", "POST"])
@blueprint.route(f"{QUEUES}/<int:queue_id>", methods=["GET", "POST"])
@needs("settings.edit")
def phone_queue(queue_id: int | None = None) -> Page:
    """Change a queue of calls, or add one."""
    row = None if queue_id is None else terms.found(queue_id)
    form = QueueForm.offered(row)
    return answered(form, lambda: terms.save(row, Terms(**form.typed()), by()), queue=row)


@blueprint.get(LINES)
@needs("settings.read")
def phone_lines() -> Page:
    """Who has which telephone."""
    names = dict(lists.queues())
    return render_template("setup/phone_lines.html", telephones=terms.telephones(), names=names)


@blueprint.route(f"{LINES}/<int:agent_id>", methods=["GET", "POST"])
@needs("settings.edit")
def phone_line(agent_id: int) -> Page:
    """Give somebody a telephone, or take it away."""
    agent = people.found(agent_id)
    form = LineForm.offered(agent)
    return answered(
        form,
        lambda: terms.set_up(agent, form.extension.data or "", form.queues.data or [], by=by()),
        agent=agent,
    )
