"""Whether a mail's sender address is proven: what our own mail server noted (RFC 8601, DMARC).

Anybody can write such a header into a mail, so only those of the server count that the mailbox
names; our server removes others that bear its name. A display name proves nothing: when it is that
of a proven customer with another address, people are warned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from helpdesk import search
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.core.db import db
from helpdesk.customers.addresses import comparable
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.notify.mail.mailboxes import by_name

TOPMOST = "*"  # for servers that always write the first one, and sign it with no name
PROVEN, FAILED, NONE = "pass", "fail", "none"
MOST_ALIKE = 20  # proven addresses that are looked through for a name
BY_THEMSELVES = ("dmarc", "token", "link")  # see people.PROOFS


@dataclass(frozen=True)
class Result:
    """One Authentication-Results header: who says so, and what DMARC came to for which domain."""

    server: str
    dmarc: str
    domain: str


def proof_of(mail: ParsedMail, server: str) -> str:
    """pass, fail or none, as the mailbox's own mail server noted it; '' when none is named."""
    if not server:
        return ""
    found = [read_result(each) for each in mail.auth_results]
    trusted = found[:1] if server == TOPMOST else [r for r in found if r.server == server.lower()]
    first = next((each for each in trusted if each.dmarc), None)
    if first is None:
        return NONE
    ours = mail.from_email.lower().rpartition("@")[2]
    if first.domain and first.domain != ours:
        return NONE  # it speaks of another From than the one that we show
    return {"pass": PROVEN, "fail": FAILED}.get(first.dmarc, NONE)


def read_result(header: str) -> Result:
    """The header's server, and its dmarc= with header.from=; '' for what it does not say."""
    first, *rest = _without_comments(header).split(";")
    server, dmarc, domain = "", "", ""
    if "=" in first:
        rest = [first, *rest]  # some servers leave their name out
    else:
        server = next(iter(first.lower().split()), "")
    for part in rest:
        words = part.lower().split()
        if words and words[0].startswith("dmarc="):
            dmarc = words[0].partition("=")[2]
            said = (word.partition("=")[2] for word in words if word.startswith("header.from="))
            domain = next(said, "").strip('"').rpartition("@")[2]
            break
    return Result(server, dmarc, domain)


def _without_comments(header: str) -> str:
    """The header without what stands in (nested) brackets, and on one line."""
    kept, depth = [], 0
    for char in header:
        depth += char == "("
        if depth == 0:
            kept.append(char)
        depth -= char == ")" and depth > 0
    return " ".join("".join(kept).split())


def trusted_by(mailbox: str) -> str:
    """The server whose word on senders this mailbox takes; '' for none."""
    box = by_name(mailbox)
    return box.proof_by if box is not None else ""


def facts(mail: ParsedMail, mailbox: str) -> dict[str, str]:
    """What is shown beside the sender: the proof, and the address by which we know a customer of
    this name who has proven it; only what there is."""
    found = {"proof": proof_of(mail, trusted_by(mailbox)), "known_as": _namesake(mail)}
    return {name: value for name, value in found.items() if value}


def shown_name(mail: ParsedMail) -> str:
    """The display name of a mail's sender, as names are compared."""
    return " ".join(mail.from_name.split()).casefold()


def _namesake(mail: ParsedMail) -> str:
    """The proven address of another customer with exactly this display name, or ''."""
    name, mine = shown_name(mail), comparable(mail.from_email)
    if not mine or len(name) < 2 or "@" in name:
        return ""
    dialect = db.engine.dialect.name
    words = search.wanted(name, dialect, prefix=True)
    if not words:
        return ""
    found = db.session.execute(_alike(dialect), {"words": words, "mine": mine})
    return next((row.normal for row in found if row.name.casefold() == name), "")


@cache
def _alike(dialect: str) -> Select[str, str]:
    """People found by `words` with each address that they have proven by a mail or a link in one, the
    newest first; without whoever has the address `mine`."""
    found = search.ranked("ab", "person", dialect, prefix=True).subquery()
    own = aliased(ContactAddress)
    mine = (own.person_id == Person.id) & (own.kind == "email") & (own.normal == bindparam("mine"))
    return (
        select(Person.name, ContactAddress.normal)
        .join(found, found.c.subject_id == Person.id)
        .join(ContactAddress, ContactAddress.person_id == Person.id)
        .where(
            Person.known_as_id.is_(None),
            ContactAddress.kind == "email",
            ContactAddress.proven_at.is_not(None),
            ContactAddress.proven_by.in_(BY_THEMSELVES),
            ~select(own.id).where(mine).exists(),
        )
        .order_by(Person.claimed, found.c.rank.desc(), Person.id)
        .order_by(ContactAddress.proven_at.desc(), ContactAddress.id.desc())
        .limit(MOST_ALIKE)
    )
