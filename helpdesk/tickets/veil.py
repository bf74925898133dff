"""Words that come from outside, without the customer's way into the case. Pure.

A mail quotes ours, and ours holds the link of the tracking page: what is kept for colleagues to read
names the case and not its secret.
"""

from __future__ import annotations

import re

_SLASH = r"(?:/|%2F|%252F)"
_OF_CASE = rf"{_SLASH}(?:track|confirm){_SLASH}20\d\d-\d{{6}}{_SLASH}"
_OF_MAIL = rf"{_SLASH}unsubscribe{_SLASH}\d{{1,18}}\."
_LINK = re.compile(
    rf"(?:({_OF_CASE})[\s>]{{0,9}}[A-Z2-7]{{16}}(?:[A-Z2-7]{{16}})?|({_OF_MAIL})[\dA-F]{{32}})(?![A-Z\d])",
    re.IGNORECASE,
)


def veiled(text: str) -> str:
    """The text with a dash for the secret of every link in it that is the customer's alone: to the
    tracking page, to prove an address, to get no more such mails."""
    return _LINK.sub(lambda link: f"{link[1] or link[2]}–", text)
