"""Words of the trade that stand beside their names."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Named(StrEnum):
    """Words, each with its name for people: `CLOSED = "closed", N_("Closed")`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        word = str.__new__(cls, value)
        word._value_, word.label = value, label
        return word

    @classmethod
    def names(cls) -> dict[Self, str]:
        """Every word with its name (a message id), in their order."""
        return {word: word.label for word in cls}
