"""One writing for each phone number and mail address, however people write it (S6). Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import phonenumbers

from helpdesk.errors import BadInput
from helpdesk.i18n import N_

REGION = "CN"
LONGEST = 400  # characters looked at; no number or address has so many


def phone(text: str) -> str:
    """'+8613912345678' for 139 1234 5678, 0139..., +86 139..., 0086-139..., (86)139...

    Short and foreign numbers keep their digits. Raises BadInput when there is no number in it.
    """
    folded = unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip()
    digits = "".join(c for c in folded if c.isdigit())
    if not 3 <= len(digits) <= 20 or len(text) > LONGEST:
        raise BadInput(N_("This is not a phone number: please give 3 to 20 digits."))
    try:
        number = phonenumbers.parse(("+" if folded.startswith("+") else "") + digits, REGION)
    except phonenumbers.NumberParseException:
        return digits
    if phonenumbers.is_possible_number(number) and len(digits) > 6:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return digits


def mail(text: str) -> str:
    """The address in lower case without blanks. Raises BadInput when it has not the form a@b."""
    folded = unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip().lower()
    name, at, host = folded.rpartition("@")
    if (
        not (name and at and "." in host.strip("."))
        or any(c.isspace() for c in folded)
        or len(folded) > 254
        or len(text) > LONGEST
    ):
        raise BadInput(N_("This is not a mail address: it should look like name@example.com."))
    if any(unicodedata.category(c).startswith("C") for c in folded):
        raise BadInput(N_("This is not a mail address: it should look like name@example.com."))
    return folded


@lru_cache(maxsize=2000)  # one request asks several times
def normal(kind: str, text: str) -> str:
    """The comparable writing of a phone number or mail address."""
    return phone(text) if kind == "phone" else mail(text)


def spoken(number: str) -> str:
    """A number in groups for the eye: '139 1234 5678'."""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return number
    own = parsed.country_code == phonenumbers.country_code_for_region(REGION)
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if own
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)
