"""A case on its way in, as every door hands it to open_ticket()."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk.customers.people import Asker
from helpdesk.files import StoredFile

# How the keys of our own doors begin. A caller's key never does, or it would take the place of a
# mail or form that is still to come, and that one's words would be lost.
OWN_KEYS = ("mail:", "form:", "desk:")


@dataclass(frozen=True)
class Intake:
    """A case as a channel hands it over. Texts are as the customer wrote them."""

    channel: str
    subject: str
    body: str
    person: Asker = field(default_factory=Asker)
    person_id: int | None = None  # whom a colleague has picked
    settled: bool = False  # a colleague says that it is none of those who are known
    proof: str = ""  # of the address that it came from: see people.PROOFS
    came_from: str = ""  # the sender, where answers are to go to another mail address
    others: tuple[str, ...] = ()  # further mail addresses that are offered for answers
    kind: str = "complaint"
    category: str = ""
    severity: str = ""
    place: str = ""
    language: str = ""
    external_id: str | None = None
    received_at: datetime | None = None
    external_due_at: datetime | None = None  # the deadline that an authority has set
    fields: dict[str, Any] = field(default_factory=dict)
    files: tuple[StoredFile, ...] = ()
    confidential: bool = False
    message_id: str | None = None
    quoted: str = ""
    html: str = ""
    mail: dict[str, Any] = field(default_factory=dict)
