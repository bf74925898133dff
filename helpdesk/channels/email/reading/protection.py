"""Whether a mail is signed or encrypted: nothing is verified here.

S/MIME: RFC 8551. OpenPGP: RFC 3156 for parts, RFC 9580 for the armour inside a text.
"""

from __future__ import annotations

from dataclasses import dataclass

from .mime import Part
from .smime import TYPES

_ARMOUR = {
    "-----BEGIN PGP MESSAGE-----": "encrypted",
    "-----BEGIN PGP SIGNED MESSAGE-----": "signed",
}


@dataclass(frozen=True, slots=True)
class Protection:
    """`kind` is 'signed' or 'encrypted', `by` is 'S/MIME' or 'PGP'."""

    kind: str
    by: str


def read_protection(root: Part, text: str) -> Protection | None:
    """How the mail says it is protected, None for an open one; `text` is its visible text."""
    found = [each for part in root.walk() if (each := _of_part(part))]
    if found:  # what is encrypted inside of what is signed can't be read
        return next((each for each in found if each.kind == "encrypted"), found[0])
    armoured = (kind for mark, kind in _ARMOUR.items() if mark in text)
    return next((Protection(kind, "PGP") for kind in armoured), None)


def _of_part(part: Part) -> Protection | None:
    if part.mime == "multipart/encrypted":
        return Protection("encrypted", "PGP")
    if part.mime == "multipart/signed":
        return Protection("signed", "PGP" if "pgp" in part.kind.get("protocol") else "S/MIME")
    if part.wrapping:
        known = part.wrapping in ("signed", "encrypted")
        return Protection(part.wrapping, "S/MIME") if known else None
    if part.mime in TYPES:
        is_signed = part.kind.get("smime-type").lower() in ("signed-data", "certs-only")
        return Protection("signed" if is_signed else "encrypted", "S/MIME")
    return None
