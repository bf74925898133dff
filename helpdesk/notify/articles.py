"""Mails to the owner of an article: it went offline, or it came back from the review."""

from __future__ import annotations

from flask import render_template

from helpdesk.agents.models import Agent
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import N_, gettext, in_language
from helpdesk.notify.outbox import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.web import settings

SUBJECTS = {
    "article.expire": N_("Offline: %(title)s"),
    "article.withdraw": N_("Offline: %(title)s"),
    "article.send_back": N_("Back from the review: %(title)s"),
}


@durable("mail.article", *SUBJECTS)
def article(noted: Event) -> None:
    """Tell the owner what somebody else, or the clock, has done."""
    owner = db.session.get(Agent, noted.data["owner"]) if noted.data["owner"] else None
    if owner is None or not owner.active:
        return
    if (noted.by_kind, noted.by_id) != ("agent", owner.id):
        _tell(owner, noted)


def _tell(owner: Agent, noted: Event) -> None:
    known = settings()
    host = known.mail_from.rpartition("@")[2]
    code, reason = noted.data["article"], noted.data["comment"]
    by_clock = noted.by_kind == "system"
    with in_language(owner.language):
        subject = gettext(SUBJECTS[noted.name], title=noted.data["title"])
        body = render_template(
            "mail/article.txt",
            name=owner.name,
            event=noted,
            reason=gettext(reason) if by_clock else reason,
            by_clock=by_clock,
            link=f"{known.base_url}/kb/{code}",
        )
    send(
        Letter(
            event_seq=noted.seq,
            purpose="article",
            recipient=owner.email,
            subject=subject,
            body=body.strip() + "\n",
            message_id=mail_ids.mail_id(f"article-{code}", f"n{noted.seq}", known.secret_key, host),
        )
    )
