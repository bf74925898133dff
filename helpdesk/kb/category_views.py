"""The categories of articles, kept by supervisors: /kb/categories."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from helpdesk.agents.sign_in import me, needs
from helpdesk.core.errors import BadInput, Conflict, NotFound, Refused
from helpdesk.core.i18n import N_, gettext
from helpdesk.kb import queries, shelves
from helpdesk.kb.forms import CategoryForm, NewCategoryForm
from helpdesk.kb.models import KbCategory

blueprint = Blueprint("kb_categories", __name__)
Page = str | Response | tuple[str, int]


@blueprint.route("/kb/categories", methods=["GET", "POST"])
@needs("article.publish")
def index() -> Page:
    """All categories with their articles, and a form for one more."""
    form = NewCategoryForm()
    if form.did(
        lambda: shelves.add(form.code.data, form.name_zh.data, form.name_en.data, by=me().actor)
    ):
        flash(gettext("The category is there."), "success")
        return redirect("/kb/categories", code=303)
    known, counts = shelves.all_shelves(), queries.all_counts()
    page = render_template("kb/categories.html", form=form, shelves=known, counts=counts)
    return page, 422 if form.errors else 200


@blueprint.post("/kb/categories/<code>")
@needs("article.publish")
def change(code: str) -> Page:
    """Other names for a category, or its end."""
    shelf = shelves.all_shelves().get(code)
    if shelf is None:
        raise NotFound(N_("There is no such category."))
    try:
        _changed(shelf)
    except (BadInput, Refused, Conflict) as error:
        flash(error.sentence(gettext), "error")
    else:
        flash(gettext("The categories are changed."), "success")
    return redirect("/kb/categories", code=303)


def _changed(shelf: KbCategory) -> None:
    if request.form.get("do") == "remove":
        shelves.remove(shelf, by=me().actor)
        return
    form = CategoryForm()
    shelves.rename(shelf, form.name_zh.data or "", form.name_en.data or "", by=me().actor)
