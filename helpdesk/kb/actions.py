"""The verbs of articles: one function for each; rights and the table of moves apply inside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM, Actor, require
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, on_alarm
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import BadInput, Refused, bad_fields
from helpdesk.core.events import draw
from helpdesk.core.i18n import N_
from helpdesk.kb import drafts, lifecycle, shelves
from helpdesk.kb.drafts import Draft
from helpdesk.kb.lifecycle import State
from helpdesk.kb.models import Article
from helpdesk.kb.step import (
    ALARM,
    changes,
    go_offline,
    go_online,
    index,
    iso,
    keep,
    note,
    plan_end,
    revision,
    show,
    step,
    writers,
)

EXPIRED = N_("Its time is over.")


def create(draft: Draft, *, by: Actor, code: str = "") -> Article:
    """A new draft that its writer owns. Without a code, the English title gives one.

    Raises NotAllowed, BadInput.
    """
    require(by, lifecycle.WRITE)
    with transaction() as session:
        drafts.check(draft, shelves.all_shelves())
        article = Article(code=_free_code(code, draft), owner_name=by.name)
        article.owner_id = by.id if by.kind == "agent" else None
        session.add(article)
        show(article, draft)
        session.flush()
        keep(article, draft, by)
        index(article)
        note("create", article, by)
    return article


def edit(article: Article, draft: Draft, *, by: Actor, version: int | None = None) -> Article:
    """Write the newest version anew, as a version of its own. Only drafts can be edited.

    Raises NotAllowed, Refused, BadInput, Conflict.
    """
    require(by, lifecycle.WRITE)
    with transaction():
        drafts.check(draft, shelves.all_shelves())
        article = locked(article, version)
        if article.status != State.DRAFT:
            raise Refused(N_("Only a draft can be edited. Start a new version first."))
        before, after = revision(article).values(), draft.values()
        if before != after:
            article.newest += 1
            article.updated_at = now()
            keep(article, draft, by)
            _show_unless_live(article, draft)
            note("edit", article, by, **changes(before, after))
    return article


def _show_unless_live(article: Article, texts: Any) -> None:
    if article.live is None:
        show(article, texts)
        index(article)


def _take(
    code: str, article: Article, *, by: Actor, comment: str = "", version: int | None = None
) -> Article:
    """A step that changes the state and nothing else."""
    with step(article, code, by, version, comment) as (article, _):
        pass
    return article


send_back = partial(_take, "send_back")  # not yet: back to the writer, with the reason
# a new version; readers keep the one that is published until the new one is
revise = partial(_take, "revise")


def submit(article: Article, *, by: Actor, version: int | None = None) -> Article:
    """Ask somebody else to read it. Raises BadInput while a title has no text."""
    with step(article, "submit", by, version) as (article, _):
        drafts.check_complete(revision(article))
    return article


def publish(article: Article, *, by: Actor, version: int | None = None) -> Article:
    """Approve the newest version: readers see it from now on. Nobody approves own words.

    Raises Refused, and BadInput when its end lies behind.
    """
    with step(article, "publish", by, version) as (article, it):
        newest = revision(article)
        lifecycle.require_second_person(by, writers(article))
        drafts.check(Draft(**newest.values()), shelves.all_shelves())
        _require_ahead(newest.expires_at)
        go_online(article, newest)
        article.reviewer_name = by.name
        it.data["visibility"] = newest.visibility
    return article


def discard(article: Article, *, by: Actor, version: int | None = None) -> Article:
    """Drop the new version: the published one is the newest again. The history keeps both."""
    with step(article, "discard", by, version) as (article, _):
        old = revision(article, article.live)
        article.newest += 1
        article.live = article.approved = article.newest
        keep(article, Draft(**old.values()), by)
    return article


def expire(article: Article, *, by: Actor, comment: str, version: int | None = None) -> Article:
    """Take it offline, with the reason."""
    with step(article, "expire", by, version, comment) as (article, _):
        go_offline(article)
    return article


def withdraw(article: Article, *, by: Actor, comment: str, version: int | None = None) -> Article:
    """Take the published version offline while a new one is being written."""
    with step(article, "withdraw", by, version, comment) as (article, _):
        go_offline(article)
        _show_unless_live(article, revision(article))
    return article


VERBS: dict[str, Callable[..., Article]] = {
    "submit": submit,
    "publish": publish,
    "send_back": send_back,
    "revise": revise,
    "discard": discard,
    "expire": expire,
    "withdraw": withdraw,
}


def move(
    code: str, article: Article, *, by: Actor, comment: str = "", version: int | None = None
) -> Article:
    """The verb of this row of the table, for callers that have it as a word."""
    if code not in VERBS:
        raise Refused(N_("There is no such step."))
    needs = next(move.needs for move in lifecycle.TABLE if move.code == code)
    given: dict[str, Any] = {"comment": comment} if needs else {}
    return VERBS[code](article, by=by, version=version, **given)


def set_end(
    article: Article, expires_at: datetime | None, *, by: Actor, version: int | None = None
) -> Article:
    """Let what is published hold until another time, or without an end. Raises Refused, BadInput."""
    require(by, lifecycle.PUBLISH)
    _require_ahead(expires_at)
    with transaction():
        article = locked(article, version)
        if article.live is None:
            raise Refused(N_("Only a published article can be given another end."))
        old = article.expires_at
        revision(article, article.live).expires_at = expires_at
        plan_end(article, expires_at)
        note("end", article, by, old=iso(old), new=iso(expires_at))
    return article


@on_alarm(ALARM)
def end_of_article(ring: Ring) -> None:
    """The time has come: offline; the event names the owner."""
    article = db.session.get(Article, ring.subject_id, populate_existing=True)
    if article is None or article.live is None or article.expires_at is None:
        return
    if article.expires_at <= now():
        verb = expire if article.status == State.PUBLISHED else withdraw
        verb(article, by=SYSTEM, comment=EXPIRED)


def _require_ahead(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= now():
        sentence = N_("This day is over. Please pick a later one, or none.")
        raise BadInput(sentence, errors={"expires_on": sentence})


def _free_code(code: str, draft: Draft) -> str:
    if code:
        drafts.check_code(code)
        if _is_taken(code):
            sentence = N_("Another article has this address. Please choose another one.")
            raise bad_fields(code=sentence)
        return code
    wanted = drafts.slug(draft.title_en)
    if wanted and wanted not in drafts.TAKEN and not _is_taken(wanted):
        return wanted
    return f"{wanted or 'kb'}-{draw(db.session(), 'article')}"


def _is_taken(code: str) -> bool:
    return db.session.scalar(select(Article.id).filter_by(code=code)) is not None
