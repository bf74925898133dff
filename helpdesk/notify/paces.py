"""How fast we send, and when: what a mailbox's provider takes in a minute, a company in an hour, and
what waits for the morning."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone
from helpdesk.notify.mail.mailboxes import by_name
from helpdesk.notify.media import MEDIA
from helpdesk.notify.models import OPEN, Envelope

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Automatic mails to one company in an hour; the large providers are everybody's.
MOST_TO_DOMAIN = 100
MAILBOX, DOMAIN, NIGHT = "pace", "domain", "night"  # why a letter waits, as its row says
WAITS = (MAILBOX, DOMAIN, NIGHT)
MORNING, EVENING = time(8), time(21)  # between them a medium may ring for what no case needs
PAUSE = timedelta(seconds=10)  # until a mail looks again whether there is room
# fmt: off
PROVIDERS = {
    "126.com", "139.com", "163.com", "188.com", "189.cn", "aliyun.com", "foxmail.com",
    "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com", "live.com",
    "mail.ru", "me.com", "msn.com", "outlook.com", "proton.me", "protonmail.com", "qq.com",
    "sina.cn", "sina.com", "sohu.com", "tom.com", "vip.163.com", "vip.qq.com", "web.de",
    "yahoo.com", "yandex.com", "yandex.ru", "yeah.net",
}
# fmt: on


def is_provider(domain: str) -> bool:
    """Whether anybody may have an address there: such a domain is no one company."""
    return domain in PROVIDERS


def room_at(row: Envelope) -> tuple[datetime | None, str]:
    """When this letter should look again for room, and why it waits; None when it may go now."""
    if is_full(row.mailbox):
        return now() + PAUSE, MAILBOX
    if _rings(row) and (morning := _morning()):
        return morning, NIGHT
    until = _company_has_room_at(row)
    return until, DOMAIN if until else ""


def _rings(row: Envelope) -> bool:
    """Whether it would wake somebody for what no case needs."""
    medium = MEDIA.get(row.medium)
    return medium is not None and medium.rings and row.optional


def _morning() -> datetime | None:
    """When the night is over, while it is night where we are."""
    here = now().astimezone(company_zone())
    if MORNING <= here.time() < EVENING:
        return None
    day = here.date() + timedelta(days=here.time() >= EVENING)
    return datetime.combine(day, MORNING, here.tzinfo).astimezone(UTC)


def _company_has_room_at(row: Envelope) -> datetime | None:
    """None when the receiver's company may have one more now. Who waits longer goes first: each
    gets the moment at which the letter of an hour before makes room for it.
    """
    if not (row.automatic and row.domain) or row.internal or is_provider(row.domain):
        return None
    sent = _of_this_hour(row)
    ahead = db.session.scalar(select(func.count()).where(*_waiting_before(row))) or 0
    if len(sent) + ahead < MOST_TO_DOMAIN:
        return None
    if len(sent) < MOST_TO_DOMAIN:  # there is room for those ahead, and then for this one
        return now() + PAUSE
    hours, place = divmod(ahead, len(sent))
    return max(sent[place] + (1 + hours) * HOUR, now() + PAUSE)


def _of_this_hour(row: Envelope) -> list[datetime]:
    """When the automatic letters of the last hour went to this company, the oldest first."""
    going = (Envelope.state == "sending") & (Envelope.id != row.id)
    recent = or_(Envelope.sent_at > now() - HOUR, going)
    query = select(Envelope.sent_at).where(*_same_company(row), recent)
    return sorted(at or now() for at in db.session.scalars(query))


def _waiting_before(row: Envelope) -> tuple[ColumnElement[bool], ...]:
    waits = (Envelope.error == DOMAIN) & Envelope.state.in_(OPEN)
    return (*_same_company(row), waits, Envelope.id < row.id)


def _same_company(row: Envelope) -> tuple[ColumnElement[bool], ...]:
    return (
        Envelope.domain == row.domain,
        Envelope.automatic.is_(True),
        Envelope.internal.is_(False),
    )


def is_full(mailbox: str) -> bool:
    """Whether this mailbox has sent as much within the last minute as it may."""
    box = by_name(mailbox)
    if box is None or not box.per_minute:
        return False
    recent = select(func.count()).where(
        Envelope.mailbox == mailbox, Envelope.sent_at > now() - MINUTE
    )
    return (db.session.scalar(recent) or 0) >= box.per_minute
