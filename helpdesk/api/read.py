"""The body of a request, and what was read from it as an Intake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import request

from helpdesk.core.errors import bad_fields
from helpdesk.core.i18n import N_
from helpdesk.customers.people import Asker
from helpdesk.tickets.fields import OWN_KEYS, Intake
from helpdesk.web import bodies

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises BadInput for anything else, TooLarge for too much."""
    found: dict[str, Any] = _storable(bodies.json_object())
    return found


def bodies_of() -> list[Any]:
    """The objects of this request: one, or those of a list. Raises BadInput for anything else, TooLarge
    for too much."""
    found: list[Any] = _storable(bodies.json_objects())
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
    """The case that was sent, from the checked fields of NewTicket. Raises BadInput for an
    external_id that looks like a key of our own doors."""
    if (sent.get("external_id") or "").startswith(OWN_KEYS):
        ours = N_("Keys that begin like this are the program’s own. Please use another one.")
        raise bad_fields(external_id=ours)
    return Intake(**{"channel": "api", **sent, "person": Asker(**sent.get("person", {}))})
