"""Settings of the telephone: whose calls make no case."""

from __future__ import annotations

from flask import render_template
from wtforms import DateField, StringField

from helpdesk.agents.sign_in import by, needs
from helpdesk.calls import blocking
from helpdesk.calls.blocking import Blocked
from helpdesk.core.i18n import lazy_gettext
from helpdesk.customers.phones import spoken
from helpdesk.setup.blueprint import blueprint
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import at_most, filled, may_be_empty
from helpdesk.web.pages import Page, answered, kept

HOME = "/admin/phone/blocked"


class BlockedForm(Correction):
    """A number whose calls make no case."""

    page, home = "setup/blocked_caller.html", HOME
    number = StringField(lazy_gettext("Telephone number"), [filled(), at_most(80)])
    reason = StringField(lazy_gettext("Reason"), [filled(), at_most(blocking.MOST_REASON)])
    until = DateField(
        lazy_gettext("Until"),
        [may_be_empty()],
        description=lazy_gettext("The last day. Empty: for good."),
    )


@blueprint.get(HOME)
@needs("settings.read")
def blocked_callers() -> Page:
    """Who is blocked, why, and until when."""
    return render_template("setup/blocked_callers.html", callers=blocking.listed(), spoken=spoken)


@blueprint.route(f"{HOME}/new", methods=["GET", "POST"])
@blueprint.route(f"{HOME}/<int:row_id>", methods=["GET", "POST"])
@needs("settings.edit")
def blocked_caller(row_id: int | None = None) -> Page:
    """Block a number, or change for how long and why."""
    row = None if row_id is None else blocking.found(row_id)
    form = BlockedForm(obj=row)
    return answered(form, lambda: blocking.save(row, Blocked(**form.typed()), by()))


@blueprint.post(f"{HOME}/<int:row_id>/remove")
@needs("settings.edit")
def unblock(row_id: int) -> Page:
    """Take a number off the list."""
    blocking.remove(blocking.found(row_id), by())
    return kept(HOME)
