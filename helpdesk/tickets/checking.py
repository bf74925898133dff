"""A case that a door hands in, before anything is decided: its texts made tidy, its fields checked. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from helpdesk.clock import now
from helpdesk.core.errors import BadInput, refuse
from helpdesk.core.given import tidy
from helpdesk.core.i18n import N_
from helpdesk.tickets import fields
from helpdesk.tickets.fields import Intake, On
from helpdesk.tickets.veil import veiled
from helpdesk.words import casefile

MOST_SUBJECT, MOST_BODY = 200, 100_000
GIVEN = fields.on(On.GIVEN)
TEXTS = [each for each in GIVEN if each.type == "text"]


def checked(intake: Intake) -> Intake:
    """The intake with tidy texts. Raises BadInput naming every field that needs another look."""
    intake = _tidied(intake)
    errors = {each.name: each.problem(getattr(intake, each.name)) for each in GIVEN}
    errors = {name: problem for name, problem in errors.items() if problem}
    if not intake.body and not intake.subject:
        errors["body"] = N_("Please say what happened.")
    if len(intake.body) > MOST_BODY:
        errors["body"] = N_(
            "This is too long: 100,000 characters at most. Attach the rest as a file."
        )
    if early := fields.too_early(intake.external_due_at, intake.received_at or now()):
        errors["external_due_at"] = early
    errors |= _errors_of(lambda: intake.person.addresses())
    errors |= _errors_of(lambda: casefile.cleaned(intake.fields))
    refuse(errors)
    return replace(
        intake,
        subject=intake.subject or intake.body.splitlines()[0][:80],
        body=intake.body or intake.subject,
        fields=casefile.cleaned(intake.fields),
        language=intake.language or guess_language(intake.subject + intake.body),
    )


def _tidied(intake: Intake) -> Intake:
    """Texts without odd blanks and secrets; those that nobody must give are cut where too long."""
    texts: dict[str, Any] = {}
    for each in TEXTS:
        words = tidy(getattr(intake, each.name))
        texts[each.name] = words if each.needed else words[: each.longest]
    texts["subject"] = veiled(texts["subject"]).replace("\n", " ")
    return replace(
        intake,
        **texts,
        body=veiled(tidy(intake.body)),
        quoted=veiled(intake.quoted),
        html=veiled(intake.html),
    )


def _errors_of(check: Any) -> dict[str, str]:
    try:
        check()
    except BadInput as error:
        return error.errors
    return {}


def guess_language(text: str) -> str:
    """zh_Hans when the text has Han characters to speak of, else en."""
    han = sum("\u4e00" <= c <= "\u9fff" for c in text[:500])
    return "zh_Hans" if han * 5 >= max(min(len(text), 500), 1) or han > 20 else "en"
