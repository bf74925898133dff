"""What a caller sent -> an Intake or plain values. Every wrong field gets its own sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import request

from helpdesk.clock import now
from helpdesk.customers.people import LEVELS, Asker
from helpdesk.errors import BadInput
from helpdesk.i18n import N_
from helpdesk.tickets.intake import Intake

TEXTS = (
    "kind",
    "channel",
    "subject",
    "body",
    "category",
    "severity",
    "place",
    "language",
    "external_id",
)
PERSON = ("name", "email", "phone", "language", "level", "organisation")
INTAKE = frozenset({*TEXTS, "received_at", "external_due_at", "person", "fields", "confidential"})
LOOK = N_("Some fields need another look.")


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises BadInput for anything else."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise BadInput(N_("Please send a JSON object."), code="no_json")
    return sent


def intake(sent: Mapping[str, Any]) -> Intake:
    """The case in a JSON object. Raises BadInput naming every wrong or unknown field."""
    errors = {name: N_("This field is not known.") for name in sent if name not in INTAKE}
    texts = _texts(sent, TEXTS, errors)
    person = sent.get("person") or {}
    if not isinstance(person, dict):
        errors["person"], person = N_("Please send an object."), {}
    errors |= {f"person.{n}": N_("This field is not known.") for n in person if n not in PERSON}
    people = _texts(person, PERSON, errors, "person.")
    if people.get("level") and people["level"] not in LEVELS:
        errors["person.level"] = N_("Please pick one of the offered choices.")
    fields = sent.get("fields") or {}
    if not isinstance(fields, dict):
        errors["fields"], fields = N_("Please send an object."), {}
    received = _time(sent.get("received_at"), "received_at", errors)
    deadline = _time(sent.get("external_due_at"), "external_due_at", errors, ahead=True)
    for name in ("kind", "subject", "body"):
        if not texts.get(name, "").strip() and name not in errors:
            errors[name] = N_("Please fill this in.")
    if errors:
        raise BadInput(LOOK, errors=errors)
    given = {name: value for name, value in texts.items() if value}
    external_id = given.pop("external_id", None)
    return Intake(
        **{"channel": "api", **given},
        person=Asker(**people),
        fields=fields,
        external_id=external_id,
        received_at=received,
        external_due_at=deadline,
        confidential=bool(sent.get("confidential")),
    )


def _texts(
    sent: Mapping[str, Any], names: tuple[str, ...], errors: dict[str, str], prefix: str = ""
) -> dict[str, str]:
    found = {}
    for name in names:
        value = sent.get(name)
        if value is not None and not isinstance(value, str):
            errors[prefix + name] = N_("Please send text.")
        elif value:
            found[name] = value
    return found


def _time(value: Any, name: str, errors: dict[str, str], ahead: bool = False) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        errors[name] = N_("Please send a time with its zone, like 2026-03-05T09:30:00+08:00.")
        return None
    if at > now() and not ahead:
        errors[name] = N_("This time lies in the future.")
    return at


def time_argument(name: str) -> datetime | None:
    """A time in the address. Raises BadInput when it is none."""
    errors: dict[str, str] = {}
    value = request.args.get(name, "").replace(" ", "+")
    at = _time(value, name, errors)
    if errors and at is None:
        raise BadInput(LOOK, errors=errors)
    return at


def number_argument(name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most` in the address. Raises BadInput for anything else."""
    text = request.args.get(name, "") or str(default)
    if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) > most:
        wrong = N_("Please send a whole number that is not too large.")
        raise BadInput(LOOK, errors={name: wrong})
    return int(text)
