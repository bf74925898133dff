"""A telephone number as people write it -> the number to dial, and the extension behind it. Pure.

One walk over the characters, no patterns: what strangers type costs what it is long.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult, is_valid_number

from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_

REGION = "CN"
MOST_WRITTEN = 80  # characters that are looked at
LEAST, MOST = 3, 15  # digits of a number (ITU E.164)
MOST_EXTENSION = 7
BETWEEN = frozenset(" -.()/·‐‑‒–—―−\u200b\u200e\u200f\u202a\u202c\u2060\ufeff")
AROUND = BETWEEN | frozenset(":=[]")
CLOSING = ("分机", "分機", "号", "號")
MARKS = sorted(
    (
        "分机号码", "分机号", "分機號碼", "分機號", "分机", "分機", "内线", "內線", "内線", "内选",
        "转接", "轉接", "转", "轉", "extension", "extn", "ext", "xtn", "x", "×", "#", "*", ",", ";ext",
        ";", "доб", "добавочный", "вн", "внутр", "poste", "durchwahl", "dw", "nebenstelle", "anexo",
        "ramal", "interno", "int", "内線番号", "구내", "내선", "p", "w", "~",
    ),
    key=len,
    reverse=True,
)  # fmt: skip
NO_NUMBER = N_("This is not a phone number: please write it in digits, like 139 1234 5678.")
TOO_LONG = N_(
    "This phone number is too long. Please write an extension behind a dash or “ext.”,"
    " and a second number in a field of its own."
)


class Phone(NamedTuple):
    """The comparable number, and the digits of its extension ('' when there is none)."""

    number: str
    extension: str


def read_phone(text: str) -> Phone:
    """The number and its extension, however both are written.

    Short and foreign numbers keep their digits. Raises BadInput for what is no telephone number,
    also for one with letters around, and for digits that are too many for one number.
    """
    folded = unicodedata.normalize("NFKC", text[:MOST_WRITTEN]).strip().casefold()
    if len(text.strip()) > MOST_WRITTEN:
        raise BadInput(NO_NUMBER)
    folded = "".join(_digits(c) or c for c in folded.removeprefix("tel:").strip())
    if folded.count("+") > _is_international(folded):
        raise BadInput(NO_NUMBER)
    main, extension = _at_mark(folded)
    if extension:
        return Phone(_comparable(main), extension)
    return _at_last_group(main)


def _at_mark(text: str) -> tuple[str, str]:
    """The text before the word or sign for an extension, and the extension's digits."""
    at = next(
        (i for i, c in enumerate(text) if not (c in BETWEEN or c == "+" or c.isdecimal())), -1
    )
    if at < 0:
        return text, ""
    rest = text[at:]
    mark = next((mark for mark in MARKS if rest.startswith(mark)), None)
    if mark is None:
        raise BadInput(NO_NUMBER)
    rest = "".join(c for c in rest[len(mark) :] if c not in AROUND)
    for word in CLOSING:
        rest = rest.removesuffix(word)
    extension = _digits(rest)
    if not rest.isdecimal() or len(extension) > MOST_EXTENSION:
        raise BadInput(NO_NUMBER if len(extension) <= MOST_EXTENSION else TOO_LONG)
    return text[:at], extension


def _at_last_group(text: str) -> Phone:
    """A number without a word for an extension: 0571-88886666-801 has one all the same.

    What stands behind a slash is the end of another number. Raises BadInput then.
    """
    groups = "".join(c if c.isdecimal() else " " for c in text).split()
    whole = _parsed(text)
    if len(groups) < 2 or len(groups[-1]) > MOST_EXTENSION or (whole and is_valid_number(whole)):
        return Phone(_comparable(text), "")
    main = ("+" if _is_international(text) else "") + " ".join(groups[:-1])
    before = _parsed(main)
    if not (before and is_valid_number(before)) and not _is_local(groups[:-1]):
        return Phone(_comparable(text), "")
    if text.rstrip(" -.()").removesuffix(groups[-1]).rstrip().endswith("/"):
        raise BadInput(TOO_LONG)
    return Phone(_comparable(main), groups[-1])


def _digits(text: str) -> str:
    """The decimal digits of any script as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


def _is_international(text: str) -> bool:
    return text.lstrip(" (").startswith("+")


def _is_local(groups: list[str]) -> bool:
    """A number within one town, as it is written without its area code: 8888 6666."""
    lengths = [len(group) for group in groups]
    return lengths in ([7], [8], [4, 4]) and groups[0][0] in "2345678"


@lru_cache(maxsize=100)  # one number is asked for several times
def _parsed(text: str) -> PhoneNumber | None:
    digits = _digits(text)
    international = _is_international(text)
    if not international and digits.startswith("00"):
        digits, international = digits[2:], True
    try:
        return phonenumbers.parse(("+" if international else "") + digits, REGION)
    except phonenumbers.NumberParseException:
        return None


def _comparable(text: str) -> str:
    """E.164 where it can be one, else its digits. Raises BadInput when it is no number."""
    digits = _digits(text)
    national = digits.removeprefix("00") if digits.startswith("00") else digits
    if len(national) < LEAST:
        raise BadInput(NO_NUMBER)
    number = _parsed(text)
    if number is None:
        raise BadInput(NO_NUMBER)
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if len(national) > MOST or (verdict == ValidationResult.TOO_LONG and _is_known(text, digits)):
        raise BadInput(TOO_LONG)
    if _is_cut_short(text, digits, number, verdict):
        raise BadInput(NO_NUMBER)
    if verdict == ValidationResult.IS_POSSIBLE and len(digits) > 6:
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return digits


def _is_known(text: str, digits: str) -> bool:
    """Whether its beginning says in which country it is, so that its length can be judged."""
    return _is_international(text) or digits[0] == "0" or digits[:2] in _MOBILE


_MOBILE = frozenset(f"1{second}" for second in range(3, 10))


def _is_cut_short(text: str, digits: str, number: PhoneNumber, verdict: int) -> bool:
    """The beginning of a number, as '139' or '+86 139': nobody can be called there."""
    if _is_international(text) or digits.startswith("00"):
        return verdict in (ValidationResult.TOO_SHORT, ValidationResult.INVALID_LENGTH)
    if digits[:2] in _MOBILE:
        return len(digits) < 11
    return len(digits) == LEAST and not phonenumbers.is_valid_short_number_for_region(
        number, REGION
    )


def spoken(number: str) -> str:
    """A number in groups for the eye: '139 1234 5678'."""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return number
    own = parsed.country_code == phonenumbers.country_code_for_region(REGION)
    style = PhoneNumberFormat.NATIONAL if own else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)
