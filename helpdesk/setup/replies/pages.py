"""Canned replies."""

from __future__ import annotations

from flask import render_template
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from helpdesk.agents.admin_forms import code_field, department_choices
from helpdesk.agents.sign_in import by, needs
from helpdesk.core.i18n import gettext, lazy_gettext
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.models import CannedReply
from helpdesk.setup.replies import actions
from helpdesk.setup.replies.actions import PLACEHOLDERS, ReplyText
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import at_most, filled, may_be_empty, row_id
from helpdesk.web.pages import Page, answered

LIST = "/admin/canned-replies"


class ReplyForm(Correction):
    """A canned reply."""

    page, home = "setup/reply.html", LIST
    given_once = ("code",)
    code = code_field(41, lazy_gettext("Short: people type it to find the reply."))
    title_zh = StringField(lazy_gettext("Title in Chinese"), [filled(), at_most(80)])
    body_zh = TextAreaField(lazy_gettext("Text in Chinese"), [filled()])
    title_en = StringField(lazy_gettext("Title in English"), [filled(), at_most(80)])
    body_en = TextAreaField(lazy_gettext("Text in English"), [filled()])
    department_id = SelectField(lazy_gettext("For"), [may_be_empty()], coerce=row_id)
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, row: CannedReply | None = None) -> ReplyForm:
        """The form with its choices, filled in from a reply."""
        form = cls(obj=row or CannedReply(active=True))
        form.department_id.choices = department_choices(gettext("Everybody"))
        return form


@blueprint.get("/admin/canned-replies")
@needs("settings.read")
def reply_list() -> Page:
    """All canned replies."""
    return render_template(
        "setup/replies.html", replies=actions.listed(), units=in_force.current().departments
    )


@blueprint.route("/admin/canned-replies/new", methods=["GET", "POST"])
@blueprint.route("/admin/canned-replies/<int:reply_id>", methods=["GET", "POST"])
@needs("settings.edit")
def reply(reply_id: int | None = None) -> Page:
    """Change a canned reply, or add one."""
    row = None if reply_id is None else actions.found(reply_id)
    form = ReplyForm.offered(row)
    return answered(
        form,
        lambda: actions.save(row, ReplyText(**form.typed()), by()),
        reply=row,
        placeholders=PLACEHOLDERS,
    )
