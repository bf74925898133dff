"""The blocks of the form about the handling: assignment, cause, remedy, answer, follow-up, end."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk.core.i18n import N_, P_
from helpdesk.desk.printing.facts import PrintedCase
from helpdesk.notices.lifecycle import STATE_NAMES, State
from helpdesk.paper import Block, Cell, Place, Signatures, TableBlock
from helpdesk.setup.speech import Speech, date, stamp
from helpdesk.tickets.sight import Entry
from helpdesk.words import CHANNELS, CONTACTS, RESOLVED, SCORES, casefile

ACCEPTED = ("ticket.accept", "ticket.answer_directly", "ticket.decline")
DISPATCHED = ("ticket.dispatch", "ticket.transfer")
REVIEWED = ("ticket.review", "ticket.approve")


def fact(case: PrintedCase, say: Speech, code: str, **shape: int | bool) -> Cell:
    """A field of the case file with its own name."""
    known = casefile.BY_CODE[code]
    value = case.ticket.facts.get(code, "")
    return say.cell(
        known.label, say(known.choices[value]) if value in known.choices else value, **shape
    )


def assignment(case: PrintedCase, say: Speech) -> Block:
    """Who accepted, dispatched and signed, and who is responsible."""
    ticket = case.ticket
    accepted, sent = case.first(*ACCEPTED), case.last(*DISPATCHED)
    signed = case.last("ticket.sign")
    assists = "、".join(say.department(assist.department_id) for assist in case.assists)
    return say.block(
        N_("Intake and assignment"),
        [
            say.cell(N_("Accepted by"), _who(accepted)),
            say.cell(N_("Remark"), _comment(accepted)),
            say.cell(N_("Dispatched by"), _who(sent)),
            say.cell(N_("Signed for by"), _who(signed)),
        ],
        [
            say.cell(N_("Lead department"), say.department(ticket.department_id)),
            say.cell(N_("Assisting departments"), assists),
            say.cell(N_("Person responsible"), ticket.assignee.name if ticket.assignee else ""),
            say.cell(N_("To be done by"), _resolve_due(case), big=True),
        ],
    )


def _resolve_due(case: PrintedCase) -> str:
    rows = [row for row in case.promises if row.promise == "resolve" and row.state != "dropped"]
    return stamp(rows[-1].due_at) if rows else ""


def _who(event: Entry | None) -> str:
    return f"{event.by_name} {stamp(event.at)}" if event else ""


def _comment(event: Entry | None) -> str:
    return str(event.data.get("comment", "")) if event else ""


def cause(case: PrintedCase, say: Speech) -> Block:
    """Investigation, cause of occurrence and of escape, liability."""
    return say.block(
        N_("Cause"),
        [fact(case, say, "investigation", span=4, tall=2)],
        [
            fact(case, say, "root_cause", span=2, tall=2),
            fact(case, say, "escape_cause", span=2, tall=2),
        ],
        [fact(case, say, "cause_code", span=2), fact(case, say, "liability", span=2)],
    )


def remedy(case: PrintedCase, say: Speech) -> Block:
    """What was done, what was paid, what prevents it, and the notices."""
    listed = "\n".join(
        f"{notice.number or say(STATE_NAMES[State.DRAFT])} · {say(STATE_NAMES[notice.status])}"  # type: ignore[index]
        for notice in case.notices
    )
    return say.block(
        N_("Remedy and prevention"),
        [
            fact(case, say, "containment", span=2, tall=2),
            fact(case, say, "remedy", span=2, tall=2),
        ],
        [fact(case, say, "remedy_type", span=2), fact(case, say, "compensation", span=2)],
        [
            fact(case, say, "corrective", span=2, tall=2),
            fact(case, say, "preventive", span=2, tall=2),
        ],
        [say.cell(N_("Rectification notices"), listed, span=4)],
    )


def answer(case: PrintedCase, say: Speech) -> Block:
    """The newest words to the customer."""
    reply = case.answer()
    way = CHANNELS.get(reply.channel) or CHANNELS[case.ticket.channel] if reply else ""
    return say.block(
        N_("Answer"),
        [say.cell(N_("Answer to the customer"), reply.body if reply else "", span=4, tall=2)],
        [
            say.cell(N_("Answered by"), reply.author if reply else ""),
            say.cell(N_("Answered on"), stamp(reply.at) if reply else ""),
            say.cell(N_("By way of"), say(way) if way else ""),
            fact(case, say, "customer_opinion"),
        ],
    )


BY, WORDS = P_("follow-up call", "By"), P_("follow-up call", "Words")


def calls(case: PrintedCase, say: Speech) -> Sequence[Block | TableBlock]:
    """The follow-up: every attempt, then the customer's judgement."""
    headers = (N_("Date"), BY, N_("Contact"), N_("Solved"), N_("Satisfaction"), WORDS)
    scores = {(r.source, r.at): r for r in case.ratings}
    rows = [
        [stamp(c.at), c.by_name, say(CONTACTS[c.contact]), _solved(say, c.resolved), "", c.words]
        for c in case.calls
    ]
    for rating in scores.values():
        rows.append(
            [
                stamp(rating.at),
                say(N_("Customer")),
                say(CHANNELS.get(rating.source, "")),
                _solved(say, rating.resolved),
                f"{rating.result} · {say(SCORES[rating.result])}",
                " · ".join(filter(None, [rating.reason, rating.words])),
            ]
        )
    rows = rows or [["", "", "", "", "", ""]]
    title, names = say(N_("Follow-up call")), [say(header) for header in headers]
    return [TableBlock(title, names, rows, [1.8, 1.4, 1.6, 1.2, 1.6, 3])]


def _solved(say: Speech, code: str) -> str:
    return say(RESOLVED[code]) if code in RESOLVED else ""


def signatures(case: PrintedCase, say: Speech) -> Signatures:
    """The four places, the reviewer's filled in."""
    review = case.last(*REVIEWED)
    reviewed = (review.by_name, _comment(review), date(review.at)) if review else ("", "", "")
    return Signatures(
        say(N_("Signatures")),
        [
            Place(say(N_("Head of the responsible department"))),
            Place(say(N_("Quality or service manager")), *reviewed),
            Place(say(N_("Division leader"))),
            Place(say(N_("General manager"))),
        ],
    )


def archive(case: PrintedCase, say: Speech) -> Block:
    """How it ended."""
    archived = case.last("ticket.archive")
    return say.block(
        N_("Archive"),
        [
            say.cell(N_("Closed on"), stamp(case.ticket.closed_at)),
            say.cell(N_("Archived by"), _who(archived)),
            say.cell(N_("Kept until")),
        ],
        columns=3,
    )
