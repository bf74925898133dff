"""The simulator: a change of promises, calendars or rules, tried on past cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request

from helpdesk.agents.sign_in import by, needs
from helpdesk.clock import now
from helpdesk.core.calendars import Calendar
from helpdesk.core.errors import BadInput, NotFound
from helpdesk.core.given import whole, wholes
from helpdesk.core.i18n import N_, company_zone, gettext, language, zone
from helpdesk.promises.words import PROMISE_NAMES, VERDICT_NAMES
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.models import PolicyVersion
from helpdesk.setup.names import department_name
from helpdesk.setup.promises import actions as policy
from helpdesk.setup.promises import drafts, pages
from helpdesk.setup.rules import actions as rules
from helpdesk.simulator import plans, work
from helpdesk.simulator.models import Simulated, Simulation
from helpdesk.tickets.models import Ticket
from helpdesk.web.exports import csv_bytes, csv_file
from helpdesk.web.pages import Page

HOME = "/admin/simulator"
STATES = {
    "waiting": N_("waiting"),
    "running": N_("running"),
    "done": N_("done"),
    "ended": N_("stopped"),
    "failed": N_("failed"),
}
OUTCOMES = {
    "broken": N_("Newly broken"),
    "saved": N_("Saved"),
    "elsewhere": N_("To another place"),
    "unlike": N_("Can’t be told"),
}
JUDGED = VERDICT_NAMES | {"none": N_("no promise")}
HEADERS = (
    N_("Number"),
    N_("Subject"),
    N_("Promise"),
    N_("Round"),
    N_("Before"),
    N_("After"),
    N_("Limit before"),
    N_("Limit after"),
    N_("Due before"),
    N_("Due after"),
    N_("Rule"),
)


@blueprint.get(HOME)
@needs("settings.read")
def simulator() -> Page:
    """What may be tried, and what was tried."""
    return _form(request.args)


def _form(given: Mapping[str, str], errors: Mapping[str, str] | None = None) -> str:
    since, until = _days_by_default()
    rows, calendars = rules.listed(), work.calendars()
    return render_template(
        "setup/simulator.html",
        given=given,
        since=given.get("since") or since.isoformat(),
        until=given.get("until") or until.isoformat(),
        errors=errors or {},
        editions=[(str(one.id), _edition(one)) for one in policy.versions()],
        codes=[(code, code) for code in dict.fromkeys(one.code for one in calendars)],
        calendars=[(one.id, f"{one.name(language())} · {named(one)}") for one in calendars],
        rules=rows,
        chosen=request.form.getlist("rule") or [str(r.id) for r in rows if r.active],
        tried=[(row, about(row.plan)) for row in work.newest()],
        states=STATES,
    )


def _edition(row: PolicyVersion) -> str:
    words = [gettext("Edition %(id)s", id=row.id)]
    words += [gettext("in force")] if row.active else []
    return " · ".join([*words, row.note] if row.note else words)


def _days_by_default() -> tuple[date, date]:
    """The last 30 days that have ended."""
    yesterday = now().astimezone(company_zone()).date() - timedelta(days=1)
    return yesterday - timedelta(days=29), yesterday


@blueprint.post(HOME)
@needs("simulation.run")
def simulator_begin() -> Page:
    """Begin, or show what is wrong."""
    try:
        return _begun(_plan())
    except BadInput as error:
        return _form(request.form, error.errors), 422


def _begun(plan: dict[str, Any]) -> Page:
    usual = _days_by_default()
    since, until = (_day(request.form.get(name)) for name in ("since", "until"))
    row = work.begin(since or usual[0], until or usual[1], plan, by())
    return redirect(f"{HOME}/{row.id}", code=303)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _plan() -> dict[str, Any]:
    """What the form asks to try."""
    sent = request.form
    edition, instead = whole(sent.get("policy")), whole(sent.get("instead"))
    code = sent.get("calendar", "")
    known = code in in_force.current().calendars and instead in {c.id for c in work.calendars()}
    wanted = wholes(sent.getlist("rule"))
    return plans.as_data(
        lines=policy.lines(policy.version(edition).id) if edition else None,
        edition=edition or 0,
        calendars={code: instead} if known and instead else {},
        rules=wanted if sent.get("rules") else None,
    )


@blueprint.post(f"{HOME}/promises")
@needs("simulation.run")
def simulator_promises() -> Page:
    """Try the promises as they stand in the form of the promises page, without saving them."""
    draft = drafts.of_form(request.form)
    lines = drafts.lines_of(draft)
    draft.errors = {
        name: problem
        for name, line in lines.items()
        if (problem := policy.limit_problem(line.limit))
    }
    if draft.errors:
        return pages.page(draft, policy.in_force()), 422
    return _begun(plans.as_data(lines=list(lines.values())))


@blueprint.get(f"{HOME}/<int:simulation_id>")
@needs("settings.read")
def simulation(simulation_id: int) -> Page:
    """How far it is, and what differs."""
    row = work.one(simulation_id)
    counts = work.counts(row)
    return render_template(
        "setup/_simulation.html" if request.args.get("part") else "setup/simulation.html",
        row=row,
        about=about(row.plan),
        counts=counts,
        totals={kind: sum(n for (k, _), n in counts.items() if k == kind) for kind in OUTCOMES},
        outcomes=OUTCOMES,
        states=STATES,
        promise_names=PROMISE_NAMES,
        is_open=row.state in work.OPEN,
    )


@blueprint.post(f"{HOME}/<int:simulation_id>/stop")
@needs("simulation.run")
def simulation_stop(simulation_id: int) -> Page:
    """Stop; what was found stays."""
    work.end(simulation_id, by())
    flash(gettext("Stopped. What was found so far stays."), "info")
    return redirect(f"{HOME}/{simulation_id}", code=303)


@blueprint.post(f"{HOME}/<int:simulation_id>/again")
@needs("simulation.run")
def simulation_again(simulation_id: int) -> Page:
    """Try the same over other days."""
    row = work.one(simulation_id)
    try:
        return _begun(dict(row.plan))
    except BadInput as error:
        flash(gettext(next(iter(error.errors.values()))), "error")
        return redirect(f"{HOME}/{simulation_id}", code=303)


@blueprint.get(f"{HOME}/<int:simulation_id>/cases")
@needs("settings.read")
def simulation_cases(simulation_id: int) -> Page:
    """The cases behind one number, page by page."""
    row, outcome, promise = _asked(simulation_id)
    query = work.found(row, outcome, promise)
    rows = work.page(query, whole(request.args.get("after")) or 0)
    return render_template(
        "setup/simulation_cases.html",
        row=row,
        outcome=outcome,
        promise=promise,
        title=gettext(OUTCOMES[outcome]),
        total=work.number(query),
        rows=[(found, ticket, *_told(found)) for found, ticket in rows[: work.PAGE]],
        next=rows[work.PAGE - 1][0].id if len(rows) > work.PAGE else 0,
        promise_names=PROMISE_NAMES,
    )


@blueprint.get(f"{HOME}/<int:simulation_id>/cases.csv")
@needs("ticket.export")
def simulation_export(simulation_id: int) -> Response:
    """The same list as CSV for spreadsheets: every row."""
    row, outcome, promise = _asked(simulation_id)
    lines = (
        _cells(found, ticket) for found, ticket in work.every(work.found(row, outcome, promise))
    )
    chunks = csv_bytes([gettext(name) for name in HEADERS], lines, zone())
    return csv_file(f"simulation-{row.id}.csv", chunks)


def _asked(simulation_id: int) -> tuple[Simulation, str, str]:
    outcome, promise = (request.args.get(name, "") for name in ("outcome", "promise"))
    if outcome not in OUTCOMES or promise not in ("", *PROMISE_NAMES):
        raise NotFound(N_("There is no such list."))
    return work.one(simulation_id), outcome, promise


def _told(found: Simulated) -> tuple[str, str]:
    """Before and after in words: verdicts, or places."""
    if found.outcome == "elsewhere":
        return department_name(found.before), department_name(found.after)
    return gettext(JUDGED.get(found.before, "")), gettext(JUDGED.get(found.after, ""))


def _cells(found: Simulated, ticket: Ticket) -> list[Any]:
    before, after = _told(found)
    promise = gettext(PROMISE_NAMES[found.promise]) if found.promise else ""
    limits = (found.limit_before, found.limit_after, found.due_before, found.due_after)
    cycle = found.cycle if found.promise else None
    return [ticket.number, ticket.subject, promise, cycle, before, after, *limits, found.reason]


def about(plan: Mapping[str, Any]) -> list[str]:
    """What a simulation tries, in words."""
    told = []
    if plan.get("edition"):
        told.append(gettext("Edition %(id)s of the promises", id=plan["edition"]))
    elif plan.get("policy") is not None:
        told.append(gettext("Edited promises, not saved"))
    for code, id_ in plan.get("calendars", {}).items():
        told.append(gettext("%(one)s counted by %(other)s", one=code, other=_calendar(id_)))
    if plan.get("rules") is not None:
        told.append(gettext("Routing rules: %(count)s in force", count=len(plan["rules"])))
    return told


def _calendar(row_id: int) -> str:
    row = next((c for c in work.calendars() if c.id == row_id), None)
    return named(row) if row else str(row_id)


def named(row: Calendar) -> str:
    """A calendar's code and version."""
    return gettext("%(code)s, version %(version)s", code=row.code, version=row.version)
