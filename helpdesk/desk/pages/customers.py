"""Customers: search as you type, the page of a person, corrections; whose a case is, by a colleague's
click.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Conflict, HelpdeskError, NotFound, Refused
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_, gettext
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.customers.people import PROOFS
from helpdesk.customers.phones import spoken
from helpdesk.desk import case
from helpdesk.desk.pages.moves import Page, given_version, on_ticket
from helpdesk.tickets import actions, filters, queries, sight, ticket_rows
from helpdesk.tickets.models import Rating, Ticket
from helpdesk.words import LEVELS, SCORES

blueprint = Blueprint("customers", __name__)


@blueprint.get("/customers")
@needs("customer.read")
def index() -> str:
    """People by name, company, number or mail, while one types."""
    words = request.args.get("q", "").strip()[:200]
    found = search(words, me().actor) if words else ()
    template = "_people.html" if request.headers.get("HX-Request") else "customers.html"
    return render_template(
        f"tickets/{template}", people=found, words=words, spoken=spoken, levels=LEVELS
    )


def search(words: str, who: Actor, most: int = 20) -> Sequence[Person]:
    """The people that `who` may know of."""
    given = people.typed(words, db.engine.dialect.name)
    query = _searching("words" if given["words"] else "", db.engine.dialect.name, who)
    return db.session.scalars(query, given | {"most": most}).all()


@lru_cache(maxsize=500)
def _searching(any_words: str, dialect: str, who: Actor) -> Any:
    query = people.known(any_words, dialect).options(selectinload(Person.addresses))
    return _known_to(query, who).limit(bindparam("most", type_=Integer))


def _known_to(query: Any, who: Actor) -> Any:
    """A department knows the customers of its own tickets, except the confidential ones."""
    if sight.sees_everybody(who):
        return query
    own = Ticket.person_id == Person.id, queries.known_with_person(who)
    return query.where(select(Ticket.id).where(*own).correlate(Person).exists())


def by_id(person_id: int, who: Actor) -> Person:
    """The person. Raises NotFound when there is none that `who` may know of."""
    person: Person | None = db.session.scalar(
        _known_to(select(Person).where(Person.id == person_id), who)
    )
    if person is None:
        raise NotFound(N_("There is no such customer, or you may not see them."))
    return person


@blueprint.get("/customers/<int:person_id>")
@needs("customer.read")
def show(person_id: int) -> str:
    """One person: addresses, tickets, what they thought of us."""
    return _page(by_id(person_id, me().actor))


def _page(person: Person, **more: Any) -> str:
    who, mine = me().actor, filters.Filter(person=str(person.id))
    rows, following = ticket_rows.page(mine, who, "newest", request.args.get("after", ""))
    ratings = db.session.execute(
        select(Rating, Ticket.number)
        .join(Ticket, Ticket.id == Rating.ticket_id)
        .where(Ticket.person_id == person.id, queries.known_with_person(who))
        .order_by(Rating.id.desc())
        .limit(20)
    ).all()
    return render_template(
        "tickets/customer.html",
        person=person,
        rows=rows,
        next=following,
        ratings=ratings,
        scores=SCORES,
        spoken=spoken,
        levels=LEVELS,
        **more,
    )


@blueprint.post("/customers/<int:person_id>")
@needs("customer.edit")
def edit(person_id: int) -> Any:
    """Correct name, company, language, level, remark."""
    person, form = by_id(person_id, me().actor), request.form
    changes: dict[str, object] = {
        name: form.get(name, "").strip()[:500]
        for name in ("name", "organisation", "language", "level", "note")
    }
    changes["do_not_call"] = "do_not_call" in form
    version = whole(form.get("version")) or 0
    try:
        people.edit(person, me().actor, version, **changes)
    except (BadInput, Conflict) as error:
        return _again(person_id, error)
    flash(gettext("The customer is stored."), "success")
    return _back(person_id)


@blueprint.post("/customers/<int:person_id>/addresses")
@needs("customer.edit")
def add_address(person_id: int) -> Any:
    """A further number or mail address."""
    value = request.form.get("address", "").strip()[:254]
    kind = "email" if "@" in value else "phone"
    try:
        people.add_address(by_id(person_id, me().actor), me().actor, kind, value)
    except (BadInput, Refused) as error:
        return _again(person_id, error)
    return _back(person_id)


def _back(person_id: int) -> BaseResponse:
    return redirect(f"/customers/{person_id}", code=303)


def _again(person_id: int, error: HelpdeskError) -> tuple[str, int]:
    db.session.rollback()
    person = by_id(person_id, me().actor)
    told, stale = error.sentence(gettext), isinstance(error, Conflict)
    return _page(person, problem=told, typed=request.form, stale=stale), error.status


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"proofs": PROOFS}


@blueprint.get("/tickets/<number>/askers")
@needs("customer.edit")
def known(number: str) -> str:
    """The known customers by these words while one types, each with a button: the case is theirs."""
    found = case.head(number, me().actor)
    words = request.args.get("q", "").strip()[:200]
    people = search(words, found.who, most=8) if words else ()
    return render_template(
        "tickets/_askers.html", ticket=found.ticket, people=people, words=words, levels=LEVELS
    )


@blueprint.post("/tickets/<number>/asker")
@needs("customer.edit")
def asker(number: str) -> Page:
    """It is this customer, or none of those who are known."""
    person_id, along = whole(request.form.get("person")), "with_addresses" in request.form
    return on_ticket(
        number,
        partial(
            actions.link_person, person_id=person_id, version=given_version(), with_addresses=along
        ),
    )


@blueprint.post("/tickets/<number>/reply-to")
@needs("customer.edit")
def reply_to(number: str) -> Page:
    """Answers go to another of the addresses that are offered."""
    address = request.form.get("address", "")[:254]
    return on_ticket(number, partial(actions.answer_at, address=address, version=given_version()))
