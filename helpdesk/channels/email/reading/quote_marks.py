"""The lines that mail programs put around what people write, told one by one."""

from __future__ import annotations

import unicodedata

from .phrases import HEADER_NAMES, phrases

_LONGEST_LINE = 1_000  # no announcement is longer
_DEVICE_OPENINGS = phrases("quotes", "device_openings")
_DEVICE_WORDS = phrases("quotes", "device_words")


def plain(line: str) -> str:
    """A line as the rules see it: one kind of blank, no invisible characters, lower case."""
    line = line[:_LONGEST_LINE].replace("&nbsp;", " ")
    if not line.isascii():
        line = "".join(letter for letter in line if unicodedata.category(letter) != "Cf")
    return " ".join(line.casefold().split())


def header_kind(line: str) -> str | None:
    """Which copied header a line is ('from', 'date', 'to', 'cc', 'subject'), None for others."""
    bare = plain(line).strip("*| ")
    cut = next((at for at, letter in enumerate(bare[:30]) if letter in ":：|"), -1)
    if cut < 1:
        return None
    return HEADER_NAMES.get(bare[:cut].strip("* ").replace(" ", ""))


def is_device_line(line: str) -> bool:
    """Whether a telephone or a mail program wrote the line by itself."""
    bare = plain(line.replace("[", "").replace("]", "")).strip("<>()*_ ")
    if not bare or len(bare) > 120:
        return False
    if bare.startswith(_DEVICE_OPENINGS) or bare.replace(" ", "").startswith(_DEVICE_OPENINGS):
        return True
    return len(bare) < 40 and any(word in bare for word in _DEVICE_WORDS)
