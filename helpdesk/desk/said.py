"""The messages of a case as they stand on its page, drawn once for all who read the same in them."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk.core.i18n import when
from helpdesk.desk.case import Case
from helpdesk.tickets.models import Message

TROUBLED = ("failed", "bounced", "uncertain", "retry")  # a mail that the desk has to know of
LONGEST = 10_000  # characters of a drawn message that is kept
MOST_KEPT = 2_000

_kept: dict[object, str] = {}


def drawn(case: Case, message: Message, draw: Callable[[Message], str]) -> str:
    """The message as this reader sees it. All that `draw` makes it of is its key, so that nothing has to
    be told of a change; what has a button, a countdown or an invitation's day is drawn each time."""
    data = message.data
    mailed = data.get("mailed") or {}
    if case.held_until(message) or mailed.get("state") in TROUBLED or data.get("invite"):
        return draw(message)
    key = _made_of(case, message)
    found = _kept.get(key)
    if found is None:
        found = draw(message)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        if len(found) <= LONGEST:
            _kept[key] = found
    return found


def _made_of(case: Case, message: Message) -> object:
    return case.eyes, when(message.at), repr(message), *case.files.get(message.id, ())
