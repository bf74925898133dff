"""A colleague's clicks: whose case it is, and where its answers go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.customers.people import PROOFS
from helpdesk.desk import case
from helpdesk.desk.pages.customers import search
from helpdesk.desk.pages.moves import Page, given_version, on_ticket
from helpdesk.tickets import actions
from helpdesk.words.levels import LEVELS

blueprint = Blueprint("identity", __name__)


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
    given, by, version = request.form.get("person", ""), me().actor, given_version()
    person_id = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
    along = "with_addresses" in request.form
    return on_ticket(
        number,
        lambda ticket: actions.link_person(
            ticket, by=by, person_id=person_id, version=version, with_addresses=along
        ),
    )


@blueprint.post("/tickets/<number>/reply-to")
@needs("customer.edit")
def reply_to(number: str) -> Page:
    """Answers go to another of the addresses that are offered."""
    address, by, version = request.form.get("address", "")[:254], me().actor, given_version()
    return on_ticket(
        number, lambda ticket: actions.answer_at(ticket, by=by, address=address, version=version)
    )
