"""One writing for each phone number and mail address, however people write it. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_, gettext
from helpdesk.customers.phones import read_phone, spoken

LONGEST = 400  # characters looked at; no address has so many
SEVERAL = ",;<>"  # they stand between or around addresses, in none
NO_MAIL = N_("This is not a mail address: it should look like name@example.com.")


class Address(NamedTuple):
    """A telephone number or mail address: as written, as compared, and its extension."""

    kind: str  # phone, email
    value: str
    normal: str
    extension: str = ""


def kind_of(text: str) -> str:
    """What somebody has typed: 'email' with an @, else 'phone'."""
    return "email" if "@" in unicodedata.normalize("NFKC", text) else "phone"


@lru_cache(maxsize=2000)  # one request asks several times
def read(kind: str, text: str) -> Address:
    """The address in this text. Raises BadInput when it is none."""
    if kind == "email":
        return Address(kind, text.strip(), mail(text))
    number, extension = read_phone(text)
    return Address(kind, text.strip(), number, extension)


def mail(text: str) -> str:
    """The address in lower case without blanks. Raises BadInput when it has not the form a@b."""
    folded = unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip().lower()
    name, at, host = folded.rpartition("@")
    if (
        not (name and at and "." in host)
        or host.startswith(".")
        or host.endswith(".")
        or any(c in SEVERAL for c in folded)
        or ("@" in name and not name.startswith('"'))
        or any(c.isspace() for c in folded)
        or len(folded) > 254
        or len(text) > LONGEST
    ):
        raise BadInput(NO_MAIL)
    if any(unicodedata.category(c).startswith("C") for c in folded):
        raise BadInput(NO_MAIL)
    return folded


def comparable(text: str) -> str:
    """What mail() gives; '' where it raises."""
    try:
        return mail(text)
    except BadInput:
        return ""


def normal(kind: str, text: str) -> str:
    """The comparable writing of a phone number or mail address."""
    return read(kind, text).normal


def shown(kind: str, normal: str, extension: str = "") -> str:
    """The address for the eye: '0571 8888 6666, ext. 801', or the mail address."""
    if kind != "phone":
        return normal
    if not extension:
        return spoken(normal)
    return gettext("%(number)s, ext. %(extension)s", number=spoken(normal), extension=extension)


def masked(mail_address: str) -> str:
    """The address for those who may not read it all: 'w…@example.com'."""
    name, at, host = mail_address.rpartition("@")
    return f"{name[:1]}…{at}{host}" if at else ""
