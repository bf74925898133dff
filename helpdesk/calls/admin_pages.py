"""Settings of the telephone: queues of calls, codes to write them up by, and who has which extension."""

from __future__ import annotations

from flask import render_template, request
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired

from helpdesk.agents import people
from helpdesk.agents.admin_forms import code_field, department_choices
from helpdesk.agents.models import Agent
from helpdesk.agents.sign_in import by, needs
from helpdesk.calls import code_tree, lists, terms, wrapping
from helpdesk.calls.code_tree import Code
from helpdesk.calls.models import PhoneQueue
from helpdesk.calls.terms import Terms
from helpdesk.calls.terms_models import WrapUpCode
from helpdesk.calls.wrapping import STEPS
from helpdesk.core.calendars import newest
from helpdesk.core.i18n import gettext, language, lazy_gettext
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint, named
from helpdesk.setup.names import category_path
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import (
    SelectMultipleCheckField,
    at_most,
    choices,
    filled,
    may_be_empty,
    row_id,
    secret_field,
)
from helpdesk.web.pages import Page, answered

QUEUES, LINES = "/admin/phone/queues", "/admin/phone/lines"
CODES = "/admin/phone/codes"


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
    codes = SelectField(lazy_gettext("Calls are written up by"), [may_be_empty()])
    skills = StringField(
        lazy_gettext("Skills wanted, the most needed first"),
        [may_be_empty(), at_most(200)],
        description=lazy_gettext(
            "Codes such as en, billing. After 20 and 40 seconds others are asked."
        ),
    )
    most_times = IntegerField(
        lazy_gettext("Nobody waits longer than so many times a VIP"),
        [InputRequired()],
        description=lazy_gettext("1: whoever came first is first, whatever their level."),
    )
    announces = BooleanField(
        lazy_gettext("Says that calls are recorded, and asks"),
        description=lazy_gettext("Without it no recording is kept, unless the caller agrees."),
    )
    recording_days = IntegerField(
        lazy_gettext("Keeps recordings, days"),
        [may_be_empty()],
        filters=[lambda given: given or 0],
        description=lazy_gettext("Then they are deleted. 0: they stay as long as the case."),
    )
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, row: PhoneQueue | None = None) -> QueueForm:
        """The form with its choices, filled in from a queue."""
        usual = {"threshold": 20, "short_abandon": 5, "wrap_up": 30, "recording_days": 0}
        usual |= {"most_times": 3}
        blank = PhoneQueue(active=True, announces=False, calendar="", codes="", skills="", **usual)
        form = cls(obj=row or blank)
        form.department_id.choices = department_choices(gettext("None"))
        hours = [(code, each.name(language())) for code, each in newest().items()]
        form.calendar.choices = choices([("", gettext("Always open")), *hours])
        tree = [(each.code, code_words(each)) for each in code_tree.listed()]
        form.codes.choices = choices([("", gettext("All codes")), *tree])
        return form


def code_words(row: WrapUpCode) -> str:
    """A code for a list of choices, as deep as it lies."""
    return f"{'– ' * row.code.count('.')}{row.name(language())}"


class CodeForm(Correction):
    """A code to write calls up by."""

    page, home = "setup/phone_code.html", CODES
    given_once = ("code",)
    code = code_field(60, lazy_gettext("It stays for ever. “billing.refund” lies under “billing”."))
    name_zh = StringField(lazy_gettext("Name in Chinese"), [filled(), at_most(60)])
    name_en = StringField(lazy_gettext("Name in English"), [filled(), at_most(60)])
    next_step = SelectField(lazy_gettext("What usually comes next"), [may_be_empty()])
    days = IntegerField(
        lazy_gettext("After so many days"),
        [InputRequired()],
        description=lazy_gettext("Where it is to be followed up, or called back."),
    )
    category = SelectField(lazy_gettext("Category of a case that has none"), [may_be_empty()])
    active = BooleanField(
        lazy_gettext("In use"),
        description=lazy_gettext("Out of use, all that lies under it is not offered either."),
    )

    @classmethod
    def offered(cls, row: WrapUpCode | None = None, code: str = "") -> CodeForm:
        """The form with its choices, filled in from a code."""
        blank = WrapUpCode(code=code, active=True, days=1, next_step="", category="")
        form = cls(obj=row or blank)
        form.next_step.choices = named(STEPS, gettext("The agent says"))
        nodes = in_force.current().categories
        known = [(each.code, category_path(each, nodes)) for each in nodes.values()]
        form.category.choices = choices([("", gettext("None")), *known])
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
    sip_user = StringField(
        lazy_gettext("Rings in the browser as"),
        [may_be_empty(), at_most(60)],
        description=lazy_gettext(
            "The name it signs on with, mostly the extension. Empty: on a desk."
        ),
    )
    sip_secret = secret_field(lazy_gettext("Its secret at the telephone system"))
    queues = SelectMultipleCheckField(lazy_gettext("Takes calls of"), [may_be_empty()])
    skills = StringField(
        lazy_gettext("Languages and skills"),
        [may_be_empty(), at_most(200)],
        description=lazy_gettext("Codes parted by commas, such as en, billing."),
    )

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


@blueprint.get(CODES)
@needs("settings.read")
def phone_codes() -> Page:
    """The whole tree of codes."""
    codes = code_tree.listed()
    unused = {each.code for each in codes if not each.active}
    return render_template(
        "setup/phone_codes.html",
        codes=codes,
        offered={each.code for each in codes if unused.isdisjoint(wrapping.path(each.code))},
        steps=STEPS,
        categories={each.code: each for each in in_force.current().categories.values()},
    )


@blueprint.route(f"{CODES}/new", methods=["GET", "POST"])
@blueprint.route(f"{CODES}/<int:code_id>", methods=["GET", "POST"])
@needs("settings.edit")
def phone_code(code_id: int | None = None) -> Page:
    """Change a code, or add one: under `?under=CODE` when that is given."""
    row = None if code_id is None else code_tree.found(code_id)
    under = request.args.get("under", "")[:60]
    form = CodeForm.offered(row, f"{under}." if under else "")
    return answered(form, lambda: code_tree.save(row, Code(**form.typed()), by()), code=row)


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
        lambda: terms.set_up(
            agent,
            form.extension.data or "",
            form.queues.data or [],
            by(),
            terms.InBrowser(form.sip_user.data or "", form.sip_secret.data or ""),
            skills=form.skills.data or "",
        ),
        agent=agent,
    )
