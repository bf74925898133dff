"""/news: what happened that this person has to know of, and on which cases."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import ScalarSelect
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.desk.nav import count_for
from helpdesk.tickets import news

blueprint = Blueprint("news", __name__)


@count_for("news")
def _in_navigation(who: Actor) -> ScalarSelect[int]:
    return news.unseen(who).scalar_subquery()


@blueprint.get("/news")
@needs("ticket.read")
def index() -> str:
    """The news, newest first."""
    items, following = news.page(me().actor, request.args.get("before", 0, type=int))
    return render_template("tickets/news.html", items=items, following=following)


@blueprint.post("/news/seen")
@needs("ticket.read")
def seen() -> BaseResponse:
    """All of it is read."""
    news.saw(me().actor)
    return redirect("/news", code=303)
