"""What customers and colleagues say, put together from lists of phrases of our own."""

from __future__ import annotations

import json
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

PHRASES = Path(__file__).with_name("phrases.json")


class Writing:
    """Composes names, subjects, cases, answers and notes in both languages, by chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.phrases: dict[str, Any] = json.loads(PHRASES.read_text("utf-8"))

    def _any(self, language: str, name: str) -> str:
        return str(self.chance.choice(self.phrases[language][name]))

    @cached_property
    def _words(self) -> dict[str, dict[str, list[str]]]:
        """The lists that are written as one line."""
        return {
            language: {
                name: [word.replace("_", " ") for word in self.phrases[language][name].split()]
                for name in ("surnames", "given", "places")
            }
            for language in ("zh_Hans", "en")
        }

    def category(self) -> tuple[str, str, str]:
        """A category's code, its list of faults and its list of products, by weight."""
        rows = self.phrases["categories"]
        code, faults, products, _weight = self.chance.choices(rows, cum_weights=self._weights)[0]
        return code, faults, products

    @cached_property
    def _weights(self) -> list[int]:
        return list(accumulate(weight for *_rest, weight in self.phrases["categories"]))

    def name(self, language: str) -> str:
        """A person's name, family name first in Chinese."""
        words = self._words[language]
        family, given = self.chance.choice(words["surnames"]), self.chance.choice(words["given"])
        return family + given if language == "zh_Hans" else f"{given} {family}"

    def place(self, language: str) -> str:
        """A district, a shop or a street."""
        return self.chance.choice(self._words[language]["places"])

    def matter(self, language: str, faults: str, products: str) -> tuple[str, str]:
        """The product and the subject of a case."""
        phrases = self.phrases[language]
        product = self.chance.choice(phrases["products"][products])
        fault = self.chance.choice(phrases["faults"][faults])
        if language == "zh_Hans":
            return product, f"{product}{fault}"
        return product, f"{product[0].upper()}{product[1:]} {fault}"

    def case(self, language: str, subject: str) -> str:
        """A customer's account of a matter: two to six sentences."""
        details = self.phrases[language]["details"]
        chosen = self.chance.sample(details, self.chance.choice((1, 2, 2, 3, 4)))
        first = f"{self._any(language, 'openings')}{subject}"
        stop, gap = ("。", "") if language == "zh_Hans" else (". ", " ")
        return f"{first}{stop}{gap.join([*chosen, self._any(language, 'demands')])}"

    def answer(self, language: str) -> str:
        """A colleague's words to the customer."""
        gap = "" if language == "zh_Hans" else " "
        return gap.join(self.chance.sample(self.phrases[language]["answers"], 3))

    def guide(self, language: str) -> str:
        """The Markdown of an article: steps, then what we do about it."""
        phrases, draw = self.phrases[language], self.chance.sample
        steps = [f"{n}. {words}" for n, words in enumerate(draw(phrases["details"], 6), 1)]
        heading = f"## {self._any(language, 'demands')}"
        return "\n".join([*steps, "", heading, "", *draw(phrases["answers"], 4)])

    def note(self, language: str) -> str:
        """Words among us."""
        return self._any(language, "notes")

    def reply(self, language: str) -> str:
        """The customer's further words."""
        return self._any(language, "replies")

    def verdict(self, language: str) -> str:
        """What the customer says at the follow-up call."""
        return self._any(language, "words")

    def file(self, language: str) -> dict[str, str]:
        """The fields that a complaint needs before it is closed."""
        return {
            "validity": self.chance.choice(("valid", "valid", "valid", "help", "invalid")),
            "cause_code": self.chance.choice(
                ("material", "process", "people", "carrier", "system")
            ),
            "root_cause": self._any(language, "causes"),
            "remedy": self._any(language, "remedies"),
            "liability": self.chance.choice(("us", "us", "supplier", "carrier", "customer")),
        }
