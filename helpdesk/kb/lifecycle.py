"""The table of moves of an article. Pure: no database, no Flask.

A state is that of the newest version. What readers see is another matter: while a published article
is written anew, they go on reading the version that was approved.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from helpdesk.agents.rights import NOT_INCLUDED, VERBS, Actor
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_
from helpdesk.core.moves import Move, Table
from helpdesk.core.named import Named


class State(Named):
    """Where the newest version of an article stands."""

    DRAFT = "draft", N_("Draft text")
    REVIEW = "review", N_("In review")
    PUBLISHED = "published", N_("Published")
    EXPIRED = "expired", N_("Expired")


STATE_NAMES = State.names()
UNFINISHED = frozenset({State.DRAFT, State.REVIEW})
SIGNS = {  # tone and sign of the badge
    State.DRAFT: ("plain", "pencil"),
    State.REVIEW: ("accent", "eye"),
    State.PUBLISHED: ("plain", "check"),
    State.EXPIRED: ("amber", "clock-pause"),
}


class Stand(NamedTuple):
    """What the table must know: the state, and whether readers see an approved version."""

    status: str
    live: bool

    @property
    def kind(self) -> str:
        """What the rows hold for: READ articles, or those that nobody outside sees."""
        return READ if self.live else ""


def _denied(move: Move, _stand: Stand, by: Actor) -> str:
    return "" if by.role in move.roles else NOT_INCLUDED


S = State
READ = "read"
WRITE, PUBLISH = "article.write", "article.publish"
_WRITERS, _PUBLISHERS = VERBS[WRITE], VERBS[PUBLISH]
# fmt: off
TABLE = Table(
    (
        Move("submit", N_("Ask for review"), (S.DRAFT,), S.REVIEW, _WRITERS, main=True, key="a"),
        Move("publish", N_("Publish"), (S.REVIEW,), S.PUBLISHED, _PUBLISHERS, main=True, key="p"),
        Move("send_back", N_("Send back"), (S.REVIEW,), S.DRAFT, _WRITERS, ("comment",)),
        Move("revise", N_("Write a new version"), (S.PUBLISHED, S.EXPIRED), S.DRAFT, _WRITERS),
        Move("discard", N_("Drop the new version"), (S.DRAFT, S.REVIEW), S.PUBLISHED, _WRITERS,
             kinds=(READ,)),
        Move("expire", N_("Take offline"), (S.PUBLISHED,), S.EXPIRED, _PUBLISHERS, ("comment",)),
        Move("withdraw", N_("Take the old version offline"), (S.DRAFT, S.REVIEW), None, _PUBLISHERS,
             ("comment",), (READ,)),
    ),
    gone=N_("The article has moved on: this step is not possible now. Look at it again."),
    denied=_denied,
)
# fmt: on


def require_second_person(who: Actor, writers: Iterable[tuple[str, int | None]]) -> None:
    """Whoever wrote a version can't approve it. Raises Refused."""
    if (who.kind, who.id) in set(writers):
        raise Refused(
            N_("You wrote this version, so somebody else must publish it."), code="own_version"
        )
