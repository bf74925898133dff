"""Who calls at the simulated exchange: invented, or out of our own book."""

from __future__ import annotations

import random
import re

from sqlalchemy import func, select

from helpdesk.channels.phone.simulated.switchboard import Caller
from helpdesk.core.db import db
from helpdesk.core.i18n import N_
from helpdesk.customers.models import ContactAddress

LONG, SHORT = 90.0, 12.0  # seconds of patience, on average, and of who gives up
KINDS = {  # who calls
    "known": N_("A known customer"),
    "unknown": N_("An unknown number"),
    "anonymous": N_("A withheld number"),
    "gives_up": N_("Somebody who gives up"),
    "burst": N_("Fifty at once"),
}
CALLS = {"burst": 50}  # of a kind that is more than one call
PHONE = re.compile(r"\+?[0-9]{7,15}")


class Callers:
    """Invents who calls; customers are taken from our own book."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def one(self, kind: str, queue: str) -> Caller:
        """A caller of a kind of KINDS; a burst is a mixture of the others."""
        if kind == "burst":
            kind = self.chance.choice(("known", "known", "unknown", "anonymous", "gives_up"))
        gives_up = kind == "gives_up"
        patience = self.chance.expovariate(1 / LONG) + 5
        if gives_up:
            patience = self.chance.uniform(SHORT - 4, SHORT + 4)
        return Caller(self._number(kind), queue, patience, hopeless=gives_up)

    def _number(self, kind: str) -> str:
        known = self._known() if kind == "known" else ""
        if known or kind == "anonymous":
            return known
        return f"+86139{self.chance.randrange(10**8):08}"

    def _known(self) -> str:
        """A customer's number, '' where there is none."""
        phones = ContactAddress.kind == "phone"
        number = select(func.count()).select_from(ContactAddress).where(phones)
        many = db.session.scalar(number) or 0
        if not many:
            return ""
        query = select(ContactAddress.normal).where(phones).order_by(ContactAddress.id)
        found = db.session.scalar(query.offset(self.chance.randrange(many)).limit(1)) or ""
        return found if PHONE.fullmatch(found) else ""
