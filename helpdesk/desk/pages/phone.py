"""The call agent's form: one screen, keyboard only, and who is calling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session

from helpdesk import search
from helpdesk.agents.rights import Actor, Role
from helpdesk.agents.sign_in import me, needs
from helpdesk.calls import filling, wrapping
from helpdesk.calls.models import Call
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, HelpdeskError
from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext
from helpdesk.customers.models import Person
from helpdesk.desk import callers
from helpdesk.desk.forms import PhoneForm
from helpdesk.desk.nav import is_installed
from helpdesk.setup.names import categories
from helpdesk.tickets import actions, intake, queries, ticket_rows
from helpdesk.tickets.models import Ticket

blueprint = Blueprint("phone", __name__)
SIMILAR = 5


@blueprint.get("/phone")
@needs("ticket.open")
def form() -> str:
    """The empty form, or with the caller that a link or the telephone brought."""
    person = db.session.get(Person, request.args.get("person", 0, type=int))
    number = request.args.get("phone", "")[:80]
    given = {"phone": number or _first(person, "phone"), "person": str(person.id) if person else ""}
    if person:
        given["email"] = _first(person, "email")
    return _page(PhoneForm(data=given | _of_call(request.args.get("talk", ""))))


def _of_call(talk_id: str) -> dict[str, str]:
    """What a call tells of itself: its number. Whose it is the agent picks: a number proves nothing."""
    if not talk_id:
        return {}
    call = db.session.get_one(Call, wrapping.mine(whole(talk_id) or 0, me().actor).call_id)
    return {"talk": talk_id, "phone": call.number}


def _first(person: Person | None, kind: str) -> str:
    """The address of a kind by which a colleague reaches for this customer first, or ''."""
    known = person.address(kind) if person else None
    return known.value if known else ""


def _page(form: PhoneForm) -> str:
    return render_template(
        "tickets/phone.html",
        form=form,
        categories=categories(),
        knows=is_installed("/kb/related"),
        **callers.known(
            me().actor, form.phone.data or "", form.name.data or "", form.person.data or ""
        ),
    )


@blueprint.post("/phone")
@needs("ticket.open")
def save() -> Any:
    """Register the case and show it with what to read out."""
    form = PhoneForm()
    if form.validate():
        try:
            number = _register(form)
            session["read_out"] = number  # its code is shown once: see pages.ticket
            return redirect(f"/tickets/{number}?registered=1", code=303)
        except BadInput as error:
            db.session.rollback()
            form.take(error)
    return _page(form), 422


def _register(form: PhoneForm) -> str:
    """The number of the case: that of the call which the form is about, else a new one."""
    if not form.talk.data:
        return intake.open_ticket(form.intake(), me().actor).row.number
    talk = wrapping.mine(whole(form.talk.data) or 0, me().actor)
    return filling.fill(talk, form.intake(), by=me().actor).number


@blueprint.get("/phone/caller")
@needs("ticket.open")
def who_calls() -> str:
    """Who this number belongs to, however it is written; or people of this name."""
    number, name = request.args.get("phone", "").strip(), request.args.get("name", "").strip()
    return render_template(
        "tickets/_caller.html",
        asked=bool(number or name),
        **callers.known(me().actor, number[:40], name[:100], request.args.get("person", "")[:9]),
    )


@blueprint.get("/phone/similar")
@needs("ticket.open")
def similar() -> str:
    """Open tickets that tell of the same, while the subject is typed."""
    words, who = request.args.get("subject", "").strip()[:200], me().actor
    rows = ticket_rows.rows(alike(words, who), who) if len(words) > 1 else []
    return render_template("tickets/_similar.html", rows=rows)


def alike(words: str, who: Actor) -> Sequence[Ticket]:
    """Open tickets that share words with a text, the closest first."""
    close = search.alike(words, "ticket", db.engine.dialect.name).subquery()
    query = (
        queries.tickets(who)
        .join(close, close.c.subject_id == Ticket.id)
        .where(Ticket.closed_at.is_(None))
        .order_by(close.c.rank.desc(), Ticket.id.desc())
        .limit(SIMILAR)
    )
    return db.session.scalars(query).unique().all()


@blueprint.post("/phone/add/<number>")
@needs("ticket.open")
def add(number: str) -> Any:
    """The caller's words go to a ticket that is open already."""
    return _to_open(number, _add, gettext("The caller's words are on this ticket now."))


@blueprint.post("/phone/urge/<number>")
@needs("ticket.open")
def urge(number: str) -> Any:
    """The caller presses on a ticket that is open already; what was typed goes along."""
    return _to_open(number, _urge, gettext("The ticket is urged; the department is told."))


def _to_open(number: str, verb: Any, told: str) -> Any:
    try:
        verb(queries.by_number(number, me().actor), PhoneForm())
    except HelpdeskError as error:
        db.session.rollback()
        form = PhoneForm()
        form.form_errors.append(error.sentence(gettext))
        return _page(form), error.status
    flash(told, "success")
    return redirect(f"/tickets/{number}", code=303)


def _add(ticket: Ticket, form: PhoneForm) -> None:
    words = "\n\n".join(part for part in (form.subject.data, form.body.data) if part)
    caller = Actor("customer", None, form.name.data or ticket.contact_name, Role.CUSTOMER)
    taken_by: dict[str, object] = {"taken_by": me().name}
    actions.add_customer_message(ticket, by=caller, body=words, channel="phone", mail=taken_by)


def _urge(ticket: Ticket, form: PhoneForm) -> None:
    actions.urge(ticket, by=me().actor, comment=form.body.data or form.subject.data or "")
