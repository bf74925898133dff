"""Whether receivers can tell that mail from our domain is ours: SPF, DKIM and DMARC, asked of the DNS.

RFC 7208, 6376, 7489. Nothing here raises for what a network does: what can't be found out is said so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dns.exception import DNSException

from helpdesk.agents.rights import Actor
from helpdesk.channels.email.boxes import actions
from helpdesk.core.i18n import N_
from helpdesk.settings import settings

if TYPE_CHECKING:
    from dns.resolver import Resolver

ALTOGETHER = 8.0  # seconds for all questions
ONE = 2.0  # seconds for one of them
MOST_SPF = 10  # further look-ups that receivers make for a record
SEVERAL = N_("There are several records, so receivers obey none. Leave one.")
SELECTORS = (  # the names under which the usual providers and mail servers keep their keys
    *("selector1", "selector2", "google", "default", "mail", "dkim", "s1", "s2", "k1", "smtp"),
    *("s201512", "s110527", "key1", "2024", "2025", "2026"),
)


@dataclass(frozen=True)
class Finding:
    """state: good, weak, bad or unknown. `record` is what the DNS holds, word for word."""

    state: str
    sentence: str
    record: str = ""


class Unanswered(Exception):
    """The DNS did not answer: that says nothing about the domain."""


class Questions:
    """Asks for texts in the DNS, for so long altogether and no longer."""

    def __init__(self) -> None:
        self.until = time.monotonic() + ALTOGETHER
        self.resolver = _resolver()

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name. Raises Unanswered."""
        left = min(ONE, self.until - time.monotonic())
        if left <= 0 or self.resolver is None:
            raise Unanswered
        from dns.resolver import NXDOMAIN, NoAnswer  # see _resolver()

        try:
            found = self.resolver.resolve(name, "TXT", lifetime=left)
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError, UnicodeError):
            raise Unanswered from None
        return [b"".join(each.strings).decode("utf8", "replace")[:1000] for each in found]


def _resolver() -> Resolver | None:
    """The machine's resolver, or the one that the settings name; None where there is none."""
    from dns.resolver import Resolver  # only a page of the administrators asks the DNS

    host, _colon, port = settings().dns_server.partition(":")
    try:
        found = Resolver(configure=not host)
    except DNSException:
        return None
    if host:
        found.nameservers, found.port = [host], int(port or 53)
    return found


def check(who: Actor, box_id: int, selector: str = "") -> dict[str, Finding]:
    """What the DNS says about the domain of this mailbox, by what it was asked for."""
    box = actions.found(who, box_id)
    domain = box.address.rpartition("@")[2].strip().lower().rstrip(".")
    ask = Questions()
    looks = {
        "SPF": lambda: _spf(ask, domain),
        "DKIM": lambda: _dkim(ask, domain, selector.strip()),
        "DMARC": lambda: _dmarc(ask, domain),
    }
    return {name: _found(look) for name, look in looks.items()}


def _found(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Unanswered:
        words = N_("The DNS did not answer, so this is not known. Please try again later.")
        return Finding("unknown", words)


def _spf(ask: Questions, domain: str) -> Finding:
    found = [t for t in ask.texts(domain) if t.lower().split(" ")[0] == "v=spf1"]
    if not found:
        words = N_("No record says which servers may send for this domain. Many receivers will "
                   "take our mail for spam. Add a TXT record that begins with v=spf1.")  # fmt: skip
        return Finding("bad", words)
    if len(found) > 1:
        return Finding("bad", SEVERAL, "\n".join(found))
    return Finding(*_judged_spf(found[0].lower().split()), found[0])


def _judged_spf(terms: list[str]) -> tuple[str, str]:
    if sum(map(_asks_further, terms)) > MOST_SPF:
        words = N_("The record asks for more than ten look-ups, so receivers obey none of it.")
        return "bad", words
    if "+all" in terms or "all" in terms:
        words = N_("The record lets everybody send for this domain. End it with -all or ~all.")
        return "bad", words
    if "-all" in terms or "~all" in terms or any(t.startswith("redirect=") for t in terms):
        words = N_("The domain says which servers may send for it. See that ours is among them.")
        return "good", words
    return "weak", N_("The record does not say what to do with others. End it with -all or ~all.")


def _asks_further(term: str) -> bool:
    name = term.lstrip("+-~?")
    mechanism = name.partition(":")[0].partition("/")[0]
    return mechanism in ("include", "a", "mx", "ptr", "exists") or name.startswith("redirect=")


def _dkim(ask: Questions, domain: str, selector: str) -> Finding:
    for name in (selector,) if selector else SELECTORS:
        texts = ask.texts(f"{name}._domainkey.{domain}")
        if record := next((t for t in texts if "p=" in t.replace(" ", "").lower()), ""):
            return _judged_key(name, record)
    if selector:
        return Finding("bad", N_("There is no key under this name (selector)."), selector)
    words = N_("No key was found under the usual names. If your mail server signs, type the name of "
               "its key (selector) here; otherwise switch signing on there.")  # fmt: skip
    return Finding("unknown", words)


def _judged_key(name: str, record: str) -> Finding:
    shown = f"{name}: {record}"
    if not _tag(record, "p"):
        return Finding("bad", N_("The key was taken back (it is empty)."), shown)
    if "y" in _tag(record, "t").split(":"):
        words = N_("The key is marked as a test, so receivers may ignore it. Remove t=y.")
        return Finding("weak", words, shown)
    words = N_("There is a key, so receivers can check the signatures of your mail server.")
    return Finding("good", words, shown)


def _dmarc(ask: Questions, domain: str) -> Finding:
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):  # the domain, then what is above it
        texts = ask.texts("_dmarc." + ".".join(labels[at:]))
        found = [t for t in texts if _tag(t, "v").upper() == "DMARC1"]
        if found:
            return _judged_policy(found, own=at == 0)
    words = N_("Nothing tells receivers what to do with mail that only pretends to come from this "
               "domain. Add a TXT record at _dmarc that begins with v=DMARC1.")  # fmt: skip
    return Finding("bad", words)


def _judged_policy(found: list[str], *, own: bool) -> Finding:
    shown = "\n".join(found)
    if len(found) > 1:
        return Finding("bad", SEVERAL, shown)
    policy = (_tag(found[0], "p") if own else _tag(found[0], "sp") or _tag(found[0], "p")).lower()
    if policy in ("quarantine", "reject"):
        words = N_("Receivers keep out mail that only pretends to come from this domain.")
        return Finding("good", words, shown)
    words = N_("Receivers only report mail that pretends to come from this domain. When SPF and DKIM "
               "are in order, set p=quarantine.")  # fmt: skip
    return Finding("weak", words, shown)


def _tag(record: str, name: str) -> str:
    """The value of one tag of a DKIM or DMARC record: v=DMARC1; p=none."""
    pairs = (part.partition("=") for part in record.split(";"))
    return next((value.strip() for key, _eq, value in pairs if key.strip().lower() == name), "")
