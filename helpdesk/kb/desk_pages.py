"""The knowledge desk: list, article, editor, moves, suggestions for a ticket, failed searches."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.core import i18n
from helpdesk.core.errors import BadInput, Conflict, HelpdeskError, Refused
from helpdesk.core.given import tidy, whole
from helpdesk.core.i18n import gettext
from helpdesk.kb import (
    actions,
    drafts,
    feedback,
    lifecycle,
    lists,
    queries,
    reading,
    shelves,
    suggest,
)
from helpdesk.kb.forms import (
    ArticleForm,
    EndForm,
    NewArticleForm,
    end_of_day,
    filled_from,
    last_day,
)
from helpdesk.kb.models import Article
from helpdesk.kb.step import STEPS, revision, stand_of, writers
from helpdesk.web.pages import Page, form_page
from helpdesk.web.sanitize import markdown_to_html

blueprint = Blueprint("kb_desk", __name__)
LONGEST_TICKET_TEXT = 600


@blueprint.app_context_processor
def _names() -> dict[str, Any]:
    return {"kb_states": lifecycle.STATE_NAMES, "kb_visibilities": drafts.Visibility.names()}


def article_list(who: Actor) -> Page:
    """All articles, by view, category, visibility, missing language or words."""
    asked = {name: request.args.get(name, "").strip()[:100] for name in lists.NARROWED_BY}
    articles, further = lists.listed(who, asked, request.args.get("after", ""))
    given: dict[str, Any] = {name: value for name, value in asked.items() if value}
    counts, known = lists.overview(who)
    return render_template(
        "kb/list.html",
        asked=asked,
        narrows=given.keys() - {"view"},
        articles=articles,
        further=url_for("kb.index", after=further, **given) if further else None,
        counts=counts,
        shelves=known,
        views=lists.VIEWS,
    )


def article_page(article: Article, who: Actor) -> Page:
    """The article with its moves, facts and history."""
    return _article(article, who, _end_form(article))


def _end_form(article: Article, sent: Any = None) -> EndForm:
    return EndForm(sent, obj=article, stored=lambda: {"expires_on": last_day(article.expires_at)})


def _article(article: Article, who: Actor, end: EndForm, status: int = 200, **refused: str) -> Page:
    wanted = reading.wanted_language(reading.BOTH)
    newest = _asked_revision(article, whole(request.args.get("revision")) or 0)
    shown = reading.readings(newest or article, wanted)
    return render_template(
        "kb/desk_article.html",
        article=article,
        shown=shown,
        old=newest,
        wanted=wanted,
        shelf=shelves.all_shelves().get(article.category),
        moves=lifecycle.TABLE.moves(stand_of(article), who),
        history=queries.history(article),
        revisions=queries.revisions(article),
        own=(who.kind, who.id) in writers(article),
        steps=STEPS,
        voted=reading.has_voted(article),
        end=end,
        **refused,
    ), status


def _asked_revision(article: Article, number: int) -> Any:
    """The version that the address names; None for the one that is shown anyway."""
    return revision(article, number) if 0 < number <= article.newest else None


@blueprint.route("/kb/new", methods=["GET", "POST"])
@needs("article.write")
def new() -> Page:
    """The form for a first draft; a failed search gives its words as the title."""
    form = NewArticleForm(data=_wished()).prepare()
    if form.did(lambda: actions.create(form.draft(), by=me().actor, code=form.code.data or "")):
        flash(gettext("The draft is kept. Ask for a review when it is ready."), "success")
        return redirect(f"/kb/{form.made.code}", code=303)
    return form_page("kb/edit.html", form, article=None)


def _wished() -> dict[str, str]:
    title = request.args.get("title", "").strip()[:100]
    field = "title_zh" if request.args.get("language") == "zh_Hans" else "title_en"
    return {field: title} if title else {}


@blueprint.route("/kb/<code>/edit", methods=["GET", "POST"])
@needs("article.write")
def edit(code: str) -> Page:
    """The newest version in the form; only a draft can be changed."""
    article = queries.by_code(code, me().actor)
    form = ArticleForm(obj=article, stored=lambda: filled_from(revision(article))).prepare()
    if form.did(lambda: actions.edit(article, form.draft(), by=me().actor)):
        flash(gettext("The draft is kept."), "success")
        return redirect(_newest(article), code=303)
    if article.status != lifecycle.State.DRAFT and request.method == "GET":
        return redirect(f"/kb/{article.code}", code=303)
    return form_page("kb/edit.html", form, article=article)


def _newest(article: Article) -> str:
    """The page that shows the newest version, also while readers see an older one."""
    newest = f"?revision={article.newest}" if article.live not in (None, article.newest) else ""
    return f"/kb/{article.code}{newest}"


@blueprint.post("/kb/preview")
@needs("article.write")
def preview() -> Page:
    """The typed Markdown as readers would see it."""
    name = "body_zh" if request.args.get("language") == "zh_Hans" else "body_en"
    html = markdown_to_html(request.form.get(name, "")[:100_000])
    return render_template("kb/_preview.html", html=html)


@blueprint.post("/kb/<code>/moves")
@needs("article.write")
def moves(code: str) -> Page:
    """Take a step of the table of moves; a refusal says why and changes nothing."""
    article = queries.by_code(code, me().actor)
    wanted, comment = request.form.get("move", ""), tidy(request.form.get("comment", "")[:1000])
    version = request.form.get("version", type=int)
    try:
        article = actions.move(wanted, article, by=me().actor, comment=comment, version=version)
    except (BadInput, Refused, Conflict) as error:
        return _refused(article, error, wanted, comment)
    flash(gettext(DONE[wanted]), "success")
    return redirect(f"/kb/{code}/edit" if wanted == "revise" else f"/kb/{code}", code=303)


def _refused(article: Article, error: HelpdeskError, wanted: str, comment: str) -> Page:
    """Why the step was not taken; what was typed for it stays on the page."""
    sentence = error.sentence(gettext)
    if not comment:
        flash(sentence, "error")
        return redirect(f"/kb/{article.code}", code=303)
    again = {"problem": sentence, "tried": wanted, "comment": comment}
    return _article(article, me().actor, _end_form(article), error.status, **again)


DONE = {
    "submit": i18n.N_("Somebody else reads it now."),
    "publish": i18n.N_("It is published."),
    "send_back": i18n.N_("It is a draft again; the reason stands in its history."),
    "revise": i18n.N_(
        "Write the new version here. Readers keep the old one until yours is published."
    ),
    "discard": i18n.N_("The new version is dropped; its words stay in the history."),
    "expire": i18n.N_("It is offline."),
    "withdraw": i18n.N_("The old version is offline."),
}


@blueprint.post("/kb/<code>/end")
@needs("article.publish")
def end(code: str) -> Page:
    """Let a published article hold until another day."""
    article = queries.by_code(code, me().actor)
    form = _end_form(article, request.form)
    until = end_of_day(form.expires_on.data)
    if form.did(lambda: actions.set_end(article, until, by=me().actor)):
        flash(gettext("The day is changed."), "success")
        return redirect(f"/kb/{code}", code=303)
    return _article(article, me().actor, form, form.status)


@blueprint.get("/kb/suggest")
@needs("article.read")
def suggestions() -> Page:
    """For a ticket: articles that share words with `q`, in the customer's `language`."""
    words = request.args.get("q", "")[:LONGEST_TICKET_TEXT]
    wanted = reading.wanted_language()
    found = suggest.for_agent(me().actor, words, wanted)
    into = request.args.get("into", "#reply")
    return render_template("kb/_suggest.html", found=found, wanted=wanted, into=into, words=words)


@blueprint.post("/kb/<code>/used")
@needs("article.read")
def used(code: str) -> Page:
    """An article went into an answer: counted."""
    feedback.count_use(queries.by_code(code, me().actor), by=me().actor)
    return "", 204


@blueprint.get("/kb/searches")
@needs("article.write")
def searches() -> Page:
    """Searches that found nothing: what should be written next."""
    return render_template("kb/searches.html", misses=feedback.misses(me().actor))


@blueprint.post("/kb/searches/<int:miss_id>/settle")
@needs("article.write")
def settle(miss_id: int) -> Page:
    """Take a failed search off the list."""
    feedback.settle_miss(miss_id, by=me().actor)
    flash(gettext("It is off the list."), "success")
    return redirect(url_for("kb_desk.searches"), code=303)
