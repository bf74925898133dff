"""The second factor: codes of an authenticator app (RFC 6238), and codes on paper for a lost phone.

ASVS 5.0, 6.3.3 and 6.5: a code works once, within 30 seconds either way, and few may be tried.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import unicodedata
from urllib.parse import quote, urlencode

from itsdangerous import BadSignature, URLSafeTimedSerializer

from helpdesk.agents import tries
from helpdesk.agents.models import Agent, new_key
from helpdesk.agents.rights import Actor, require_own
from helpdesk.clock import now
from helpdesk.core import limits
from helpdesk.core.db import locked, transaction
from helpdesk.core.errors import BadInput, Refused
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.limits import Guess
from helpdesk.settings import settings

STEP = 30  # seconds
SETUP_LASTS = 900  # seconds
DIGITS = 6
PAPER_CODES = 8
WRONG = N_("This code is not right, or it was used already. Wait for the next one.")


def begin() -> str:
    """A token for turning it on, for 15 minutes. The secret of the app is made of it and of a key that
    only the server has, so neither a cookie nor a form holds it readably.
    """
    return _sealer().dumps(new_key())


def secret_of(setup: str, agent: Agent) -> str:
    """The secret, 160 bits in base 32, that belongs to a token of begin().

    Raises BadInput for one that is too old or was made up.
    """
    try:
        nonce = _sealer().loads(setup, max_age=SETUP_LASTS)
    except BadSignature as error:
        raise BadInput(N_("This page was open for too long. Please begin again.")) from error
    message = f"second factor:{agent.id}:{agent.session_key}:{nonce}".encode()
    made = hmac.digest(settings().secret_key.encode(), message, "sha256")
    return base64.b32encode(made[:20]).decode()


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="second factor")


def address(secret: str, email: str, company: str) -> str:
    """What the QR code says: otpauth://totp/Company:mail?secret=..."""
    label = quote(f"{company}:{email}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': company})}"


def code(secret: str, step: int) -> str:
    """The six digits of one step of 30 seconds (RFC 4226, section 5.3)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return str((number & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def current_step() -> int:
    """The number of the step of now."""
    return int(now().timestamp()) // STEP


def matching_step(secret: str, given: str) -> int | None:
    """The step, of this, the last and the next, whose code was given; None for a wrong code."""
    text = unicodedata.normalize("NFKC", "".join(given.split()))
    if not (secret and text.isascii()):
        return None
    here = current_step()
    near = (here - 1, here, here + 1)
    return next((step for step in near if hmac.compare_digest(code(secret, step), text)), None)


def turn_on(agent: Agent, secret: str, given: str) -> list[str]:
    """Ask this person for codes from now on; returns the codes for paper, which are not kept.

    Raises BadInput when the first code does not fit the secret, TooMany while wrong ones make it wait.
    """
    guess = Guess(f"new second factor of {agent.id}", tries.CODES)
    with limits.guessing(guess):
        step = matching_step(secret, given)
        if step is None:
            raise BadInput(N_("The second factor is not on yet."), errors={"code": WRONG})
    limits.forget(guess)
    with transaction():
        agent = locked(agent)
        agent.totp_secret, agent.totp_step = secret, step or 0
        paper = _new_paper(agent)
        record("agent.second_factor_on", by=agent.actor, agent=agent.id)
    return paper


def renew_paper(agent: Agent) -> list[str]:
    """New codes for paper, which are not kept; the old ones are worth nothing. Raises Refused."""
    with transaction():
        agent = locked(agent)
        if not agent.totp_secret:
            raise Refused(N_("The second factor is not on yet."))
        paper = _new_paper(agent)
        record("agent.paper_codes_renewed", by=agent.actor, agent=agent.id)
    return paper


def _new_paper(agent: Agent) -> list[str]:
    paper = [_paper_code() for _ in range(PAPER_CODES)]
    agent.paper_codes = [_hashed(text) for text in paper]
    return paper


def turn_off(agent: Agent, by: Actor) -> None:
    """Ask for no codes any more: the person, or an administrator for a lost phone.

    Raises NotAllowed for anybody else.
    """
    require_own(by, agent.id, "people.edit")
    with transaction():
        agent = locked(agent)
        agent.totp_secret, agent.totp_step, agent.paper_codes = "", 0, []
        record("agent.second_factor_off", by=by, agent=agent.id)


def verify(agent: Agent, given: str, address: str = "", device: str = "") -> None:
    """Take a code of the app or from paper; each works once. `device`: see agents.devices.

    Raises BadInput for a wrong or used one, TooMany while wrong ones make it wait.
    """
    guesses = tries.of_code(agent, device)
    try:
        with limits.guessing(*guesses):
            _take(agent, given)
    except BadInput:
        tries.note(agent, address, "code", known=bool(device))
        raise
    limits.forget(*guesses)


def _take(agent: Agent, given: str) -> None:
    with transaction():
        agent = locked(agent)
        if not (_take_step(agent, given) or _take_paper(agent, given)):
            raise BadInput(WRONG, errors={"code": WRONG})


def _take_step(agent: Agent, given: str) -> bool:
    step = matching_step(agent.totp_secret, given)
    if step is None or step <= agent.totp_step:
        return False
    agent.totp_step = step
    return True


def _take_paper(agent: Agent, given: str) -> bool:
    text = _hashed(given)
    if text not in agent.paper_codes:
        return False
    agent.paper_codes = [kept for kept in agent.paper_codes if kept != text]
    record("agent.paper_code_used", by=agent.actor, agent=agent.id, left=len(agent.paper_codes))
    return True


def _paper_code() -> str:
    """80 random bits in groups that can be read aloud."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def _hashed(text: str) -> str:
    plain = "".join(sign for sign in text.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
