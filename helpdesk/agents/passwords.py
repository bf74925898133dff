"""Passwords: what is good enough, how they are kept and compared (OWASP ASVS 5.0, 6.2)."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from helpdesk.core.i18n import N_

LEAST, MOST = 8, 128
METHOD = "scrypt:32768:8:3"  # N:r:p, OWASP password storage cheat sheet
COMMON = Path(__file__).with_name("common_passwords.txt")


def problem(password: str, *own: str) -> str:
    """Why this password will not do, as a message id; '' when it will. `own`: name, mail, company."""
    text = _same(password)
    if len(text) < LEAST:
        return N_("Please take at least 8 characters; a short sentence is easy to remember.")
    if len(text) > MOST:
        return N_("Please take at most 128 characters.")
    plain = text.casefold()
    if plain in _common() or plain.rstrip("0123456789!.@#*") in _common() or _is_pattern(plain):
        return N_("Many people use this password, so it is guessed first. Please take another.")
    if plain in {_same(word).casefold() for word in own} | {
        _same(word).casefold().partition("@")[0] for word in own
    }:
        return N_("A name or mail address is easy to guess. Please take another.")
    return ""


def hashed(password: str) -> str:
    """What is kept instead of the password: scrypt with its own salt."""
    return generate_password_hash(_same(password), method=METHOD)


def fits(kept: str, password: str) -> bool:
    """Whether this is the password. Takes as long when nothing is kept (unknown person)."""
    given = _same(password[: MOST + 1])
    return check_password_hash(kept or _nobodys(), given) and bool(kept)


def _same(password: str) -> str:
    """Full- and half-width made equal, whatever the input method typed (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def _is_pattern(text: str) -> bool:
    """One character or pair over and over, or a run such as 23456789."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(set(text)) <= 2 or (len(steps) == 1 and abs(steps.pop()) <= 1)


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf8").split())


@cache
def _nobodys() -> str:
    return generate_password_hash("nobody has this password", method=METHOD)
