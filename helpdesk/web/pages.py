"""What many pages do: say that it was kept, show a form again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template
from werkzeug.wrappers import Response

from helpdesk.core.i18n import gettext

Page = str | Response | tuple[str, int]


def kept(url: str) -> Response:
    """Say that it was kept, and show `url`."""
    flash(gettext("Kept."), "success")
    return redirect(url, code=303)


def form_page(template: str, form: Any, **values: Any) -> Page:
    """The page with its form; 422 when the form came back with errors."""
    return render_template(template, form=form, **values), form.status


def answered(form: Any, verb: Callable[[], object], **values: Any) -> Page:
    """What follows a form that knows its `page` and its `home`: the verb is done and `home` is shown;
    until it is sent and right, the page with the form."""
    return kept(form.home) if form.did(verb) else form_page(form.page, form, **values)
