"""/board: what a machine gave up on and a person must look at: alarms that throw, deliveries that fail."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.agents import tokens
from helpdesk.agents.sign_in import needs
from helpdesk.clock import now
from helpdesk.core import alarms, outbox
from helpdesk.core.alarms import Alarm
from helpdesk.core.calendars import load_calendars, unpublished
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone, gettext
from helpdesk.core.outbox import Delivery

blueprint = Blueprint("board", __name__)
MOST = 200


@blueprint.get("/board")
@needs("board.read")
def index() -> str:
    """Parked alarms and dead deliveries, the oldest first."""
    parked = db.session.scalars(
        select(Alarm).where(Alarm.parked).order_by(Alarm.due_at, Alarm.id).limit(MOST)
    ).all()
    dead = db.session.scalars(
        select(Delivery).where(Delivery.state == "dead").order_by(Delivery.id).limit(MOST)
    ).all()
    lacking = unpublished(load_calendars(), now().astimezone(company_zone()).date())
    return render_template(
        "board.html", parked=parked, dead=dead, lacking=lacking, ending=tokens.ending_soon()
    )


@blueprint.post("/board/alarms/<int:alarm_id>")
@needs("board.retry")
def retry_alarm(alarm_id: int) -> Response:
    """Ring a parked alarm again."""
    alarms.retry(alarm_id)
    return _tried()


@blueprint.post("/board/deliveries/<int:delivery_id>")
@needs("board.retry")
def retry_delivery(delivery_id: int) -> Response:
    """Put a dead delivery back into the outbox."""
    outbox.retry(delivery_id)
    return _tried()


@blueprint.post("/board/all")
@needs("board.retry")
def retry_all() -> Response:
    """Try everything again: the cause was one for all, such as a mail server that was away."""
    alarms.retry()
    outbox.retry()
    return _tried()


def _tried() -> Response:
    flash(gettext("It will be tried again at once."), "success")
    return redirect("/board", code=303)
