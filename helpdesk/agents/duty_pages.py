"""/admin/duty: who is on duty as what, who is away, and who would be told at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, render_template

from helpdesk.agents import departments, duty_keeping, roster
from helpdesk.agents.duty import DAY, ROLE_NAMES, WEEKDAY_NAMES, Absence, Duty
from helpdesk.agents.duty_forms import AbsenceForm, DutyForm
from helpdesk.agents.duty_keeping import Away
from helpdesk.agents.roster import COMPANY_ROLES, Roster, RosterEntry
from helpdesk.agents.sign_in import by, needs
from helpdesk.core.i18n import gettext
from helpdesk.web.pages import Page, kept

blueprint = Blueprint("duty", __name__)
HOME = "/admin/duty"


@dataclass(frozen=True)
class Now:
    """Who would be told in one role, and whether the roster says so."""

    role: str
    department: str
    people: list[RosterEntry]
    on_duty: bool


@blueprint.get(HOME)
@needs("settings.read")
def index() -> Page:
    """The roster, absences and this moment."""
    return _page(DutyForm.offered(fresh=True), AbsenceForm.offered(fresh=True))


@blueprint.post(HOME)
@needs("duty.edit")
def add() -> Page:
    """Put somebody on duty."""
    form = DutyForm.offered()
    if form.did(lambda: duty_keeping.add_duty(form.shift(), by=by())):
        return kept(HOME)
    return _page(form, AbsenceForm.offered(fresh=True)), 422


@blueprint.post(f"{HOME}/absences")
@needs("duty.edit")
def add_absence() -> Page:
    """Mark somebody as away."""
    form = AbsenceForm.offered()
    if form.did(lambda: duty_keeping.add_absence(Away(**form.typed()), by=by())):
        return kept(HOME)
    return _page(DutyForm.offered(fresh=True), form), 422


@blueprint.post(f"{HOME}/<int:duty_id>/end")
@needs("duty.edit")
def end(duty_id: int) -> Page:
    """End a duty."""
    duty_keeping.end(Duty, duty_id, by())
    return kept(HOME)


@blueprint.post(f"{HOME}/absences/<int:absence_id>/end")
@needs("duty.edit")
def end_absence(absence_id: int) -> Page:
    """Somebody is back."""
    duty_keeping.end(Absence, absence_id, by())
    return kept(HOME)


def _page(form: DutyForm, away_form: AbsenceForm) -> str:
    people = roster.at()
    return render_template(
        "admin/duty.html",
        form=form,
        away_form=away_form,
        duties=duty_keeping.duties(),
        absences=duty_keeping.absences(),
        people=people.people,
        units={row.id: row.name(g.language) for row in departments.listed()},
        now_on_duty=_now(people),
        duty_roles=ROLE_NAMES,
        hours=_hours,
        days=_days,
    )


def _now(people: Roster) -> list[Now]:
    """Company-wide roles once, team roles for the service desk and each department."""
    units: list[tuple[int | None, str]] = [(None, gettext("Service desk"))]
    units += [(row.id, row.name(g.language)) for row in departments.listed() if row.active]
    company = [(role, None, "") for role in COMPANY_ROLES]
    team = [("manager", unit, name) for unit, name in units]
    return [
        Now(role, name, people.told(role, unit), bool(people.on_duty(role, unit)))
        for role, unit, name in [*company, *team]
    ]


def _hours(duty: Duty) -> str:
    """The times of the day: '18:00-08:00', or nothing for the whole day."""
    if (duty.from_minute, duty.until_minute) == (0, DAY):
        return gettext("all day")
    return f"{_clock(duty.from_minute)}–{_clock(duty.until_minute)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _days(duty: Duty) -> str:
    """The weekdays in words."""
    if not duty.weekdays:
        return gettext("every day")
    return gettext(", ").join(gettext(WEEKDAY_NAMES[day]) for day in duty.weekdays)
