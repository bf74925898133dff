"""The telephone on the desk: the call bar, dialling by a click, writing a call up, who stands how."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, g, jsonify, render_template, request

from helpdesk.agents.presence import Activity
from helpdesk.agents.sign_in import me, my_row, needs
from helpdesk.calls import cases, commands, exchange, queries, wrapping
from helpdesk.calls.words import DIRECTIONS, State
from helpdesk.calls.wrapping import WrittenUp
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, HelpdeskError, NotFound
from helpdesk.core.i18n import N_, gettext, zone
from helpdesk.customers.phones import spoken
from helpdesk.desk import calling, softphone
from helpdesk.settings import settings
from helpdesk.tickets import queries as tickets
from helpdesk.web.http import back

blueprint = Blueprint("calling", __name__)
NO_NUMBER = N_("No telephone number is known here.")
NO_STEP = N_("There is no such step.")
BAD_TIME = N_("This is no date and time.")
DO: dict[str, Callable[[Any, Any], Any]] = {
    "answer": commands.answer,
    "decline": commands.decline,
    "hold": commands.hold,
    "resume": lambda by, call: commands.hold(by, call, on=False),
    "hang-up": commands.hangup,
    "transfer": lambda by, call: commands.transfer(by, call, request.form.get("to", "")),
    "consult": lambda by, call: commands.transfer(by, call, request.form.get("to", ""), True),
    "unrecord": commands.record_pause,
    "record": lambda by, call: commands.record_pause(by, call, on=False),
}


@blueprint.app_context_processor
def telephone() -> dict[str, Any]:
    """What every page asks: has this person a telephone, can it dial, does it ring in the browser, since
    when are telephones down."""
    return {
        "my_extension": calling.extension,
        "dials": calling.dials,
        "phone_is_set": settings().phone is not None,
        "phones_down": exchange.down_since,
        "rings_in_browser": softphone.rings_for,
        "softphone_words": _words,
    }


@blueprint.get("/phone/bar")
@needs("ticket.open")
def bar() -> str:
    """The call bar as it is now."""
    return _bar()


def _bar(problem: str = "", typed: Any = None) -> str:
    return render_template(
        "phone/_bar.html",
        bar=calling.bar(me().actor),
        asked=calling.asked(me().actor),
        others=calling.colleagues(me().id),
        problem=problem,
        typed=typed or {},
        steps=wrapping.STEPS,
        activities=Activity.names(),
        states=State.names(),
        directions=DIRECTIONS,
        spoken=spoken,
    )


@blueprint.get("/phone/asked")
@needs("ticket.open")
def asked() -> str:
    """What came of the last thing that was asked of the telephone."""
    return render_template("phone/_asked.html", asked=calling.asked(me().actor), spoken=spoken)


@blueprint.get("/phone/banner")
@needs("ticket.read")
def banner() -> str:
    """Whether the telephone is down."""
    return render_template("phone/_banner.html")


def _done(work: Callable[[], object], typed: Any = None) -> Any:
    """Do it and show the bar again, with the refusal where there is one."""
    problem = ""
    try:
        work()
    except HelpdeskError as error:
        db.session.rollback()
        problem = _refusal(error)
    if request.headers.get("HX-Request"):
        return _bar(problem, typed if problem else None)
    if problem:
        flash(problem, "error")
    return back("/phone")


def _refusal(error: HelpdeskError) -> str:
    """The refusal as one text, whatever field it is about."""
    of_fields = error.errors.values() if isinstance(error, BadInput) else ()
    return " ".join(map(gettext, of_fields)) or error.sentence(gettext)


@blueprint.post("/phone/dial")
@needs("ticket.open")
def dial() -> Any:
    """Ring me, then the number; the call is on the case that it is dialled from."""
    number, to = request.form.get("ticket", ""), request.form.get("to", "")
    return _done(lambda: _dial(number, to))


def _dial(number: str, to: str) -> None:
    ticket = tickets.by_number(number, me().actor) if number else None
    if not to and ticket is not None:
        known = ticket.person.address("phone")
        to = known.normal if known else ticket.contact
    if not to:
        raise NotFound(NO_NUMBER)
    commands.originate(my_row(), to, ticket.number if ticket else "")


@blueprint.post("/phone/calls/<int:call_id>/<step>")
@needs("ticket.open")
def step(call_id: int, step: str) -> Any:
    """Answer or decline, hold, resume, hang up, hand on, keep out of the recording."""
    if step not in DO:
        raise NotFound(NO_STEP)
    call = queries.by_id(call_id, me().actor)
    return _done(lambda: DO[step](my_row(), call))


@blueprint.post("/phone/talks/<int:talk_id>/another")
@needs("ticket.open")
def another(talk_id: int) -> Any:
    """The open case that was offered is not what this call is about: a new one."""
    talk = wrapping.mine(talk_id, me().actor)
    return _done(lambda: cases.another(talk, by=me().actor))


@blueprint.post("/phone/talks/<int:talk_id>")
@needs("ticket.open")
def write_up(talk_id: int) -> Any:
    """Save the form; then the next call may come."""
    talk, form = wrapping.mine(talk_id, me().actor), request.form
    return _done(lambda: wrapping.save(talk, _written(form), by=me().actor), form)


def _written(form: Any) -> WrittenUp:
    names = ("code", "note", "next_step", "answer")
    return WrittenUp(
        next_at=_moment(form.get("next_at", "")), **{n: form.get(n, "") for n in names}
    )


def _moment(text: str) -> datetime | None:
    """A time as the browser sends it, in the zone of this person. Raises BadInput for another text."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text[:19]).replace(tzinfo=zone())
    except ValueError:
        raise BadInput(BAD_TIME) from None


def _words() -> dict[str, str]:
    return {state: gettext(words) for state, words in softphone.WORDS.items()}


@blueprint.get("/phone/softphone")
@needs("ticket.open")
def window() -> str:
    """The window; the one page that may connect to the telephone system."""
    phone = softphone.system()
    if phone is None or not softphone.rings_for(me().actor):
        raise NotFound(softphone.NONE_HERE)
    g.socket_elsewhere = phone.socket_host
    return render_template("phone/softphone.html")


@blueprint.post("/phone/softphone/account")
@needs("ticket.open")
def account() -> Response:
    """What this person's own telephone signs on with; kept by nobody on the way."""
    answer = jsonify(softphone.account(me().actor)._asdict())
    answer.cache_control.no_store = True
    return answer
