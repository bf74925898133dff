"""Every verb of the knowledge base, each with what leads up to it."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.kb import actions, feedback, shelves
from helpdesk.kb.models import KbCategory, KbMiss
from tests.help import articles as samples
from tests.help.articles import REVIEWER, WRITER
from tests.help.faults.crashing import Work
from tests.help.faults.ticket_verbs import in_days, rung_after

WHY = "过期了。"


def _create() -> Work:
    return lambda: actions.create(samples.draft(), by=WRITER, code="fridge")


def _edit() -> Work:
    article = samples.article(state="draft")
    new = samples.draft(title_en="The fridge is warm")
    return lambda: actions.edit(article, new, by=WRITER)


def _submit() -> Work:
    article = samples.article(state="draft")
    return lambda: actions.submit(article, by=WRITER)


def _publish() -> Work:
    article = samples.article(state="review", expires_days=30)
    return lambda: actions.publish(article, by=REVIEWER)


def _send_back() -> Work:
    article = samples.article(state="review")
    return lambda: actions.send_back(article, by=REVIEWER, comment=WHY)


def _revise() -> Work:
    article = samples.article()
    return lambda: actions.revise(article, by=WRITER)


def _discard() -> Work:
    article = actions.revise(samples.article(), by=WRITER)
    actions.edit(article, samples.draft(title_en="Other words"), by=WRITER)
    return lambda: actions.discard(article, by=WRITER)


def _expire() -> Work:
    article = samples.article(expires_days=30)
    return lambda: actions.expire(article, by=REVIEWER, comment=WHY)


def _withdraw() -> Work:
    article = actions.revise(samples.article(), by=WRITER)
    return lambda: actions.withdraw(article, by=REVIEWER, comment=WHY)


def _set_end() -> Work:
    article = samples.article()
    return lambda: actions.set_end(article, in_days(20), by=REVIEWER)


def _end_of_article() -> Work:
    samples.article(expires_days=2)
    return rung_after(49)


def _vote() -> Work:
    article = samples.article()
    return lambda: feedback.vote(article, helped=True)


def _count_use() -> Work:
    article = samples.article()
    return lambda: feedback.count_use(article, by=WRITER)


def _note_miss() -> Work:
    return lambda: feedback.note_miss("washing machine", "en")


def _settle_miss() -> Work:
    feedback.note_miss("washing machine", "en")
    miss_id = db.session.scalars(db.select(KbMiss.id)).one()
    return lambda: feedback.settle_miss(miss_id, by=REVIEWER)


def _shelf() -> KbCategory:
    return shelves.add("spare-parts", "备件", "Spare parts", by=REVIEWER)


def _add() -> Work:
    return _shelf


def _rename() -> Work:
    shelf, name = _shelf(), f"Parts {now():%Y}"
    return lambda: shelves.rename(shelf, "零件", name, by=REVIEWER)


def _remove() -> Work:
    shelf = _shelf()
    return lambda: shelves.remove(shelf, by=REVIEWER)


VERBS: dict[str, Callable[[], Work]] = {
    "create": _create,
    "edit": _edit,
    "submit": _submit,
    "publish": _publish,
    "send_back": _send_back,
    "revise": _revise,
    "discard": _discard,
    "expire": _expire,
    "withdraw": _withdraw,
    "set_end": _set_end,
    "end_of_article": _end_of_article,
    "vote": _vote,
    "count_use": _count_use,
    "note_miss": _note_miss,
    "settle_miss": _settle_miss,
    "add": _add,
    "rename": _rename,
    "remove": _remove,
}
