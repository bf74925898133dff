"""Calendars: create, edit, import. Nothing is saved before its preview was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from flask import render_template, request

from helpdesk.agents.sign_in import by, needs
from helpdesk.core.calendars import newest
from helpdesk.core.errors import BadInput, Conflict
from helpdesk.core.i18n import gettext, language
from helpdesk.promises import recompute
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.calendars import actions, drafts, files
from helpdesk.setup.calendars.actions import Draft
from helpdesk.setup.calendars.texts import KINDS, text_of
from helpdesk.web.bodies import takes_files
from helpdesk.web.corrections import Beside, beside
from helpdesk.web.pages import Page, kept

LIST = "/admin/calendars"
ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata",
    "Asia/Dubai", "Europe/Berlin", "Europe/London", "Europe/Paris", "America/New_York",
    "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Australia/Sydney",
    "Australia/Lord_Howe", "Africa/Johannesburg", "UTC",
)  # fmt: skip
NEW = Draft("", "", "", "Asia/Shanghai", dict.fromkeys(range(5), (("09:00", "18:00"),)))


@blueprint.route("/admin/calendars/new", methods=["GET", "POST"])
@needs("settings.edit")
def calendar_new() -> Page:
    """A further calendar: of a site, a department, a shift."""
    return _edit(None)


@blueprint.route("/admin/calendars/<code>", methods=["GET", "POST"])
@needs("settings.edit")
def calendar_edit(code: str) -> Page:
    """Change hours and days; sending it shows what would change."""
    return _edit(actions.draft_of(actions.found(code)))


def _edit(base: Draft | None) -> Page:
    if request.method == "GET":
        return _form(drafts.fields_of(base or NEW), base, {})
    fields = {name: value.strip() for name, value in request.form.items()}
    if base and fields.get("version") not in (None, "", str(base.based_on)):
        return _both(fields, base)
    draft = None
    try:
        draft = drafts.draft_of(fields, base)
        return _preview(draft, fields.get("note", ""))
    except BadInput as error:
        errors = error.errors or {"": error.sentence(gettext)}
        if draft is not None:
            errors = {drafts.field_of(w, draft, fields): text for w, text in errors.items()}
        return _form(fields, base, errors), 422


def _both(fields: dict[str, str], base: Draft) -> Page:
    """Somebody saved another version meanwhile: it stands beside what was typed, which is now meant
    as a change of that one."""
    stored = drafts.beside_days(fields, drafts.fields_of(base))
    fields["version"] = str(base.based_on)
    return _form(fields, base, {"": actions.NEWER}, beside(fields, stored)), Conflict.status


def _form(
    fields: Mapping[str, str],
    base: Draft | None,
    errors: Mapping[str, str],
    theirs: Mapping[str, Beside] | None = None,
) -> str:
    shown = [*fields, *(theirs or ())]
    return render_template(
        "setup/calendar.html",
        fields=fields,
        base=base,
        beside=theirs or {},
        errors=errors,
        zones=ZONES,
        kinds=KINDS,
        seasons=drafts.places(shown, "season") + 1,
        rows=drafts.places(shown, "day") + drafts.EMPTY_DAYS,
        year=drafts.shown_from().year,
    )


def _preview(
    draft: Draft,
    note: str = "",
    errors: Mapping[str, str] | None = None,
    asked: Iterable[date] = (),
) -> str:
    return render_template(
        "setup/calendar_preview.html",
        draft=draft,
        shown=actions.preview(draft, by()),
        text=drafts.to_text(draft),
        note=note,
        errors=errors or {},
        kinds=KINDS,
        hours=text_of,
        promise_names=PROMISE_NAMES,
        asked=[(day, draft.days[day]) for day in asked if day in draft.days],
    )


@blueprint.route("/admin/calendars/<code>/import", methods=["GET", "POST"])
@takes_files("file")
@needs("settings.edit")
def calendar_import(code: str) -> Page:
    """Days from a CSV or ICS file; refused as a whole when one line is wrong."""
    draft = actions.draft_of(actions.found(code))
    if request.method == "GET":
        return _import_form(draft, {})
    file = request.files.get("file")
    try:
        content = file.read(files.MOST_BYTES + 1) if file else b""
        read = files.read(content, (file.filename if file else "") or "")
        made = actions.with_days(draft, read.days, "complete" in request.form)
        return _preview(made, asked=read.asked)
    except BadInput as error:
        return _import_form(draft, error.errors, error.sentence(gettext)), 422


def _import_form(draft: Draft, lines: Mapping[str, str], problem: str = "") -> str:
    return render_template(
        "setup/calendar_import.html", draft=draft, lines=lines, problem=problem, name=_name(draft)
    )


def _name(draft: Draft) -> str:
    return (draft.name_zh if language() == "zh_Hans" else draft.name_en) or draft.code


@blueprint.post("/admin/calendars/<code>/save")
@needs("settings.edit")
def calendar_save(code: str) -> Page:
    """Keep what the preview showed, with the answers to its questions; a missing note or a faster
    colleague brings it back, and so does the wish to see what the answers change."""
    draft, asked = drafts.answered(
        drafts.of_text(request.form.get("draft", ""), code), request.form
    )
    note = request.form.get("note", "")
    if "again" in request.form:
        return _preview(draft, note, asked=asked)
    try:
        actions.save(draft, note, by())
    except BadInput as error:
        return _preview(draft, note, error.errors or {"": error.sentence(gettext)}, asked), 422
    except Conflict:
        if not draft.based_on:
            raise
        typed = drafts.fields_of(draft) | {"note": note}
        return _both(typed, actions.draft_of(actions.found(code)))
    return kept(f"{LIST}#{draft.code}")


@blueprint.get("/admin/calendars/<code>/progress")
@needs("settings.read")
def calendar_progress(code: str) -> Page:
    """How far the open promises are counted anew, for the page to look at again."""
    row = newest().get(code)
    progress = recompute.progress(code) if row else None
    return render_template("setup/_recount.html", code=code, progress=progress)
