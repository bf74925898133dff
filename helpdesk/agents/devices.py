"""Known devices: a browser in which somebody has signed in keeps a signed cookie that says so.

It lets nobody in. It only means that wrong passwords tried elsewhere make this browser wait for nothing.
A new password, or "sign out on every device", makes all devices unknown.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from helpdesk.agents.models import Agent, new_key
from helpdesk.settings import settings

COOKIE = "helpdesk_device"
LASTS = 180 * 24 * 3600
MOST_PEOPLE = 30  # who share one browser


def known(agent: Agent | None) -> str:
    """The name of this browser when this person has signed in with it, else ''."""
    kept = _read()
    mark = kept["people"].get(str(agent.id)) if agent is not None else None
    return kept["name"] if agent is not None and mark == _mark(agent) else ""


def remember(response: Response, agent: Agent) -> None:
    """This person has signed in with this browser."""
    kept = _read()
    people = {who: mark for who, mark in kept["people"].items() if who != str(agent.id)}
    newest = dict([*people.items(), (str(agent.id), _mark(agent))][-MOST_PEOPLE:])
    response.set_cookie(
        COOKIE,
        _sealer().dumps({"name": kept["name"] or new_key(), "people": newest}),
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=settings().secure_cookies,
    )


def _read() -> dict[str, Any]:
    try:
        kept: dict[str, Any] = _sealer().loads(request.cookies.get(COOKIE, ""), max_age=LASTS)
    except BadSignature:
        return {"name": "", "people": {}}
    return kept


def _mark(agent: Agent) -> str:
    return hashlib.sha256(agent.session_key.encode()).hexdigest()[:16]


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="known device")
