"""The table of moves of an article. Pure: no database, no Flask.

A state is that of the newest version. What readers see is another matter: while a published article
is written anew, they go on reading the version that was approved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.agents.rights import Actor, may, require
from helpdesk.core.errors import BadInput, Refused
from helpdesk.core.i18n import N_


class State(StrEnum):
    """Where the newest version of an article stands."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    EXPIRED = "expired"


class Visibility(StrEnum):
    """Who may read what is published: colleagues only, or everybody."""

    INTERNAL = "internal"
    PUBLIC = "public"


STATE_NAMES = {
    State.DRAFT: N_("Draft text"),
    State.REVIEW: N_("In review"),
    State.PUBLISHED: N_("Published"),
    State.EXPIRED: N_("Expired"),
}
UNFINISHED = frozenset({State.DRAFT, State.REVIEW})
SIGNS = {  # tone and sign of the badge
    State.DRAFT: ("plain", "pencil"),
    State.REVIEW: ("accent", "eye"),
    State.PUBLISHED: ("plain", "check"),
    State.EXPIRED: ("amber", "clock-pause"),
}
VISIBILITY_NAMES = {
    Visibility.INTERNAL: N_("For colleagues only"),
    Visibility.PUBLIC: N_("For everybody"),
}


@dataclass(frozen=True)
class Stand:
    """What the table must know: the state, and whether readers see an approved version."""

    state: str
    live: bool


@dataclass(frozen=True)
class Move:
    """One row of the table. `to` None: the state stays. `live` is what must hold, None: either."""

    code: str
    label: str
    sources: frozenset[State]
    to: State | None
    verb: str
    reason: bool = False
    live: bool | None = None
    main: bool = False
    key: str | None = None


S = State
WRITE, PUBLISH = "article.write", "article.publish"
TABLE: tuple[Move, ...] = (
    Move("submit", N_("Ask for review"), frozenset({S.DRAFT}), S.REVIEW, WRITE, main=True, key="a"),
    Move("publish", N_("Publish"), frozenset({S.REVIEW}), S.PUBLISHED, PUBLISH, main=True, key="p"),
    Move("send_back", N_("Send back"), frozenset({S.REVIEW}), S.DRAFT, WRITE, reason=True),
    Move("revise", N_("Write a new version"), frozenset({S.PUBLISHED, S.EXPIRED}), S.DRAFT, WRITE),
    Move(
        "discard",
        N_("Drop the new version"),
        frozenset({S.DRAFT, S.REVIEW}),
        S.PUBLISHED,
        WRITE,
        live=True,
    ),
    Move("expire", N_("Take offline"), frozenset({S.PUBLISHED}), S.EXPIRED, PUBLISH, reason=True),
    Move(
        "withdraw",
        N_("Take the old version offline"),
        frozenset({S.DRAFT, S.REVIEW}),
        None,
        PUBLISH,
        reason=True,
        live=True,
    ),
)
MOVES = {move.code: move for move in TABLE}


def moves(stand: Stand, who: Actor | None) -> list[Move]:
    """The moves that this person may make now, in the order of the table."""
    return [move for move in TABLE if _fits(move, stand) and may(who, move.verb)]


def allowed(code: str, who: Actor) -> Move:
    """The row for this move, wherever the article stands. Raises NotAllowed, or Refused when there
    is none."""
    move = MOVES.get(code)
    if move is None:
        raise Refused(N_("There is no such step."))
    require(who, move.verb)
    return move


def check(code: str, stand: Stand, who: Actor, comment: str = "") -> Move:
    """The row for this move. Raises NotAllowed, Refused, or BadInput for a missing reason."""
    move = allowed(code, who)
    if not _fits(move, stand):
        raise Refused(
            N_("The article has moved on: this step is not possible now. Look at it again.")
        )
    if move.reason and not comment.strip():
        raise BadInput(N_("Please give a reason."), errors={"comment": N_("Please give a reason.")})
    return move


def require_second_person(who: Actor, writers: Iterable[tuple[str, int | None]]) -> None:
    """Whoever wrote a version can't approve it. Raises Refused."""
    if (who.kind, who.id) in set(writers):
        raise Refused(
            N_("You wrote this version, so somebody else must publish it."), code="own_version"
        )


def _fits(move: Move, stand: Stand) -> bool:
    return stand.state in move.sources and move.live in (None, stand.live)
