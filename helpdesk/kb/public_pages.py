"""Pages at /kb: the same address for everybody; colleagues get the desk's view of it."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, flash, redirect, render_template, request

from helpdesk.agents.rights import Actor, may
from helpdesk.agents.sign_in import actor
from helpdesk.core.errors import PICK, BadInput, NotFound, TooMany
from helpdesk.core.i18n import N_, gettext, language
from helpdesk.core.limits import spend
from helpdesk.kb import desk_pages, feedback, queries, reading, shelves, suggest
from helpdesk.web.pages import Page

blueprint = Blueprint("kb", __name__)
MOST_RESULTS = 20
RELATED_PER_MINUTE = 60
VOTES_PER_HOUR = 60
MISSES_PER_HOUR = 30
LONGEST_QUERY = 200


@blueprint.get("/kb")
def index() -> Page:
    """The desk's list for colleagues; shelves, one shelf, or what was searched for everybody else."""
    who = reader()
    if who is not None:
        return desk_pages.article_list(who)
    words = asked_words()
    if words:
        return render_template("kb/results.html", words=words, found=found(None, words))
    category = request.args.get("category", "")
    return one_shelf(category) if category else all_shelves()


def reader() -> Actor | None:
    """The colleague who reads; None for visitors, and for colleagues who look as visitors do."""
    who = actor()
    return who if may(who, "article.read") and not request.args.get("public") else None


def asked_words() -> str:
    """What is searched for."""
    return request.args.get("q", "").strip()[:LONGEST_QUERY]


def found(who: Actor | None, words: str) -> list[suggest.Suggestion]:
    """The results of a search; one without any is noted for the editors."""
    wanted = reading.wanted_language()
    articles = queries.search(who, words, wanted, MOST_RESULTS)
    if not articles:
        note_miss(words, wanted)
    return [suggest.suggestion(each, wanted) for each in articles]


def note_miss(words: str, wanted: str) -> None:
    """Note a failed search, within reason: nobody can fill the list from one address."""
    with suppress(TooMany), spend(f"kb-miss:{request.remote_addr}", MISSES_PER_HOUR, 3600):
        feedback.note_miss(words, wanted)


def all_shelves() -> Page:
    """Every category with its most helpful articles."""
    best = queries.best_of_each(None)
    known = [shelf for shelf in shelves.all_shelves().values() if shelf.code in best]
    counts = queries.counts(queries.readable(None))
    return render_template("kb/shelves.html", shelves=known, best=best, counts=counts)


def one_shelf(category: str) -> Page:
    """The articles of one category."""
    shelf = shelves.all_shelves().get(category)
    articles = queries.shelf(None, category)
    if shelf is None or not articles:
        raise NotFound(N_("There is no such article, or it is not published any more."))
    return render_template("kb/shelf.html", shelf=shelf, articles=articles)


@blueprint.get("/kb/<code>")
def article(code: str) -> Page:
    """One article, in the reader's language when there is a version in it."""
    who = reader()
    one = queries.by_code(code, who)
    if who is not None:
        return desk_pages.article_page(one, who)
    shown = reading.readings(one, reading.wanted_language())[0]
    shelf = shelves.all_shelves().get(one.category)
    voted = reading.has_voted(one)
    return render_template("kb/article.html", article=one, shown=shown, shelf=shelf, voted=voted)


@blueprint.post("/kb/<code>/vote")
def vote(code: str) -> Page:
    """Did it help? One answer for each browser."""
    one = queries.by_code(code, actor())
    said = request.form.get("helped", "")
    if said not in ("yes", "no"):
        raise BadInput(PICK)
    if not reading.has_voted(one):
        with spend(f"kb-vote:{request.remote_addr}", VOTES_PER_HOUR, 3600):
            feedback.vote(one, said == "yes")
        reading.remember_vote(one)
    flash(gettext("Thank you. We read these answers when we write articles anew."), "success")
    return redirect(f"/kb/{one.code}", code=303)


@blueprint.get("/kb/related")
def related() -> Page:
    """While a customer types a subject: links that open beside the form. Nothing when nothing fits."""
    words = asked_words()
    if not suggest.is_enough(words):
        return ""
    with spend(f"kb-related:{request.remote_addr}", RELATED_PER_MINUTE, 60):
        shown = suggest.while_typing(words, language())
    return render_template("kb/_related.html", found=shown)
