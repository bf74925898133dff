"""A provider that tells of calls by signed hooks: POST /api/v1/calls/hooks/<provider>, without a token.

The head `X-Helpdesk-Signature: t=<seconds since 1970>,v1=<hex>` signs "<t>.<body>" with HMAC-SHA-256 and
the secret of this provider (HELPDESK_PHONE_SECRETS). A wrong or old one is a 403, and nothing is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from helpdesk.calls import registry, taking_in
from helpdesk.calls.fields import read_events
from helpdesk.calls.words import Happening
from helpdesk.core.errors import FILL, PICK, NotAllowed, NotFound, bad_fields
from helpdesk.core.i18n import N_
from helpdesk.core.limits import Paces
from helpdesk.settings import settings
from helpdesk.web import bodies
from helpdesk.web.http import csrf

blueprint = Blueprint("phone_hooks", __name__)
csrf.exempt(blueprint)
VALID_FOR = 300  # seconds before and after its time
SIGNATURE = "X-Helpdesk-Signature"
WRONG_A_MINUTE = 60  # signatures that are none, from one network address
paces = Paces()
NAMES = {  # what providers call them
    "call.started": Happening.RINGING,
    "call.menu": Happening.MENU,
    "queue.joined": Happening.QUEUED,
    "agent.ringing": Happening.OFFERED,
    "agent.missed": Happening.MISSED,
    "agent.connected": Happening.ANSWERED,
    "call.held": Happening.HELD,
    "call.unheld": Happening.RESUMED,
    "call.transferred": Happening.TRANSFERRED,
    "queue.left": Happening.LEFT,
    "queue.abandoned": Happening.ABANDONED,
    "call.ended": Happening.HUNGUP,
    "agent.done": Happening.WRAPPED,
    "recording.ready": Happening.RECORDED,
    "survey.scored": Happening.SURVEYED,
    "agent.state": Happening.AGENT,
}


@blueprint.post("/api/v1/calls/hooks/<provider>")
def hook(provider: str) -> Response:
    """What a provider says by itself; the same again changes nothing."""
    _require_signed(provider)
    sent = bodies.json_objects()
    read = registry.adapter(provider).hook or events_of
    said = [one | {"provider": provider} for each in sent for one in read(_object(each))]
    taken = taking_in.take(read_events(said))
    return jsonify({"taken": taken.new, "known": len(said) - taken.new})


def _object(sent: Any) -> Mapping[str, Any]:
    if not isinstance(sent, dict):
        raise bad_fields(event=FILL)
    return sent


def _require_signed(provider: str) -> None:
    """Raise NotFound for who has no secret, NotAllowed for a signature that is wrong or too old."""
    secret = dict(settings().phone_secrets).get(provider)
    if secret is None:
        raise NotFound(N_("There is no such telephone provider."))
    parts = dict(each.strip().partition("=")[::2] for each in _head().split(","))
    signed, given = parts.get("t", ""), parts.get("v1", "")
    right = signature(secret, signed, request.get_data(cache=True))
    if not (hmac.compare_digest(right.encode(), given.encode()) and _is_fresh(signed)):
        paces.take(f"hook from {request.remote_addr}", WRONG_A_MINUTE)
        raise NotAllowed(N_("The signature is wrong or too old."), code="signature")


def _head() -> str:
    return request.headers.get(SIGNATURE, "")


def _is_fresh(signed: str) -> bool:
    known = signed.isascii() and signed.isdecimal() and len(signed) < 12
    return known and abs(time.time() - int(signed)) <= VALID_FOR


def signature(secret: str, signed: str, body: bytes) -> str:
    """What stands behind v1= for a body that was signed at this second."""
    return hmac.new(secret.encode(), signed.encode() + b"." + body, hashlib.sha256).hexdigest()


def events_of(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The usual message: {id, type, call, at, ...}, its further fields named as those of an event.

    Raises BadInput for one without a name of its own: that keeps it from being taken twice.
    """
    more = {name: value for name, value in sent.items() if name not in ("id", "type", "call")}
    name, kind = sent.get("id"), sent.get("type")
    errors = {"id": FILL} if not isinstance(name, str) or not name else {}
    if not isinstance(kind, str) or kind not in NAMES:
        errors["type"] = PICK
    if errors:
        raise bad_fields(**errors)
    return [
        more | {"event": NAMES[str(kind)], "call_id": sent.get("call"), "seq": number_of(str(name))}
    ]


def number_of(name: str) -> int:
    """A whole number for an event that has only a name: the same for the same name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])
