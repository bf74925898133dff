"""Canned replies."""

from __future__ import annotations

from flask import render_template

from helpdesk.agents.sign_in import needs
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import Page, blueprint, by, form_page, kept
from helpdesk.setup.forms import ReplyForm
from helpdesk.setup.replies import actions
from helpdesk.setup.replies.placeholders import PLACEHOLDERS

LIST = "/admin/canned-replies"


@blueprint.get("/admin/canned-replies")
@needs("settings.read")
def reply_list() -> Page:
    """All canned replies."""
    return render_template(
        "setup/replies.html", replies=actions.listed(), units=in_force.current().departments
    )


@blueprint.route("/admin/canned-replies/new", methods=["GET", "POST"])
@needs("settings.edit")
def reply_new() -> Page:
    """A new canned reply."""
    form = ReplyForm.offered()
    if form.did(lambda: actions.add(form.reply(), by())):
        return kept(LIST)
    return form_page("setup/reply.html", form, reply=None, placeholders=PLACEHOLDERS)


@blueprint.route("/admin/canned-replies/<int:reply_id>", methods=["GET", "POST"])
@needs("settings.edit")
def reply(reply_id: int) -> Page:
    """Change a canned reply."""
    row = actions.found(reply_id)
    form = ReplyForm.offered(row)
    if form.did(lambda: actions.edit(row, form.reply(), by())):
        return kept(LIST)
    return form_page("setup/reply.html", form, reply=row, placeholders=PLACEHOLDERS)
