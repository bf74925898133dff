"""The frame of moves: rows of a table, what stands against a step, and what every step shares.

Pure, and without a trade: tickets, notices and articles bring their rows, their words, and two
judgements of their own (who may not, and what else stands in the way).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Generic, Protocol, TypeVar

from helpdesk.clock import now
from helpdesk.core.errors import HelpdeskError, NotAllowed, Refused, refuse
from helpdesk.core.i18n import N_

MOST_TEXT = 5000


@dataclass(frozen=True)
class Move:
    """One row of a table. `to` None: the state stays. `needs` are the fields that a person fills.

    `kinds` are those that it holds for; () means every kind. `at_desk`: where it leads instead when no department
    has the case, since none could go on with it.
    """

    code: str
    label: str
    sources: Collection[str]
    to: str | None
    roles: Collection[str]
    needs: tuple[str, ...] = ()
    kinds: Collection[str] = ()
    main: bool = False  # drawn as the step that usually comes next
    key: str = ""
    at_desk: str | None = None

    def ends(self, source: str) -> set[str]:
        """Every state that it may lead to from this one."""
        return {end for end in (self.to or source, self.at_desk) if end}


class AnyStand(Protocol):
    """What a table must know of a thing at the least."""

    @property
    def status(self) -> str:
        """Where it stands."""

    @property
    def kind(self) -> str:
        """Which of the rows' kinds it is."""


S = TypeVar("S", bound=AnyStand)
B = TypeVar("B")
T = TypeVar("T")
B_contra = TypeVar("B_contra", contravariant=True)


def nothing(*_judged: object) -> None:
    """For a table in which nothing but its rows stands in the way."""


@dataclass(frozen=True)
class Table(Generic[S, B]):
    """All moves of a kind of thing. `gone` is said of a step that is not possible where it stands.

    `denied` gives the sentence for a person who may take the step nowhere on this thing ('' who
    may), `blocked` whatever else stands in the way now.
    """

    rows: tuple[Move, ...]
    gone: str
    denied: Callable[[Move, S, B], str]
    blocked: Callable[[Move, S, B], HelpdeskError | None] = nothing

    def __iter__(self) -> Iterator[Move]:
        return iter(self.rows)

    @property
    def codes(self) -> tuple[str, ...]:
        """The code of every step, in the order of the table."""
        return tuple(dict.fromkeys(move.code for move in self.rows))

    def row(self, code: str, stand: S) -> Move | None:
        """The row for this step where the thing stands, or None when there is none."""
        return next((m for m in self.rows if m.code == code and _fits(m, stand)), None)

    def require_right(self, code: str, stand: S, by: B) -> None:
        """Raise NotAllowed for a step that this person takes nowhere: asked before anything is told
        of where the thing stands."""
        wrong = [self.denied(move, stand, by) for move in self.rows if move.code == code]
        if wrong and all(wrong):
            raise NotAllowed(wrong[0])

    def check(self, code: str, stand: S, by: B) -> Move:
        """The row of the table, when the step is legal now for this person.

        Raises Refused for a step that is not in the table, NotAllowed for the wrong person.
        """
        move = self.row(code, stand)
        if move is None:
            raise Refused(self.gone)
        if wrong := self.denied(move, stand, by):
            raise NotAllowed(wrong)
        if error := self.blocked(move, stand, by):
            raise error
        return move

    def moves(self, stand: S, by: B) -> list[Move]:
        """The legal next steps for this person, in the order of the table: the buttons."""
        fitting = [move for move in self.rows if _fits(move, stand)]
        mine = [move for move in fitting if not self.denied(move, stand, by)]
        return [move for move in mine if not self.blocked(move, stand, by)]


def _fits(move: Move, stand: AnyStand) -> bool:
    return stand.status in move.sources and (not move.kinds or stand.kind in move.kinds)


class Thing(Protocol):
    """What moves: it has a state, and the time of its last change."""

    status: Any
    updated_at: Any


@dataclass
class Taking(Generic[B]):
    """A step on its way: `to` is where it leads, `data` goes into the journal beside old and new."""

    move: Move
    to: str
    by: B
    comment: str
    until: datetime | None
    data: dict[str, Any] = field(default_factory=dict)
    deliver_at: datetime | None = None  # nobody outside is told before


@contextmanager
def taking(
    thing: Thing, move: Move, by: B, given: Mapping[str, object], lacking: Mapping[str, str]
) -> Iterator[Taking[B]]:
    """Take a step that was checked: the fields are filled, the verb does its part, the state follows.

    Afterwards `data` is what the journal notes. Raises BadInput with a sentence of `lacking` for
    each field that is empty.
    """
    require_filled(move.needs, given, lacking)
    old = thing.status
    until: Any = given.get("until")
    it = Taking(move, move.to or old, by, str(given.get("comment") or ""), until)
    yield it
    thing.status, thing.updated_at = it.to, now()
    words = {"comment": it.comment} if it.comment else {}
    it.data = {"old": old, "new": it.to, **words, **it.data}


class Verb(Protocol[T, B_contra]):
    """A step as everybody takes it: by whom, from which version on, with which words, until when."""

    def __call__(
        self,
        thing: T,
        /,
        *,
        by: B_contra,
        version: int | None = None,
        comment: str = "",
        until: datetime | None = None,
    ) -> T: ...


def verb(
    step: Callable[..., AbstractContextManager[tuple[T, Taking[B]]]],
    code: str,
    body: Callable[[T, Taking[B]], object],
) -> Verb[T, B]:
    """The verb of a step that asks for words and a time at the most: in its room's frame `step`, `body`
    does its part."""

    @wraps(body)
    def taken(thing: T, /, *, by: B, version: int | None = None, **given: Any) -> T:
        with step(code, thing, by, version, **given) as (thing, it):
            body(thing, it)
        return thing

    return taken


def require_filled(
    needs: Collection[str], given: Mapping[str, object], lacking: Mapping[str, str]
) -> None:
    """Raise BadInput naming every needed field that is empty and every text that is too long."""
    errors = {name: lacking[name] for name in needs if _empty(given.get(name))}
    for name, value in given.items():
        if isinstance(value, str) and len(value) > MOST_TEXT:
            errors[name] = N_("This is too long: 5,000 characters at most.")
    refuse(errors)


def _empty(value: object) -> bool:
    return not (value.strip() if isinstance(value, str) else value)
