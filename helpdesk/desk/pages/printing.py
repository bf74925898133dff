"""The forms on paper: print views and PDF of notices and of the response table."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request, url_for

from helpdesk import paper, promises
from helpdesk.agents.sign_in import me, needs
from helpdesk.core.i18n import language
from helpdesk.desk.printing import (
    PrintedCase,
    asked_language,
    case_facts,
    case_form,
    notice_form,
    record,
)
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.paper.words import word
from helpdesk.promises import rail
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import company

blueprint = Blueprint("printing", __name__)
COLUMNS = 12


@blueprint.app_template_filter("spans")
def spans(row: paper.Row, columns: int) -> Iterator[tuple[int, paper.Cell]]:
    """The cells of a row with their columns of twelve; the last takes what is left."""
    left = COLUMNS
    for place, cell in enumerate(row.cells, 1):
        own = left if place == len(row.cells) else cell.span * COLUMNS // columns
        left -= own
        yield own, cell


@blueprint.get("/notices/<reference>/print")
@needs("notice.read")
def notice(reference: str) -> str:
    """The print view of a notice."""
    found = notice_queries.by_number(reference, me().actor)
    slug = notice_queries.slug(found)
    form = _notice_form(found)
    return _sheet(
        form,
        back=url_for("notices.show", reference=slug),
        pdf=url_for("printing.notice_pdf", reference=slug, language=form.language),
    )


@blueprint.get("/notices/<reference>.pdf")
@needs("notice.read")
def notice_pdf(reference: str) -> Response:
    """The notice as PDF."""
    found = notice_queries.by_number(reference, me().actor)
    return _pdf(_notice_form(found), f"notice-{notice_queries.slug(found)}")


def _notice_form(found: Notice) -> paper.Form:
    who = me().actor
    ticket = notice_queries.case_of(found, who)
    address = url_for("notices.show", reference=notice_queries.slug(found))
    return notice_form(
        found,
        asked_language(request.args.get("language"), language()),
        case=ticket.number if ticket else "",
        files=notice_queries.files(found),
        url=f"{settings().base_url}{address}",
        company=company(),
        by=who.name,
    )


@blueprint.get("/tickets/<number>/response-table")
@needs("ticket.read")
def case(number: str) -> str:
    """The response table with the whole form; ?print=1 is the sheet for A4."""
    ticket = queries.by_number(number, me().actor)
    found = case_facts(ticket, me().actor)
    if request.args.get("print"):
        return _case_sheet(found)
    snapshot = in_force.current()
    rows = promises.current(found.promises, ticket)
    form, marks = _case_form(found, language()), rail.marks(found.promises, snapshot)
    return render_template(
        "printing/case.html",
        ticket=ticket,
        marks=rail.marks(rows, snapshot),
        rail_marks={row.id: mark for row, mark in zip(found.promises, marks, strict=True)},
        promises=found.promises,
        checked=_checked(found),
        promise_table=next(part for part in form.blocks if isinstance(part, paper.TableBlock)),
        form=form,
    )


def _checked(found: PrintedCase) -> int | str | None:
    """How much happened since the print whose code was given; '' when none was."""
    given = request.args.get("code", "")
    return record.checked(found, given, settings().secret_key) if given else ""


def _case_sheet(found: PrintedCase) -> str:
    form, number = _printed(found), found.ticket.number
    full = request.args.get("full") and "1"
    return _sheet(
        form,
        back=url_for("printing.case", number=number),
        pdf=url_for("printing.case_pdf", number=number, language=form.language, full=full),
    )


def _printed(found: PrintedCase) -> paper.Form:
    """The form as it goes on paper: with its code, and with everything when `full` is asked."""
    language_ = _asked(found.ticket)
    form = _case_form(found, language_)
    if request.args.get("full"):
        form = record.full_record(form, found, language_)
    return record.with_code(form, _print_code(found), language_)


@blueprint.get("/tickets/<number>/response-table.pdf")
@needs("ticket.read")
def case_pdf(number: str) -> Response:
    """The complaint handling form as PDF; ?full=1 adds notices and evidence."""
    ticket = queries.by_number(number, me().actor)
    return _pdf(_printed(case_facts(ticket, me().actor)), f"case-{ticket.number}")


def _asked(ticket: Ticket) -> str:
    asked = request.args.get("language") or ("both" if request.args.get("full") else "")
    return asked_language(asked, language(), ticket.language)


def _case_form(found: PrintedCase, language_: str) -> paper.Form:
    """The form. Its QR code leads a colleague to the page that checks the print, nobody else."""
    check = url_for("printing.case", number=found.ticket.number, code=_print_code(found))
    url = f"{settings().base_url}{check}"
    return case_form(found, language_, url=url, company=company(), by=me().name)


def _print_code(found: PrintedCase) -> str:
    """What a print of this moment carries: number and state, signed."""
    return record.code(found, record.newest(found), settings().secret_key)


def _sheet(form: paper.Form, *, back: str, pdf: str) -> str:
    return render_template(
        "printing/form.html",
        form=form,
        back_url=back,
        pdf_url=pdf,
        qr=paper.qr_svg_path(form.qr_text),
        words=lambda key: word(key, form.language),
    )


def _pdf(form: paper.Form, name: str) -> Response:
    response = Response(paper.render(form), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
