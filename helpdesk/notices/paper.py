"""问题整改通知单: the rectification notice as the form people know."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk.clock import now
from helpdesk.core.i18n import N_
from helpdesk.notices import clock
from helpdesk.notices.actions.checking import RESULTS
from helpdesk.notices.fields import ANSWER
from helpdesk.notices.lifecycle import LEVEL_NAMES, SOURCE_NAMES, STATE_NAMES, Level, State
from helpdesk.notices.models import Notice
from helpdesk.paper import Block, Form, Place, Signatures, TableBlock
from helpdesk.setup.speech import PRINTED_BY, Speech, date, stamp, stamped
from helpdesk.tickets.models import Attachment

Part = Block | TableBlock | Signatures


def notice_form(
    notice: Notice,
    language: str,
    *,
    case: str,
    files: Sequence[Attachment],
    url: str,
    company: str,
    by: str,
) -> Form:
    """The form. `case` is the ticket's number as the reader may know it, `by` who prints it."""
    say = Speech(language)
    return Form(
        title=say(N_("Rectification notice")),
        subtitle=company,
        number=notice.number or say(N_("Draft")),
        qr_text=url,
        blocks=notice_parts(notice, say, case=case, files=files),
        footer=f"{say(PRINTED_BY)} {by} {stamp(now())}",
        language=language,
    )


def notice_parts(
    notice: Notice, say: Speech, *, case: str, files: Sequence[Attachment]
) -> list[Part]:
    """The blocks of the form, earlier rounds before the present check."""
    parts: list[Part] = [
        _head(notice, say, case),
        _problem(notice, say, files),
        _receipt(notice, say),
        _answer(notice, say),
        _check(notice, say),
        _signatures(notice, say),
    ]
    if notice.rounds:
        parts.insert(4, _rounds(notice, say))
    return parts


def _head(notice: Notice, say: Speech, case: str) -> Block:
    due = {step: row.due_at for step, row in clock.steps(notice).items()}
    return say.block(
        N_("Issue"),
        [
            say.cell(N_("Issued by"), notice.issued_by),
            say.cell(N_("Issued on"), stamp(notice.issued_at)),
            say.cell(N_("Where it was found"), say(SOURCE_NAMES[notice.source])),
            say.cell(N_("Level"), say(LEVEL_NAMES[Level(notice.level)]), big=True),
        ],
        [
            say.cell(N_("Responsible department"), say.department(notice.department_id), big=True),
            say.cell(N_("Person responsible"), notice.responsible),
            say.cell(N_("Copy to"), notice.cc),
            say.cell(N_("Case"), case),
        ],
        [
            say.cell(N_("Immediate measure due"), stamp(due.get("containment"))),
            say.cell(N_("Plan due"), stamp(due.get("plan"))),
            say.cell(N_("Status"), say(STATE_NAMES[State(notice.status)])),
            say.cell(N_("Time limit"), stamp(due.get("done")), big=True),
        ],
    )


def _problem(notice: Notice, say: Speech, files: Sequence[Attachment]) -> Block:
    proof = "\n".join(filter(None, [notice.evidence, *(f.name for f in files)]))
    titled = f"{notice.title}\n{notice.problem}"
    return say.block(
        N_("Problem"),
        [say.cell(N_("Problem (time, place, what, how many)"), titled, span=4, tall=3)],
        [
            say.cell(N_("Basis"), notice.basis, span=2),
            say.cell(N_("Evidence"), proof, span=2),
        ],
        [
            say.cell(N_("Demand"), notice.requirement, span=2, tall=2),
            say.cell(N_("How it is checked"), notice.check_method, span=2, tall=2),
        ],
    )


def _receipt(notice: Notice, say: Speech) -> Block:
    extension = ""
    if notice.extension_reason:
        extension = f"{notice.extension_reason} ({notice.extensions})"
    return say.block(
        N_("Receipt"),
        [
            say.cell(N_("Signed for by"), notice.signed_by),
            say.cell(N_("Signed for on"), stamp(notice.signed_at)),
            say.cell(N_("More time asked for"), extension, span=2),
        ],
        [
            say.cell(N_("Objection"), notice.objection, span=2),
            say.cell(N_("Ruling on the objection"), notice.ruling, span=2),
        ],
    )


def _answer(notice: Notice, say: Speech) -> Block:
    given = notice.answer
    cells = [say.cell(label, given.get(name), span=2, tall=2) for name, label in ANSWER.items()]
    return say.block(
        N_("Answer of the department"),
        *(cells[at : at + 2] for at in range(0, len(cells), 2)),
        [
            say.cell(N_("Planned to be done"), stamped(given.get("planned_at"))),
            say.cell(N_("Done on"), stamped(given.get("claimed_at"))),
            say.cell(N_("Reported by"), given.get("claimed_name", ""), span=2),
        ],
    )


def _rounds(notice: Notice, say: Speech) -> TableBlock:
    headers = (N_("Round"), N_("Result"), N_("What was seen"), N_("Verifier"), N_("Date"))
    rows = [
        [
            str(past["round"]),
            say(RESULTS[past["check"]["result"]]),
            past["check"]["comment"],
            past["check"]["verifier"],
            stamped(past["check"]["verified_at"]),
        ]
        for past in notice.rounds
    ]
    title, names = say(N_("Earlier rounds")), [say(header) for header in headers]
    return TableBlock(title, names, rows, [1, 1.4, 5, 1.6, 2])


def _check(notice: Notice, say: Speech) -> Block:
    check = notice.check
    result = check.get("result", "")
    boxes = "　".join(
        f"{'✓' if code == result else '□'} {say(name)}" for code, name in RESULTS.items()
    )
    effect = say(check["effect"]) if check.get("effect") else ""
    return say.block(
        N_("Re-inspection and effect"),
        [
            say.cell(N_("Result"), boxes, span=2),
            say.cell(N_("Verifier"), check.get("verifier", "")),
            say.cell(N_("Date of re-inspection"), stamped(check.get("verified_at"))),
        ],
        [say.cell(N_("What was seen"), check.get("comment", ""), span=4, tall=2)],
        [
            say.cell(N_("Watched until"), date(notice.watch_until)),
            say.cell(N_("Effect, recurrence"), effect),
            say.cell(N_("Sanction"), notice.sanction),
            say.cell(N_("Ended on"), stamp(notice.closed_at)),
        ],
    )


def _signatures(notice: Notice, say: Speech) -> Signatures:
    check = notice.check
    checked = stamped(check.get("verified_at"))[:10]
    return Signatures(
        say(N_("Signatures")),
        [
            Place(say(N_("Issued by")), notice.issued_by, "", date(notice.issued_at)),
            Place(say(N_("Responsible department")), notice.signed_by, "", date(notice.signed_at)),
            Place(say(N_("Verifier")), check.get("verifier", ""), "", checked),
            Place(say(N_("Division leader"))),
        ],
    )
