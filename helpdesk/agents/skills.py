"""What colleagues can do, as codes: languages ("en") and subjects ("billing"); for calls, cases and mails
alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_

SKILL = re.compile(r"\w[\w.-]{0,39}")
MOST = 20


def parted(text: str) -> list[str]:
    """The codes of a list that commas or spaces part, each once."""
    return list(dict.fromkeys(filter(None, re.split(r"[\s,，、]+", text))))


def tidy(text: str) -> str:
    """The list as it is kept. Raises BadInput for an odd code."""
    codes = parted(text)
    if len(codes) > MOST or not all(map(SKILL.fullmatch, codes)):
        raise BadInput(N_("Please give codes of letters and digits, parted by commas: 20 at most."))
    return ", ".join(codes)


def lacking(skills: Collection[str], wanted: Sequence[str]) -> int:
    """How many of the wanted must be done without, from the end of their order, until these are enough."""
    enough = next((at for at, each in enumerate(wanted) if each not in skills), len(wanted))
    return len(wanted) - enough
