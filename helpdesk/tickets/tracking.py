"""Number and secrets of the tracking page. A secret is derived, never stored (80 bits), and good for
one purpose: the code opens the page and may be read out; only the customer's own link, which is mailed
and shown to no colleague, also lets the customer judge the case."""

from __future__ import annotations

import base64
import hashlib
import hmac
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.core.limits import Guesses
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket

LENGTH = 16
NO_CASE = N_("Number and code don't belong together. Please check both and try again.")
WRONG_CODES = Guesses(free=20, first=30, longest=600, forgotten=3600)  # from one address
STEPS = {
    "registered": N_("We have your case and will read it soon."),
    "accepted": N_("Somebody has read your case and takes care of it."),
    "dispatched": N_("Your case is on its way to the department that can help."),
    "return_requested": N_("We are finding the right department for your case."),
    "signed": N_("The department has your case."),
    "handling": N_("The department is working on your case."),
    "waiting": N_("We are waiting for something before we can go on."),
    "replied": N_("We have answered you."),
    "answered_directly": N_("We have answered you."),
    "review": N_("We have answered you and are checking whether it was done well."),
    "callback": N_("We have answered you and will call to hear whether it helped."),
    "reopened": N_("Your case is open again."),
    "closed": N_("Your case is closed."),
    "archived": N_("Your case is closed."),
    "rejected": N_("We could not take on your case; the reason is below."),
    "withdrawn": N_("You have taken your case back."),
    "merged": N_("Your case goes on together with another one."),
    "transferred": N_("Your case went to somebody outside our company; the name is below."),
}
KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")  # of a telephone


def secret(ticket: Ticket, key: str) -> str:
    """The ticket's secret under the deployment's key: 16 letters and digits, easy to read out."""
    return _code(f"track:{ticket.number}:{ticket.track_salt}", key)[:LENGTH]


def own_secret(ticket: Ticket, key: str) -> str:
    """The code, and behind it what says that the customer is the one who judges: for mails to the
    customer alone, 32 letters and digits."""
    return secret(ticket, key) + _code(f"rate:{ticket.number}:{ticket.track_salt}", key)[:LENGTH]


def own_url(ticket: Ticket, key: str, base_url: str) -> str:
    """The customer's own link: it opens the tracking page and lets them judge the case there."""
    return f"{base_url}/track/{ticket.number}/{own_secret(ticket, key)}"


def is_own(ticket: Ticket, given: str, key: str) -> bool:
    """Whether a code is the one of the customer's own link, however it was written."""
    return hmac.compare_digest(own_secret(ticket, key).encode(), _tidy(given).encode())


def _code(message: str, key: str) -> str:
    """The signature of a message with its purpose, as letters and digits that can be read out."""
    made = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.b32encode(made).decode()


def _tidy(given: str) -> str:
    return normalize("NFKC", given).strip().upper().replace(" ", "").replace("-", "")


def confirmation(ticket: Ticket, key: str) -> str:
    """What only the mailbox at `ticket.reply_to` is told: it proves that address on this case."""
    message = f"confirm:{ticket.number}:{ticket.track_salt}:{ticket.reply_to}"
    return _code(message, key)[: LENGTH * 2].lower()


def confirmation_url(ticket: Ticket, key: str, base_url: str) -> str:
    """The link of a mail to `ticket.reply_to`; it opens a page with a button."""
    return f"{base_url}/confirm/{ticket.number}/{confirmation(ticket, key)}"


def to_confirm(number: str, given: str, key: str) -> Ticket:
    """The ticket whose address this link proves. Raises NotFound, the same for whatever is wrong."""
    ticket = db.session.scalar(select(Ticket).where(queries.has_number(number)))
    right = confirmation(ticket, key) if ticket is not None else ""
    if ticket is None or not hmac.compare_digest(right.encode(), given.lower().encode()):
        raise NotFound(N_("This link is not complete. Please open it from the mail once more."))
    return ticket


def find(number: str, given: str, key: str) -> Ticket:
    """The ticket for number and code, or the code of the customer's own link. Raises NotFound, the
    same for a wrong number or code."""
    ticket = db.session.scalar(
        select(Ticket)
        .where(queries.has_number(number))
        .options(joinedload(Ticket.department), joinedload(Ticket.category))
    )
    right = secret(ticket, key) if ticket is not None else "A" * LENGTH
    opens = hmac.compare_digest(right.encode(), _tidy(given).encode())
    if ticket is None or not (opens or is_own(ticket, given, key)):
        raise NotFound(NO_CASE)
    return ticket


def find_by_keys(number: str, given: str, key: str) -> Ticket:
    """The same for who has only a telephone's keys: of the number the digits, of the code each letter's
    key. Raises NotFound as find() does."""
    digits = "".join(each for each in number[:80] if each.isdecimal())
    written = f"{digits[:4]}-{digits[4:]}" if digits == number.strip() else number
    ticket = db.session.scalar(select(Ticket).where(queries.has_number(written)))
    right = secret(ticket, key).translate(KEYS) if ticket is not None else "2" * LENGTH
    opens = hmac.compare_digest(right.encode(), _tidy(given[:80]).translate(KEYS).encode())
    if ticket is None or not opens:
        raise NotFound(NO_CASE)
    return ticket
