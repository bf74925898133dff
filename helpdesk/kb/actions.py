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
from helpdesk.core.i18n import N_
from helpdesk.core.rows import draw
from helpdesk.kb import drafts, lifecycle, shelves
from helpdesk.kb.drafts import Draft
from helpdesk.kb.lifecycle import State
from helpdesk.kb.models import Article
from helpdesk.kb.step import (
    ALARM,
    Step,
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


def move(
    code: str, article: Article, *, by: Actor, comment: str = "", version: int | None = None
) -> Article:
    """Take this step of the table, with the reason where it wants one.

    Raises NotAllowed, Refused, BadInput, Conflict.
    """
    with step(article, code, by, version, comment) as (article, it):
        if code in EFFECTS:
            EFFECTS[code](article, it)
    return article


def _submit(article: Article, _it: Step) -> None:
    """Somebody else reads it: no title is without its text."""
    drafts.check_complete(revision(article))


def _publish(article: Article, it: Step) -> None:
    """Readers see the newest version from now on. Nobody approves own words."""
    newest = revision(article)
    lifecycle.require_second_person(it.by, writers(article))
    drafts.check(Draft(**newest.values()), shelves.all_shelves())
    _require_ahead(newest.expires_at)
    go_online(article, newest)
    article.reviewer_name = it.by.name
    it.data["visibility"] = newest.visibility


def _discard(article: Article, it: Step) -> None:
    """The published version is the newest again. The history keeps both."""
    old = revision(article, article.live)
    article.newest += 1
    article.live = article.approved = article.newest
    keep(article, Draft(**old.values()), it.by)


def _expire(article: Article, _it: Step) -> None:
    go_offline(article)


def _withdraw(article: Article, _it: Step) -> None:
    """The published version goes offline while a new one is being written."""
    go_offline(article)
    _show_unless_live(article, revision(article))


# What a step does beside changing the state; the others do no more.
EFFECTS: dict[str, Callable[[Article, Step], None]] = {
    "submit": _submit,
    "publish": _publish,
    "discard": _discard,
    "expire": _expire,
    "withdraw": _withdraw,
}
submit, publish = partial(move, "submit"), partial(move, "publish")
send_back, revise = partial(move, "send_back"), partial(move, "revise")
discard, withdraw = partial(move, "discard"), partial(move, "withdraw")
expire = partial(move, "expire")


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
