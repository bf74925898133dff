"""The messages of a case as they stand on its page, drawn once for all who read the same in them."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk.core.i18n import when
from helpdesk.core.kept import Keeping
from helpdesk.desk.case import Case
from helpdesk.tickets.models import Message

TROUBLED = ("failed", "bounced", "uncertain", "retry")  # a mail that the desk has to know of
LONGEST = 10_000  # characters of a message that is kept as it was drawn

_keeping: Keeping[str] = Keeping(most=2_000)


def drawn(case: Case, message: Message, draw: Callable[[Message], str]) -> str:
    """The message as this reader sees it. All that `draw` makes it of is its key, so that nothing has to
    be told of a change; what has a button, a countdown or an invitation's day is drawn each time."""
    data = message.data
    mailed = data.get("mailed") or {}
    moves = case.held_until(message) or mailed.get("state") in TROUBLED or data.get("invite")
    if moves or len(message.body) + len(message.quoted) > LONGEST:
        return draw(message)
    return _keeping.once(_made_of(case, message), lambda: draw(message))


def _made_of(case: Case, message: Message) -> object:
    return case.eyes, when(message.at), repr(message), *case.files.get(message.id, ())
