"""How fast we send: what a mailbox's provider takes in a minute, and whose addresses are everybody's."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from helpdesk.clock import now
from helpdesk.db import db
from helpdesk.notify.mailboxes import by_name
from helpdesk.notify.models import OutboundMail

MINUTE = timedelta(minutes=1)
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


def is_full(mailbox: str) -> bool:
    """Whether this mailbox has sent as much within the last minute as it may."""
    box = by_name(mailbox)
    if box is None or not box.per_minute:
        return False
    recent = select(func.count()).where(
        OutboundMail.mailbox == mailbox, OutboundMail.sent_at > now() - MINUTE
    )
    return (db.session.scalar(recent) or 0) >= box.per_minute
