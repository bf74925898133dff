"""Signing in at a mail server with a token (XOAUTH2, the one mechanism that Google, Microsoft and
Dovecot share): the same for IMAP, POP3 and SMTP."""

from __future__ import annotations

from collections.abc import Callable

Token = Callable[[str], str]  # (a token that was refused, or '') -> a token to try


def words(user: str, token: str) -> str:
    """What is sent, before it is encoded in base 64."""
    return f"user={user}\1auth=Bearer {token}\1\1"


def sign_in(
    sign: Callable[[str], object],
    token: Token,
    refused: type[Exception] | tuple[type[Exception], ...],
) -> None:
    """Sign in with a token, and once more with a new one when the server refuses the first."""
    first = token("")
    try:
        sign(first)
    except refused:
        sign(token(first))
