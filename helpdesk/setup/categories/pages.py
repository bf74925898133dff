"""The category tree."""

from __future__ import annotations

from flask import render_template, request

from helpdesk.agents.sign_in import needs
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import Page, blueprint, by, form_page, kept, moved, number
from helpdesk.setup.categories import actions
from helpdesk.setup.forms import CategoryForm
from helpdesk.words.severities import SEVERITY_NAMES

LIST = "/admin/categories"


@blueprint.get("/admin/categories")
@needs("settings.read")
def category_list() -> Page:
    """The whole tree."""
    return render_template(
        "setup/categories.html",
        tree=actions.tree(),
        units=in_force.current().departments,
        moved=request.args.get("moved", ""),
        most_levels=actions.MOST_LEVELS,
        severity_names=SEVERITY_NAMES,
    )


@blueprint.route("/admin/categories/new", methods=["GET", "POST"])
@needs("settings.edit")
def category_new() -> Page:
    """A new category, under `?under=ID` when that is given."""
    form = CategoryForm.offered(parent_id=number(request.args.get("under")))
    if form.did(lambda: actions.add(form.category(), by())):
        return kept(LIST)
    return form_page("setup/category.html", form, category=None)


@blueprint.route("/admin/categories/<int:category_id>", methods=["GET", "POST"])
@needs("settings.edit")
def category(category_id: int) -> Page:
    """Change a category."""
    row = actions.found(category_id)
    form = CategoryForm.offered(row)
    if form.did(lambda: actions.edit(row, form.category(), by())):
        return kept(LIST)
    return form_page("setup/category.html", form, category=row)


@blueprint.post("/admin/categories/<int:category_id>/move")
@needs("settings.edit")
def category_move(category_id: int) -> Page:
    """Show a category earlier or later among its siblings."""
    up = request.form.get("to") == "up"
    actions.move(actions.found(category_id), -1 if up else 1, by())
    return moved(LIST, category_id, up)
