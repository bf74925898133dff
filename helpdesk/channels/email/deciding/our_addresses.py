"""Which addresses and lists are ours, and since when a mailbox is connected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.notify.mail.mailboxes import by_name, own_addresses, without_plus
from helpdesk.notify.paces import is_provider


def is_own(sender: str, ours: frozenset[str]) -> bool:
    """Whether an address is ours, with or without something behind a plus."""
    return sender in ours or without_plus(sender) in ours


def as_written(mail: ParsedMail, mailbox: str) -> ParsedMail:
    """A mail that a group list of ours passed on, as its writer's: the list's marks say nothing of
    it, and a From that the list replaced is the writer's again. Any other mail stays as it is."""
    if not mail.listed or not _is_our_list(mail.lists, mailbox):
        return mail
    mail = replace(mail, listed=False)
    if mail.writer is None:
        return mail
    who, passed_by = mail.writer, mail.from_email.lower()
    return replace(mail, from_email=who.email, from_name=who.name, passed_by=passed_by)


def began(mailbox: str) -> datetime | None:
    """Since when the mailbox is connected; None for the pipe, which has no past."""
    box = by_name(mailbox)
    return box.connected_at if box is not None and box.fetches else None


def _is_our_list(lists: Iterable[str], mailbox: str) -> bool:
    """Whether one of these lists is ours: it has an address of ours, or one at a domain of ours.
    A mailbox that only a pipe knows has no address; there its name stands before the @."""
    ours = own_addresses()
    hosts = {host for each in ours if not is_provider(host := each.rpartition("@")[2])}
    named = mailbox if by_name(mailbox) is None else ""
    return any(
        is_own(each, ours) or each.rpartition("@")[2] in hosts or each.partition("@")[0] == named
        for each in lists
    )
