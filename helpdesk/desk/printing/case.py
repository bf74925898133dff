"""客户投诉处理表: the customer complaint handling form."""

from __future__ import annotations

from helpdesk.clock import now
from helpdesk.core.i18n import N_
from helpdesk.customers.addresses import shown
from helpdesk.desk.printing import handling
from helpdesk.desk.printing.facts import PrintedCase
from helpdesk.desk.printing.handling import fact
from helpdesk.desk.printing.promises import promise_table
from helpdesk.paper import Block, Cell, Form
from helpdesk.setup.speech import PRINTED_BY, Speech, stamp
from helpdesk.tickets import fields
from helpdesk.tickets.fields import BY_COLUMN, On

# The fields that are placed by hand: a form that people know by heart does not move.
PLACED = (
    *("kind", "severity", "registered_at", "channel", "place", "confidential", "anonymous"),
    *("status", "subject", "category_id"),
)


def case_form(case: PrintedCase, language: str, *, url: str, company: str, by: str) -> Form:
    """The form of a case. `url` goes into the QR code, `by` is who prints it."""
    say, ticket = Speech(language), case.ticket
    blocks = [
        _head(case, say),
        _object(case, say),
        _matter(case, say),
        promise_table(case, say),
        handling.assignment(case, say),
        handling.cause(case, say),
        handling.remedy(case, say),
        handling.answer(case, say),
        *handling.calls(case, say),
        handling.signatures(case, say),
        handling.archive(case, say),
    ]
    return Form(
        title=say(N_("Customer complaint handling form")),
        subtitle=company,
        number=ticket.number,
        qr_text=url,
        blocks=blocks,
        footer=f"{say(PRINTED_BY)} {by} {stamp(now())}",
        language=language,
    )


def _head(case: PrintedCase, say: Speech) -> Block:
    opened = case.first("ticket.opened")
    return say.block(
        N_("Case and customer"),
        [
            own(case, say, "kind"),
            own(case, say, "severity", big=True),
            own(case, say, "registered_at"),
            own(case, say, "channel"),
        ],
        [
            *_customer(case, say),
            say.cell(N_("Registered by"), opened.by_name if opened and case.open_identity else ""),
        ],
        [own(case, say, name) for name in ("place", "confidential", "anonymous", "status")],
        *_further(case, say),
    )


def own(case: PrintedCase, say: Speech, name: str, **shape: int | bool) -> Cell:
    """A field of the ticket with its own name."""
    known, value = BY_COLUMN[name], getattr(case.ticket, name)
    if known.type == "choice":
        value = say(known.choices[value])
    elif known.type == "category":
        value = say.category(value)
    elif known.type == "moment":
        value = stamp(value)
    elif known.type == "flag":
        value = say(N_("Yes")) if value else say(N_("No"))
    return say.cell(known.label, value, **shape)


def _further(case: PrintedCase, say: Speech) -> list[list[Cell]]:
    """The fields that have no place of their own, where the case has any: four in a row."""
    known = [each.column for each in fields.on(On.PRINT) if each.column not in PLACED]
    cells = [own(case, say, name) for name in known if getattr(case.ticket, name)]
    return [cells[at : at + 4] for at in range(0, len(cells), 4)]


def _customer(case: PrintedCase, say: Speech) -> list[Cell]:
    """Who it is, or nothing but that it is confidential."""
    person = case.ticket.person
    if not case.open_identity:
        hidden = say(N_("Confidential"))
        return [say.cell(N_("Customer"), hidden), say.cell(N_("Telephone")), say.cell(N_("Mail"))]
    name = " · ".join(filter(None, [person.name, person.organisation]))
    return [
        say.cell(N_("Customer"), name or say(N_("Anonymous")), big=True),
        say.cell(N_("Telephone"), _at(case, "phone")),
        say.cell(N_("Mail"), _at(case, "email")),
    ]


def _at(case: PrintedCase, kind: str) -> str:
    """Where the case came from, else the customer's proven address of this kind, or any."""
    ticket = case.ticket
    if ticket.contact_kind == kind:
        return shown(kind, ticket.contact, ticket.contact_extension)
    if kind == "email" and ticket.reply_to:
        return ticket.reply_to
    known = ticket.person.address(kind)
    return known.shown if known else ""


def _object(case: PrintedCase, say: Speech) -> Block:
    counted = case.repeats
    return say.block(
        N_("Product or service"),
        [fact(case, say, code) for code in ("product", "model", "lot", "order_no")],
        [fact(case, say, code) for code in ("bought_on", "quantity", "amount", "occurred_at")],
        [
            say.cell(N_("Same order"), _times(say, counted.order)),
            say.cell(N_("Same product"), _times(say, counted.product)),
            say.cell(N_("Same matter"), _times(say, counted.category), span=2),
        ],
    )


def _times(say: Speech, count: int) -> str:
    return say(N_("time no. %(n)s"), n=count) if count else ""


def _matter(case: PrintedCase, say: Speech) -> Block:
    files = "\n".join(f.name for f in case.files if f.public)
    return say.block(
        N_("Matter"),
        [
            own(case, say, "subject", span=2),
            own(case, say, "category_id", span=2),
        ],
        [say.cell(N_("The customer's own words"), case.words_of_the_customer(), span=4, tall=3)],
        [
            fact(case, say, "demand", span=2),
            say.cell(N_("Files"), files, span=1),
            fact(case, say, "validity"),
        ],
    )
