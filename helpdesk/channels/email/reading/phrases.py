"""What mail programs and mail servers say by themselves, in many languages: the lists of phrases.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_FOUND: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def phrases(part: str, name: str) -> tuple[str, ...]:
    """One list of the file, such as ('quotes', 'wrote')."""
    return tuple(_FOUND[part][name])


# Names of the headers that are copied above an original, by which header that is.
HEADER_NAMES: dict[str, str] = {
    word: kind for kind, words in _FOUND["quotes"]["headers"].items() for word in words
}
# Why a mail came back, and the phrases that say so; the first reason that fits counts.
REASONS: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    (each["means"], tuple(each["phrases"])) for each in _FOUND["bounces"]["reasons"]
)
