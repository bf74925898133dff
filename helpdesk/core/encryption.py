"""Passwords that the program needs itself (of mailboxes, of telephones), encrypted at rest: who has the
database alone can't read them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_
from helpdesk.settings import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def encrypted(secret: str) -> str:
    """The secret as it is stored; '' stays ''."""
    return _box().encrypt(secret.encode()).decode() if secret else ""


def decrypted(token: str) -> str:
    """The secret again. Raises Refused when the key has changed since."""
    if not token:
        return ""
    from cryptography.fernet import InvalidToken  # see _box()

    try:
        return _box().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Refused(
            N_("The stored password can't be read any more. Please type it in again.")
        ) from None


def _box() -> Fernet:
    """HELPDESK_MAIL_KEY, else a key made from the secret key; for nothing but this."""
    from cryptography.fernet import Fernet  # 8 MB that a desk without mailboxes does not need

    known = settings()
    key = hashlib.sha256(
        b"helpdesk mailbox secrets\n" + (known.mail_key or known.secret_key).encode()
    )
    return Fernet(base64.urlsafe_b64encode(key.digest()))
