"""The fields of a ticket, one entry each, and a case on its way in.

Whatever reads, stores, finds, lists, corrects, prints or tells a field walks FIELDS: the doors and the
API with its description, the correction and its dialog, history, side pane, CSV and the printed form.
A further field is a column with its migration, an entry here with its line in Intake where a door may
give it, and its place on the phone form, which is drawn by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto
from typing import Any, Literal

from helpdesk.clock import within_reach
from helpdesk.core.errors import PICK
from helpdesk.core.i18n import N_, gettext, when
from helpdesk.customers.people import Asker
from helpdesk.files import StoredFile
from helpdesk.setup.names import category_name
from helpdesk.tickets.lifecycle import STATUS_NAMES
from helpdesk.words import CHANNELS, KIND_NAMES, LANGUAGES, SEVERITY_NAMES

# How the keys of our own doors begin. A caller's key never does, or it would take the place of a
# mail or form that is still to come, and that one's words would be lost.
OWN_KEYS = ("mail:", "form:", "desk:", "call:")


@dataclass(frozen=True)
class Intake:
    """A case as a channel hands it to open_ticket(). Texts are as the customer wrote them."""

    channel: str
    subject: str
    body: str
    person: Asker = field(default_factory=Asker)
    person_id: int | None = None  # whom a colleague has picked
    caller_id: int | None = None  # whose telephone called: it proves nothing, and adds nothing
    taken_by: int | None = None  # the colleague who has it already
    spoken_to: bool = True  # by somebody, where the way in is by word of mouth
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
    fields: dict[str, Any] = field(default_factory=dict)  # of the case file
    files: tuple[StoredFile, ...] = ()
    confidential: bool = False
    message_id: str | None = None
    quoted: str = ""
    html: str = ""
    mail: dict[str, Any] = field(default_factory=dict)


class On(Flag):
    """Where a field appears."""

    GIVEN = auto()  # a door may give it, and so may a caller of the API
    TOLD = auto()  # the API answers with it
    EDIT = auto()  # corrected in the dialog, old and new kept in the history
    SIDE = auto()  # beside the conversation, where it is not empty
    CSV = auto()  # a column of the export
    PRINT = auto()  # on the complaint handling form
    FOUND = auto()  # its words find the ticket
    NARROW = auto()  # lists are narrowed by it; what is no moment has a line in filters.Filter


@dataclass(frozen=True)
class TicketField:
    """One field: what forms, addresses and the API call it, its label, what it is, where it appears.

    `asked`: how the customers' form asks for it, under "More"; without it, it does not.
    `promised`: it decides which promises a case carries, so the desk corrects it, with a reason.
    """

    name: str
    label: str
    type: Literal["text", "choice", "category", "moment", "flag", "number"]
    on: On
    choices: Mapping[Any, str] = field(default_factory=dict)
    needed: bool = False
    longest: int = 200
    ahead: bool = False  # a moment that may lie in the future
    promised: bool = False
    asked: str = ""

    @property
    def column(self) -> str:
        """Its column of Ticket, and what the history calls it."""
        return "category_id" if self.type == "category" else self.name

    def said(self, value: Any) -> str:
        """A value of it as people say it, in the reader's language; '' where it is empty."""
        if value in (None, ""):
            return ""
        if self.type == "choice":
            return gettext(self.choices.get(value, str(value)))
        if self.type == "category":
            return category_name(int(value))
        if self.type == "moment":
            return when(as_moment(value))
        if self.type == "flag":
            return gettext("Yes") if value else gettext("No")
        return str(value)

    def problem(self, value: Any) -> str:
        """What is wrong with a value that was given, as a message id; '' when it fits."""
        if self.type == "choice" and value not in self.choices and (value or self.needed):
            return PICK
        if self.type == "moment" and value and not within_reach(value):
            return N_("This date is too far away: please give one between 1970 and 2100.")
        if self.type == "text" and len(value) > self.longest:
            return N_("This is too long: 200 characters at most.")
        return ""


# What goes together for most of them.
LISTED = On.TOLD | On.CSV
NARROWS = LISTED | On.NARROW
DOORS = On.GIVEN | On.PRINT
FIELDS = (
    TicketField("number", N_("Number"), "text", LISTED | On.FOUND),
    TicketField(
        "kind",
        N_("Kind"),
        "choice",
        NARROWS | DOORS | On.EDIT,
        KIND_NAMES,
        needed=True,
        promised=True,
    ),
    TicketField("status", N_("Status"), "choice", NARROWS | On.PRINT, STATUS_NAMES),
    TicketField(
        "severity",
        N_("Severity"),
        "choice",
        NARROWS | DOORS | On.EDIT,
        SEVERITY_NAMES,
        promised=True,
    ),
    TicketField("channel", N_("Channel"), "choice", NARROWS | DOORS, CHANNELS),
    TicketField("subject", N_("Subject"), "text", LISTED | DOORS | On.EDIT | On.FOUND, needed=True),
    TicketField(
        "category", N_("Category"), "category", LISTED | DOORS | On.EDIT | On.SIDE, promised=True
    ),
    TicketField(
        "place",
        N_("Place"),
        "text",
        NARROWS | DOORS | On.EDIT | On.SIDE | On.FOUND,
        asked=N_("Place or shop"),
    ),
    TicketField("registered_at", N_("Registered on"), "moment", On.PRINT),
    TicketField("received_at", N_("Received"), "moment", NARROWS | On.GIVEN | On.SIDE),
    TicketField("due_at", N_("Due"), "moment", NARROWS),
    TicketField(
        "external_due_at",
        N_("The authority’s deadline"),
        "moment",
        NARROWS | DOORS | On.EDIT | On.SIDE,
        ahead=True,
        promised=True,
    ),
    TicketField("replied_at", N_("Replied"), "moment", NARROWS),
    TicketField("closed_at", N_("Closed"), "moment", NARROWS),
    TicketField("updated_at", N_("Last changed"), "moment", On.TOLD),
    TicketField("queue", N_("Queue"), "text", On.TOLD),
    TicketField("cycle", N_("Rounds"), "number", LISTED),
    TicketField("returns", N_("Returns"), "number", On.CSV),
    TicketField("urges", N_("Urges"), "number", On.CSV),
    TicketField("language", N_("Language"), "choice", LISTED | On.GIVEN, LANGUAGES),
    TicketField("confidential", N_("Confidential"), "flag", On.GIVEN | On.PRINT),
    TicketField("anonymous", N_("Anonymous"), "flag", On.PRINT),
    TicketField("version", N_("Version"), "number", On.TOLD),
)


BY_COLUMN = {each.column: each for each in FIELDS}


def on(place: On) -> list[TicketField]:
    """The fields that appear there, in their order."""
    return [each for each in FIELDS if place in each.on]


def as_moment(kept: datetime | str) -> datetime:
    """A moment, also as the journal keeps it. Raises ValueError for a text that is none."""
    return datetime.fromisoformat(kept) if isinstance(kept, str) else kept


def too_early(deadline: datetime | None, received: datetime) -> str:
    """What is wrong with an authority's deadline for a case that came in then; '' when nothing is."""
    if deadline and deadline <= received:
        return N_("The authority’s deadline lies before the case came in.")
    return ""


def searched(ticket: Any, name: str, said: Iterable[str]) -> list[str]:
    """Every text by which a ticket is found: its own, its case file's, the customer's name, also as it
    was given with the case, and what was said."""
    own = (str(getattr(ticket, each.column)) for each in on(On.FOUND))
    names = dict.fromkeys((name, ticket.contact_name))
    return [*own, *names, *said, *(str(fact) for fact in ticket.facts.values())]
