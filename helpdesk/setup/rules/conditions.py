"""What a routing rule may ask of a case: one entry a condition, walked by all that speak of rules. Pure.

The form, the check, the page, the reason, the trial and the docs read `CONDITIONS`; a further one is an
entry here with its fact, and a column of RoutingRule with its migration.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.core.i18n import N_
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES
from helpdesk.words.languages import LANGUAGES
from helpdesk.words.levels import LEVELS


@dataclass(frozen=True)
class Facts:
    """What is known when a ticket is routed. `category` has the ids from the root to the leaf."""

    kind: str
    text: str
    channel: str
    place: str = ""
    level: str = "plain"
    language: str = "zh_Hans"
    category: tuple[int, ...] = ()


def facts_of(case: Any, text: str, level: str, node: Any) -> Facts:
    """The facts of an intake, a past case or one that is only thought of; `node`: its category or None."""
    category = node.ids if node else ()
    return Facts(case.kind, text, case.channel, case.place, level, case.language, category)


@dataclass(frozen=True)
class Condition:
    """One thing that a rule may ask: its column, its words, and what of the facts meets it.

    `met` gives the part that was found, for the reason, or None. `read` makes what the column holds
    ready for it; '' and None ask nothing. With `names` there is a choice of these, else a text.
    """

    column: str
    label: str  # on pages and forms
    name: str  # in a reason
    met: Callable[[Any, Facts], str | None]
    read: Callable[[Any], Any] = lambda wanted: wanted
    nothing: Any = ""
    names: Mapping[Any, str] | None = None
    hint: str = ""
    longest: int = 80
    full: bool = False  # takes the whole width of a form

    @property
    def code(self) -> str:
        """What a reason calls it."""
        return self.column.removesuffix("_id")


def fold(text: str) -> str:
    """Full- and half-width and case made equal."""
    return unicodedata.normalize("NFKC", text).lower()


def _same(fact: str) -> Callable[[str, Facts], str | None]:
    return lambda wanted, facts: wanted if wanted == getattr(facts, fact) else None


def _under(wanted: int, facts: Facts) -> str | None:
    return str(wanted) if wanted in facts.category else None


def _there(wanted: str, facts: Facts) -> str | None:
    return wanted if fold(wanted) in fold(facts.place) else None


def _said(wanted: Sequence[str], facts: Facts) -> str | None:
    text = fold(facts.text)
    return next((word for word in wanted if fold(word) in text), None)


def parted(words: str) -> tuple[str, ...]:
    """The words of a list that commas of either width part."""
    return tuple(word.strip() for word in words.replace("，", ",").split(",") if word.strip())


CONDITIONS = (
    Condition("kind", N_("Kind"), N_("kind"), _same("kind"), names=KIND_NAMES),
    Condition("channel", N_("Way in"), N_("channel"), _same("channel"), names=CHANNELS),
    Condition("level", N_("Customer level"), N_("customer level"), _same("level"), names=LEVELS),
    Condition("language", N_("Language"), N_("language"), _same("language"), names=LANGUAGES),
    Condition(
        "category_id",
        N_("Category"),
        N_("category"),
        _under,
        nothing=None,
        hint=N_("With everything under it."),
    ),
    Condition(
        "place",
        N_("Place"),
        N_("place"),
        _there,
        hint=N_("A part of the place, such as a town or a street."),
    ),
    Condition(
        "words",
        N_("Words in the text"),
        N_("word in the text"),
        _said,
        parted,
        hint=N_("Any one of these, parted by commas."),
        longest=500,
        full=True,
    ),
)
BY_CODE = {condition.code: condition for condition in CONDITIONS}


def wanted_of(row: Any) -> dict[str, Any]:
    """What a row of the rules asks, by column; what it does not ask is left out."""
    asked = ((each, each.read(getattr(row, each.column))) for each in CONDITIONS)
    return {each.column: wanted for each, wanted in asked if wanted}
