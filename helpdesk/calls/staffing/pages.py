"""/calls/staffing: how many agents the queues need, and what if there were others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.calls import lists, queries, terms
from helpdesk.calls.models import PhoneQueue
from helpdesk.calls.staffing import plan
from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext, percent

blueprint = Blueprint("staffing", __name__)
MORE = range(-5, 6)
TARGETS = (70, 75, 80, 85, 90, 95)
USUAL_TARGET = 80
MOST = 200  # agents that can be tried


@blueprint.get("/calls/staffing")
@needs("statistics.read")
def index() -> str:
    """A queue's day by the half hour, and all queues in one of them with agents moved."""
    queries.require_all(me().actor)
    queues = [row for row in terms.listed() if row.active]
    asked = _asked(queues)
    halves = plan.day_plan(**asked) if asked["queue"] else []
    at = _moment(request.args.get("at")) or _busiest(halves)
    fragment = bool(request.headers.get("HX-Request"))
    return render_template(
        "calls/_what_if.html" if fragment else "calls/staffing.html",
        **asked,
        halves=halves,
        at=at,
        tried=_tried(queues, asked, at) if at and len(queues) > 1 else [],
        queue_names=[(row.code, row.name or row.code) for row in queues],
        target_names=[
            (each, gettext("Service level %(share)s", share=percent(each / 100)))
            for each in TARGETS
        ],
        more_names=[(each, _more_words(each)) for each in MORE],
    )


def _more_words(more: int) -> str:
    if not more:
        return gettext("As many as needed")
    return gettext("%(number)s agents", number=f"{more:+}")


def _asked(queues: Sequence[PhoneQueue]) -> dict[str, Any]:
    """What the address asks for; what makes no sense there is left out."""
    given = request.args
    named = {row.code: row for row in queues}
    target, more = whole(given.get("target")), given.get("more", "")
    return {
        "queue": named.get(given.get("queue", "")) or (queues[0] if queues else None),
        "day": lists.day_of(given.get("day")) or lists.today() + timedelta(days=1),
        "target": (target if target in TARGETS else USUAL_TARGET) / 100,
        "more": next((each for each in MORE if str(each) == more), 0),
    }


def _moment(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text or "")
    except ValueError:
        return None


def _busiest(halves: Sequence[plan.Half]) -> time | None:
    return max(halves, key=lambda each: each.demand.load).at if halves else None


def _tried(queues: Sequence[PhoneQueue], asked: dict[str, Any], at: time) -> list[plan.Tried]:
    day: date = asked["day"]
    asks = {row.code: whole(request.args.get(f"agents-{row.code}")) for row in queues}
    given = {code: min(number, MOST) for code, number in asks.items() if number is not None}
    return plan.what_if(queues, day, at.replace(tzinfo=None), asked["target"], given)
