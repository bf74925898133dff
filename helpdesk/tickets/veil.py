"""Words that come from outside, without the customer's way into the case. Pure.

A mail quotes ours, and ours holds the link of the tracking page: what is kept for colleagues to read
names the case and not its secret.
"""

from __future__ import annotations

import re

_SLASH = r"(?:/|%2F|%252F)"
_LINK = re.compile(
    rf"({_SLASH}track{_SLASH}20\d\d-\d{{6}}{_SLASH})[\s>]{{0,9}}[A-Z2-7]{{16}}(?![A-Z2-7])",
    re.IGNORECASE,
)


def veiled(text: str) -> str:
    """The text with a dash for the secret of every tracking link in it."""
    return _LINK.sub(r"\1–", text)
