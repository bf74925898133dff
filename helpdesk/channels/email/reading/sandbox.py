"""Reads a mail with limits on time and memory: a hostile one can hurt nobody but itself.

Small mails are read in this process, since the parser's work grows with the length only. A large
one is read by a child process that the system ends at its limits.
"""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys

from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable, parse

SMALL = 1 << 20  # bytes that are read here
SMALL_WRAPPED = 1 << 17  # the same of S/MIME, which a hostile writer may cut into very many pieces
MOST_SECONDS = 30
MOST_MEMORY = 700 << 20  # bytes
_WRAPPED = (b"pkcs7-mime", b".p7m")


class TooHeavy(Unreadable):
    """The mail took more time or memory than any honest mail does."""

    reason = "too_heavy"


def parse_safely(raw: bytes) -> ParsedMail:
    """What parse() says. Raises Unreadable, as TooHeavy when the limits were reached."""
    is_wrapped = len(raw) > SMALL_WRAPPED and any(name in raw.lower() for name in _WRAPPED)
    if len(raw) <= SMALL and not is_wrapped:
        return parse(raw)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "helpdesk.channels.email.reading.sandbox"],
            input=raw,
            capture_output=True,
            timeout=MOST_SECONDS * 2,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooHeavy from None
    if done.returncode:
        raise TooHeavy
    found = pickle.loads(done.stdout)  # noqa: S301 - written by our own child
    if isinstance(found, Unreadable):
        raise found
    assert isinstance(found, ParsedMail)
    return found


def main() -> None:
    """The child: raw mail on standard input, what was read on standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    try:
        found: ParsedMail | Unreadable = parse(sys.stdin.buffer.read())
    except Unreadable as unreadable:
        found = unreadable
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    main()
