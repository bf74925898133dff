"""What we write for, to whom, and the limits that follow from these two. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who reads it."""

    COLLEAGUE = "colleague"  # nobody from outside can set off a flood of these
    CUSTOMER = "customer"


@dataclass(frozen=True)
class Purpose:
    """Why one letter is written.

    `by_hand`: its words are a person's. `needed`: a case needs it, so nobody can opt out of it and it
    may ring at night. `unless`: what, said of the customer's own first words, keeps it back.
    """

    code: str  # its words are templates/mail/CODE.txt
    audience: Audience
    by_hand: bool = False
    needed: bool = True
    unless: tuple[str, ...] = ()

    @property
    def automatic(self) -> bool:
        """Whether it says of itself that a program wrote it (RFC 3834)."""
        return not self.by_hand

    @property
    def internal(self) -> bool:
        """Whether it stays among us."""
        return self.audience == Audience.COLLEAGUE

    @property
    def limited(self) -> bool:
        """Whether an address takes so many in an hour, and a company so many: two machines that
        answer each other end there, and nobody can be bombed through us."""
        return self.automatic and not self.internal


TABLE = (
    Purpose("receipt", Audience.CUSTOMER, unless=("automatic", "silent")),
    Purpose("answer", Audience.CUSTOMER, by_hand=True),
    Purpose("refusal", Audience.CUSTOMER),
    Purpose("survey", Audience.CUSTOMER, needed=False, unless=("automatic", "quiet")),
    Purpose("too_large", Audience.CUSTOMER, unless=("automatic", "quiet", "listed")),
    Purpose("article", Audience.COLLEAGUE),
    Purpose("calendar", Audience.COLLEAGUE),
    Purpose("concerned", Audience.COLLEAGUE),
    Purpose("consent", Audience.COLLEAGUE),
    Purpose("digest", Audience.COLLEAGUE),
    Purpose("escalation", Audience.COLLEAGUE),
    Purpose("hold_over", Audience.COLLEAGUE),
    Purpose("lost", Audience.COLLEAGUE),
    Purpose("notice", Audience.COLLEAGUE),
    Purpose("test", Audience.COLLEAGUE),
    Purpose("wrong_tries", Audience.COLLEAGUE),
)
BY_CODE = {each.code: each for each in TABLE}
NOT_NEEDED = tuple(each.code for each in TABLE if not each.needed)


def purpose_of(code: str, audience: Audience) -> Purpose:
    """The purpose with this code. Raises LookupError when there is none for these readers."""
    found = BY_CODE.get(code)
    if found is None or found.audience != audience:
        raise LookupError(f"nothing is written to a {audience} for {code!r}")
    return found
