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
from helpdesk.tickets.lifecycle import STATUS_NAMES
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES
from helpdesk.words.severities import SEVERITY_NAMES


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
    ticket, opened = case.ticket, case.first("ticket.opened")
    return say.block(
        N_("Case and customer"),
        [
            say.cell(N_("Kind"), say(KIND_NAMES[ticket.kind])),  # type: ignore[index]
            say.cell(N_("Severity"), say(SEVERITY_NAMES[ticket.severity]), big=True),
            say.cell(N_("Registered on"), stamp(ticket.registered_at)),
            say.cell(N_("Channel"), say(CHANNELS[ticket.channel])),
        ],
        [
            *_customer(case, say),
            say.cell(N_("Registered by"), opened.by_name if opened and case.open_identity else ""),
        ],
        [
            say.cell(N_("Place"), ticket.place),
            say.cell(N_("Confidential"), _yes(say, ticket.confidential)),
            say.cell(N_("Anonymous"), _yes(say, ticket.anonymous)),
            say.cell(N_("Status"), say(STATUS_NAMES[ticket.status])),  # type: ignore[index]
        ],
    )


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
    mine = [each for each in ticket.person.addresses if each.kind == kind]
    return min(mine, key=lambda each: not each.proven_by).shown if mine else ""


def _yes(say: Speech, value: bool) -> str:
    return say(N_("Yes")) if value else say(N_("No"))


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
    ticket = case.ticket
    files = "\n".join(f.name for f in case.files if f.public)
    return say.block(
        N_("Matter"),
        [
            say.cell(N_("Subject"), ticket.subject, span=2),
            say.cell(N_("Category"), say.category(ticket.category_id), span=2),
        ],
        [say.cell(N_("The customer's own words"), case.words_of_the_customer(), span=4, tall=3)],
        [
            fact(case, say, "demand", span=2),
            say.cell(N_("Files"), files, span=1),
            fact(case, say, "validity"),
        ],
    )
