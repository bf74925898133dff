"""Who is signed in: the session, its limits and its end (OWASP ASVS 5.0, chapter 7).

The cookie holds "<id>:<session_key>", a random name of this session, when it began and when it was
last used. A new session_key ends all sessions of a person, `ended_sessions` single ones, without a
statement more than the one that reads the person.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import reduce, wraps
from operator import add
from typing import Any, ParamSpec, TypeVar

from flask import Flask, g, redirect, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, current_user, login_user
from sqlalchemy import Text, bindparam, cast, func, select
from werkzeug.wrappers import Response

from helpdesk.agents.models import Agent, Reader, new_key
from helpdesk.agents.rights import Actor, Role, require
from helpdesk.clock import now
from helpdesk.core import along, options
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import NotSignedIn
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_

IDLE = timedelta(hours=8)
LONGEST = timedelta(hours=12)
HALF = timedelta(minutes=5)  # between the password and the code
SETTING_UP = (
    "agents.",
    "second_factor.",
    "static",
)  # what an administrator without a second factor may open
TOUCH_SECONDS = 60  # the cookie is written again at most once a minute

MADE_OF = (
    *(Agent.id, Agent.active, Agent.session_key, Agent.ended_sessions),  # holds()
    *(Agent.name, Agent.role, Agent.department_id, Agent.leads, Agent.language),  # Actor.of()
)
_STANDING = select(
    func.aggregate_strings(
        reduce(add, (func.coalesce(cast(each, Text), "") + "|" for each in MADE_OF)), "\n"
    )
)
_asker = along.Asker(
    select(
        *(getattr(Agent, name) for name in Reader._fields[:-1]),
        (Agent.totp_secret != "").label("codes"),
    ).where(Agent.id == bindparam("id")),
    Reader,
)
manager = LoginManager()
P = ParamSpec("P")
R = TypeVar("R")


def init(app: Flask) -> None:
    """Let the app know who is there, in every request."""
    manager.session_protection = None  # our own limits and keys do that, whatever the address
    manager._session_identifier_generator = str  # so nobody asks for that address's digest
    manager.init_app(app)
    app.session_interface = _Sessions()
    app.before_request(_follow_the_person)


class _Sessions(SecureCookieSessionInterface):
    """Flask's own sessions, whose signer is made once."""

    _signer: Any = None

    def get_signing_serializer(self, app: Flask) -> Any:
        """What signs the cookie, and reads it."""
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


def begin(agent: Agent) -> None:
    """Start a new session for this person; nothing of an older one is kept."""
    session.clear()
    login_user(agent)
    session.update(fresh_session(agent))


def half(agent: Agent, target: str) -> None:
    """The password was right; a code is still asked for, within five minutes."""
    session.clear()
    until = int((now() + HALF).timestamp())
    session["half"] = {"user": agent.get_id(), "until": until, "next": target}


def waiting() -> tuple[Agent, str]:
    """Who is half signed in, and where they want to go. Raises NotSignedIn after five minutes."""
    kept = session.get("half") or {"user": "", "until": 0, "next": "/"}
    agent = _holder(kept["user"]) if kept["until"] > now().timestamp() else None
    if agent is None:
        raise NotSignedIn(N_("Please sign in to go on."))
    return agent, kept["next"]


def fresh_session(agent: Agent) -> dict[str, object]:
    """What the cookie of a session that begins now contains."""
    moment = int(now().timestamp())
    return {"_user_id": agent.get_id(), "name": new_key(), "since": moment, "seen": moment}


def end() -> None:
    """End this session, here and wherever its cookie was copied to."""
    name = session.get("name")
    agent = my_row() if _somebody() else None
    session.clear()
    g.pop("_login_user", None)
    if agent is None or not name:
        return
    moment = int(now().timestamp())
    with transaction():
        agent = locked(agent)
        kept = [row for row in agent.ended_sessions if row[1] > moment]
        agent.ended_sessions = [*kept, [name, moment + int(LONGEST.total_seconds())]]


def actor() -> Actor | None:
    """Who is signed in, as the `by` of a verb; None for a visitor."""
    found = _somebody()
    return found.actor if found else None


def me() -> Reader:
    """The person who is signed in. Raises NotSignedIn."""
    found = _somebody()
    if found is None:
        raise NotSignedIn(N_("Please sign in to go on."))
    return found


def my_row() -> Agent:
    """The whole row of that person, to be changed. Raises NotSignedIn."""
    return db.session.get_one(Agent, me().id, populate_existing=True)


def by() -> Actor:
    """Who is at the keyboard, as the `by` of a verb. Raises NotSignedIn."""
    return me().actor


def _somebody() -> Reader | None:
    found = current_user._get_current_object()  # each word with the proxy itself looks for it anew
    return found if found and found.is_authenticated else None


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """A view for people who are signed in. Raises NotSignedIn for everybody else."""
    return needs("")(view)


def needs(verb: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view for people whose role has this verb. Raises NotSignedIn or NotAllowed."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            who = me().actor
            if verb:
                require(who, verb)
            return view(*args, **kwargs)

        return guarded

    return guard


@manager.user_loader  # type: ignore[untyped-decorator]
def _load(user_id: str) -> Reader | None:
    """The person of this session, when the session still holds."""
    return holder(session) if session.get("_user_id") == user_id else None


def holder(kept: Mapping[str, Any]) -> Reader | None:
    """The person of a session, as the row is now, when the session still holds.

    `kept` is what its cookie holds: the one rule of pages and of sockets that stay open.
    """
    ident = str(kept.get("_user_id", "")).partition(":")[0]
    found = _asker.read(id=whole(ident) or 0)
    return found if holds(kept, found) else None


def holds(kept: Mapping[str, Any], agent: Agent | Reader | None) -> bool:
    """Whether a session is alive: not idle or open for too long, and neither it nor all of its
    person's were ended. `agent` is the person's row as it is now.
    """
    if agent is None or not agent.active or now().timestamp() > ends_at(kept):
        return False
    if not hmac.compare_digest(agent.get_id().encode(), str(kept.get("_user_id", "")).encode()):
        return False
    return kept.get("name") not in {row[0] for row in agent.ended_sessions}


def _holder(user_id: str) -> Agent | None:
    """The active person with this id and key."""
    ident, _colon, key = user_id.partition(":")
    agent = db.session.get(Agent, whole(ident) or 0)
    if agent is None or not agent.active or not hmac.compare_digest(agent.session_key, key):
        return None
    return agent


def ends_at(kept: Mapping[str, Any]) -> float:
    """When a session is over by itself, as a timestamp."""
    seen, since = float(kept.get("seen", 0)), float(kept.get("since", 0))
    return min(seen + IDLE.total_seconds(), since + LONGEST.total_seconds())


def standing() -> bytes:
    """The digest of all that sessions and actors of all colleagues are made of: while it is the same,
    what holds() said of a session stays true until that ends by itself."""
    return hashlib.sha256((db.session.scalar(_STANDING) or "").encode()).digest()


def _follow_the_person() -> Response | None:
    """Language and zone of the person; a session that does not hold any more is emptied."""
    g.pop("_login_user", None)  # an application context may live longer than one request
    if request.endpoint == "static" or "_user_id" not in session:
        return None
    reader = _somebody()
    if reader is None:
        session.clear()
        return None
    g.language = reader.language
    g.timezone = reader.timezone or g.timezone
    moment = int(now().timestamp())
    if moment - session["seen"] >= TOUCH_SECONDS:
        session["seen"] = moment
    return redirect("/me/second-factor") if _lacks_second_factor(reader) else None


def _lacks_second_factor(agent: Reader) -> bool:
    """Whether this person must set up a second factor before anything else."""
    if agent.role != Role.ADMIN or agent.codes:
        return False
    if (request.endpoint or "").startswith(SETTING_UP):
        return False
    return bool(options.get("second_factor_for_admins"))
