"""A telephone in the agent's browser: whose rings there, and what it signs on with."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor
from helpdesk.calls.models import PhoneLine
from helpdesk.core import along, encryption
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.settings import Phone, settings

NONE_HERE = N_("Your telephone does not ring in the browser.")
STEPS = (
    "answer",
    "decline",
    "hold",
    "resume",
)  # what it does itself; all else is asked of the exchange
WORDS = {  # its states, as the window and every page of the desk say them
    "connecting": N_("Your telephone connects ..."),
    "ready": N_("Your telephone is ready."),
    "ringing": N_("Your telephone rings."),
    "talking": N_("You are on a call."),
    "held": N_("The call is on hold."),
    "silent": N_("No sound arrives from the telephone system. Please tell an administrator."),
    "lost": N_("Your telephone has lost its connection, and tries again every few seconds."),
    "refused": N_(
        "The telephone system does not take your telephone. Please tell an administrator."
    ),
    "elsewhere": N_("Your telephone is in another window. Once that is closed, it is here."),
    "closed": N_("Your telephone is closed: no call rings here."),
    "over": N_("You are signed out."),
    "denied": N_(
        "The browser may not use your microphone. Allow it beside the page's address, then try again."
    ),
    "missing": N_("No microphone was found. Plug in your headset, then try again."),
    "busy": N_("Another program has your microphone. Close it there, then try again."),
    "insecure": N_(
        "Browsers give the microphone to pages under https only. Please tell an administrator."
    ),
}
_USER = select(func.coalesce(func.max(PhoneLine.sip_user), ""))
along.reads("sip_user", _USER.where(PhoneLine.agent_id == Agent.id).scalar_subquery())


class Account(NamedTuple):
    """What the browser's telephone signs on with; for its own agent's eyes."""

    websocket: str
    uri: str
    user: str
    secret: str


def system() -> Phone | None:
    """The telephone system that browsers may connect to."""
    phone = settings().phone
    return phone if phone is not None and phone.websocket else None


def rings_for(who: Actor | None) -> bool:
    """Whether this person's telephone is in the browser."""
    if system() is None or who is None or who.kind != "agent":
        return False
    read = along.get("sip_user")
    return bool(
        db.session.scalar(_USER.where(PhoneLine.agent_id == who.id)) if read is None else read
    )


def account(who: Actor) -> Account:
    """What this person's telephone signs on with. Raises NotFound where it stands on a desk."""
    phone, line = system(), db.session.get(PhoneLine, who.id)
    if phone is None or line is None or not line.sip_user:
        raise NotFound(NONE_HERE)
    secret = encryption.decrypted(line.sip_secret)
    return Account(phone.websocket, f"sip:{line.sip_user}@{phone.realm}", line.sip_user, secret)
