"""The categories of articles, kept by supervisors: /kb/categories."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from helpdesk.agents.sign_in import me, needs
from helpdesk.core.errors import Conflict, NotFound, Refused
from helpdesk.core.i18n import N_, gettext
from helpdesk.kb import queries, shelves
from helpdesk.kb.forms import CategoryForm
from helpdesk.kb.models import KbCategory
from helpdesk.web.pages import Page

blueprint = Blueprint("kb_categories", __name__)


@blueprint.route("/kb/categories", methods=["GET", "POST"])
@needs("article.publish")
def index() -> Page:
    """All categories with their articles, and a form for one more."""
    form = CategoryForm()
    if form.did(lambda: shelves.add(**form.typed(), by=me().actor)):
        flash(gettext("The category is there."), "success")
        return redirect("/kb/categories", code=303)
    return _page(form)


def _page(form: CategoryForm, changed: CategoryForm | None = None, code: str = "") -> Page:
    """The list, each row a form; in the row `code` stands what was typed there."""
    rows = {
        each: changed if changed and each == code else CategoryForm(formdata=None, obj=shelf)
        for each, shelf in shelves.all_shelves().items()
    }
    page = render_template("kb/categories.html", form=form, rows=rows, counts=queries.counts())
    return page, (changed or form).status


@blueprint.post("/kb/categories/<code>")
@needs("article.publish")
def change(code: str) -> Page:
    """Other names for a category, or its end."""
    shelf = shelves.all_shelves().get(code)
    if shelf is None:
        raise NotFound(N_("There is no such category."))
    if request.form.get("do") == "remove":
        return _removed(shelf)
    form = CategoryForm(obj=shelf)
    names = {name: form[name].data for name in ("name_zh", "name_en")}
    if form.did(lambda: shelves.rename(shelf, **names, by=me().actor)):
        return _kept()
    return _page(CategoryForm(formdata=None), form, code)


def _removed(shelf: KbCategory) -> Page:
    try:
        shelves.remove(shelf, by=me().actor)
    except (Refused, Conflict) as error:
        flash(error.sentence(gettext), "error")
        return redirect("/kb/categories", code=303)
    return _kept()


def _kept() -> Response:
    flash(gettext("The categories are changed."), "success")
    return redirect("/kb/categories", code=303)
