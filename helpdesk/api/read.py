"""What a caller sent -> an Intake or plain values. Every wrong field gets its own sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request

from helpdesk import bodies
from helpdesk.clock import now, read_moment
from helpdesk.customers.people import LEVELS, Asker
from helpdesk.errors import BadInput
from helpdesk.i18n import N_
from helpdesk.settings import LANGUAGES
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
SHORT, MOST_SHORT = frozenset({"external_id", "name", "organisation"}), 200
LOOK = N_("Some fields need another look.")
WHOLE = N_("Please send a whole number that is not too large.")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises BadInput for anything else, TooLarge for too much."""
    found: dict[str, Any] = _storable(bodies.json_object())
    return found


def once_key() -> str:
    """The Idempotency-Key of this request, for this address only; '' without one."""
    given = request.headers.get("Idempotency-Key", "").strip()
    return f"{request.path} {given}" if given else ""


def _storable(value: Any) -> Any:
    """The value without what no database takes: NUL, and half of a character's surrogate pair."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value


def intake(sent: Mapping[str, Any]) -> Intake:
    """The case in a JSON object. Raises BadInput naming every wrong or unknown field."""
    errors = {name: N_("This field is not known.") for name in sent if name not in INTAKE}
    texts = _texts(sent, TEXTS, errors)
    person, fields = (_object(sent, name, errors) for name in ("person", "fields"))
    errors |= {f"person.{n}": N_("This field is not known.") for n in person if n not in PERSON}
    people = _texts(person, PERSON, errors, "person.")
    for name, choices in (("level", LEVELS), ("language", LANGUAGES)):
        if people.get(name) and people[name] not in choices:
            errors[f"person.{name}"] = N_("Please pick one of the offered choices.")
    if not isinstance(sent.get("confidential", False), bool):
        errors["confidential"] = N_("Please send true or false.")
    received = _time(sent.get("received_at"), "received_at", errors)
    deadline = _time(sent.get("external_due_at"), "external_due_at", errors, ahead=True)
    for name in ("kind", "subject", "body"):
        if not texts.get(name, "").strip() and name not in errors:
            errors[name] = N_("Please fill this in.")
    if errors:
        raise BadInput(LOOK, errors=errors)
    given: dict[str, Any] = {name: value for name, value in texts.items() if value}
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
        elif value and name in SHORT and len(value) > MOST_SHORT:
            errors[prefix + name] = N_("This is too long: 200 characters at most.")
        elif value:
            found[name] = value
    return found


def _object(sent: Mapping[str, Any], name: str, errors: dict[str, str]) -> dict[str, Any]:
    value = sent.get(name)
    if value not in (None, []) and not isinstance(value, dict):  # PHP writes an empty object as []
        errors[name] = N_("Please send an object.")
    return value if isinstance(value, dict) else {}


def _time(value: Any, name: str, errors: dict[str, str], ahead: bool = False) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        at = read_moment(value).astimezone(UTC)
    except (TypeError, ValueError):
        errors[name] = N_("Please send a time with its zone, like 2026-03-05T09:30:00+08:00.")
        return None
    if at > now() and not ahead:
        errors[name] = N_("This time lies in the future.")
    return at


def is_whole(value: Any) -> bool:
    """True for a whole number, or for none at all."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def whole_numbers(sent: Mapping[str, Any], *names: str) -> list[int | None]:
    """The whole numbers under these names. Raises BadInput naming each one that is none."""
    errors = {name: WHOLE for name in names if not is_whole(sent.get(name))}
    if errors:
        raise BadInput(LOOK, errors=errors)
    return [sent.get(name) for name in names]


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
        raise BadInput(LOOK, errors={name: WHOLE})
    return int(text)
