"""The category tree: the list, and the form of one."""

from __future__ import annotations

from flask import render_template, request
from wtforms import BooleanField, SelectField, StringField

from helpdesk.agents.admin_forms import code_field, department_choices
from helpdesk.agents.sign_in import by, needs
from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext, lazy_gettext
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint, category_choices, moved, named
from helpdesk.setup.categories import actions
from helpdesk.setup.categories.actions import CategoryText
from helpdesk.setup.models import Category
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import at_most, filled, may_be_empty, row_id
from helpdesk.web.pages import Page, answered
from helpdesk.words import SEVERITY_NAMES

LIST = "/admin/categories"


class CategoryForm(Correction):
    """A category."""

    page, home = "setup/category.html", LIST
    given_once = ("code",)
    code = code_field(61, lazy_gettext("For programs and for ever, such as “quality.appliance”."))
    name_zh = StringField(lazy_gettext("Name in Chinese"), [filled(), at_most(60)])
    name_en = StringField(lazy_gettext("Name in English"), [filled(), at_most(60)])
    parent_id = SelectField(lazy_gettext("Lies under"), [may_be_empty()], coerce=row_id)
    severity = SelectField(lazy_gettext("Severity to begin with"), [may_be_empty()])
    department_id = SelectField(lazy_gettext("Lead department"), [may_be_empty()], coerce=row_id)
    public = BooleanField(lazy_gettext("Offered on the public form"))
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, row: Category | None = None, parent_id: int | None = None) -> CategoryForm:
        """The form with its choices, filled in from a category."""
        form = cls(obj=row or Category(public=True, active=True, parent_id=parent_id))
        form.parent_id.choices = category_choices(gettext("Nothing: it is at the top"))
        form.severity.choices = named(SEVERITY_NAMES, gettext("As usual for the kind of case"))
        form.department_id.choices = department_choices(gettext("None"))
        return form


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
@blueprint.route("/admin/categories/<int:category_id>", methods=["GET", "POST"])
@needs("settings.edit")
def category(category_id: int | None = None) -> Page:
    """Change a category, or add one: under `?under=ID` when that is given."""
    row = None if category_id is None else actions.found(category_id)
    form = CategoryForm.offered(row, whole(request.args.get("under")))
    return answered(
        form, lambda: actions.save(row, CategoryText(**form.typed()), by()), category=row
    )


@blueprint.post("/admin/categories/<int:category_id>/move")
@needs("settings.edit")
def category_move(category_id: int) -> Page:
    """Show a category earlier or later among its siblings."""
    return moved(LIST, actions.found(category_id), actions.move)
