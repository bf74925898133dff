"""The key of the first start: who can read this machine's files or terminal may make the first administrator.

It lies in the instance folder, readable by its owner alone, until there is an administrator. An address
proves nothing: behind a proxy on the same machine everybody comes from there.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from helpdesk.settings import settings

NAME = "first_start_key"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
GROUPS, LENGTH = 5, 4


def current() -> str:
    """The key, made when there is none yet. Raises OSError when the folder can't be written to."""
    made = "-".join(_group() for _ in range(GROUPS))
    try:
        handle = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _path().read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made


def fits(given: str) -> bool:
    """Whether this is the key, however it was typed."""
    return hmac.compare_digest(_plain(given), _plain(current()))


def drop() -> None:
    """The key has done its work."""
    _path().unlink(missing_ok=True)


def told() -> str:
    """Where to go and with what, in words for a terminal."""
    where = f"{settings().base_url}/first-start"
    return f"Make the first administrator: open {where}\nThe key that it asks for: {current()}"


def _path() -> Path:
    return settings().instance / NAME


def _group() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def _plain(text: str) -> bytes:
    return "".join(sign for sign in text.casefold() if sign.isalnum()).encode()
