"""What a group list says about itself in the mails that it passes on, and who wrote them."""

from __future__ import annotations

from .addresses import Address, read_addresses
from .headers import Headers

MOST = 20  # addresses of one mail's lists that are looked at
_BY_ADDRESS = ("mailing-list", "list-post", "x-beenthere", "x-mailing-list", "x-google-group-email")
_WRITERS = ("x-original-from", "reply-to", "x-original-sender")


def is_listed(headers: Headers) -> bool:
    """Whether a mailing list or a newsletter passed the mail on."""
    return any(name.startswith("list-") or name == "mailing-list" for name, _ in headers.fields)


def list_addresses(headers: Headers) -> tuple[str, ...]:
    """The addresses to which one writes to reach the lists that passed the mail on."""
    found = [_dotted(each) for each in headers.all("list-id")]
    for name in _BY_ADDRESS:
        for value in headers.all(name)[:MOST]:
            found += [_plain(word) for word in value.split()[:MOST] if "@" in word]
    return tuple(dict.fromkeys(filter(None, found)))[:MOST]


def writer_of(headers: Headers, sender: Address | None) -> Address | None:
    """Who wrote a mail whose From a list replaced by its own address, as the list tells it; None
    when the list left From as it was."""
    if sender is None or sender.email.lower() not in list_addresses(headers):
        return None
    told = (read_addresses(headers.raw(name), headers.charset)[:1] for name in _WRITERS)
    others = (
        each for found in told for each in found if each.email.lower() != sender.email.lower()
    )
    return next(others, None)


def _dotted(value: str) -> str:
    """`Support <support.example.com>` is the list support@example.com (RFC 2919)."""
    name, dot, host = value.rpartition("<")[2].partition(">")[0].strip().lower().partition(".")
    return f"{name}@{host}" if dot and host and "@" not in name + host else ""


def _plain(word: str) -> str:
    """`<mailto:a@b?subject=x>;` as a@b."""
    bare = word.strip("<>;,\"'").lower().removeprefix("mailto:")
    return bare.partition("?")[0].partition(">")[0]
